"""Annotations of tool ``group``, and what stands where the id of a group or of an annotation belongs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synapse_plugins.datasets import Report, convert, dm, inspect, open_dataset
from synapse_plugins.datasets import open as open_images
from synapse_plugins.errors import SynapsePluginsError

if TYPE_CHECKING:
    from pathlib import Path

TARGETS = [
    ('yolo', 'detect'), ('yolo', 'segment'), ('yolo', 'obb'), ('yolo', 'pose'), ('coco', None), ('pascal_voc', None),
    ('dm_v1', None), ('dm_v2', None),
]  # fmt: skip
IDS = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 2), st.floats(0, 2), st.sampled_from(['', 'a', 'b', 'g', 'k']),
    st.lists(st.sampled_from(['a', 'g']), max_size=2), st.dictionaries(st.just('a'), st.integers(0, 1), max_size=1),
)  # fmt: skip
MEMBERS = st.one_of(st.lists(IDS, max_size=4), IDS, st.lists(st.lists(IDS, max_size=2), max_size=2))
LABELS = st.sampled_from(['cat', 'nose', '', None])


def point(name: Any, label: str = 'nose', **more: Any) -> dict[str, Any]:
    return {'id': name, 'classification': label, 'attrs': [], 'data': [5, 6], **more}


def group(name: Any, *members: Any, label: str | None = 'cat', **more: Any) -> dict[str, Any]:
    return {'id': name, 'classification': label, 'attrs': [], 'data': list(members), **more}


def buckets_of(report: Report, tool: str) -> dict[str, int]:
    found = {'kept': report.kept.get(tool, 0)}
    for name in ('changed', 'dropped'):
        found[name] = sum(entry.count for entry in getattr(report, name) if entry.kind == tool)
    return {name: count for name, count in found.items() if count}


@pytest.mark.parametrize(('to', 'task'), TARGETS)
def test_a_group_is_in_one_bucket(to: str, task: str | None, tmp_path: Path, make: Any) -> None:
    tools = {
        'keypoint': [point('k1'), point('k2', 'left_eye')],
        'group': [group('g', 'k1', 'k2', attrs=[{'name': 'age', 'value': 5}])],
        'bounding_box': [make.box('cat', 1, 1, 9, 9)],
        'polygon': [make.polygon('cat', (1, 1), (9, 1), (9, 9))],
    }
    report = convert(make.dm(tmp_path / 'in', {'a.png': tools}), tmp_path / 'out', to=to, task=task).report
    is_posed = task == 'pose' or to == 'coco'
    expected = 'kept' if to in ('dm_v1', 'dm_v2') or is_posed else 'dropped'
    assert buckets_of(report, 'group') == {expected: 1}
    ages = [entry.count for entry in report.dropped if entry.kind == 'attribute' and "'age'" in entry.reason]
    assert ages == ([1] if is_posed else [])


@pytest.mark.parametrize(('to', 'task'), [('yolo', 'pose'), ('coco', None)])
def test_a_group_that_is_the_pose_loses_nothing_by_either_version(
    to: str, task: str | None, tmp_path: Path, make: Any
) -> None:
    tools = {
        'keypoint': [point('k1'), point('k2', 'tail'), point('k3', group_id='h'), point('k4', group_id='i')],
        'bounding_box': [make.box('cat', 1, 1, 9, 9)],
        'group': [group('g', 'b', 'k1', 'k2', 'nobody'), group('h', 'k3'), group('i')],
    }
    source = make.dm(tmp_path / 'in', {'a.png': tools})
    first = convert(source, tmp_path / 'v1', to='dm_v1').path
    again = convert(first, tmp_path / 'v2', to='dm_v2').path
    for number, place in enumerate((source, first, again)):
        report = convert(place, tmp_path / f'out{number}', to=to, task=task, on_loss='error').report
        assert report.kept == {'bounding_box': 1, 'keypoint': 4, 'group': 3, 'image': 1}


@pytest.mark.parametrize(('to', 'task'), [('yolo', 'pose'), ('coco', None)])
@pytest.mark.parametrize(
    ('one', 'told'),
    [
        (group('g', 'b', 'k1', label='horse'), 'whose class is another than its own'),
        (group('g', 'b', 'k1', 'other'), 'which holds not all of its members'),
        (group('g', data='b'), 'which holds not all of its members'),
        (group('g', 'b', 'k1', ['k1']), 'which holds not all of its members'),
        (group('g', 'b', 'k1', 'elsewhere'), 'which holds not all of its members'),
    ],
)
def test_a_group_that_says_more_than_the_pose_is_changed(
    one: dict[str, Any], told: str, to: str, task: str | None, tmp_path: Path, make: Any
) -> None:
    tools = {
        'keypoint': [point('k1', group_id='g'), point('elsewhere', group_id='h')],
        'bounding_box': [make.box('cat', 1, 1, 9, 9), make.box('horse', 20, 20, 9, 9) | {'id': 'other'}],
        'group': [one],
    }
    report = convert(make.dm(tmp_path / 'in', {'a.png': tools}), tmp_path / 'out', to=to, task=task).report
    (entry,) = report.changed
    assert (entry.kind, entry.reason) == ('group', f'it became an object with keypoints, {told}')


@pytest.mark.parametrize(('to', 'task'), [('yolo', 'pose'), ('coco', None)])
def test_a_group_whose_keypoints_go_goes_too(to: str, task: str | None, tmp_path: Path, make: Any) -> None:
    tools = {
        'keypoint': [point('k1', data=[500, 500]), point('k2', data=None)],
        'group': [group('g', 'k1', 'k2'), group('g', 'k1'), group({'a': 1}, 'k1'), group(None, 'k2')],
        'bounding_box': [make.box('cat', 1, 1, 9, 9)],
    }
    report = convert(make.dm(tmp_path / 'in', {'a.png': tools}), tmp_path / 'out', to=to, task=task).report
    assert buckets_of(report, 'group') == {'dropped': 4}
    assert buckets_of(report, 'keypoint') == {'dropped': 2}


def test_relations_and_groups_of_version_1_that_are_no_lists_harm_nobody(tmp_path: Path, make: Any) -> None:
    source = make.dm(tmp_path / 'in', {'a.png': {'bounding_box': [make.box('cat', 1, 1, 9, 9)]}})
    odds: list[Any] = [0.5, 'x', {'a': 1}, [0.5], [[1]], [{'id': [1]}], [{'id': {}}, {}], True]
    for odd in odds:
        document = {
            'annotations': {
                'image_1': [{'id': 'b', 'tool': 'bounding_box', 'classification': {'class': 'cat'}}]
            },
            'annotationsData': {
                'image_1': [{'id': 'b', 'coordinate': {'x': 1, 'y': 1, 'width': 9, 'height': 9}}]
            },
            'relations': {'image_1': odd},
            'annotationGroups': {'image_1': odd},
        }
        (source / 'json/a.json').write_text(json.dumps(document), encoding='utf-8')
        report = convert(source, tmp_path / 'out', to='coco', overwrite=True).report
        assert report.kept['bounding_box'] == 1
        count = len(odd) if isinstance(odd, list) else 0
        assert buckets_of(report, 'annotationGroup') == ({'dropped': count} if count else {})


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Return what stands in a picture: keypoints, boxes, polygons, groups and relations with ids of any kind."""
    fields = st.fixed_dictionaries(
        {'id': IDS, 'classification': LABELS, 'attrs': st.just([])},
        optional={'group_id': IDS, 'visibility': st.one_of(st.integers(-1, 3), IDS), 'parts': MEMBERS},
    )
    tools = {
        'keypoint': st.just([5, 6]),
        'bounding_box': st.just([1, 1, 9, 9]),
        'polygon': st.just([[1, 1], [9, 1], [9, 9]]),
        'group': MEMBERS,
        'relation': MEMBERS,
    }
    found: dict[str, Any] = {}
    for tool, data in tools.items():
        items = draw(st.lists(st.tuples(fields, data), max_size=3))
        found[tool] = [{**one, 'data': shape} for one, shape in items]
    return found


def test_any_ids_are_counted_and_never_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, make: Any, rounds: int
) -> None:
    root = tmp_path_factory.mktemp('ids')
    anchor = {'bounding_box': [make.box('cat', 1, 1, 9, 9)], 'keypoint': [point('k', group_id='g')]}
    source = make.dm(root / 'in', {'a.png': {}, 'b.png': anchor})
    number = iter(range(10**9))

    @settings(max_examples=max(10, rounds // 2), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(documents(), st.booleans(), st.sampled_from(TARGETS))
    def check(tools: dict[str, Any], is_version_1: bool, target: tuple[str, str | None]) -> None:
        document: dict[str, Any] = {'images': [tools]}
        if is_version_1:
            document = dm.to_v1(document)
        (source / 'json/a.json').write_text(json.dumps(document), encoding='utf-8')
        to, task = target
        try:
            convert(source, root / f'out{next(number)}', to=to, task=task, workers=1)
            inspect(source)
            with open_images(source) as images:
                for image in images:
                    assert len(image.boxes) == len(image.tools)
                    assert all(pose.points.size for pose in image.poses)
        except SynapsePluginsError:
            pass

    check()


@pytest.mark.parametrize(('to', 'task'), [('yolo', 'pose'), ('coco', None)])
def test_a_box_without_a_class_has_that_of_its_group(
    to: str, task: str | None, tmp_path: Path, make: Any
) -> None:
    tools = {
        'keypoint': [point('k1'), point('k2', 'tail')],
        'bounding_box': [make.box(None, 1, 1, 9, 9), make.box('cat', 20, 20, 9, 9)],
        'group': [group('g', 'k1', 'k2', 'b', label='horse')],
    }
    tools['bounding_box'][1]['id'] = 'c'
    conversion = convert(make.dm(tmp_path / 'in', {'a.png': tools}), tmp_path / 'out', to=to, task=task)
    assert conversion.report.kept['bounding_box'] == 2
    assert conversion.report.kept['keypoint'] == 2
    assert not conversion.report.dropped
    (sample,) = open_dataset(conversion.path)
    assert {one.label for one in sample.annotations if one.tool == 'bounding_box'} == {'horse', 'cat'}


def test_a_visibility_is_the_same_to_everybody(tmp_path: Path, make: Any) -> None:
    said = [0.0, 1.0, 2.0, 1, '1', 3, None]
    points = [point(f'k{place}', f'j{place}', visibility=seen) for place, seen in enumerate(said)]
    tools = {
        'keypoint': [{**one, 'group_id': 'g'} for one in points],
        'bounding_box': [make.box('cat', 1, 1, 9, 9, group_id='g')],
    }
    source = make.dm(tmp_path / 'in', {'a.png': tools})
    with open_images(source) as images:
        (image,) = images
    assert image.poses[0].visibility.tolist() == [0, 1, 2, 1, 2, 2, 2]
    conversion = convert(source, tmp_path / 'out', to='coco')
    (sample,) = open_dataset(conversion.path)
    seen = {one.label: one.extra['visibility'] for one in sample.annotations if one.tool == 'keypoint'}
    assert seen == {'j0': 0, 'j1': 1, 'j2': 2, 'j3': 1, 'j4': 2, 'j5': 2, 'j6': 2}
    assert [(entry.kind, entry.count) for entry in conversion.report.dropped] == [('attribute', 2)]


def test_annotations_of_one_id_are_told_apart_in_version_1(tmp_path: Path, make: Any) -> None:
    tools = {
        'bounding_box': [
            make.box('cat', 1, 1, 9, 9),
            make.box('cat', 20, 20, 9, 9),
            make.box('cat', 5, 5, 9, 9),
        ],
        'polygon': [make.polygon('cat', (1, 1), (9, 1), (9, 9)) | {'id': 'b'}],
    }
    tools['bounding_box'][2]['id'] = 'b-2'
    source = make.dm(tmp_path / 'in', {'a.png': tools})
    made = convert(source, tmp_path / 'v1', to='dm_v1').path
    (back,) = open_dataset(made)
    assert [(one.id, one.data) for one in back.annotations if one.tool == 'bounding_box'] == [
        ('b', [1, 1, 9, 9]), ('b', [20, 20, 9, 9]), ('b-2', [5, 5, 9, 9]),
    ]  # fmt: skip
    (made / 'meta/a.json').unlink()
    (alone,) = open_dataset(made)
    assert sorted(one.data for one in alone.annotations if one.tool == 'bounding_box') == [
        [1, 1, 9, 9], [5, 5, 9, 9], [20, 20, 9, 9],
    ]  # fmt: skip
    assert len({one.id for one in alone.annotations}) == 4


@pytest.mark.parametrize('field', ['section', 'coordinate', 'pixel_indices', 'psr'])
@pytest.mark.parametrize('value', [[1], 'text', 5, [[1, 2, 3]], {'a': 1}, None])
def test_geometry_of_version_1_that_is_none_harms_nobody(
    field: str, value: Any, tmp_path: Path, make: Any
) -> None:
    source = make.dm(tmp_path / 'in', {'a.png': {}})
    tools = ('bounding_box', 'polygon', 'keypoint', 'segmentation', 'time_range', '3d_bounding_box')
    entries = [{'id': tool, 'tool': tool, 'classification': {'class': 'cat'}} for tool in tools]
    whole = {'id': 'w', 'coordinate': {'x': 1, 'y': 1, 'width': 9, 'height': 9}}
    document = {
        'annotations': {
            'image_1': [*entries, {'id': 'w', 'tool': 'bounding_box', 'classification': {'class': 'cat'}}]
        },
        'annotationsData': {'image_1': [*({'id': tool, field: value} for tool in tools), whole]},
    }
    (source / 'json/a.json').write_text(json.dumps(document), encoding='utf-8')
    for to, task in (('coco', None), ('dm_v2', None), ('yolo', 'detect')):
        assert convert(source, tmp_path / to, to=to, task=task).report.kept['bounding_box'] >= 1
