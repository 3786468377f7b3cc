"""What is missing here may be what a known pack brings, and then the error says what to type."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.cli import main
from synapse_plugins.packs import get_manager, known

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LISTED = """
[[pack]]
distribution = "synapse-plugins-rtdetr"
summary = "Trains RT-DETR."
install = "pip install synapse-plugins-rtdetr"
steps = ["train:rtdetr"]
trains = ["coco"]
formats = ["kitti"]
actions = ["rtdetr.train"]
"""


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / 'known-packs.toml').write_text(LISTED, encoding='utf-8')
    monkeypatch.setattr(known, '_PLACES', (tmp_path / 'known-packs.toml',))
    for cached in (known.known_packs, get_manager):
        cached.cache_clear()
    yield
    for cached in (known.known_packs, get_manager):
        cached.cache_clear()


@pytest.mark.usefixtures('listed', 'home')
@pytest.mark.parametrize(
    ('command', 'first'),
    [
        (['convert', '.', 'out', '--to', 'yolo', '--from', 'kitti'], "Unknown dataset format 'kitti'"),
        (['run', 'train', '-p', 'dataset=1', '-p', 'target_format=kitti'], "Unknown dataset format 'kitti'"),
        (['run', 'train', '-p', 'dataset=1', '-p', 'trainer=rtdetr'], "Unknown trainer 'rtdetr'"),
        (['run', 'train', '-p', 'dataset=1', '-p', 'target_format=coco'], 'No installed pack serves'),
        (['run', 'rtdetr.train'], "Unknown action 'rtdetr.train'"),
    ],
)
def test_an_unknown_name_says_which_known_pack_brings_it(
    command: list[str], first: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 1
    told = ' '.join(capsys.readouterr().err.split())
    assert told.startswith(f'Error: {first}')
    assert 'synapse-plugins-rtdetr brings it: pip install synapse-plugins-rtdetr' in told


def test_the_list_can_be_read_and_its_lines_typed() -> None:
    known.known_packs.cache_clear()
    packs: tuple[dict[str, Any], ...] = known.known_packs()
    assert packs
    kinds = {'steps', 'trains', 'formats', 'actions', 'loggers'}
    for pack in packs:
        assert set(pack) - kinds == {'distribution', 'summary', 'install'}
        assert set(pack) & kinds
        assert shlex.split(pack['install'])[:2] == ['pip', 'install']
    assert 'mlflow' in known.who_brings('loggers', 'mlflow')
    assert known.who_brings('loggers', 'none such') == ''
