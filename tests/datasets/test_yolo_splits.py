"""Splits of any name, and pictures that belong to none."""

from __future__ import annotations

import os
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from synapse_plugins.datasets import convert, open_dataset
from synapse_plugins.errors import DatasetError, FormatError, LossError

SPLITS = {'train': 0.4, 'valid': 0.3, 'holdout': 0.3}


@pytest.fixture
def source(tmp_path: Path, make: Any) -> Path:
    return make.dm(
        tmp_path / 'dm', {f'{n}.jpg': {'bounding_box': [make.box('a', 1, 2, 8, 8)]} for n in range(20)}
    )


def entries(report: Any, bucket: str) -> list[tuple[str, str, int, list[str]]]:
    return [(one.kind, one.reason, one.count, one.examples) for one in getattr(report, bucket)]


def labels(root: Path, folder: str, make: Any, name: str = 'x') -> None:
    """Add a folder of one picture with one box."""
    make.picture(root / folder / 'images' / f'{name}.jpg')
    (root / folder / 'labels').mkdir(parents=True, exist_ok=True)
    (root / folder / 'labels' / f'{name}.txt').write_text('0 0.5 0.5 0.1 0.1\n', encoding='utf-8')


@pytest.mark.parametrize('names', [SPLITS, {'holdout': 0.5, 'fold-2': 0.5}, {'1': 0.5, '2': 0.5}])
def test_splits_of_any_name_come_back(names: dict[str, float], source: Path, tmp_path: Path) -> None:
    made = convert(source, tmp_path / 'yolo', to='yolo', split=names)
    assert all(made.splits[name] for name in names)
    again = convert(tmp_path / 'yolo', tmp_path / 'back', to='dm_v2', on_loss='error')
    assert again.splits == made.splits


@pytest.mark.parametrize(
    'names',
    [SPLITS, {'a': 0.5, 'b': 0.5}, {'only': 1}, {'train': 0.5, 'all': 0.5}, {'valid': 0.5, 'my split': 0.5}],
)
@pytest.mark.parametrize('to', ['yolo', 'imagefolder', 'dm_v1', 'coco', 'pascal_voc'])
def test_splits_of_any_name_come_back_from_every_format(
    to: str, names: dict[str, float], tmp_path: Path, make: Any
) -> None:
    tools = {
        'classification': [{'id': 'c', 'classification': 'cat', 'attrs': [], 'data': {}}],
        'bounding_box': [make.box('dog', 1, 2, 8, 8)],
    }
    source = make.dm(tmp_path / 'dm', {f'{n}.jpg': tools for n in range(20)})
    made = convert(source, tmp_path / 'out', to=to, task='classify' if to == 'yolo' else None, split=names)
    assert convert(made.path, tmp_path / 'back', to='dm_v2').splits == made.splits


def test_a_class_of_the_picture_has_splits_of_any_name(tmp_path: Path, make: Any) -> None:
    tag = {'classification': [{'id': 'c', 'classification': 'cat', 'attrs': [], 'data': {}}]}
    source = make.dm(tmp_path / 'dm', {f'{n}.jpg': tag for n in range(20)})
    made = convert(source, tmp_path / 'yolo', to='yolo', task='classify', split=SPLITS)
    make.picture(tmp_path / 'yolo/extra/cat/y.jpg')
    reader = open_dataset(tmp_path / 'yolo')
    assert reader.splits == list(made.splits)
    assert len(list(reader)) == 20
    assert entries(reader.report, 'dropped') == [
        ('image', 'it lies in no folder of a class', 1, ['extra/cat/y.jpg'])
    ]


@pytest.mark.parametrize('line', ['night: [night/images]', 'night: night.txt', '7: ../night/images'])
def test_other_keys_that_lead_to_pictures_are_splits(line: str, tmp_path: Path, make: Any) -> None:
    for folder in ('train', 'night'):
        labels(tmp_path, folder, make)
    (tmp_path / 'night.txt').write_text('night/images/x.jpg\n', encoding='utf-8')
    (tmp_path / 'data.yaml').write_text(
        f'train: train/images\nval: train/images\n{line}\nnames: [a]\nnc: 1\npath: .\ndownload: train/images\n'
        'notes: a text\nmore: [1, 2]\nlabels: train\nflag: true\nyes: no\nempty: [""]\nroboflow: {url: x}\n',
        encoding='utf-8',
    )
    reader = open_dataset(tmp_path, 'yolo')
    assert reader.splits == ['train', line.partition(':')[0]]
    assert [sample.split for sample in reader] == reader.splits
    assert not reader.report.losses


def test_a_key_for_the_folder_above_the_splits_is_no_split(tmp_path: Path, make: Any) -> None:
    for split in ('train', 'val'):
        make.picture(tmp_path / 'images' / split / 'x.jpg')
        (tmp_path / 'labels' / split).mkdir(parents=True)
    (tmp_path / 'data.yaml').write_text(
        'train: images/train\nval: images/val\nall: images\nnames: [a]\n', encoding='utf-8'
    )
    reader = open_dataset(tmp_path, 'yolo')
    assert reader.splits == ['train', 'valid']
    assert any('all: for the folder of other splits' in line for line in reader.report.warnings)


def test_folders_that_no_split_names_are_counted(tmp_path: Path, make: Any) -> None:
    root = tmp_path / 'in'
    for folder in ('train', 'spare'):
        labels(root, folder, make)
    make.picture(root / 'runs/plot.png')
    (root / 'data.yaml').write_text('train: train/images\nnames: [a]\n', encoding='utf-8')
    reader = open_dataset(root, 'yolo')
    assert [sample.key for sample in reader] == ['train/x']
    assert entries(reader.report, 'dropped') == [
        ('bounding_box', 'no split names its folder', 1, ['spare/images']),
        ('image', 'no split names its folder', 1, ['spare/images']),
    ]
    assert entries(reader.report, 'noted') == [
        ('image', 'it lies in a folder that is no part of a split', 1, ['runs'])
    ]
    with pytest.raises(LossError, match='no split names its folder'):
        convert(root, tmp_path / 'out', to='coco', on_loss='error')


@pytest.mark.parametrize('layout', ['{}/images', 'images/{}'])
def test_without_a_yaml_file_other_folders_with_labels_are_splits(
    layout: str, tmp_path: Path, make: Any
) -> None:
    for split in ('train', 'night', 'bare'):
        folder = layout.format(split)
        make.picture(tmp_path / folder / 'x.jpg')
        if split != 'bare':
            (tmp_path / folder.replace('images', 'labels')).mkdir(parents=True)
    (tmp_path / 'classes.txt').write_text('a\n', encoding='utf-8')
    reader = open_dataset(tmp_path, 'yolo')
    assert reader.splits == ['train', 'night']
    list(reader)
    assert [one.examples for one in reader.report.noted if 'no part' in one.reason] == [
        [layout.format('bare')]
    ]


def test_a_split_cannot_be_called_what_the_yaml_file_has_another_use_for(
    source: Path, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match='another use for names'):
        convert(source, tmp_path / 'yolo', to='yolo', split={'train': 0.5, 'names': 0.5})
    assert not (tmp_path / 'yolo').exists()


def halves(
    root: Path, make: Any, more: str = '', known: str = 'train: images/train\nval: images/val\n'
) -> Path:
    """Write a dataset with pictures in ``images/train`` and ``images/val`` and more keys in its YAML file."""
    for split, count in (('train', 2), ('val', 3)):
        for number in range(count):
            make.picture(root / f'images/{split}/{split}{number}.jpg')
            (root / f'labels/{split}').mkdir(parents=True, exist_ok=True)
            (root / f'labels/{split}/{split}{number}.txt').write_text('0 0.5 0.5 0.1 0.1\n', encoding='utf-8')
    (root / 'data.yaml').write_text(f'{known}{more}names: [a]\n', encoding='utf-8')
    return root


@pytest.mark.parametrize('before', [True, False])
@pytest.mark.parametrize(
    'line',
    [
        'class_file: classes.txt',
        'readme: README.txt',
        'root: .',
        'root: ./',
        'base: [.]',
        'broken: broken.txt',
    ],
)
def test_other_keys_for_what_is_there_are_no_splits(
    line: str, before: bool, tmp_path: Path, make: Any
) -> None:
    known = 'train: images/train\nval: images/val\n'
    root = halves(tmp_path, make, f'{line}\n{known}' if before else f'{known}{line}\n', known='')
    (root / 'classes.txt').write_text('a\nb\n', encoding='utf-8')
    (root / 'README.txt').write_text('A dataset\nof pictures such as a.jpg\n', encoding='utf-8')
    (root / 'broken.txt').write_text('images/none.jpg\n/elsewhere/none.jpg\n', encoding='utf-8')
    reader = open_dataset(root, 'yolo')
    assert reader.splits == ['train', 'valid']
    assert len(list(reader)) == 5
    assert [line for line in reader.report.warnings if 'no picture is here' not in line] == []
    assert len(reader.report.warnings) == line.count('broken: ')


@pytest.mark.parametrize('order', [1, -1])
def test_folders_above_others_are_no_splits_whatever_the_order(order: int, tmp_path: Path, make: Any) -> None:
    lines = ['all: images\n', 'foo: images/train\n', 'extra: data\n', 'a: data/a/images\n']
    root = halves(tmp_path, make, ''.join(lines[::order]), known='val: images/val\n')
    labels(root, 'data/a', make)
    reader = open_dataset(root, 'yolo')
    assert reader.splits == ['valid', 'a', 'foo']
    assert len(list(reader)) == reader.count() == 6
    assert len([line for line in reader.report.warnings if 'the folder of other splits' in line]) == 2


def test_a_key_that_leads_outside_by_a_link_refuses_nothing(tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'elsewhere/x.jpg')
    root = halves(tmp_path / 'in', make, 'project: runs/x.jpg\n')
    (root / 'runs').symlink_to(tmp_path / 'elsewhere', target_is_directory=True)
    reader = open_dataset(root, 'yolo')
    assert reader.splits == ['train', 'valid']
    assert ["project: for 'runs/x.jpg', which leads outside" in line for line in reader.report.warnings] == [
        True
    ]


def test_lists_name_pictures_not_folders(tmp_path: Path, make: Any) -> None:
    known = 'train: train.txt\nval: val.txt\n'
    root = halves(tmp_path / 'in', make, known=known)
    (root / 'labels/train/train0.txt').unlink()
    (root / 'train.txt').write_text('./images/train/train1.jpg\n', encoding='utf-8')
    (root / 'val.txt').write_text('images/val/val1.jpg\n', encoding='utf-8')
    reader = open_dataset(root, 'yolo')
    assert [sample.key for sample in reader] == ['train/images/train/train1', 'valid/images/val/val1']
    assert entries(reader.report, 'dropped') == [
        ('bounding_box', 'no list and no split names it', 2, ['images/val']),
        ('image', 'no list and no split names it', 2, ['images/val']),
    ]
    assert entries(reader.report, 'noted') == [
        ('image', 'no list and no split names it, nor has it labels', 1, ['images/train'])
    ]
    assert reader.report.warnings == []
    with pytest.raises(LossError, match='no list and no split names it'):
        convert(root, tmp_path / 'out', to='coco', on_loss='error')


def test_pictures_in_two_lists_are_told_of(tmp_path: Path, make: Any) -> None:
    root = halves(tmp_path, make, known='train: train.txt\nval: [val.txt, images/val]\n')
    (root / 'train.txt').write_text('images/train/train0.jpg\nimages/train/train1.jpg\n', encoding='utf-8')
    (root / 'val.txt').write_text('images/train/train1.jpg\nimages/val/val1.jpg\n', encoding='utf-8')
    reader = open_dataset(root, 'yolo')
    assert reader.report.warnings == ['1 pictures are named in train and in valid; they are read as often.']


def test_a_split_within_another_is_told_of(tmp_path: Path, make: Any) -> None:
    reader = open_dataset(halves(tmp_path, make, known='train: images\nval: images/val\n'), 'yolo')
    assert reader.report.warnings == ['3 pictures are named in train and in valid; they are read as often.']


def test_a_list_that_is_no_text_is_refused(tmp_path: Path, make: Any) -> None:
    root = halves(tmp_path, make, known='train: train.txt\n')
    (root / 'train.txt').write_bytes(b'\xff\xfe\x00')
    with pytest.raises(FormatError, match='is not text in UTF-8'):
        open_dataset(root, 'yolo')


@pytest.mark.skipif(os.name == 'nt', reason='paths have other ends there')
def test_a_folder_that_cannot_be_looked_into_is_noted(tmp_path: Path, make: Any) -> None:
    root = halves(tmp_path / 'in', make)
    make.picture(root / 'spare/x.jpg')
    with chdir(root):
        for _ in range(18):  # longer than the system takes as a path
            Path('d' * 240).mkdir()
            os.chdir('d' * 240)
    reader = open_dataset(root, 'yolo')
    assert len(list(reader)) == 5
    assert [(one.kind, one.count) for one in reader.report.noted] == [('folder', 1), ('image', 1)]
    assert 'cannot be looked into' in reader.report.noted[0].reason


def test_two_folders_of_classes_are_not_one_split(tmp_path: Path, make: Any) -> None:
    for folder in ('a', 'b'):
        make.picture(tmp_path / folder / 'cat/x.jpg')
    (tmp_path / 'data.yaml').write_text(
        'task: classify\nval: a\nvalidation: b\nnames: [cat]\n', encoding='utf-8'
    )
    with pytest.raises(FormatError, match='are both the split valid'):
        open_dataset(tmp_path)


def test_a_class_folder_of_the_dataset_itself_is_no_split(tmp_path: Path, make: Any) -> None:
    for folder in ('sub/train', 'sub/val', 'sub/more'):
        make.picture(tmp_path / folder / 'cat/x.jpg')
    (tmp_path / 'data.yaml').write_text(
        'task: classify\npath: sub\nroot: .\nall: sub\ntrain: train\nval: val\nmore: more\nnames: [cat]\n',
        encoding='utf-8',
    )
    reader = open_dataset(tmp_path)
    assert reader.splits == ['train', 'valid', 'more']
    assert len(list(reader)) == 3


@pytest.mark.parametrize('key', ['path', 'train', 'val', 'more', 'names', 'kpt_names', 'task', 'kpt_shape'])
def test_a_value_that_has_no_end_as_text_is_never_made_one(key: str, tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'in/images/a.jpg')
    (tmp_path / 'in/labels').mkdir()
    (tmp_path / 'in/labels/a.txt').write_text('0 .5 .5 .2 .2\n', encoding='utf-8')
    lines = ['x0: &a0 [x, x, x, x, x, x, x, x, x]']
    lines += [f'x{n}: &a{n} [{", ".join([f"*a{n - 1}"] * 9)}]' for n in range(1, 9)]
    given = {'names': '[x]', 'train': 'images', 'val': 'images'} | {key: '*a8'}
    lines += [f'{name}: {value}' for name, value in given.items()]
    (tmp_path / 'in/dataset.yaml').write_text('\n'.join(lines), encoding='utf-8')
    if key not in ('path', 'train', 'val', 'names'):  # those say nothing that is needed
        assert convert(tmp_path / 'in', tmp_path / 'out', to='coco').count == 1
        return
    with pytest.raises(DatasetError) as caught:
        convert(tmp_path / 'in', tmp_path / 'out', to='coco')
    assert len(str(caught.value)) < 1000
