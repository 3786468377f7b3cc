"""Rotated boxes in COCO: degrees, corners, extents, and the way back."""

from __future__ import annotations

import json
from math import pi
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synapse_plugins.datasets import Report, convert, open_dataset
from synapse_plugins.datasets.formats.coco_turned import Turned, in_degrees, turned_of
from synapse_plugins.datasets.geometry import extent, rotated
from synapse_plugins.datasets.sample import Annotation, ImageFile
from synapse_plugins.datasets.shapes import Shaper
from synapse_plugins.datasets.turned import NO_RECTANGLE

WIDTH, HEIGHT = 100, 80
PLACE, SIDE = st.floats(-500, 5000), st.floats(0.5, 3000)


def flat(ring: Any) -> list[float]:
    return [number for point in ring for number in point]


def corners(data: Any, angle: float) -> Any:
    x, y, width, height = data
    return rotated((x, y, x + width, y + height), angle)


def record(data: Any, angle: float, **more: Any) -> dict[str, Any]:
    """Return a record as we write it."""
    return {
        'segmentation': [flat(corners(data, angle))],
        'attributes': {'rotation': in_degrees(angle)},
        **more,
    }


# -- one record -----------------------------------------------------------------------------------------------


@given(PLACE, PLACE, SIDE, SIDE, st.floats(-7, 7).filter(lambda value: abs(value) > 1e-6))
def test_corners_and_degrees_are_the_box_again(
    x: float, y: float, width: float, height: float, angle: float
) -> None:
    found = turned_of(record([x, y, width, height], angle))
    assert found is not None
    assert found[0] == pytest.approx([x, y, width, height], rel=1e-9, abs=1e-9)
    assert found[1] == pytest.approx(angle, rel=1e-15)


TENTHS = st.integers(1, 20000).map(lambda number: number / 10)


@given(TENTHS, TENTHS, TENTHS, TENTHS, st.integers(-700, 700).filter(bool).map(lambda number: number / 100))
def test_numbers_of_few_digits_come_back_as_they_were(
    x: float, y: float, width: float, height: float, angle: float
) -> None:
    assert turned_of(record([x, y, width, height], angle)) == Turned([x, y, width, height], angle)


@pytest.mark.parametrize('start', range(4))
@pytest.mark.parametrize('step', [1, -1])
def test_corners_may_start_anywhere_and_be_rounded(start: int, step: int) -> None:
    data = [20.0, 30.0, 40.0, 10.0]
    ring = [(round(x, 2), round(y, 2)) for x, y in corners(data, 0.3)]
    ring = (ring[start:] + ring[:start])[::step]
    found = turned_of({'segmentation': flat(ring), 'attributes': {'rotation': 17.19}})
    assert found is not None
    assert found[0] == pytest.approx(data, abs=0.02)
    assert found[1] == pytest.approx(0.3, abs=1e-4)


@pytest.mark.parametrize('segmentation', [None, [], [[]]])
def test_without_corners_the_box_is_the_one_before_it_is_turned(segmentation: Any) -> None:
    said = {'bbox': [30, 30, 20, 10], 'segmentation': segmentation, 'attributes': {'rotation': 90.0}}
    assert turned_of(said) == Turned([30, 30, 20, 10], pi / 2)
    assert turned_of({'bbox': [30, 30, 20, 10], 'rotation': 90}) == Turned([30, 30, 20, 10], pi / 2)


@pytest.mark.parametrize('rotation', [0, 0.0, 'left', '45', True, None, [45], 10**400])
def test_what_turns_nothing(rotation: Any) -> None:
    assert turned_of({'bbox': [30, 30, 20, 10], 'attributes': {'rotation': rotation}}) is None


@pytest.mark.parametrize(
    'segmentation',
    [
        [flat(corners([20, 30, 40, 10], 0.5))],
        [flat(corners([20, 30, 40, 10], 0.3))] * 2,
        [[20, 30, 60, 30, 60, 40]],
        [[20, 30, 60, 30, 60, 30, 20, 30]],
        [[20, 30, 60, 30, 60, '40', 20, 40]],
        {'size': [1, 1], 'counts': [1]},
        'polygon',
    ],
)
def test_another_shape_with_a_rotation_is_no_turned_box(segmentation: Any) -> None:
    said = {
        'bbox': [20, 30, 40, 10],
        'segmentation': segmentation,
        'attributes': {'rotation': in_degrees(0.3)},
    }
    assert turned_of(said) is None


def test_an_angle_of_any_size_is_finite_in_degrees() -> None:
    assert in_degrees(pi / 2) == 90
    assert -360 < in_degrees(1.7e308) < 360


# -- datasets -------------------------------------------------------------------------------------------------


def dataset(root: Path, make: Any, *boxes: Any) -> Path:
    """Write a DM v2 dataset of boxes: their data and rotation."""
    items = [make.box('ship', *data, attrs=[{'name': 'rotation', 'value': turn}]) for data, turn in boxes]
    made: Path = make.dm(root, {'a.png': {'bounding_box': items}}, size=(WIDTH, HEIGHT))
    return made


def written(root: Path) -> list[dict[str, Any]]:
    document = json.loads((root / 'annotations/instances.json').read_text('utf-8'))
    found: list[dict[str, Any]] = document['annotations']
    return found


def test_whoever_knows_no_rotation_sees_the_right_extent(tmp_path: Path, make: Any) -> None:
    source = dataset(tmp_path / 'in', make, ([30, 30, 40, 10], pi / 2), ([30, 30, 40, 10], 0))
    conversion = convert(source, tmp_path / 'out', to='coco')
    assert conversion.report.kept == {'image': 1, 'bounding_box': 2}
    turned, upright = written(conversion.path)
    assert turned['bbox'] == pytest.approx([45, 15, 10, 40])
    assert turned['area'] == 400
    assert turned['attributes'] == {'rotation': 90}
    assert turned['segmentation'] == [pytest.approx([55, 15, 55, 55, 45, 55, 45, 15])]
    assert (upright['bbox'], upright['segmentation'], upright['attributes']) == (
        [30, 30, 40, 10],
        [],
        {'rotation': 0},
    )


def test_pycocotools_sees_the_pixels_of_a_turned_box(tmp_path: Path, make: Any) -> None:
    pycocotools = pytest.importorskip('pycocotools.coco')
    turned: list[Any] = [([30, 30, 40, 10], 0.4), ([20, 20, 30.5, 25], -2.0)]
    convert(dataset(tmp_path / 'in', make, *turned), tmp_path / 'out', to='coco')
    coco = pycocotools.COCO(str(tmp_path / 'out/annotations/instances.json'))
    for (data, angle), one in zip(turned, coco.loadAnns(coco.getAnnIds()), strict=True):
        left, top, right, bottom = extent([corners(data, angle)])
        assert one['bbox'] == pytest.approx([left, top, right - left, bottom - top])
        assert one['area'] == pytest.approx(data[2] * data[3])
        assert int(coco.annToMask(one).sum()) == pytest.approx(one['area'], rel=0.05)


def test_the_task_is_the_same_through_coco(tmp_path: Path, make: Any) -> None:
    source = dataset(tmp_path / 'in', make, ([30, 30, 30, 20], 0.5), ([10, 10, 20.5, 8], 0))
    straight = convert(source, tmp_path / 'straight', to='yolo')
    there = convert(source, tmp_path / 'there', to='coco')
    through = convert(there.path, tmp_path / 'through', to='yolo')
    assert straight.task == through.task == 'obb'
    assert not through.report.losses
    assert (straight.path / 'labels/a.txt').read_bytes() == (through.path / 'labels/a.txt').read_bytes()


@pytest.mark.parametrize(
    ('data', 'angle'), [([-20, 30, 40, 20], 1.2), ([80, 60, 30, 30], 0.3), ([85, 30, 30, 10], pi / 2 + 0.1)]
)
def test_at_the_border_it_is_what_yolo_obb_makes_of_it(
    data: Any, angle: float, tmp_path: Path, make: Any
) -> None:
    source = dataset(tmp_path / 'in', make, (data, angle))
    straight = convert(source, tmp_path / 'straight', to='yolo')
    there = convert(source, tmp_path / 'there', to='coco')
    assert [(entry.reason, entry.count) for entry in there.report.changed] == [
        ('it was clipped to the image', 1)
    ]
    (one,) = written(there.path)
    shares = [float(text) for text in (straight.path / 'labels/a.txt').read_text('utf-8').split()[1:]]
    (ring,) = one['segmentation']
    pixels = [share * (HEIGHT if place % 2 else WIDTH) for place, share in enumerate(shares)]
    assert ring == pytest.approx(pixels, abs=1e-5)
    assert one['bbox'][0] >= 0
    assert one['bbox'][0] + one['bbox'][2] <= WIDTH
    back = convert(there.path, tmp_path / 'back', to='yolo')
    assert back.task == 'obb'
    assert NO_RECTANGLE in [entry.reason for entry in back.report.changed]
    (sample,) = open_dataset(there.path)
    assert sample.annotations[0].tool == 'bounding_box'
    assert sample.annotations[0].attrs[0]['value'] == pytest.approx(angle, rel=1e-15)
    left, top, right, bottom = extent([corners(sample.annotations[0].data, angle)])
    assert left <= min(ring[::2]) + 1e-6
    assert right >= max(ring[::2]) - 1e-6
    assert top <= min(ring[1::2]) + 1e-6
    assert bottom >= max(ring[1::2]) - 1e-6


def test_one_that_reaches_out_all_around_is_the_box_that_holds_the_picture(tmp_path: Path, make: Any) -> None:
    there = convert(dataset(tmp_path / 'in', make, ([-20, -20, 140, 120], 0.3)), tmp_path / 'out', to='coco')
    (one,) = written(there.path)
    assert one['bbox'][0] >= 0
    assert one['bbox'][2] <= WIDTH
    assert one['area'] <= WIDTH * HEIGHT
    (sample,) = open_dataset(there.path)
    assert sample.annotations[0].tool == 'bounding_box'
    assert sample.annotations[0].attrs[0]['value'] == pytest.approx(0.3)


@given(
    st.floats(-150, 200), st.floats(-150, 200), st.floats(0.5, 300), st.floats(0.5, 300), st.floats(0.01, 6.2)
)
def test_what_clipping_leaves_is_still_a_turned_box(
    x: float, y: float, width: float, height: float, angle: float
) -> None:
    image = ImageFile('a.png', WIDTH, HEIGHT)
    item = Annotation(
        'bounding_box', 'x', [x, y, width, height], attrs=[{'name': 'rotation', 'value': angle}]
    )
    ring = Shaper(Report()).corners(item, image, 'a')
    if ring is not None:
        found = turned_of({'segmentation': [flat(ring)], 'attributes': {'rotation': in_degrees(angle)}})
        moved = [one != other for one, other in zip(ring, corners(item.data, angle), strict=True)]
        if moved in (
            [True, False] * 2,
            [False, True] * 2,
        ):  # nothing but a border right and below tells of it
            assert found is not None or 0 not in flat(ring)
        else:
            assert found is not None
            assert found.angle == pytest.approx(angle)


def test_one_turned_by_a_quarter_is_clipped_as_a_box(tmp_path: Path, make: Any) -> None:
    there = convert(dataset(tmp_path / 'in', make, ([40, 60, 40, 20], pi / 2)), tmp_path / 'out', to='coco')
    assert [entry.reason for entry in there.report.changed] == ['it was clipped to the image']
    (sample,) = open_dataset(there.path)
    assert sample.annotations[0].tool == 'bounding_box'
    assert sample.annotations[0].data == pytest.approx([45, 55, 30, 20])


@pytest.mark.parametrize(('bounds', 'dropped'), [('drop', 1), ('clip', 0)])
def test_bounds_hold_for_the_corners(bounds: str, dropped: int, tmp_path: Path, make: Any) -> None:
    inside = [2, 35, 60, 10], pi / 2  # only the box before it is turned would lie in the picture
    upright_outside = [-20, 35, 60, 10], pi / 2
    source = dataset(tmp_path / 'in', make, ([0, 70, 60, 10], pi / 2), inside, upright_outside)
    report = convert(source, tmp_path / 'out', to='coco', bounds=bounds).report
    assert report.kept['bounding_box'] == 2
    assert sum(entry.count for entry in report.dropped) == dropped


def test_two_rotations_leave_the_one_that_turns(tmp_path: Path, make: Any) -> None:
    attrs = [{'name': 'rotation', 'value': value} for value in (0.5, 'left')]
    tools = {'bounding_box': [make.box('ship', 30, 30, 30, 20, attrs=attrs)]}
    source = make.dm(tmp_path / 'in', {'a.png': tools}, size=(WIDTH, HEIGHT))
    report = convert(source, tmp_path / 'out', to='coco').report
    assert [(entry.kind, entry.count) for entry in report.dropped] == [('attribute', 1)]
    assert written(tmp_path / 'out')[0]['attributes'] == {'rotation': in_degrees(0.5)}


def test_a_rotation_that_is_no_number_stays_an_attribute(tmp_path: Path, make: Any) -> None:
    tools = {
        'bounding_box': [make.box('ship', 30, 30, 30, 20, attrs=[{'name': 'rotation', 'value': 'left'}])]
    }
    source = make.dm(tmp_path / 'in', {'a.png': tools}, size=(WIDTH, HEIGHT))
    there = convert(source, tmp_path / 'out', to='coco')
    back = convert(there.path, tmp_path / 'back', to='dm_v2')
    assert not (there.report.losses)
    assert not (back.report.losses)
    (sample,) = open_dataset(back.path)
    assert sample.annotations[0].attrs == [{'name': 'rotation', 'value': 'left'}]


@st.composite
def boxes(draw: st.DrawFn) -> tuple[list[float], float]:
    """A rotated box that lies in the picture whatever its angle."""
    sides = draw(st.floats(1, 30)), draw(st.floats(1, 30))
    x, y = draw(st.floats(25, 70)), draw(st.floats(25, 50))
    angle = draw(st.floats(-3.1, 3.1).filter(lambda value: abs(value) > 1e-6))
    return [x - sides[0] / 2, y - sides[1] / 2, *sides], angle


def test_there_and_back(make: Any, rounds: int) -> None:
    @settings(max_examples=max(5, rounds // 5))
    @given(st.lists(boxes(), min_size=1, max_size=4))
    def check(found: list[tuple[list[float], float]]) -> None:
        with TemporaryDirectory() as folder:
            root = Path(folder)
            there = convert(dataset(root / 'in', make, *found), root / 'there', to='coco')
            back = convert(there.path, root / 'back', to='dm_v2')
            assert not (there.report.losses)
            assert not (back.report.losses)
            (sample,) = open_dataset(back.path)
            for (data, angle), one in zip(found, sample.annotations, strict=True):
                assert one.tool == 'bounding_box'
                assert one.data == pytest.approx(data, rel=1e-9)
                assert one.attrs[0]['value'] == pytest.approx(angle, rel=1e-15)

    check()


def test_what_is_no_rotated_box_does_not_become_one(tmp_path: Path, make: Any) -> None:
    ring = [(30, 20), (60, 20), (60, 40), (30, 41)]
    quad = {
        **make.polygon('ship', *ring),
        'attrs': [{'name': 'rotation', 'value': 0.5}, {'name': 'age', 'value': 3}],
    }
    triangle = {**make.polygon('ship', *ring[:3]), 'attrs': [{'name': 'rotation', 'value': 0.5}]}
    upright = {**make.box('ship', 1, 2, 30, 20), 'rotation': 30}
    source = make.dm(
        tmp_path / 'in',
        {'a.png': {'bounding_box': [upright], 'polygon': [quad, triangle]}},
        size=(WIDTH, HEIGHT),
    )
    report = convert(source, tmp_path / 'out', to='coco').report
    assert [(entry.kind, entry.count) for entry in report.dropped] == [('attribute', 2)]
    (sample,) = open_dataset(tmp_path / 'out')
    assert [(one.tool, one.attrs) for one in sample.annotations] == [
        ('bounding_box', []),
        ('polygon', [{'name': 'age', 'value': 3}]),
        ('polygon', [{'name': 'rotation', 'value': 0.5}]),
    ]
