"""Blood cells as people annotated them: 364 pictures, 4,888 boxes, two of them a slip of the mouse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from synapse_plugins.datasets import convert, fingerprint, open_dataset
from synapse_plugins.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

SLIPS = ['train/BloodImage_00343', 'valid/BloodImage_00338']


@pytest.fixture(scope='session')
def bccd(real_data: Path) -> Path:
    return real_data / 'bccd'


def boxes(root: Path) -> dict[str, list[tuple[str | None, list[float]]]]:
    return {
        sample.key: [
            (annotation.label, [round(number, 4) for number in annotation.data])
            for annotation in sample.annotations
        ]
        for sample in open_dataset(root)
    }


WAYS: list[tuple[str, dict[str, str]]] = [
    ('dm_v1', {}),
    ('dm_v2', {}),
    ('yolo', {'task': 'detect'}),
    ('yolo', {'task': 'obb'}),
    ('yolo', {'task': 'pose'}),
    ('coco', {}),
    ('coco', {'layout': 'roboflow'}),
    ('pascal_voc', {}),
]


@pytest.mark.parametrize(('way', 'options'), WAYS)
def test_there_and_back(way: str, options: dict[str, str], bccd: Path, tmp_path: Path) -> None:
    before = fingerprint(bccd)
    there = convert(bccd, tmp_path / 'there', to=way, classes=['RBC', 'WBC', 'Platelets'], **options)
    assert there.splits == {'train': 205, 'valid': 87, 'test': 72}
    assert there.classes == ['RBC', 'WBC', 'Platelets']
    holds_slips = way.startswith('dm_')
    assert there.report.kept == {'bounding_box': 4888 if holds_slips else 4886, 'image': 364}
    lost = [
        (entry.kind, entry.reason, entry.examples)
        for entry in there.report.dropped
        if entry.kind != 'attribute'
    ]
    assert lost == ([] if holds_slips else [('bounding_box', 'it has no area', SLIPS)])
    convert(tmp_path / 'there', tmp_path / 'back', to='pascal_voc')
    expected = boxes(bccd)
    for key in SLIPS:
        expected[key] = [(label, data) for label, data in expected[key] if data[2]]
    assert boxes(tmp_path / 'back') == expected
    assert fingerprint(bccd) == before


def test_boxes_become_polygons_of_four_corners(bccd: Path, tmp_path: Path) -> None:
    there = convert(bccd, tmp_path / 'there', to='yolo', task='segment')
    changed = [(entry.reason, entry.count) for entry in there.report.changed]
    assert ('it became a polygon of four corners', 4886) in changed
    assert [entry.examples for entry in there.report.dropped if entry.kind == 'bounding_box'] == [SLIPS]
    back = convert(tmp_path / 'there', tmp_path / 'back', to='pascal_voc')
    assert sum(entry.count for entry in back.report.changed if entry.reason == 'it became a box') == 4886
    expected = boxes(bccd)
    for key in SLIPS:
        expected[key] = [(label, data) for label, data in expected[key] if data[2]]
    assert boxes(tmp_path / 'back') == expected


def test_a_folder_a_class_says_that_it_holds_no_boxes(bccd: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match='dropped 4888 bounding_box: imagefolder cannot hold it'):
        convert(bccd, tmp_path / 'there', to='imagefolder')


def test_the_numbers_in_the_files_come_back(bccd: Path, tmp_path: Path) -> None:
    def corners(root: Path) -> dict[str, list[str]]:
        pattern = re.compile(r'<(?:xmin|ymin|xmax|ymax)>([^<]*)<')
        return {
            path.name: pattern.findall(path.read_text('utf-8')) for path in (root / 'Annotations').iterdir()
        }

    convert(bccd, tmp_path / 'yolo', to='yolo')
    convert(tmp_path / 'yolo', tmp_path / 'back', to='pascal_voc')
    before, after = corners(bccd), corners(tmp_path / 'back')
    slips = {f'{key.rpartition("/")[2]}.xml' for key in SLIPS}
    assert {
        name
        for name in before
        if [float(n) for n in before[name]] != [round(float(n), 3) for n in after[name]]
    } == slips
