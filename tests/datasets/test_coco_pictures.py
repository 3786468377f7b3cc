"""Pictures of a COCO dataset that no record names are counted, and no others."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, open_dataset

if TYPE_CHECKING:
    from pathlib import Path


def add(root: Path, file: str, names: list[str]) -> Path:
    document = {
        'images': [{'id': number, 'file_name': name} for number, name in enumerate(names)],
        'annotations': [
            {'id': number, 'image_id': number, 'category_id': 1, 'bbox': [1, 1, 9, 9]}
            for number in range(len(names))
        ],
        'categories': [{'id': 1, 'name': 'x'}],
    }
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(json.dumps(document), encoding='utf-8')
    return root


def left(root: Path, out: Path, **more: Any) -> list[str]:
    report = convert(root, out, to='yolo', **more).report
    return [name for one in report.dropped if one.kind == 'image' for name in one.examples]


@pytest.mark.parametrize(
    ('file', 'names', 'pictures', 'expected'),
    [
        ('annotations/instances.json', ['a.jpg'], ['images/a.jpg', 'images/b.png'], ['images/b.png']),
        ('annotations/instances.json', ['x/a.jpg'], ['images/x/a.jpg', 'images/y/a.jpg'], ['images/y/a.jpg']),
        ('annotations/instances.json', ['./a.jpg'], ['images/a.jpg'], []),
        ('annotations/instances.json', ['x\\a.jpg'], ['images/x/a.jpg'], []),
        (
            'annotations/instances_val2017.json',
            ['a.jpg'],
            ['images/val2017/a.jpg', 'images/val2017/b.jpg', 'images/train2017/c.jpg'],
            ['images/train2017/c.jpg', 'images/val2017/b.jpg'],
        ),
        (
            'annotations/instances_val2017.json',
            ['a.jpg'],
            ['val2017/a.jpg', 'val2017/b.jpg', 'train2017/c.jpg', 'logo.png'],
            ['val2017/b.jpg'],
        ),
        ('annotations/instances_val.json', ['val/a.jpg'], ['images/val/a.jpg'], []),
        ('annotations/instances.json', ['a.jpg'], ['a.jpg', 'b.jpg'], ['b.jpg']),
        ('annotations/instances.json', ['p/a.jpg'], ['p/a.jpg', 'p/b.jpg', 'q/c.jpg', 'd.jpg'], ['p/b.jpg']),
        (
            'train/_annotations.coco.json',
            ['a.jpg'],
            ['train/a.jpg', 'train/b.jpg', 'train/.c.jpg'],
            ['train/b.jpg'],
        ),
        ('instances.json', ['a.jpg'], ['a.jpg', 'b.jpg'], ['b.jpg']),
        (
            'annotations/instances.json',
            [unicodedata.normalize('NFC', '한.jpg')],
            [f'images/{unicodedata.normalize("NFD", "한.jpg")}'],
            [],
        ),
    ],
)
def test_what_no_record_names_is_counted(
    file: str, names: list[str], pictures: list[str], expected: list[str], make: Any, tmp_path: Path
) -> None:
    source = add(tmp_path / 'in', file, names)
    for picture in pictures:
        make.picture(source / picture)
    assert left(source, tmp_path / 'out') == expected


def test_a_picture_that_another_split_names_is_used(make: Any, tmp_path: Path) -> None:
    source = add(tmp_path / 'in', 'annotations/instances_train.json', ['a.jpg'])
    add(source, 'annotations/instances_val.json', ['b.jpg'])
    for name in 'abc':
        make.picture(source / 'images' / f'{name}.jpg')
    assert left(source, tmp_path / 'out') == ['images/c.jpg']


def test_one_that_comes_later_is_seen(make: Any, tmp_path: Path) -> None:
    source = add(tmp_path / 'in', 'annotations/instances.json', ['a.jpg'])
    make.picture(source / 'images' / 'a.jpg')
    assert left(source, tmp_path / 'out') == []
    make.picture(source / 'images' / 'b.jpg')
    assert left(source, tmp_path / 'out', overwrite=True) == ['images/b.jpg']


def test_the_first_folder_counts_whatever_was_asked_for_before(make: Any, tmp_path: Path) -> None:
    source = add(tmp_path / 'in', 'annotations/instances_train.json', ['0.jpg', 'a.jpg'])
    for name in ('images/0.jpg', 'images/a.jpg', 'images/train/a.jpg'):
        make.picture(source / name)
    files = [sample.image.file for sample in open_dataset(source)]
    assert files == [str(source / 'images' / '0.jpg'), str(source / 'images' / 'train' / 'a.jpg')]


@pytest.mark.parametrize(
    ('file', 'folder'),
    [
        ('instances_validation.json', 'images/val'),
        ('instances_valid.json', 'val'),
        ('instances_val.json', 'images/validation'),
        ('instances_val.json', 'images/Val'),
        ('instances_Val.json', 'val'),
        ('instances_val2017.json', 'images/validation2017'),
        ('instances_val.json', 'val2017'),
        ('instances_training.json', 'images/train'),
        ('dev.json', 'images/validation'),
        ('test.json', 'testing'),
    ],
)
def test_pictures_lie_in_the_split_however_it_is_spelled(
    file: str, folder: str, make: Any, tmp_path: Path
) -> None:
    source = add(tmp_path / 'in', f'annotations/{file}', ['a.jpg'])
    (source / 'images').mkdir()
    make.picture(source / folder / 'a.jpg')
    make.picture(source / folder / 'b.jpg')
    assert left(source, tmp_path / 'out') == [f'{folder}/b.jpg']
    make.picture(source / 'images' / 'a.jpg')
    (sample,) = open_dataset(source)
    assert sample.image.file == str(source / folder / 'a.jpg')


def test_pictures_of_another_year_or_another_split_are_none_of_it(make: Any, tmp_path: Path) -> None:
    source = add(tmp_path / 'in', 'annotations/instances_val2017.json', ['a.jpg'])
    make.picture(source / 'images' / 'val2014' / 'a.jpg')
    make.picture(source / 'images' / 'test' / 'a.jpg')
    assert 'a.jpg' not in str(list(open_dataset(source)))
    make.picture(source / 'images' / 'validation' / 'a.jpg')
    assert left(source, tmp_path / 'out') == ['images/test/a.jpg', 'images/val2014/a.jpg']


def test_a_folder_under_two_names_is_one(make: Any, tmp_path: Path) -> None:
    source = add(tmp_path / 'in', 'annotations/instances_val.json', ['a.jpg'])
    for name in 'ab':
        make.picture(source / 'images' / 'val' / f'{name}.jpg')
    (source / 'images' / 'validation').symlink_to('val', target_is_directory=True)
    assert left(source, tmp_path / 'out') == ['images/val/b.jpg']


def test_a_link_to_elsewhere_that_spells_the_split_otherwise_is_passed_over(
    make: Any, tmp_path: Path
) -> None:
    source = add(tmp_path / 'in', 'annotations/instances_val.json', ['a.jpg'])
    make.picture(source / 'images' / 'a.jpg')
    make.picture(tmp_path / 'elsewhere' / 'a.jpg')
    (source / 'images' / 'validation').symlink_to(tmp_path / 'elsewhere', target_is_directory=True)
    (sample,) = open_dataset(source)
    assert sample.image.file == str(source / 'images' / 'a.jpg')


def test_a_folder_that_comes_later_is_looked_into(make: Any, tmp_path: Path) -> None:
    source = add(tmp_path / 'in', 'annotations/instances_validation.json', ['a.jpg', 'b.jpg'])
    make.picture(source / 'images' / 'a.jpg')
    first = convert(source, tmp_path / 'out', to='yolo')
    assert first.count == 1
    make.picture(source / 'images' / 'val' / 'b.jpg')
    assert convert(source, tmp_path / 'out', to='yolo', overwrite=True).count == 2
