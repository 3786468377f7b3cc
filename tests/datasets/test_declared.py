"""Sizes that annotation files declare, and pictures that have another one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from synapse_plugins.datasets import Report, convert, inspect
from synapse_plugins.datasets.declared import (
    OTHER_SIZE,
    TURNED_SIZE,
    declared_size,
    note_size,
)
from synapse_plugins.datasets.sample import ImageFile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ('said', 'size'),
    [
        ((100, 80), (100, 80)),
        ((100.0, '80'), (100, 80)),
        ((0, 0), None),
        ((None, 80), None),
        ((float('nan'), 80), None),
        ((10**400, 80), None),
        (('', ''), None),
        (([100], 80), None),
    ],
)
def test_what_is_a_size(said: Any, size: Any) -> None:
    assert declared_size(*said) == size


@pytest.mark.parametrize(
    ('declared', 'reason'),
    [(None, None), ((80, 100), None), ((100, 80), TURNED_SIZE), ((81, 100), OTHER_SIZE)],
)
def test_another_size_is_noted(declared: Any, reason: str | None) -> None:
    report = Report()
    note_size(ImageFile('a.jpg', 80, 100, declared=declared), report, 'train/a')
    assert [entry.reason for entry in report.noted] == ([] if reason is None else [reason])
    assert not report.losses
    for entry in report.noted:
        assert entry.examples == [f'train/a: {declared[0]} x {declared[1]}, but it is 80 x 100']


def coco(root: Path, *, width: int, height: int) -> Path:
    """Write a dataset of two photos that are turned by EXIF: 100 x 80 in the file, 80 x 100 on the screen."""
    (root / 'images').mkdir(parents=True)
    exif = Image.Exif()
    exif[0x112] = 6
    for name in 'ab':
        Image.new('RGB', (100, 80)).save(root / f'images/{name}.jpg', exif=exif)
    (root / 'annotations').mkdir()
    document = {
        'images': [
            {'id': 1, 'file_name': 'a.jpg', 'width': width, 'height': height},
            {'id': 2, 'file_name': 'b.jpg', 'width': 80, 'height': 100},
        ],
        'annotations': [{'id': 1, 'image_id': 1, 'category_id': 1, 'bbox': [10, 10, 60, 20]}],
        'categories': [{'id': 1, 'name': 'x'}],
    }
    (root / 'annotations/instances.json').write_text(json.dumps(document), encoding='utf-8')
    return root


@pytest.mark.parametrize('workers', [1, 2])
def test_coco(workers: int, tmp_path: Path) -> None:
    source = coco(tmp_path / 'in', width=100, height=80)
    report = convert(source, tmp_path / 'out', to='yolo', workers=workers).report
    assert [(entry.kind, entry.reason, entry.count, entry.examples) for entry in report.noted] == [
        ('image', TURNED_SIZE, 1, ['a: 100 x 80, but it is 80 x 100'])
    ]
    assert not report.losses
    assert any(finding.title.startswith(TURNED_SIZE) for finding in inspect(source).findings)


def test_a_size_that_was_mended_is_noticed(tmp_path: Path) -> None:
    source = coco(tmp_path / 'in', width=90, height=90)
    first = convert(source, tmp_path / 'out', to='yolo', overwrite=True)
    assert [entry.reason for entry in first.report.noted] == [OTHER_SIZE]
    coco(tmp_path / 'other', width=80, height=100)
    (tmp_path / 'other/annotations/instances.json').replace(source / 'annotations/instances.json')
    again = convert(source, tmp_path / 'out', to='yolo', overwrite=True)
    assert not again.report.noted
