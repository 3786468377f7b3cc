"""The size that a DM v1 document declares: its masks count pixels in a picture of that size."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert
from synapse_plugins.datasets.declared import OTHER_MASK, OTHER_SIZE, TURNED_SIZE

if TYPE_CHECKING:
    from pathlib import Path


def document(extra: Any) -> dict[str, Any]:
    annotations = [
        {'id': 'm', 'tool': 'segmentation', 'classification': {'class': 'cat'}},
        {'id': 'b', 'tool': 'bounding_box', 'classification': {'class': 'cat'}},
    ]
    entries = [
        {'id': 'm', 'pixel_indices': [[1010, 9]], 'isCompressed': True, 'compressionFormat': 'rle'},
        {'id': 'b', 'coordinate': {'x': 1, 'y': 2, 'width': 9, 'height': 9}},
    ]
    return {'annotations': {'image_7': annotations}, 'annotationsData': {'image_7': entries}, 'extra': extra}


def write(root: Path, make: Any, extra: Any, *, orientation: int = 1) -> Path:
    make.picture(root / 'original_files/a.jpg', (100, 80), orientation=orientation)
    (root / 'json').mkdir()
    (root / 'json/a.json').write_text(json.dumps(document(extra)), encoding='utf-8')
    return root


@pytest.mark.parametrize(
    ('to', 'task'), [('coco', None), ('yolo', 'segment'), ('yolo', 'detect'), ('pascal_voc', None)]
)
def test_a_mask_of_another_size_is_dropped(to: str, task: str | None, tmp_path: Path, make: Any) -> None:
    source = write(tmp_path / 'in', make, {'image_7': {'width': 100, 'height': 80}}, orientation=6)
    report = convert(source, tmp_path / 'out', to=to, task=task).report
    assert [entry.reason for entry in report.noted] == [TURNED_SIZE]
    assert [(entry.kind, entry.reason, entry.count) for entry in report.dropped] == [
        ('segmentation', OTHER_MASK, 1)
    ]
    assert 'segmentation' not in {entry.kind for entry in report.changed}


def test_datamaker_formats_keep_it(tmp_path: Path, make: Any) -> None:
    source = write(tmp_path / 'in', make, {'image_7': {'width': 200, 'height': 80}})
    second = convert(source, tmp_path / 'v2', to='dm_v2')
    assert not second.report.losses
    assert [entry.reason for entry in second.report.noted] == [OTHER_SIZE]
    back = convert(second.path, tmp_path / 'v1', to='dm_v1')
    assert not back.report.losses
    made = json.loads((back.path / 'json/a.json').read_bytes())
    assert {name: value for name, value in made.items() if value} == document(
        {'image_7': {'width': 200, 'height': 80}}
    )
    assert [entry.kind for entry in convert(second.path, tmp_path / 'coco', to='coco').report.dropped] == [
        'segmentation'
    ]


@pytest.mark.parametrize(
    'extra',
    [
        {'image_7': {'width': 100, 'height': 80}}, {}, None, {'image_7': None}, {'image_7': {'width': 'x'}},
        {'image_7': {'width': 0, 'height': 0}}, {'image_8': {'width': 9, 'height': 9}},
    ],
)  # fmt: skip
def test_a_mask_of_the_same_or_no_size_is_kept(extra: Any, tmp_path: Path, make: Any) -> None:
    report = convert(write(tmp_path / 'in', make, extra), tmp_path / 'out', to='coco').report
    assert report.kept['segmentation'] == 1
    assert OTHER_SIZE not in {entry.reason for entry in report.noted}


def test_what_lies_beside_version_2_may_be_anything(tmp_path: Path, make: Any) -> None:
    source = make.dm(tmp_path / 'in', {'a.png': {'bounding_box': [make.box('cat', 1, 1, 9, 9)]}})
    (source / 'meta').mkdir()
    odds: list[Any] = [
        {'extra': {'odd_1': {'width': 1}}},
        {'extra': 5},
        {'extra': {'image_1': 5}},
        {'extra': {'image_1': {}}},
    ]
    for number, odd in enumerate(odds):
        (source / 'meta/a.json').write_text(json.dumps(odd), encoding='utf-8')
        assert convert(source, tmp_path / f'out{number}', to='coco').report.kept['bounding_box'] == 1
