"""What goes from one format to another and back is what it was, as far as both can hold it."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synapse_plugins.datasets import convert, open_dataset

WIDTH, HEIGHT = 640, 480


def few(rounds: int) -> settings:
    """Conversions touch the disk, so they are tried less often than plain functions."""
    return settings(max_examples=max(5, rounds // 5))


LABEL = st.sampled_from(['RBC', '백혈구', 'a b', '0'])
X, Y = st.floats(0, WIDTH - 4, width=32), st.floats(0, HEIGHT - 4, width=32)


@st.composite
def boxes(draw: st.DrawFn, smallest: int = 1) -> dict[str, Any]:
    x, y = draw(X), draw(Y)
    width, height = draw(st.floats(smallest, WIDTH - x)), draw(st.floats(smallest, HEIGHT - y))
    return {'id': 'b', 'classification': draw(LABEL), 'attrs': [], 'data': [x, y, width, height]}


@st.composite
def triangles(draw: st.DrawFn) -> dict[str, Any]:
    x, y = draw(st.floats(0, 300, width=32)), draw(st.floats(0, 200, width=32))
    corners = [[x, y], [x + draw(st.floats(1, 300)), y], [x, y + draw(st.floats(1, 200))]]
    return {'id': 'p', 'classification': draw(LABEL), 'attrs': [], 'data': corners}


@st.composite
def masks(draw: st.DrawFn) -> dict[str, Any]:
    starts = draw(st.sets(st.integers(0, HEIGHT - 1), min_size=1, max_size=5))
    runs = [[row * WIDTH + draw(st.integers(0, 100)), draw(st.integers(1, 400))] for row in sorted(starts)]
    return {'id': 's', 'classification': draw(LABEL), 'attrs': [], 'data': runs}


def there_and_back(
    tools: dict[str, Any], way: str, make: Any, **options: Any
) -> list[tuple[str, str | None, Any]]:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        make.dm(root / 'in', {'train/사진.png': tools}, size=(WIDTH, HEIGHT))
        there = convert(root / 'in', root / 'there', to=way, **options)
        assert not there.report.losses
        back = convert(root / 'there', root / 'back', to='dm_v2')
        assert not back.report.losses
        (sample,) = open_dataset(root / 'back', 'dm_v2')
        assert sample.key == 'train/사진'
        return [(annotation.tool, annotation.label, annotation.data) for annotation in sample.annotations]


def expected(tools: dict[str, Any], tolerance: float) -> list[tuple[str, str | None, Any]]:
    def near(data: Any) -> Any:
        if isinstance(data[0], list):
            return [pytest.approx(item, abs=tolerance) for item in data]
        return pytest.approx(data, abs=tolerance)

    return [
        (tool, item['classification'], near(item['data'])) for tool, items in tools.items() for item in items
    ]


@pytest.mark.parametrize(
    ('way', 'tolerance'), [('yolo', 1e-4), ('coco', 1e-9), ('pascal_voc', 1e-6), ('dm_v1', 0), ('dm_v2', 0)]
)
def test_boxes(way: str, tolerance: float, make: Any, rounds: int) -> None:
    # in VOC the box of a single pixel reads like a slip of the mouse
    @few(rounds)
    @given(st.lists(boxes(smallest=2 if way == 'pascal_voc' else 1), min_size=1, max_size=5))
    def check(items: list[dict[str, Any]]) -> None:
        tools = {'bounding_box': items}
        assert there_and_back(tools, way, make) == expected(tools, tolerance)

    check()


@pytest.mark.parametrize(('way', 'tolerance'), [('yolo', 1e-4), ('coco', 0), ('dm_v1', 0), ('dm_v2', 0)])
def test_polygons(way: str, tolerance: float, make: Any, rounds: int) -> None:
    @few(rounds)
    @given(st.lists(triangles(), min_size=1, max_size=5))
    def check(items: list[dict[str, Any]]) -> None:
        tools = {'polygon': items}
        assert there_and_back(tools, way, make) == expected(tools, tolerance)

    check()


@pytest.mark.parametrize('way', ['coco', 'dm_v1', 'dm_v2'])
def test_masks(way: str, make: Any, rounds: int) -> None:
    @few(rounds)
    @given(st.lists(masks(), min_size=1, max_size=3))
    def check(items: list[dict[str, Any]]) -> None:
        tools = {'segmentation': items}
        assert there_and_back(tools, way, make) == expected(tools, 0)

    check()


@st.composite
def turned(draw: st.DrawFn) -> dict[str, Any]:
    """A rotated box that lies in the picture whatever its angle."""
    width, height = draw(st.floats(2, 200, width=32)), draw(st.floats(2, 200, width=32))
    x, y = draw(st.floats(150, 300, width=32)), draw(st.floats(150, 180, width=32))
    angle = draw(st.floats(-3.1, 3.1).filter(lambda value: abs(value) > 1e-3))
    rotation = {'name': 'rotation', 'value': angle}
    data = [x - width / 2, y - height / 2, width, height]
    return {'id': 'b', 'classification': draw(LABEL), 'attrs': [rotation], 'data': data}


@pytest.mark.parametrize(('way', 'task'), [('yolo', 'obb'), ('coco', None), ('dm_v1', None)])
def test_rotated_boxes(way: str, task: str | None, make: Any, rounds: int) -> None:
    @few(rounds)
    @given(st.lists(turned(), min_size=1, max_size=4))
    def check(items: list[dict[str, Any]]) -> None:
        with TemporaryDirectory() as folder:
            root = Path(folder)
            make.dm(root / 'in', {'a.png': {'bounding_box': items}}, size=(WIDTH, HEIGHT))
            there = convert(root / 'in', root / 'there', to=way, task=task)
            assert not there.report.losses
            (sample,) = open_dataset(root / 'there')
            for item, found in zip(items, sample.annotations, strict=True):
                assert (found.tool, found.label) == ('bounding_box', item['classification'])
                assert found.data == pytest.approx(item['data'], abs=1e-3)
                assert found.attrs[0]['value'] == pytest.approx(item['attrs'][0]['value'], abs=1e-4)

    check()


@st.composite
def poses(draw: st.DrawFn) -> dict[str, Any]:
    tools: dict[str, Any] = {'bounding_box': [], 'keypoint': []}
    for number in range(draw(st.integers(1, 3))):
        group = {'group_id': f'g{number}'}
        tools['bounding_box'].append({**draw(boxes(smallest=2)), **group})
        for name in sorted(draw(st.sets(st.sampled_from(['nose', 'left_eye', '꼬리', 'p1']), min_size=1))):
            seen = draw(st.integers(1, 2))
            point = {
                'id': name,
                'classification': name,
                'attrs': [],
                'data': [draw(X), draw(Y)],
                'visibility': seen,
            }
            tools['keypoint'].append({**point, **group})
    return tools


@pytest.mark.parametrize(('way', 'options'), [('yolo', {'task': 'pose'}), ('coco', {}), ('dm_v1', {})])
def test_poses(way: str, options: dict[str, str], make: Any, rounds: int) -> None:
    def comparable(annotations: Any) -> Any:
        names = {
            one.extra['group_id']: place
            for place, one in enumerate(annotations)
            if one.tool == 'bounding_box'
        }
        order = {group: place for place, group in enumerate(names)}
        return sorted(
            (order[one.extra['group_id']], one.tool, str(one.label), one.extra.get('visibility', 0), one.data)
            for one in annotations
        )

    @few(rounds)
    @given(poses())
    def check(tools: dict[str, Any]) -> None:
        with TemporaryDirectory() as folder:
            root = Path(folder)
            make.dm(root / 'in', {'a.png': tools}, size=(WIDTH, HEIGHT))
            there = convert(root / 'in', root / 'there', to=way, **options)
            assert not there.report.losses
            (before,), (after,) = open_dataset(root / 'in'), open_dataset(root / 'there')
            expected, found = comparable(before.annotations), comparable(after.annotations)
            assert [one[:4] for one in found] == [one[:4] for one in expected]
            for one, other in zip(found, expected, strict=True):
                assert one[4] == pytest.approx(other[4], abs=1e-3)

    check()


@given(st.sampled_from(['cat', 'a/b', '고양이', '..', 'con', 'A', 'a']))
def test_classes_of_pictures(label: str) -> None:
    from synapse_plugins.datasets import class_folders
    from synapse_plugins.datasets.formats.class_folders import class_of_folder

    assert class_of_folder(class_folders([label])[label]) == label


LEAF = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
)
JUNK = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


ITEM = st.fixed_dictionaries(
    {'classification': LABEL | JUNK, 'data': JUNK}, optional={'attrs': JUNK, 'id': JUNK}
)
TOOL = st.sampled_from(['bounding_box', 'polygon', 'segmentation', 'keypoint'])


@pytest.mark.parametrize(
    ('to', 'task'),
    [
        ('yolo', 'detect'),
        ('yolo', 'segment'),
        ('yolo', 'obb'),
        ('yolo', 'pose'),
        ('coco', None),
        ('pascal_voc', None),
        ('dm_v1', None),
        ('dm_v2', None),
    ],
)
def test_no_document_makes_a_conversion_fail_otherwise(
    to: str, task: str | None, make: Any, rounds: int
) -> None:
    good = {'id': 'b', 'classification': 'RBC', 'attrs': [], 'data': [1, 1, 5, 5]}

    @few(rounds)
    @given(TOOL, st.lists(ITEM, max_size=4))
    def check(tool: str, items: list[dict[str, Any]]) -> None:
        with TemporaryDirectory() as folder:
            root = Path(folder)
            make.dm(
                root / 'in', {'good.png': {'bounding_box': [good]}, 'junk.png': {tool: items}}, size=(20, 20)
            )
            conversion = convert(root / 'in', root / 'out', to=to, task=task)
            report = conversion.report
            kept = sum(count for kind, count in report.kept.items() if kind != 'image')
            found = kept + sum(entry.count for entry in report.changed + report.dropped)
            assert conversion.count == 2
            assert found >= 1 + len(items)
            json.dumps(conversion.to_dict(), allow_nan=False)

    check()
