from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.datasets import open_dataset
from synapse_plugins.datasets.classes import ClassNames, class_list
from synapse_plugins.datasets.names import Fence, Namer, nfc, order_splits, split_name, suffix_of
from synapse_plugins.datasets.report import Report
from synapse_plugins.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ('name', 'split'),
    [('val', 'valid'), ('Validation', 'valid'), ('TRAIN', 'train'), ('test', 'test'), ('새것', '새것')],
)
def test_splits_have_one_name(name: str, split: str) -> None:
    assert split_name(name) == split


def test_splits_have_one_order() -> None:
    assert order_splits({'zoo', 'test', 'valid', 'extra', 'train'}) == [
        'train',
        'valid',
        'test',
        'extra',
        'zoo',
    ]


@given(st.lists(st.text('aAbB한ㅎ가', min_size=1, max_size=3), max_size=30))
def test_stems_are_unique_on_a_disk_that_ignores_case(stems: list[str]) -> None:
    def name_all() -> list[str]:
        namer = Namer()
        return [namer.name('f', stem, f'{number}/{stem}') for number, stem in enumerate(stems)]

    names = name_all()
    assert len({name.casefold() for name in names}) == len(stems)
    assert names == name_all()
    first = {}
    for stem, name in zip(stems, names, strict=True):
        if nfc(stem).casefold() not in first:
            first[nfc(stem).casefold()] = name
            assert name == nfc(stem)


def test_names_in_different_folders_do_not_meet() -> None:
    namer = Namer()
    assert namer.name('train', 'a', 'train/a') == namer.name('valid', 'a', 'valid/a') == 'a'


def test_a_decomposed_name_is_composed() -> None:
    assert Namer().name('f', normalize('NFD', '지게차'), 'k') == normalize('NFC', '지게차')


@pytest.mark.parametrize(
    ('name', 'suffix'), [('a.JPG', '.jpg'), ('a.b.png', '.png'), ('.jpg', ''), ('a', '')]
)
def test_suffixes(name: str, suffix: str) -> None:
    assert suffix_of(name) == suffix


@pytest.mark.parametrize('name', ['../x.jpg', '/etc/passwd', 'a/../../x.jpg', '..\\x.jpg', 'out/x.jpg'])
def test_names_that_lead_outside_are_refused(name: str, tmp_path: Path) -> None:
    root = tmp_path / 'root'
    root.mkdir()
    (root / 'out').symlink_to(tmp_path)
    with pytest.raises(DatasetError, match='leads outside'):
        Fence(root).path(root, name, 'labels.json')


def test_names_inside_are_followed(tmp_path: Path) -> None:
    (tmp_path / 'real').mkdir()
    (tmp_path / 'link').symlink_to(tmp_path / 'real')
    fence = Fence(tmp_path)
    assert fence.path(tmp_path, 'real/사진.jpg', 'x') == tmp_path / 'real' / '사진.jpg'
    assert fence.path(tmp_path, 'link\\x.jpg', 'x') == tmp_path / 'link' / 'x.jpg'


@given(st.lists(st.text(max_size=4)), st.sets(st.text(max_size=4)))
def test_the_class_map_depends_on_the_names_alone(declared: list[str], observed: set[str]) -> None:
    spell = ClassNames(Report())
    names = class_list(declared, observed, spell)
    assert len(set(names)) == len(names)
    assert set(names) == {spell(name) for name in [*declared, *observed]} - {''}
    assert names == class_list(declared, sorted(observed, reverse=True), spell)
    kept = list(dict.fromkeys(filter(None, map(spell, declared))))
    assert names[: len(kept)] == kept
    assert names[len(kept) :] == sorted(names[len(kept) :])


def test_a_class_name_that_changes_is_noted() -> None:
    report = Report()
    spell = ClassNames(report)
    assert spell(normalize('NFD', '백혈구') + ' ') == '백혈구'
    assert spell('RBC') == 'RBC'
    assert [(entry.kind, entry.count, entry.examples) for entry in report.noted] == [
        ('class', 1, ["'백혈구'"])
    ]
    assert not report.losses


@pytest.mark.parametrize(('on_disk', 'said'), [('NFD', 'NFC'), ('NFC', 'NFD')])
def test_files_are_found_whichever_way_unicode_spells_them(
    on_disk: Any, said: Any, tmp_path: Path, make: Any
) -> None:
    disk, name = normalize(on_disk, '사진é'), normalize(said, '사진é')
    make.picture(tmp_path / f'yolo/images/{disk}.jpg')
    make.picture(tmp_path / f'coco/{disk}.jpg')
    make.picture(tmp_path / f'voc/JPEGImages/{disk}.jpg')
    make.picture(tmp_path / f'dm/original_files/{disk}.jpg')
    box = {'id': 1, 'image_id': 1, 'category_id': 1, 'bbox': [1, 1, 5, 5]}
    coco = {
        'images': [{'id': 1, 'file_name': f'{name}.jpg'}],
        'annotations': [box],
        'categories': [{'id': 1, 'name': 'x'}],
    }
    corners = '<xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax>'
    voc = f'<annotation><object><name>x</name><bndbox>{corners}</bndbox></object></annotation>'
    document = {'images': [{'bounding_box': [make.box('x', 1, 1, 5, 5)]}]}
    for path, text in {
        f'yolo/labels/{name}.txt': '0 .5 .5 .1 .1\n',
        'yolo/classes.txt': 'x\n',
        'coco/_annotations.coco.json': json.dumps(coco),
        f'voc/Annotations/{name}.xml': voc,
        f'dm/json/{name}.json': json.dumps(document),
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding='utf-8')
    for folder in ('yolo', 'coco', 'voc', 'dm'):
        reader = open_dataset(tmp_path / folder)
        assert [len(sample.annotations) for sample in reader] == [1], folder
        assert not reader.report.losses
        assert not reader.report.noted
