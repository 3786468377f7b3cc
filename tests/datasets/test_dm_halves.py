"""Splits of Datamaker of which one of the two folders is missing: what is there is counted, and nothing vanishes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import Conversion, convert, detect_format, inspect, open_dataset
from synapse_plugins.errors import FormatError, LossError

if TYPE_CHECKING:
    from pathlib import Path

NO_PICTURES = 'there is no original_files/ beside its folder json/'
NO_DOCUMENTS = 'there is no json/ beside its folder original_files/'
COCO = {'images': [{'id': 1, 'file_name': 'a.jpg'}], 'annotations': [], 'categories': []}
FORMATS = ['yolo', 'coco', 'dm_v1', 'dm_v2']


@pytest.fixture
def halved(make: Any, tmp_path: Path) -> Path:
    """Make a dataset with the split train, and valid whose pictures lie in a folder of another name."""
    root: Path = make.dm(
        tmp_path / 'in',
        {
            'train/a.png': {'bounding_box': [make.box('cat', 1, 1, 9, 9)]},
            'valid/b.png': {'bounding_box': [make.box('cat', 1, 1, 9, 9), make.box('dog', 2, 2, 9, 9)]},
            'valid/c.png': {'polygon': [make.polygon('cat', (1, 1), (9, 1), (9, 9))]},
        },
    )
    (root / 'valid/original_files').rename(root / 'valid/images')
    return root


def put(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding='utf-8')


def dropped(conversion: Conversion) -> list[tuple[str, str, int, list[str]]]:
    return [(one.kind, one.reason, one.count, one.examples) for one in conversion.report.dropped]


@pytest.mark.parametrize('to', FORMATS)
def test_documents_without_pictures_are_counted(to: str, halved: Path, tmp_path: Path) -> None:
    made = convert(halved, tmp_path / 'out', to=to)
    assert made.splits == {'train': 1}
    places = ['valid/json/b.json', 'valid/json/c.json']
    assert dropped(made) == [
        ('annotation file', NO_PICTURES, 2, places),
        ('bounding_box', NO_PICTURES, 2, places[:1]),
        ('polygon', NO_PICTURES, 1, places[1:]),
    ]
    with pytest.raises(LossError, match='there is no original_files/ beside'):
        convert(halved, tmp_path / 'strict', to=to, on_loss='error')
    assert any(NO_PICTURES in one.title for one in inspect(halved).findings)


def test_pictures_without_documents_are_counted(halved: Path, tmp_path: Path) -> None:
    (halved / 'valid/images').rename(halved / 'valid/original_files')
    (halved / 'valid/json').rename(halved / 'valid/labels')
    (halved / 'valid/original_files/v.mp4').write_bytes(b'what a medium holds')
    (halved / 'valid/original_files/Thumbs.db').write_bytes(b'')
    made = convert(halved, tmp_path / 'out', to='yolo')
    places = ['valid/original_files/b.png', 'valid/original_files/c.png']
    assert dropped(made) == [
        ('file', NO_DOCUMENTS, 1, ['valid/original_files/v.mp4']),
        ('image', NO_DOCUMENTS, 2, places),
    ]


def test_what_is_broken_is_counted_too(halved: Path, tmp_path: Path) -> None:
    put(halved / 'valid/json/c.json', '{"images": [{"polygon": [{"id": "p", ')
    put(halved / 'valid/json/d.json', [1])
    (halved / 'valid/json/e.json').symlink_to('nowhere')
    found = {kind: count for kind, _, count, _ in dropped(convert(halved, tmp_path / 'out', to='yolo'))}
    assert found == {'annotation file': 4, 'bounding_box': 2, 'polygon': 1}


def test_a_split_in_a_dataset_without_splits_is_counted(make: Any, tmp_path: Path) -> None:
    root = make.dm(tmp_path / 'in', {'a.png': {'bounding_box': [make.box('cat', 1, 1, 9, 9)]}})
    put(root / 'valid/json/b.json', {'images': [{'classification': [{'id': 'c', 'classification': 'x'}]}]})
    made = convert(root, tmp_path / 'out', to='dm_v2')
    assert {(kind, count) for kind, _, count, _ in dropped(made)} == {
        ('annotation file', 1), ('classification', 1),
    }  # fmt: skip


def test_an_update_tells_it_again(halved: Path, tmp_path: Path) -> None:
    first = convert(halved, tmp_path / 'out', to='yolo', overwrite=True)
    again = convert(halved, tmp_path / 'out', to='yolo', overwrite=True)
    assert again.is_hit
    assert dropped(again) == dropped(first) != []
    (halved / 'valid/images').rename(halved / 'valid/original_files')
    whole = convert(halved, tmp_path / 'out', to='yolo', overwrite=True, task='detect')
    assert whole.splits == {'train': 1, 'valid': 2}


def test_a_dataset_of_halves_says_what_is_missing(halved: Path, tmp_path: Path) -> None:
    (halved / 'train/original_files').rename(halved / 'train/images')
    said = 'there is train/json/ without train/original_files/, valid/json/ without valid/original_files/'
    with pytest.raises(FormatError, match='not dm_v2: .*' + said):
        detect_format(halved)
    with pytest.raises(FormatError, match=said):
        convert(halved, tmp_path / 'out', to='yolo', source_format='dm_v2')


@pytest.mark.parametrize(
    ('name', 'content', 'count'),
    [
        ('extra/json/a.json', {'images': [{'bounding_box': []}]}, 1),
        ('extra/json/a.json', {'annotations': {'image_1': []}}, 1),
        ('json/a.json', {'videos': [{'segmentation': []}]}, 1),
        ('extra/json/a.json', COCO, 0),
        ('json/a.json', COCO, 0),
        ('json/a.json', {'shapes': [], 'imagePath': 'a.jpg'}, 0),
        ('extra/json/a.json', {'images': []}, 0),
        ('extra/json/a.json', 'nothing of the kind', 0),
        ('extra/json/a.txt', 'x', 0),
        ('valid/json/a.json', COCO, 1),
        ('valid/json/a.txt', 'x', 0),
        ('valid/images/a.jpg', 'x', 0),
        ('meta/json/a.json', {'images': [{'bounding_box': []}]}, 0),
        ('.hidden/json/a.json', {'images': [{'bounding_box': []}]}, 0),
    ],
)
def test_other_folders_stay_as_they_are(
    name: str, content: Any, count: int, make: Any, tmp_path: Path
) -> None:
    root = make.dm(tmp_path / 'in', {'train/a.png': {'bounding_box': [make.box('cat', 1, 1, 9, 9)]}})
    put(root / name, content)
    made = convert(root, tmp_path / 'out', to='yolo')
    assert dropped(made) == ([('annotation file', NO_PICTURES, count, [name])] if count else [])


@pytest.mark.parametrize('to', [*FORMATS, 'pascal_voc'])
def test_ordinary_datasets_have_no_halves(to: str, make: Any, tmp_path: Path) -> None:
    box = {'bounding_box': [make.box('cat', 1, 1, 9, 9)]}
    source = make.dm(tmp_path / 'in', {'train/a.png': box, 'valid/b.png': {}, 'test/c.png': box})
    root = convert(source, tmp_path / 'there', to=to).path
    for split in ('train', 'valid', 'test'):
        (root / split).mkdir(exist_ok=True)
    reader = open_dataset(root)
    assert len(list(reader)) == 3
    assert not reader.report.dropped
