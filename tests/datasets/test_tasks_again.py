"""Every variant of every format: the same from any number of processes, and after a change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import batches, convert, stream
from synapse_plugins.datasets.ledger import LEDGER_FILE

if TYPE_CHECKING:
    from pathlib import Path

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ('dm_v1', {}),
    ('yolo', {'task': 'pose'}),
    ('yolo', {'task': 'obb'}),
    ('yolo', {'task': 'segment', 'parts': 'split'}),
    ('yolo', {'task': 'classify'}),
    ('coco', {'category_ids': 'keep'}),
    ('coco', {'layout': 'roboflow', 'stuff': ['y']}),
    ('imagefolder', {}),
]


@pytest.fixture(scope='module')
def source(tmp_path_factory: pytest.TempPathFactory, make: Any) -> Path:
    samples: dict[str, Any] = {}
    for number in range(24):
        label, group = ('x', 'y')[number % 2], {'group_id': f'g{number}'}
        turned = [{'name': 'rotation', 'value': number / 10}]
        joint = {'id': 'k', 'classification': 'nose', 'attrs': [], 'data': [number, 9], 'visibility': 2}
        tools: dict[str, Any] = {
            'bounding_box': [
                {**make.box(label, 9, 9, 9, 9), 'attrs': turned, **(group if number % 3 else {})}
            ],
            'keypoint': [{**joint, **group}],
            'segmentation': [{'id': 's', 'classification': label, 'attrs': [], 'data': [[70 + number, 5]]}],
        }
        if number % 4:
            tools['classification'] = [{'id': 'c', 'classification': label, 'attrs': [], 'data': {}}]
        samples[f'{("train", "valid")[number % 2]}/{number:02}.bmp'] = tools
    root: Path = make.dm(tmp_path_factory.mktemp('again') / 'in', samples)
    return root


def files_of(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes().replace(bytes(root), b'ROOT')
        for path in sorted(root.rglob('*'))
        if path.is_file() and path.name != LEDGER_FILE
    }


@pytest.mark.parametrize(('to', 'options'), VARIANTS)
def test_processes_and_changes_make_no_difference(
    to: str, options: dict[str, Any], source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, 'SMALL', 1)
    monkeypatch.setattr(batches, 'BATCH', 5)
    alone = convert(source, tmp_path / 'alone', to=to, workers=1, remember=True, **options)
    several = convert(source, tmp_path / 'several', to=to, workers=3, **options)
    assert files_of(several.path) == files_of(alone.path)
    path = source / 'train/json/02.json'
    before = path.read_text(encoding='utf-8')
    try:
        content = json.loads(before)
        content['images'][0]['bounding_box'][0]['data'][0] = 11
        content['images'][0]['keypoint'][0]['data'][0] = 12
        path.write_text(json.dumps(content), encoding='utf-8')
        again = convert(source, alone.path, to=to, workers=1, overwrite=True, **options)
        scratch = convert(source, tmp_path / 'scratch', to=to, workers=1, **options)
    finally:
        path.write_text(before, encoding='utf-8')
    assert again.reused == again.count - 1
    assert files_of(again.path) == files_of(scratch.path)
    assert again.report.to_dict() == scratch.report.to_dict()
    back = convert(scratch.path, tmp_path / 'back', to='dm_v2', workers=1)
    more = convert(scratch.path, tmp_path / 'more', to='dm_v2', workers=3)
    assert files_of(more.path) == files_of(back.path)
