"""Where the label files of a YOLO dataset are looked for, wherever the dataset lies."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from synapse_plugins.datasets import convert, open_dataset
from synapse_plugins.errors import DatasetError

ROW = '0 0.5 0.5 0.2 0.2\n'


def dataset(root: Path, make: Any, folder: str, labels: str) -> Path:
    """Make a dataset of one picture and one label file."""
    make.picture(root / folder / 'a.jpg')
    (root / labels).mkdir(parents=True, exist_ok=True)
    (root / labels / 'a.txt').write_text(ROW, encoding='utf-8')
    (root / 'dataset.yaml').write_text(f'names: [x]\ntrain: {folder}\nval: {folder}\n', encoding='utf-8')
    return root


@pytest.mark.parametrize('above', ['pics/ds', 'images/ds', 'images/images', 'a/images/train/images'])
@pytest.mark.parametrize(
    ('folder', 'labels', 'elsewhere'),
    [
        ('train', 'train', True),
        ('images', 'labels', False),
        ('images/train', 'labels/train', False),
        ('train/images', 'train/labels', False),
        ('images/train/images', 'images/train/labels', False),
    ],
)
def test_labels_are_those_of_the_dataset_wherever_it_lies(
    above: str, folder: str, labels: str, elsewhere: bool, tmp_path: Path, make: Any
) -> None:
    root = dataset(tmp_path / above, make, folder, labels)
    if 'images' in above:
        outside = Path('/labels/'.join(f'{root}/train'.rsplit('/images/', 1)))
        outside.mkdir(parents=True)
        (outside / 'a.txt').write_text(ROW * 3, encoding='utf-8')
    reader = open_dataset(root, 'yolo')
    assert [len(sample.annotations) for sample in reader] == [1]
    told = [one.examples for one in reader.report.noted if 'look for its labels outside' in one.reason]
    assert bool(told) == (elsewhere and 'images' in above)


@pytest.mark.parametrize('link', ['images', 'sub/images', 'sub'])
def test_a_folder_that_is_a_link_to_elsewhere_is_an_error(link: str, tmp_path: Path, make: Any) -> None:
    folder = 'images' if link == 'images' else 'sub/images'
    root = dataset(tmp_path / 'ds', make, folder, folder.replace('images', 'labels'))
    (root / link).rename(tmp_path / 'elsewhere')
    (root / link).symlink_to(tmp_path / 'elsewhere', target_is_directory=True)
    with pytest.raises(DatasetError, match=r'dataset\.yaml names .*leads outside'):
        convert(root, tmp_path / 'out', to='dm_v2')
    assert not (tmp_path / 'out').exists()


def test_a_folder_that_is_a_link_to_a_place_in_the_dataset_is_read(tmp_path: Path, make: Any) -> None:
    root = dataset(tmp_path / 'ds', make, 'images/train', 'labels/train')
    (root / 'images/train').rename(root / 'images/all')
    (root / 'images/train').symlink_to(root / 'images/all', target_is_directory=True)
    assert [len(sample.annotations) for sample in open_dataset(root, 'yolo')] == [1]


@pytest.mark.parametrize('folder', ['images', 'images/train', 'train/images'])
def test_the_current_folder_is_a_dataset_too(folder: str, tmp_path: Path, make: Any) -> None:
    dataset(tmp_path, make, folder, folder.replace('images', 'labels'))
    with chdir(tmp_path):
        assert [len(sample.annotations) for sample in open_dataset('.', 'yolo')] == [1]
