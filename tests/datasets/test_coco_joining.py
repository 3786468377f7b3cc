"""An object in two COCO files, as an instance and as a pose, is one, and all that either says is accounted for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, open_dataset

if TYPE_CHECKING:
    from pathlib import Path

RING = [[10, 10, 30, 10, 30, 30]]


@pytest.fixture
def joined(tmp_path: Path, make: Any) -> Any:
    """Convert one object that stands in both files; returns the report and the record that comes of it."""

    def convert_both(instance: dict[str, Any], pose: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        for role, record in (('instances', instance), ('person_keypoints', pose)):
            document = {
                'images': [{'id': 1, 'file_name': 'a.png'}],
                'annotations': [{'id': 5, 'image_id': 1, 'category_id': 1, **record}],
                'categories': [{'id': 1, 'name': 'person', 'keypoints': ['n', 'm'], 'skeleton': []}],
            }
            path = tmp_path / 'in/annotations' / f'{role}.json'
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(document), encoding='utf-8')
        make.picture(tmp_path / 'in/images/a.png')
        report = convert(tmp_path / 'in', tmp_path / 'out', to='coco').report
        content = json.loads((tmp_path / 'out/annotations/person_keypoints.json').read_text('utf-8'))
        (found,) = content['annotations']
        return report, found

    return convert_both


JOINTS = {'keypoints': [12, 12, 2, 14, 14, 1], 'num_keypoints': 2}


def test_what_the_instance_lacks_is_taken_from_the_pose(joined: Any) -> None:
    instance = {'bbox': [10, 10, 20, 20], 'segmentation': [], 'attributes': {'x': 1}}
    pose = {'bbox': [10, 10, 20, 20], 'segmentation': RING, 'attributes': {'y': 2}, 'score': 0.5, **JOINTS}
    report, record = joined(instance, pose)
    assert not report.losses, report.lines()
    assert report.kept == {'polygon': 1, 'keypoint': 2, 'image': 1}
    assert record['segmentation'] == RING
    assert record['attributes'] == {'x': 1, 'y': 2, 'score': 0.5}
    assert record['keypoints'] == JOINTS['keypoints']


def test_in_what_they_differ_is_counted(joined: Any) -> None:
    instance = {'bbox': [10, 10, 20, 20], 'attributes': {'x': 1, 'z': 3}, 'score': 0.4}
    pose = {'bbox': [10, 10, 20, 21], 'attributes': {'x': 2, 'z': 3}, 'score': 0.5, **JOINTS}
    report, record = joined(instance, pose)
    assert record['bbox'] == [10, 10, 20, 20]
    assert record['attributes'] == {'x': 1, 'z': 3, 'score': 0.4}
    assert [(one.kind, one.count) for one in report.changed] == [('bounding_box', 1)]
    assert 'bbox among the keypoints is another one' in report.changed[0].reason
    assert [(one.kind, one.reason.split()[1], one.count) for one in report.dropped] == [
        ('attribute', 'attributes', 1),
        ('attribute', 'score', 1),
    ]


def test_boxes_beside_polygons_say_nothing_more(joined: Any) -> None:
    instance = {'bbox': [10, 10, 20, 20], 'segmentation': RING}
    report, _ = joined(instance, {'bbox': [10, 10, 20, 21], 'segmentation': RING, 'area': 7, **JOINTS})
    assert not report.losses, report.lines()


def test_what_is_written_differs_in_nothing(joined: Any, tmp_path: Path) -> None:
    joined({'bbox': [10, 10, 20, 20], 'attributes': {'x': 1}}, {'bbox': [10, 10, 20, 20], **JOINTS})
    report = convert(tmp_path / 'out', tmp_path / 'again', to='dm_v2').report
    assert not report.losses, report.lines()
    (sample,) = open_dataset(tmp_path / 'again')
    assert next(one.attrs for one in sample.annotations) == [{'name': 'x', 'value': 1}]
