"""The classes that a user chooses of a dataset with poses: joints go with their object, of whatever class that is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import Conversion, Report, convert, open_dataset
from synapse_plugins.datasets.chosen import keep_chosen
from synapse_plugins.datasets.sample import Annotation
from synapse_plugins.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

POSED = [('yolo', 'pose'), ('coco', None)]
NO_CLASS = "its object tells no class and would be of 'object', which was not asked for"


def point(label: str, x: float, y: float, group: str | None) -> dict[str, Any]:
    more = {} if group is None else {'group_id': group}
    return {'id': f'{group}-{label}', 'classification': label, 'attrs': [], 'data': [x, y], **more}


@pytest.fixture
def animals(make: Any, tmp_path: Path) -> Path:
    """Make a picture with the pose of a cat, that of a dog, and one of which nobody knows the class."""
    boxes = [make.box('cat', 10, 10, 20, 20, group_id='1'), make.box('dog', 40, 10, 20, 20, group_id='2')]
    points = [point('nose', 12, 12, '1'), point('tail', 20, 20, '1'), point('nose', 42, 12, '2')]
    tools = {'bounding_box': boxes, 'keypoint': [*points, point('nose', 5, 5, '3')]}
    root: Path = make.dm(tmp_path / 'in', {'a.png': tools})
    return root


def left_out(conversion: Conversion) -> set[tuple[str, str, int]]:
    return {(entry.kind, entry.reason, entry.count) for entry in conversion.report.left_out}


def poses_in(conversion: Conversion) -> list[tuple[str | None, int]]:
    """Return the class of every pose that was written, with how many joints it has."""
    (sample,) = open_dataset(conversion.path)
    shapes = {one.extra.get('group_id'): one.label for one in sample.annotations if one.tool != 'keypoint'}
    joints = [one.extra['group_id'] for one in sample.annotations if one.tool == 'keypoint']
    return sorted((label, joints.count(group)) for group, label in shapes.items())


@pytest.mark.parametrize(('to', 'task'), POSED)
def test_a_pose_of_no_class_is_given_none_that_was_chosen(
    to: str, task: str | None, animals: Path, tmp_path: Path
) -> None:
    whole = convert(animals, tmp_path / 'whole', to=to)
    assert whole.classes == ['cat', 'dog', 'object']
    assert poses_in(whole) == [('cat', 2), ('dog', 1), ('object', 1)]
    made = convert(animals, tmp_path / 'out', to=to, task=task, classes=['cat'], on_loss='error')
    assert poses_in(made) == [('cat', 2)]
    assert left_out(made) == {
        ('bounding_box', "class 'dog' was not asked for", 1),
        ('keypoint', "its object is of class 'dog', which was not asked for", 1),
        ('keypoint', NO_CLASS, 1),
    }
    rest = convert(animals, tmp_path / 'rest', to=to, classes=['object'], on_loss='error')
    assert poses_in(rest) == [('object', 1)]
    assert {(kind, count) for kind, _, count in left_out(rest)} == {
        ('bounding_box', 1), ('keypoint', 2), ('keypoint', 1),
    }  # fmt: skip


@pytest.mark.parametrize(('to', 'task'), POSED)
def test_a_joint_is_no_class_to_choose(to: str, task: str | None, animals: Path, tmp_path: Path) -> None:
    with pytest.raises(
        DatasetError, match=r"2 keypoint.*its object is of class 'cat', which was not asked for"
    ):
        convert(animals, tmp_path / 'out', to=to, task=task, classes=['nose'])
    made = convert(animals, tmp_path / 'both', to=to, task=task, classes=['cat', 'nose'])
    assert poses_in(made) == [('cat', 2)]


@pytest.mark.parametrize(('to', 'task'), POSED)
def test_the_only_class_of_a_dataset_is_that_of_its_poses(
    to: str, task: str | None, make: Any, tmp_path: Path
) -> None:
    tools = {'bounding_box': [make.box('cat', 10, 10, 20, 20)], 'keypoint': [point('paw', 5, 5, 'g')]}
    source = make.dm(tmp_path / 'in', {'a.png': tools})
    for classes in (None, ['cat'], ['cat', 'dog']):
        made = convert(source, tmp_path / f'out{classes}', to=to, task=task, classes=classes)
        assert made.report.kept['keypoint'] == 1
        assert not made.report.left_out
        assert not made.report.dropped
    renamed = convert(source, tmp_path / 'renamed', to=to, task=task, classes=['x'], rename={'cat': 'x'})
    assert renamed.report.kept['keypoint'] == 1
    assert not [line for line in renamed.warnings if 'no annotation' in line]


def test_a_class_that_is_only_declared_is_one_too(make: Any, tmp_path: Path) -> None:
    tools = {'bounding_box': [make.box('cat', 10, 10, 20, 20)], 'keypoint': [point('paw', 5, 5, 'g')]}
    source = make.dm(tmp_path / 'in', {'a.png': tools})
    (source / 'classes.json').write_text(json.dumps({'classes': ['cat', 'dog', 'paw']}), encoding='utf-8')
    made = convert(source, tmp_path / 'out', to='yolo')
    assert made.classes == ['cat', 'dog', 'object']
    assert made.report.kept['keypoint'] == 1


@pytest.mark.parametrize(('to', 'task'), POSED)
def test_joints_go_with_the_group_that_names_them(
    to: str, task: str | None, make: Any, tmp_path: Path
) -> None:
    tools = {
        'keypoint': [point('nose', 5, 5, None), point('tail', 9, 9, None)],
        'bounding_box': [make.box('cat', 20, 20, 9, 9), make.box(None, 3, 3, 9, 9) | {'id': 'm'}],
        'group': [
            {'id': 'g', 'classification': 'horse', 'attrs': [], 'data': ['None-nose', 'None-tail', 'm']}
        ],
    }
    source = make.dm(tmp_path / 'in', {'a.png': tools})
    made = convert(source, tmp_path / 'out', to=to, task=task, classes=['horse'])
    assert made.report.kept == {'image': 1, 'bounding_box': 1, 'keypoint': 2, 'group': 1}
    others = convert(source, tmp_path / 'cats', to=to, task=task, classes=['cat'], on_loss='error')
    assert others.report.kept == {'image': 1, 'bounding_box': 1}
    reason = "its object is of class 'horse', which was not asked for"
    assert {('bounding_box', reason, 1), ('keypoint', reason, 2)} < left_out(others)


def test_datamaker_keeps_joints_for_what_they_are_called(animals: Path, tmp_path: Path) -> None:
    made = convert(animals, tmp_path / 'out', to='dm_v2', classes=['cat'])
    assert made.report.kept['keypoint'] == 3  # that of no object that is known, too
    assert ('keypoint', "its object is of class 'dog', which was not asked for", 1) in left_out(made)
    noses = convert(animals, tmp_path / 'noses', to='dm_v2', classes=['nose'])
    assert noses.report.kept == {'image': 1, 'keypoint': 3}


def test_the_first_shape_of_a_group_tells_the_class() -> None:
    def one(tool: str, label: str | None) -> Annotation:
        return Annotation(tool, label, [], extra={'group_id': 'g'})

    joint = one('keypoint', 'nose')
    for others, kept in (
        ([one('bounding_box', 'cat'), one('polygon', 'dog')], True),
        ([one('bounding_box', 'dog'), one('polygon', 'cat')], False),
        ([one('polyline', 'dog'), one('bounding_box', 'cat')], True),
        ([one('polyline', 'dog')], False),
        ([one('bounding_box', None)], True),
        ([], False),
    ):
        found = keep_chosen([joint, *others], {'cat'}, Report(), 'a', bare_class='object')
        assert (joint in found) is kept
