"""What annotations say beside class and geometry: fields that only Datamaker has, and the attribute ``rotation``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, dm, open_dataset
from synapse_plugins.datasets.angles import rotation
from synapse_plugins.datasets.sample import Annotation

if TYPE_CHECKING:
    from pathlib import Path

    from synapse_plugins.datasets import Report

TARGETS = [('yolo', 'detect'), ('yolo', 'segment'), ('yolo', 'obb'), ('yolo', 'pose'), ('pascal_voc', None)]
EDITOR = {
    'tool': 'x',
    'isLocked': True,
    'isVisible': False,
    'isValid': True,
    'isDrawCompleted': True,
    'label': ['a'],
}


def attributes_of(report: Report) -> dict[str, int]:
    return {entry.reason: entry.count for entry in report.dropped if entry.kind == 'attribute'}


@pytest.mark.parametrize(('to', 'task'), TARGETS)
def test_fields_that_no_other_format_holds_are_counted(
    to: str, task: str | None, tmp_path: Path, make: Any
) -> None:
    first = make.box('cat', 1, 1, 20, 9, score=0.5, group_id='g', tags=['a'], nothing=None) | EDITOR
    second = make.box('cat', 30, 1, 20, 9, score=0.25)
    source = make.dm(tmp_path / 'in', {'a.png': {'bounding_box': [first, second]}})
    report = convert(source, tmp_path / 'out', to=to, task=task).report
    assert attributes_of(report) == {
        f"{to} cannot hold 'score'": 2, f"{to} cannot hold 'group_id'": 1, f"{to} cannot hold 'tags'": 1,
    }  # fmt: skip


def test_coco_holds_plain_ones_as_attributes(tmp_path: Path, make: Any) -> None:
    attrs = [{'name': 'score', 'value': 'high'}]
    first = make.box('cat', 1, 1, 20, 9, score=0.5, rank=3, tags=['a']) | EDITOR
    second = make.box('cat', 30, 1, 20, 9, score=0.25) | {'attrs': attrs}
    source = make.dm(tmp_path / 'in', {'a.png': {'bounding_box': [first, second]}})
    conversion = convert(source, tmp_path / 'out', to='coco')
    assert attributes_of(conversion.report) == {"coco cannot hold 'score'": 1, "coco cannot hold 'tags'": 1}
    (sample,) = open_dataset(conversion.path)
    found = [{attr['name']: attr['value'] for attr in one.attrs} for one in sample.annotations]
    assert found == [{'score': 0.5, 'rank': 3}, {'score': 'high'}]


def test_fields_of_a_pose_are_counted_but_for_those_that_make_it(tmp_path: Path, make: Any) -> None:
    def point(label: str, **more: Any) -> dict[str, Any]:
        return {'id': label, 'classification': label, 'attrs': [], 'data': [5, 5], 'group_id': 'g', **more}

    tools = {
        'bounding_box': [make.box('cat', 1, 1, 20, 9, group_id='g', score=1)],
        'keypoint': [point('nose', visibility=1, score=1), point('tail', visibility='seen')],
    }
    source = make.dm(tmp_path / 'in', {'a.png': tools})
    report = convert(source, tmp_path / 'yolo', to='yolo').report
    assert attributes_of(report) == {
        "yolo cannot hold 'score'": 1, "yolo cannot hold 'score' of a keypoint": 1,
        "yolo cannot hold 'visibility' of a keypoint": 1,
    }  # fmt: skip
    report = convert(source, tmp_path / 'coco', to='coco').report
    assert attributes_of(report) == {
        "coco cannot hold 'score' of a keypoint": 1, "coco cannot hold 'visibility' of a keypoint": 1,
    }  # fmt: skip


def test_the_class_of_a_picture_has_fields_too(tmp_path: Path, make: Any) -> None:
    item = {'id': 'c', 'classification': 'cat', 'attrs': [], 'data': {}, 'score': 0.5}
    source = make.dm(tmp_path / 'in', {'a.png': {'classification': [item]}})
    report = convert(source, tmp_path / 'out', to='imagefolder').report
    assert attributes_of(report) == {"imagefolder cannot hold 'score'": 1}


def test_fields_of_version_1_are_counted(tmp_path: Path, make: Any) -> None:
    source = make.dm(tmp_path / 'in', {'a.png': {}})
    shape = {'x': 1, 'y': 1, 'width': 9, 'height': 9}
    document: dict[str, Any] = {
        'annotations': {
            'image_1': [
                {
                    'id': 'b',
                    'tool': 'bounding_box',
                    'classification': {'class': 'cat'},
                    'shape': 'x',
                    **EDITOR,
                }
                | {'tool': 'bounding_box', 'nothing': None},
                {'id': 'gone', 'classification': {'class': 'cat'}, 'shape': 'x'},
            ]
        },
        'annotationsData': {'image_1': [{'id': 'b', 'coordinate': shape, 'score': 0.5}]},
    }
    (source / 'json/a.json').write_text(json.dumps(document), encoding='utf-8')
    report = convert(source, tmp_path / 'out', to='yolo').report
    assert attributes_of(report) == {
        "only the Datamaker formats can hold 'shape'": 1, "only the Datamaker formats can hold 'score'": 1,
    }  # fmt: skip
    assert not convert(source, tmp_path / 'dm', to='dm_v2').report.losses


@pytest.mark.parametrize(('to', 'task'), [*TARGETS, ('coco', None)])
def test_how_an_editor_draws_a_keypoint_is_no_loss(
    to: str, task: str | None, tmp_path: Path, make: Any
) -> None:
    point = {
        'id': 'k',
        'classification': 'nose',
        'attrs': [],
        'data': [5, 5],
        'group_id': 'g',
        'shape': 'circle',
    }
    tools = {'bounding_box': [make.box('cat', 1, 1, 9, 9, group_id='g')], 'keypoint': [point]}
    source = make.dm(tmp_path / 'v2', {'a.png': tools})
    first = make.dm(tmp_path / 'v1', {'a.png': {}})
    document = dm.to_v1({'images': [tools]})
    assert document['annotations']['image_1'][1]['tool'] == 'keypoint'
    document['annotations']['image_1'][1]['shape'] = 'circle'
    (first / 'json/a.json').write_text(json.dumps(document), encoding='utf-8')
    for place in (source, first):
        report = convert(place, tmp_path / f'out-{place.name}', to=to, task=task).report
        assert not [reason for reason in attributes_of(report) if 'shape' in reason]


def test_what_came_from_version_2_is_counted_once(tmp_path: Path, make: Any) -> None:
    document = dm.to_v1({'images': [{'bounding_box': [make.box('cat', 1, 1, 9, 9, score=0.5)]}]})
    source = make.dm(tmp_path / 'in', {'a.png': {}})
    (source / 'json/a.json').write_text(json.dumps(document), encoding='utf-8')
    assert sum(attributes_of(convert(source, tmp_path / 'out', to='yolo').report).values()) == 1
    plain = make.dm(tmp_path / 'v2', {'a.png': {'bounding_box': [make.box('cat', 1, 1, 9, 9, score=0.5)]}})
    first = convert(plain, tmp_path / 'v1', to='dm_v1').path
    assert sum(attributes_of(convert(first, tmp_path / 'out2', to='yolo').report).values()) == 1


# -- rotation -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(('to', 'task'), TARGETS[:3] + TARGETS[4:])
def test_a_rotation_that_turns_nothing_is_an_attribute_like_others(
    to: str, task: str | None, tmp_path: Path, make: Any
) -> None:
    def turn(value: Any) -> dict[str, Any]:
        return {'name': 'rotation', 'value': value}

    polygon = make.polygon('cat', (1, 1), (30, 1), (30, 30)) | {'attrs': [turn(0.7)]}
    boxes = [
        make.box('cat', 20, 20, 20, 9) | {'attrs': attrs}
        for attrs in ([turn('left')], [turn(True)], [turn(0.5), turn(0.7)], [turn(0.5)], [turn(0)])
    ]
    source = make.dm(tmp_path / 'in', {'a.png': {'polygon': [polygon], 'bounding_box': boxes}})
    report = convert(source, tmp_path / 'out', to=to, task=task).report
    assert attributes_of(report) == {f"{to} cannot hold 'rotation'": 4}


def test_a_rotation_of_more_digits_than_any_angle_is_none() -> None:
    attrs = [{'name': 'rotation', 'value': 10**400}]
    assert rotation(Annotation('bounding_box', 'x', [1, 2, 3, 4], attrs=attrs)) == 0


# -- rings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(('to', 'task'), [*TARGETS[:3], ('pascal_voc', None), ('coco', None)])
def test_rings_of_fewer_than_three_corners_beside_good_ones_are_counted(
    to: str, task: str | None, tmp_path: Path, make: Any
) -> None:
    polygon = make.polygon('cat', (1, 1), (30, 1), (30, 30)) | {'parts': [[[40, 5], [50, 9]], [[5, 5]]]}
    source = make.dm(tmp_path / 'in', {'a.png': {'polygon': [polygon]}})
    report = convert(source, tmp_path / 'out', to=to, task=task).report
    assert 'polygon' not in report.kept
    reasons = {entry.reason: entry.count for entry in report.changed}
    assert reasons['a part of fewer than three corners was left out'] == 1
    assert not report.dropped


def test_a_polygon_that_is_dropped_is_not_changed_too(tmp_path: Path, make: Any) -> None:
    flat = make.polygon('cat', (1, 1), (30, 1), (15, 1)) | {'parts': [[[5, 5]]]}
    source = make.dm(
        tmp_path / 'in', {'a.png': {'polygon': [flat], 'bounding_box': [make.box('cat', 1, 1, 9, 9)]}}
    )
    for to, task in (('coco', None), ('yolo', 'segment'), ('yolo', 'obb'), ('pascal_voc', None)):
        report = convert(source, tmp_path / f'{to}-{task}', to=to, task=task).report
        assert [entry.kind for entry in report.dropped] == ['polygon']
        assert 'polygon' not in [entry.kind for entry in report.changed]
