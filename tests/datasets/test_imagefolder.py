"""Folders of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.datasets import convert, detect_format, open_dataset
from synapse_plugins.datasets.formats.class_folders import class_folders, class_of_folder
from synapse_plugins.errors import DatasetError, FormatError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ('name', 'folder'),
    [
        ('cat', 'cat'),
        ('고양이', '고양이'),
        ('a/b\\c', 'a%2Fb%5Cc'),
        ('..', '%2E%2E'),
        ('.hidden', '%2Ehidden'),
        ('dot.', 'dot%2E'),
        (' x ', '%20x%20'),
        ('100%', '100%25'),
        ('con', '%63on'),
        ('COM1.txt', '%43OM1.txt'),
        ('train', '%74rain'),
        ('a:b*c?"<>|', 'a%3Ab%2Ac%3F%22%3C%3E%7C'),
    ],
)
def test_no_class_leads_outside_or_breaks_a_disk(name: str, folder: str) -> None:
    assert class_folders([name]) == {name: folder}
    assert class_of_folder(folder) == name


def test_folders_are_unique_on_any_disk() -> None:
    folders = class_folders(['Cat', 'cat', 'x' * 300, 'x' * 301, '한' * 200])
    assert len({folder.casefold() for folder in folders.values()}) == 5
    assert all(len(folder.encode()) < 200 for folder in folders.values())
    assert folders == class_folders(['Cat', 'cat', 'x' * 300, 'x' * 301, '한' * 200])


@given(st.text(min_size=1, max_size=30).filter(lambda text: text.strip() == text))
def test_every_class_comes_back(name: str) -> None:
    from synapse_plugins.datasets.names import nfc

    (folder,) = class_folders([name]).values()
    assert '/' not in folder
    assert folder not in ('.', '..')
    assert class_of_folder(folder) == nfc(name)


def test_a_percent_that_is_not_ours_stands_for_itself() -> None:
    assert class_of_folder('50%2') == '50%2'
    assert class_of_folder('%63at') == '%63at'


def test_folders_of_pictures_are_recognised(tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'cat/1.JPG', form='JPEG')
    make.picture(tmp_path / 'dog/deep/1.png')
    make.picture(tmp_path / 'loose.png')
    assert detect_format(tmp_path) == 'imagefolder'
    reader = open_dataset(tmp_path)
    assert [(sample.key, sample.image.name, sample.annotations[0].label) for sample in reader] == [
        ('cat/1', '1.JPG', 'cat'),
        ('dog/deep/1', '1.png', 'dog'),
    ]
    assert [(entry.reason, entry.examples) for entry in reader.report.dropped] == [
        ('it lies in no folder of a class', ['loose.png'])
    ]


@pytest.mark.parametrize(
    'files',
    [
        ['train/images/a.jpg'],
        ['train/a.jpg'],
        ['train/cat/a.jpg', 'train/_annotations.json'],
        ['cat/a.txt'],
    ],
)
def test_what_is_none_is_refused_with_a_reason(files: list[str], tmp_path: Path, make: Any) -> None:
    for name in files:
        if name.endswith('.jpg'):
            make.picture(tmp_path / name)
        else:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(b'')
    with pytest.raises(FormatError, match='not imagefolder: it holds'):
        detect_format(tmp_path)


def test_classes_without_pictures_and_their_order_are_kept(tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'in/train/b/1.jpg')
    make.picture(tmp_path / 'in/val/a/1.jpg')
    (tmp_path / 'in/train/c').mkdir()
    (tmp_path / 'in/classes.json').write_text('{"classes": ["b", "a"]}', encoding='utf-8')
    conversion = convert(tmp_path / 'in', tmp_path / 'out', to='imagefolder')
    assert conversion.classes == ['b', 'a', 'c']
    assert {path.name for path in (tmp_path / 'out/valid').iterdir()} == {'a', 'b', 'c'}
    assert 'Trainers number these classes by folder name' in ' '.join(conversion.report.warnings)
    assert open_dataset(tmp_path / 'out').classes == ['b', 'a', 'c']


@pytest.mark.parametrize(('to', 'task'), [('imagefolder', None), ('yolo', 'classify')])
def test_a_dataset_that_it_cannot_hold_is_told_what_would(
    to: str, task: str | None, make: Any, tmp_path: Path
) -> None:
    tools = {
        'bounding_box': [make.box('x', 1, 1, 9, 9)] * 2,
        'polygon': [make.polygon('x', (1, 1), (9, 1), (5, 9))],
    }
    source = make.dm(tmp_path / 'in', {'a.png': tools, 'b.png': {}})
    for drop_empty in (False, True):
        with pytest.raises(DatasetError) as caught:
            convert(source, tmp_path / 'out', to=to, task=task, drop_empty=drop_empty)
        words = str(caught.value)
        assert 'can hold, which are: classification. It has 2 bounding_box, 1 polygon.' in words
        for way in ('--to coco', '--to dm_v2', '--to pascal_voc', '--to yolo --task segment'):
            assert way in words
        assert '--to imagefolder' not in words
        assert 'no pictures' not in words


def test_classes_of_pictures_are_nothing_for_boxes(make: Any, tmp_path: Path) -> None:
    whole = {'id': 'c', 'classification': 'x', 'attrs': [], 'data': None}
    source = make.dm(tmp_path / 'in', {'a.png': {'classification': [whole]}})
    words = 'yolo under task detect can hold, .* It has 1 classification.*--to imagefolder.* --to yolo --task classify'
    with pytest.raises(DatasetError, match=words):
        convert(source, tmp_path / 'out', to='yolo', task='detect')
