"""What COCO records say in ways that other tools have: masks of another size, fields, attributes, names given twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, open_dataset
from synapse_plugins.datasets.declared import OTHER_MASK, TURNED_SIZE
from synapse_plugins.datasets.formats import coco_file

if TYPE_CHECKING:
    from pathlib import Path

    from synapse_plugins.datasets.report import Entry

WIDTH, HEIGHT = 64, 48
RING = [10.0, 10.0, 30.0, 10.0, 30.0, 30.0]


def write(root: Path, *records: dict[str, Any], images: Any = (('a.png', 1),), make: Any) -> Path:
    """Write a dataset of pictures of 64 x 48, whose records belong to the first if they do not say another."""
    whole = [
        {'id': place, 'image_id': 1, 'category_id': 1, 'iscrowd': 0, **record}
        for place, record in enumerate(records, 1)
    ]
    document = {
        'images': [
            {'id': number, 'file_name': name, 'width': WIDTH, 'height': HEIGHT} for name, number in images
        ],
        'annotations': whole,
        'categories': [{'id': 1, 'name': 'cat'}],
    }
    (root / 'annotations').mkdir(parents=True)
    (root / 'annotations/instances.json').write_text(json.dumps(document), encoding='utf-8')
    for name, _ in images:
        make.picture(root / 'images' / name, (WIDTH, HEIGHT))
    return root


def entries(found: list[Entry]) -> list[tuple[str, str, int]]:
    return [(entry.kind, entry.reason, entry.count) for entry in found]


def written(root: Path) -> list[dict[str, Any]]:
    document = json.loads((root / 'annotations/instances.json').read_text('utf-8'))
    found: list[dict[str, Any]] = document['annotations']
    return found


def code(width: int, height: int) -> dict[str, Any]:
    return {'size': [height, width], 'counts': [5, 3, width * height - 8]}


# -- masks ----------------------------------------------------------------------------------------------------


def test_a_mask_of_another_size_is_dropped_and_counted(tmp_path: Path, make: Any) -> None:
    source = write(
        tmp_path / 'in',
        {'segmentation': code(WIDTH, HEIGHT), 'bbox': [0, 5, 1, 3]},
        {'segmentation': code(HEIGHT, WIDTH), 'bbox': [0, 5, 1, 3]},
        {'segmentation': code(WIDTH * 2, HEIGHT * 2), 'bbox': [0, 5, 1, 3], 'keypoints': [5, 5, 2, 0, 0, 0]},
        make=make,
    )
    conversion = convert(source, tmp_path / 'out', to='coco')
    assert conversion.report.kept == {'image': 1, 'segmentation': 1}
    assert entries(conversion.report.dropped) == [
        ('keypoint', OTHER_MASK, 1),
        ('segmentation', OTHER_MASK, 2),
    ]
    assert conversion.report.dropped[1].examples == [
        f'a: {HEIGHT} x {WIDTH}, but the picture is {WIDTH} x {HEIGHT}',
        f'a: {WIDTH * 2} x {HEIGHT * 2}, but the picture is {WIDTH} x {HEIGHT}',
    ]
    assert [one['bbox'] for one in written(tmp_path / 'out')] == [[0, 5, 1, 3]]


def test_a_mask_of_a_picture_that_exif_turns_is_compared_with_what_a_trainer_sees(
    tmp_path: Path, make: Any
) -> None:
    source = write(tmp_path / 'in', {'segmentation': code(WIDTH, HEIGHT)}, {'bbox': [1, 1, 5, 5]}, make=make)
    (source / 'images/a.png').unlink()
    make.picture(source / 'images/a.jpg', (WIDTH, HEIGHT), orientation=6)
    path = source / 'annotations/instances.json'
    path.write_text(path.read_text('utf-8').replace('a.png', 'a.jpg'), encoding='utf-8')
    report = convert(source, tmp_path / 'out', to='dm_v2').report
    assert entries(report.dropped) == [('segmentation', OTHER_MASK, 1)]
    assert entries(report.noted) == [('image', TURNED_SIZE, 1)]


def test_masks_of_a_picture_that_cannot_be_read_are_counted_once(tmp_path: Path, make: Any) -> None:
    source = write(
        tmp_path / 'in',
        {'segmentation': code(9, 9)},
        {'bbox': [1, 1, 5, 5]},
        {'bbox': [1, 1, 5, 5], 'image_id': 2},
        images=[('a.png', 1), ('b.png', 2)],
        make=make,
    )
    (source / 'images/a.png').write_bytes(b'no picture')
    report = convert(source, tmp_path / 'out', to='dm_v2').report
    reason = 'its image cannot be read'
    assert entries(report.dropped) == [('bounding_box', reason, 1), ('segmentation', reason, 1)]
    assert [(entry.kind, entry.count) for entry in report.quarantined] == [('image', 1)]


# -- segmentations without points -----------------------------------------------------------------------------


@pytest.mark.parametrize('segmentation', [[], [[]], [[], []], {}, None])
def test_a_segmentation_without_points_is_none(segmentation: Any, tmp_path: Path, make: Any) -> None:
    source = write(tmp_path / 'in', {'segmentation': segmentation, 'bbox': [1, 2, 3, 4]}, make=make)
    conversion = convert(source, tmp_path / 'out', to='yolo')
    assert conversion.task == 'detect'
    assert conversion.report.kept == {'image': 1, 'bounding_box': 1}


def test_a_ring_without_points_beside_one_with_some_is_none(tmp_path: Path, make: Any) -> None:
    source = write(tmp_path / 'in', {'segmentation': [[], RING], 'bbox': [1, 2, 3, 4]}, make=make)
    conversion = convert(source, tmp_path / 'out', to='coco')
    assert not conversion.report.losses
    assert written(tmp_path / 'out')[0]['segmentation'] == [RING]


# -- fields and attributes ------------------------------------------------------------------------------------


def test_fields_that_coco_does_not_know_become_attributes(tmp_path: Path, make: Any) -> None:
    fields = {'score': 0.75, 'track_id': 7, 'caption': '고양이', 'hidden': False, 'nothing': None}
    source = write(tmp_path / 'in', {'bbox': [1, 2, 3, 4], **fields, 'attributes': {'age': 3}}, make=make)
    conversion = convert(source, tmp_path / 'out', to='dm_v2')
    assert not conversion.report.losses
    (sample,) = open_dataset(tmp_path / 'out')
    assert {item['name']: item['value'] for item in sample.annotations[0].attrs} == {
        'age': 3,
        'score': 0.75,
        'track_id': 7,
        'caption': '고양이',
        'hidden': False,
    }
    convert(tmp_path / 'out', tmp_path / 'back', to='coco')
    assert written(tmp_path / 'back')[0]['attributes']['score'] == 0.75


def test_fields_that_can_be_no_attribute_are_counted(tmp_path: Path, make: Any) -> None:
    source = write(
        tmp_path / 'in',
        {'bbox': [1, 2, 3, 4], 'list': [1], 'age': 4, 'attributes': {'age': 3}},
        {'bbox': [1, 2, 3, 4], 'attributes': ['age']},
        {'bbox': [1, 2, 3, 4], 'attributes': []},
        make=make,
    )
    report = convert(source, tmp_path / 'out', to='dm_v2').report
    assert entries(report.dropped) == [
        ('attribute', "'attributes' of its record are no names and values", 1),
        ('attribute', "the field 'age' of its record is among its attributes too", 1),
        ('attribute', "the field 'list' of its record is no plain value", 1),
    ]
    assert report.kept['bounding_box'] == 3


def test_fields_of_a_record_of_keypoints_join_the_instance(tmp_path: Path, make: Any) -> None:
    source = write(tmp_path / 'in', {'bbox': [1, 2, 30, 40], 'score': 0.5}, make=make)
    document = json.loads((source / 'annotations/instances.json').read_text('utf-8'))
    document['annotations'][0] |= {'keypoints': [5, 5, 2], 'num_keypoints': 1, 'pace': 'slow', 'score': 0.5}
    (source / 'annotations/person_keypoints.json').write_text(json.dumps(document), encoding='utf-8')
    (sample,) = open_dataset(source)
    assert [one.tool for one in sample.annotations] == ['bounding_box', 'keypoint']
    assert {item['name']: item['value'] for item in sample.annotations[0].attrs} == {
        'score': 0.5,
        'pace': 'slow',
    }


def test_of_attributes_of_one_name_the_last_stays_and_the_others_are_counted(
    tmp_path: Path, make: Any
) -> None:
    attrs = [{'name': 'k', 'value': value} for value in (1, 2, 3)]
    make.dm(tmp_path / 'in', {'a.png': {'bounding_box': [make.box('cat', 1, 2, 3, 4, attrs=attrs)]}})
    report = convert(tmp_path / 'in', tmp_path / 'out', to='coco').report
    assert entries(report.dropped) == [('attribute', "coco cannot hold 'k' more than once", 2)]
    assert written(tmp_path / 'out')[0]['attributes'] == {'k': 3}


# -- pictures named twice -------------------------------------------------------------------------------------


@pytest.mark.parametrize('spill', [0, 1 << 20])
@pytest.mark.parametrize('workers', [1, 2])
def test_records_of_one_file_name_are_one_picture(
    workers: int, spill: int, tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coco_file, 'SPILL', spill)
    images = [('a.png', 1), ('b.png', 2), ('a.png', 3), ('a.png', 4)]
    boxes = [{'image_id': number, 'bbox': [number, 1, 5, 5]} for number in (3, 1, 2, 1)]
    source = write(tmp_path / 'in', *boxes, images=images, make=make)
    conversion = convert(source, tmp_path / 'out', to='dm_v2', workers=workers)
    assert conversion.count == 2
    assert not conversion.report.losses
    assert not conversion.report.renamed
    ((kind, reason, count),) = entries(conversion.report.noted)
    assert (kind, count) == ('image', 2)
    assert 'file name' in reason
    assert conversion.report.noted[0].examples == ['a']
    found = {
        sample.key: [one.data[0] for one in sample.annotations] for sample in open_dataset(conversion.path)
    }
    assert found == {'a': [1, 1, 3], 'b': [2]}


def test_files_of_one_split_may_number_a_picture_differently(tmp_path: Path, make: Any) -> None:
    source = write(tmp_path / 'in', {'bbox': [1, 2, 30, 40]}, make=make)
    document = json.loads((source / 'annotations/instances.json').read_text('utf-8'))
    document['images'][0]['id'] = document['annotations'][0]['image_id'] = 9
    document['annotations'][0]['keypoints'] = [5, 5, 2]
    (source / 'annotations/person_keypoints.json').write_text(json.dumps(document), encoding='utf-8')
    (sample,) = open_dataset(source)
    assert [one.tool for one in sample.annotations] == ['bounding_box', 'keypoint']


# -- poses ----------------------------------------------------------------------------------------------------


def poses(root: Path) -> list[tuple[float, list[list[float]]]]:
    """Return the left side of the box of each pose, and its joints."""
    (sample,) = open_dataset(root)
    found = []
    for shape in sample.annotations:
        if shape.tool == 'bounding_box':
            group = shape.extra.get('group_id')
            joints = [
                one.data
                for one in sample.annotations
                if one.tool == 'keypoint' and one.extra['group_id'] == group
            ]
            found.append((shape.data[0], joints))
    return found


NUMBERS = [(7, 7), (1, 2), ('a', 'a')]


@pytest.mark.parametrize(
    ('ids', 'apart'), [((None, None), False), *((ids, apart) for ids in NUMBERS for apart in (True, False))]
)
def test_poses_are_told_apart_whatever_their_ids(ids: Any, apart: bool, tmp_path: Path, make: Any) -> None:
    people = [
        {'id': number, 'bbox': [left, 1, 9, 9], 'keypoints': [left + 1, 2, 2]}
        for number, left in zip(ids, (1, 21), strict=True)
    ]
    records = [{key: one[key] for key in ('id', 'bbox')} for one in people] if apart else people
    source = write(tmp_path / 'in', *records, make=make)
    if apart:
        document = json.loads((source / 'annotations/instances.json').read_text('utf-8'))
        for one, person in zip(document['annotations'], people, strict=True):
            one['keypoints'] = person['keypoints']
        (source / 'annotations/person_keypoints.json').write_text(json.dumps(document), encoding='utf-8')
    assert poses(source) == [(1, [[2, 2]]), (21, [[22, 2]])]
    report = convert(source, tmp_path / 'out', to='coco').report
    assert not report.losses, report.lines()
    assert report.kept['keypoint'] == 2


@pytest.mark.parametrize(('seen', 'known'), [(3, 2), (1.5, 2), (-1, 0), (1e300, 2), (0.2, 1)])
def test_another_visibility_is_counted(seen: float, known: int, tmp_path: Path, make: Any) -> None:
    source = write(tmp_path / 'in', {'bbox': [1, 1, 9, 9], 'keypoints': [2, 2, seen]}, make=make)
    conversion = convert(source, tmp_path / 'out', to='dm_v2')
    reason = f'its visibility is none of 0, 1 and 2; {known} was taken'
    assert entries(conversion.report.changed) == [('keypoint', reason, 1)]
    (sample,) = open_dataset(conversion.path)
    assert [one.extra['visibility'] for one in sample.annotations if one.tool == 'keypoint'] == [known]


def test_attributes_may_be_a_list_of_names_and_values(tmp_path: Path, make: Any) -> None:
    attributes = [{'name': 'age', 'value': 3}, {'name': 'age', 'value': 4}]
    source = write(tmp_path / 'in', {'bbox': [1, 1, 9, 9], 'attributes': attributes}, make=make)
    (sample,) = open_dataset(source)
    assert sample.annotations[0].attrs == attributes
