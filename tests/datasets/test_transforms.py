"""Functions of samples that packs offer by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from synapse_plugins.datasets.formats import table
from synapse_plugins.datasets.transforms import find_transforms
from synapse_plugins.errors import DatasetError, UnknownNameError
from synapse_plugins.packs import PackManager

if TYPE_CHECKING:
    from pathlib import Path


def test_of_the_providers_only_functions_of_a_sample_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / 'my_offers.py').write_text(
        'from synapse_plugins import hookimpl\n'
        'from synapse_plugins.providers import StepProvider\n'
        'class Step:\n    pass\n'
        'def make_step():\n    return Step()\n'
        'def same(sample):\n    return sample\n'
        '@hookimpl\ndef synapse_register_steps(register):\n'
        "    for name in ('Step', 'make_step', 'same', 'nowhere'):\n"
        "        register(StepProvider(name=name, role='dataset.transform', step=f'my_offers:{name}'))\n",
        encoding='utf-8',
    )
    info = tmp_path / 'my_offers-1.0.dist-info'
    info.mkdir()
    (info / 'METADATA').write_text('Metadata-Version: 2.1\nName: my-offers\nVersion: 1.0\n')
    (info / 'entry_points.txt').write_text('[synapse_plugins]\nmine = my_offers\n')
    monkeypatch.setattr(table, 'load_packs', PackManager.from_environment)
    with pytest.raises(UnknownNameError) as caught:
        find_transforms(['blurr'], 'yolo', None)
    assert caught.value.known == ['same']
    assert find_transforms(['same'], 'yolo', None) == ('my_offers:same',)
    with pytest.raises(DatasetError, match='no function of a sample'):
        find_transforms(['make_step'], 'yolo', None)
