"""`datasets.open`: pictures with their annotations as arrays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from synapse_plugins import datasets
from synapse_plugins.datasets import Reader, Report, Sample
from synapse_plugins.errors import DatasetError, FormatError, UncountedError
from synapse_plugins.testing.drawings import draw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import SimpleNamespace


def test_boxes_are_arrays_with_class_numbers(blood: Path) -> None:
    opened = datasets.open(blood)
    assert (opened.format, opened.splits, opened.classes) == (
        'dm_v2',
        ['train', 'valid', 'test'],
        ['RBC', 'WBC'],
    )
    images = {image.key: image for image in opened}
    assert list(images) == ['train/a', 'train/b', 'valid/c', 'test/d']
    image = images['train/a']
    assert (image.split, image.width, image.height) == ('train', 64, 48)
    assert image.boxes.dtype == np.float64
    assert image.boxes.tolist() == [[4, 6, 24, 16], [30, 20, 42, 32]]
    assert image.class_ids.dtype == np.int64
    assert image.class_ids.tolist() == [0, 1]
    assert image.labels == ['RBC', 'WBC']
    assert image.pixels().shape == (48, 64, 3)
    assert image.pixels().dtype == np.uint8
    assert [image.key for image in opened] == list(images)  # as often as you like


def test_an_empty_picture_has_arrays_without_rows(blood: Path) -> None:
    *_, image = datasets.open(blood)
    assert image.boxes.shape == (0, 4)
    assert image.corners.shape == (0, 4, 2)
    assert image.class_ids.shape == image.polygon_rows.shape == image.mask_rows.shape == (0,)
    assert image.polygons == image.masks == image.poses == image.image_labels == []


def test_every_kind_of_figure(tmp_path: Path) -> None:
    root = draw(tmp_path / 'all', ['detect', 'segment', 'obb', 'mask', 'pose', 'classify'], splits={None: 1})
    (image,) = datasets.open(root)
    assert image.tools == ['bounding_box'] * 4 + ['polygon'] * 2 + ['segmentation'] * 2
    assert image.split is None
    upright, turned = image.corners[0], image.corners[2]
    left, top, right, bottom = image.boxes[0]
    assert np.allclose(upright, [[left, top], [right, top], [right, bottom], [left, bottom]])
    assert np.allclose(turned.mean(axis=0), upright.mean(axis=0))  # about its centre
    assert turned[1, 1] > turned[0, 1]  # clockwise on the screen
    assert np.allclose(image.boxes[2], [*turned.min(axis=0), *turned.max(axis=0)])
    assert [ring.shape for ring in image.polygons] == [(8, 2), (8, 2)]
    assert image.polygon_rows.tolist() == [4, 5]
    assert [mask.shape for mask in image.masks] == [(48, 64), (48, 64)]
    assert [mask.dtype for mask in image.masks] == [np.bool_, np.bool_]
    assert image.mask_rows.tolist() == [6, 7]
    rows, columns = np.nonzero(image.masks[0])
    assert image.boxes[6].tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert [pose.names for pose in image.poses] == [['nose', 'left_eye', 'right_eye']] * 2
    assert [pose.points.shape for pose in image.poses] == [(3, 2)] * 2
    assert [pose.visibility.tolist() for pose in image.poses] == [[2, 2, 2]] * 2
    assert len(image.image_labels) == 1


def test_several_rings_belong_to_one_row(tmp_path: Path, make: SimpleNamespace) -> None:
    root = tmp_path / 'coco'
    make.picture(root / 'images' / 'a.png')
    (root / 'annotations').mkdir()
    rings = [[0, 0, 10, 0, 10, 10], [20, 20, 30, 20, 30, 30]]
    document = {
        'images': [{'id': 1, 'file_name': 'a.png', 'width': 64, 'height': 48}],
        'categories': [{'id': 1, 'name': 'x'}],
        'annotations': [
            {'id': 1, 'image_id': 1, 'category_id': 1, 'segmentation': rings, 'bbox': [0, 0, 30, 30]}
        ],
    }
    (root / 'annotations' / 'instances.json').write_text(json.dumps(document), encoding='utf-8')
    (image,) = datasets.open(root)
    assert image.boxes.tolist() == [[0, 0, 30, 30]]
    assert [ring.tolist() for ring in image.polygons] == [
        [[0, 0], [10, 0], [10, 10]],
        [[20, 20], [30, 20], [30, 30]],
    ]
    assert image.polygon_rows.tolist() == [0, 0]


def test_a_class_of_a_pose_is_that_of_its_box(tmp_path: Path, make: SimpleNamespace) -> None:
    point = {
        'id': 'k',
        'classification': 'nose',
        'attrs': [],
        'data': [5, 6],
        'group_id': 'g',
        'visibility': 1,
    }
    alone = {'id': 'l', 'classification': 'tail', 'attrs': [], 'data': [7, 8]}
    root = make.dm(
        tmp_path / 'pose',
        {
            'a.png': {
                'keypoint': [point, alone],
                'bounding_box': [make.box('사람', 1, 2, 30, 40, group_id='g')],
            }
        },
    )
    opened = datasets.open(root)
    (image,) = opened
    assert opened.classes == ['사람']  # a joint is no class
    posed, other = image.poses
    assert (posed.group, posed.label, posed.class_id, posed.names) == ('g', '사람', 0, ['nose'])
    assert posed.points.tolist() == [[5, 6]]
    assert posed.visibility.tolist() == [1]
    assert (other.group, other.label, other.class_id, other.names) == (None, None, -1, ['tail'])


def test_what_is_malformed_is_no_row_and_is_reported(tmp_path: Path, make: SimpleNamespace) -> None:
    root = make.dm(
        tmp_path / 'bad',
        {
            'a.png': {
                'bounding_box': [make.box('x', 1, 2), make.box('x', 1, 2, 3, 4), make.box(None, 1, 2, 3, 4)]
            }
        },
    )
    opened = datasets.open(root)
    (image,) = opened
    assert image.boxes.shape == (2, 4)
    assert image.class_ids.tolist() == [0, -1]
    assert [(entry.kind, entry.count) for entry in opened.report.dropped] == [('bounding_box', 1)]


def test_pixels_are_turned_the_way_they_are_seen(tmp_path: Path, make: SimpleNamespace) -> None:
    root = make.dm(tmp_path / 'turned', {'a.jpg': {}})
    make.picture(root / 'original_files' / 'a.jpg', (64, 48), orientation=6)
    (image,) = datasets.open(root)
    assert (image.width, image.height) == (48, 64)
    assert image.pixels().shape == (64, 48, 3)


def test_pictures_that_cannot_be_decoded_say_so(tmp_path: Path, make: SimpleNamespace) -> None:
    root = make.dm(tmp_path / 'broken', {'a.png': {}})
    path = root / 'original_files' / 'a.png'
    content = bytearray(path.read_bytes())
    content[60:70] = b'\xff' * 10
    path.write_bytes(content)
    (image,) = datasets.open(root)
    with pytest.raises(DatasetError, match=r'a\.png cannot be decoded'):
        image.pixels()


def test_a_folder_that_is_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match='no dataset of a known format'):
        datasets.open(tmp_path)


def test_masks_and_pictures_agree_on_a_decoded_picture(tmp_path: Path) -> None:
    root = draw(tmp_path / 'masks', ['mask'], splits={None: 1}, size=(60, 40))
    (image,) = datasets.open(root, 'dm_v2')
    with Image.open(image.path) as picture:
        assert image.masks[0].shape == (picture.height, picture.width)


@pytest.mark.parametrize('to', ['dm_v2', 'yolo', 'coco', 'pascal_voc'])
def test_it_has_a_length_before_it_is_read(blood: Path, tmp_path: Path, to: str) -> None:
    datasets.convert(blood, tmp_path / 'out', to=to)
    opened = datasets.open(tmp_path / 'out')
    assert len(opened) == len(list(opened)) == 4
    assert opened


def test_a_format_that_knows_its_length_only_by_reading_says_so(tmp_path: Path) -> None:
    class Lines(Reader):
        splits = [None]  # noqa: RUF012 - as a stranger writes it

        def __iter__(self) -> Iterator[Sample]:
            return iter(())

    opened = datasets.Dataset(Lines(tmp_path, Report()), 'lines')
    with pytest.raises(UncountedError, match='only known when they are read'):
        len(opened)
    assert list(opened.samples()) == []
    assert list(opened) == []
    assert opened
