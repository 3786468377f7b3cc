"""COCO as common tools write it: nothing of it is told as lost that none of them said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, open_dataset
from synapse_plugins.datasets.fields import says_nothing

if TYPE_CHECKING:
    from pathlib import Path

    from synapse_plugins.datasets import Report

TARGETS = [
    ('yolo', 'detect'), ('yolo', 'segment'), ('pascal_voc', None), ('coco', None), ('dm_v2', None), ('dm_v1', None),
]  # fmt: skip
IMAGE = {'id': 1, 'file_name': 'a.png', 'width': 64, 'height': 48}
RECORD = {'id': 1, 'image_id': 1, 'category_id': 1, 'bbox': [1, 2, 30, 40], 'area': 1200, 'iscrowd': 0}
RING = [[1, 2, 31, 2, 31, 42, 1, 42]]

LABEL_STUDIO = {
    'images': [{'width': 64, 'height': 48, 'id': 1, 'file_name': 'images/a.png'}],
    'categories': [{'id': 1, 'name': 'cat'}],
    'annotations': [RECORD | {'segmentation': [], 'ignore': 0}],
    'info': {'year': 2024, 'version': '1.0', 'contributor': 'Label Studio'},
}
LABELME2COCO = {
    'images': [IMAGE],
    'categories': [{'id': 1, 'name': 'cat', 'supercategory': 'cat'}],
    'annotations': [RECORD | {'segmentation': [], 'ignore': 0}],
}
COCO_ANNOTATOR = {
    'images': [
        IMAGE
        | {
            'dataset_id': 3,
            'category_ids': [],
            'path': '/datasets/x/a.png',
            'annotated': False,
            'annotating': [],
            'num_annotations': 1,
            'metadata': {},
            'deleted': False,
            'milliseconds': 0,
            'events': [],
            'regenerate_thumbnail': False,
        }
    ],
    'categories': [
        {
            'id': 1,
            'name': 'cat',
            'supercategory': '',
            'color': '#3c9aef',
            'metadata': {},
            'keypoint_colors': [],
        }
    ],
    'annotations': [
        RECORD
        | {
            'segmentation': [],
            'isbbox': True,
            'color': '#d9d3f0',
            'metadata': {},
            'width': 64,
            'height': 48,
            'keypoints': [],
            'num_keypoints': 0,
            'creator': '',
            'events': [],
        }
    ],
}
CVAT = {
    'licenses': [{'name': '', 'id': 0, 'url': ''}],
    'info': {'contributor': '', 'date_created': '', 'description': '', 'url': '', 'version': '', 'year': ''},
    'categories': [{'id': 1, 'name': 'cat', 'supercategory': ''}],
    'images': [IMAGE | {'license': 0, 'flickr_url': '', 'coco_url': '', 'date_captured': 0}],
    'annotations': [
        RECORD | {'segmentation': [], 'attributes': {'occluded': False, 'rotation': 0.0, 'note': ''}}
    ],
}
ROBOFLOW = {
    'info': {
        'year': '2024',
        'version': '1',
        'description': 'Exported',
        'date_created': '2024-01-01T00:00:00+00:00',
    },
    'licenses': [{'id': 1, 'url': '', 'name': 'CC BY 4.0'}],
    'categories': [
        {'id': 0, 'name': 'cats', 'supercategory': 'none'},
        {'id': 1, 'name': 'cat', 'supercategory': 'cats'},
    ],
    'images': [IMAGE | {'license': 1, 'date_captured': '2024', 'extra': {'name': 'a.png'}}],
    'annotations': [RECORD | {'segmentation': []}],
}
FILES = {
    'label_studio': ('annotations/instances.json', 'images/a.png', LABEL_STUDIO),
    'labelme2coco': ('annotations/instances.json', 'images/a.png', LABELME2COCO),
    'coco_annotator': ('annotations/instances.json', 'images/a.png', COCO_ANNOTATOR),
    'cvat': ('annotations/instances_default.json', 'images/a.png', CVAT),
    'roboflow': ('train/_annotations.coco.json', 'train/a.png', ROBOFLOW),
}


def write(root: Path, name: str, picture: str, document: dict[str, Any], make: Any) -> Path:
    make.picture(root / picture, (64, 48))
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(json.dumps(document), encoding='utf-8')
    return root


def of_record(root: Path, make: Any, **more: Any) -> Path:
    document = {'images': [IMAGE], 'categories': [{'id': 1, 'name': 'cat'}], 'annotations': [RECORD | more]}
    return write(root, 'annotations/instances.json', 'images/a.png', document, make)


def attributes_of(report: Report) -> dict[str, int]:
    return {entry.reason: entry.count for entry in report.dropped if entry.kind == 'attribute'}


@pytest.mark.parametrize(('to', 'task'), TARGETS)
@pytest.mark.parametrize('tool', FILES)
def test_an_ordinary_file_of_a_tool_loses_nothing(
    tool: str, to: str, task: str | None, tmp_path: Path, make: Any
) -> None:
    source = write(tmp_path / 'in', *FILES[tool], make)
    if (to, task) == ('yolo', 'segment'):  # where a box would be a change of its own
        path = source / FILES[tool][0]
        path.write_text(
            path.read_text('utf-8').replace('"segmentation": []', f'"segmentation": {RING}'), 'utf-8'
        )
    conversion = convert(source, tmp_path / 'out', to=to, task=task, on_loss='error', workers=1)
    assert conversion.count == 1
    assert not conversion.report.losses


@pytest.mark.parametrize(
    'more',
    [
        {'metadata': {}}, {'tags': []}, {'note': ''}, {'score': None}, {'ignore': 0}, {'ignore': False},
        {'occluded': 0}, {'truncated': '0'}, {'color': '#fff'}, {'isbbox': True}, {'isbbox': False},
        {'width': 64, 'height': 48},
    ],
)  # fmt: skip
def test_what_says_nothing_is_no_attribute(more: dict[str, Any], tmp_path: Path, make: Any) -> None:
    (sample,) = open_dataset(of_record(tmp_path / 'in', make, **more))
    assert sample.annotations[0].attrs == []


@pytest.mark.parametrize(
    'more',
    [
        {'ignore': 1}, {'occluded': True}, {'score': 0}, {'track_id': 0}, {'crying': False}, {'color': 'red'},
        {'isbbox': 'yes'}, {'height': 180},
    ],
)  # fmt: skip
def test_what_says_something_is_an_attribute(more: dict[str, Any], tmp_path: Path, make: Any) -> None:
    source = of_record(tmp_path / 'in', make, **more)
    (sample,) = open_dataset(source)
    assert sample.annotations[0].attrs == [{'name': name, 'value': value} for name, value in more.items()]
    (name,) = more
    report = convert(source, tmp_path / 'out', to='yolo', workers=1).report
    assert attributes_of(report) == {f'yolo cannot hold {name!r}': 1}


def test_what_says_nothing_under_attributes_stays_where_it_can(tmp_path: Path, make: Any) -> None:
    said = {'occluded': False, 'note': '', 'worn': False}
    source = of_record(tmp_path / 'in', make, attributes=said)
    convert(source, tmp_path / 'coco', to='coco', on_loss='error', workers=1)
    (sample,) = open_dataset(tmp_path / 'coco')
    assert {item['name']: item['value'] for item in sample.annotations[0].attrs} == said
    report = convert(source, tmp_path / 'out', to='yolo', workers=1).report
    assert attributes_of(report) == {"yolo cannot hold 'worn'": 1}


def test_a_value_that_is_filled_in_is_counted_all_the_same(tmp_path: Path, make: Any) -> None:
    source = of_record(tmp_path / 'in', make, metadata={'eyes': 2})
    report = convert(source, tmp_path / 'out', to='coco', workers=1).report
    assert attributes_of(report) == {"the field 'metadata' of its record is no plain value": 1}


def test_names_of_any_kind_are_asked() -> None:
    assert says_nothing(None, '')
    assert not says_nothing(['ignore'], 0)
    assert not says_nothing('ignore', [0])


# -- poses ----------------------------------------------------------------------------------------------------


def posed(root: Path, make: Any, *records: dict[str, Any]) -> Path:
    category = {'id': 1, 'name': 'cat', 'keypoints': ['nose', 'tail'], 'skeleton': [[1, 2]]}
    document = {
        'images': [IMAGE],
        'categories': [category],
        'annotations': [
            RECORD | {'id': place, 'keypoints': [5, 5, 2, 20, 20, 2], 'num_keypoints': 2} | record
            for place, record in enumerate(records, 1)
        ],
    }
    return write(root, 'annotations/person_keypoints.json', 'images/a.png', document, make)


@pytest.mark.parametrize(('to', 'task'), [*TARGETS[:3], ('yolo', 'obb')])
def test_the_group_of_a_pose_is_lost_with_its_keypoints(
    to: str, task: str | None, tmp_path: Path, make: Any
) -> None:
    source = posed(tmp_path / 'in', make, {'segmentation': RING}, {'segmentation': RING})
    allow = ('keypoint', 'polygon')
    report = convert(source, tmp_path / 'a', to=to, task=task, on_loss='error', allow=allow, workers=1).report
    assert {entry.kind: entry.count for entry in report.dropped} == {'keypoint': 4}
    convert(source, tmp_path / 'dm', to='dm_v2', on_loss='error', workers=1)
    report = convert(tmp_path / 'dm', tmp_path / 'b', to=to, task=task, workers=1).report
    assert {entry.kind: entry.count for entry in report.dropped} == {'keypoint': 4}


def test_a_group_without_keypoints_is_counted_as_before(tmp_path: Path, make: Any) -> None:
    nose = {'id': 'k', 'classification': 'nose', 'attrs': [], 'data': [5, 5], 'group_id': 'g'}
    boxes = [make.box('cat', 1, 1, 20, 9, group_id=name) for name in ('g', 'h')]
    make.dm(tmp_path / 'in', {'a.png': {'bounding_box': boxes, 'keypoint': [nose]}})
    report = convert(tmp_path / 'in', tmp_path / 'out', to='yolo', task='detect', workers=1).report
    assert attributes_of(report) == {"yolo cannot hold 'group_id'": 1}


def test_a_made_up_group_is_no_loss_without_its_keypoints_either(tmp_path: Path, make: Any) -> None:
    def without_keypoints(sample: Any) -> Any:
        sample.annotations = [one for one in sample.annotations if one.tool != 'keypoint']
        return sample

    source = posed(tmp_path / 'in', make, {})
    for to in ('yolo', 'pascal_voc', 'coco'):
        convert(
            source, tmp_path / to, to=to, on_loss='error', transforms=[without_keypoints], workers=1,
            **({'task': 'detect'} if to == 'yolo' else {}),
        )  # fmt: skip
    (sample,) = open_dataset(tmp_path / 'coco')
    assert sample.annotations[0].attrs == []


@pytest.mark.parametrize(('to', 'task'), [('coco', None), ('yolo', 'pose')])
def test_a_pose_whose_box_lies_outside_gets_the_one_around_its_joints(
    to: str, task: str | None, tmp_path: Path, make: Any
) -> None:
    source = posed(tmp_path / 'in', make, {'bbox': [80, 2, 30, 40]}, {})
    report = convert(source, tmp_path / 'out', to=to, task=task, workers=1).report
    assert report.kept['keypoint'] == 4
    assert [(entry.kind, entry.reason, entry.count) for entry in report.noted] == [
        ('keypoint', 'its object got the box around its joints', 1)
    ]
    assert {entry.kind: entry.count for entry in report.dropped} == {'bounding_box': 1}
    (sample,) = open_dataset(tmp_path / 'out')
    boxes = [one.data for one in sample.annotations if one.tool == 'bounding_box']
    assert sorted(round(number, 3) for box in boxes for number in box) == [1, 2, 5, 5, 15, 15, 30, 40]


def test_a_pose_of_a_class_that_is_none_stays_out_whatever_its_box(tmp_path: Path, make: Any) -> None:
    nose = {'id': 'k', 'classification': 'nose', 'attrs': [], 'data': [5, 5], 'group_id': 'g'}
    boxes = [make.box('cat', 1, 1, 20, 9), make.box(None, 80, 1, 20, 9, group_id='g')]
    make.dm(tmp_path / 'in', {'a.png': {'bounding_box': boxes, 'keypoint': [nose]}})
    for to in ('coco', 'yolo'):
        report = convert(tmp_path / 'in', tmp_path / to, to=to, workers=1).report
        assert {entry.kind: entry.count for entry in report.dropped} == {'keypoint': 1, 'bounding_box': 1}
