"""Functions of samples that packs offer by name."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from synapse_plugins.datasets import code
from synapse_plugins.datasets.code import code_digest
from synapse_plugins.datasets.formats import table
from synapse_plugins.datasets.given import OwnFunction
from synapse_plugins.datasets.transforms import find_transforms, transforms_digest
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


# -- whether their code is what it was -----------------------------------------------------------------------


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack that has been imported, in which a function calls a helper."""
    for name in [
        name for name in sys.modules if name.partition('.')[0] in {'my_coded_pack', 'my_coded_module'}
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    root = tmp_path / 'my_coded_pack'
    (root / 'steps').mkdir(parents=True)
    (root / '__init__.py').write_text('', encoding='utf-8')
    (root / 'steps' / 'helper.py').write_text('NAME = "first"\n', encoding='utf-8')
    (root / 'steps' / 'change.py').write_text(
        'from .helper import NAME\n\ndef change(sample):\n    return sample\n', encoding='utf-8'
    )
    (tmp_path / 'my_coded_module.py').write_text('def change(sample):\n    return sample\n', encoding='utf-8')
    importlib.invalidate_caches()
    find_transforms([FUNCTION, 'my_coded_module:change'], 'yolo', None)
    return root


FUNCTION = 'my_coded_pack.steps.change:change'


def test_another_helper_of_its_package_is_another_function(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, digest = code_digest(FUNCTION), transforms_digest([FUNCTION], 'yolo')
    (pack / 'notes.txt').write_text('no code', encoding='utf-8')
    (pack / '.hidden').mkdir()
    (pack / '.hidden' / 'x.py').write_text('', encoding='utf-8')
    (pack / '__pycache__').mkdir(exist_ok=True)
    (pack / '__pycache__' / 'x.py').write_text('', encoding='utf-8')
    assert code_digest(FUNCTION) == before != ''
    (pack / 'steps' / 'helper.py').write_text('NAME = "other"\n', encoding='utf-8')
    edited = code_digest(FUNCTION)
    assert edited != before
    (own,) = find_transforms([FUNCTION], 'yolo', None)
    assert isinstance(own, OwnFunction)
    assert own.edited == 'my_coded_pack.steps.helper'
    assert len({digest, *(transforms_digest([FUNCTION], 'yolo') for _ in range(2))}) == 3
    for name in [name for name in sys.modules if name.startswith('my_coded_pack')]:
        monkeypatch.delitem(sys.modules, name)
    assert transforms_digest([FUNCTION], 'yolo') != digest
    (pack / 'steps' / 'more.py').write_text('', encoding='utf-8')
    added = code_digest(FUNCTION)
    assert added not in {before, edited}
    (pack / 'steps' / 'more.py').rename(pack / 'steps' / 'much.py')
    assert code_digest(FUNCTION) not in {before, edited, added}


@pytest.mark.parametrize('limit', ['MOST_MODULES', '_MOST_ENTRIES'])
def test_of_a_package_that_is_too_large_the_module_alone_counts(
    limit: str, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = code_digest(FUNCTION)
    monkeypatch.setattr(code, limit, 2)
    before = code_digest(FUNCTION)
    assert before not in {whole, ''}
    (pack / 'steps' / 'helper.py').write_text('NAME = "other"\n', encoding='utf-8')
    assert code_digest(FUNCTION) == before
    (pack / 'steps' / 'change.py').write_text('', encoding='utf-8')
    assert code_digest(FUNCTION) != before


def test_a_module_in_no_package_counts_alone_and_one_that_is_no_file_not_at_all(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = code_digest('my_coded_module:change')
    (pack.parent / 'beside.py').write_text('', encoding='utf-8')
    assert code_digest('my_coded_module:change') == before != ''
    (pack.parent / 'my_coded_module.py').write_text('', encoding='utf-8')
    assert code_digest('my_coded_module:change') != before
    assert code_digest('builtins:print') == ''
    monkeypatch.setitem(sys.modules, 'my_made_up', ModuleType('my_made_up'))
    assert code_digest('my_made_up:change') == ''
    shutil.rmtree(pack)
    assert code_digest(FUNCTION) == ''


def test_a_package_within_that_is_a_link_counts_too(pack: Path, tmp_path: Path) -> None:
    before = code_digest(FUNCTION)
    for place in ('linked', 'pictures'):
        (tmp_path / 'elsewhere' / place).mkdir(parents=True)
        (tmp_path / 'elsewhere' / place / 'x.py').write_text('', encoding='utf-8')
        (pack / place).symlink_to(tmp_path / 'elsewhere' / place)
    (pack / 'loop').symlink_to(pack)
    assert code_digest(FUNCTION) == before
    (tmp_path / 'elsewhere' / 'linked' / '__init__.py').write_text('', encoding='utf-8')
    linked = code_digest(FUNCTION)
    assert linked not in {before, ''}
    (tmp_path / 'elsewhere' / 'linked' / 'x.py').write_text('X = 1', encoding='utf-8')
    assert code_digest(FUNCTION) not in {linked, ''}


def test_a_package_of_which_part_cannot_be_read_has_no_digest(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = os.scandir

    def scandir(path: str) -> object:  # root may read everything, so it has to be said
        if str(path).rstrip('/').endswith('steps'):
            raise PermissionError(13, 'Permission denied', path)
        return look(path)

    monkeypatch.setattr(os, 'scandir', scandir)
    assert code_digest(FUNCTION) == ''
    assert len({transforms_digest([FUNCTION], 'yolo') for _ in range(2)}) == 2
