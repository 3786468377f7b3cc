"""Splits of any name, and pictures that belong to none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, open_dataset
from synapse_plugins.errors import DatasetError, LossError

if TYPE_CHECKING:
    from pathlib import Path

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
