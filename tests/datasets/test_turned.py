"""Rotated boxes from corners."""

from __future__ import annotations

from math import cos, pi, sin
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from synapse_plugins.datasets import turned
from synapse_plugins.datasets.geometry import area, extent, rotated
from synapse_plugins.datasets.turned import as_rectangle, smallest_around

PLACE = st.floats(-500, 500)
SIDE = st.floats(0.5, 400)


@given(PLACE, PLACE, SIDE, SIDE, st.floats(-3.14, 3.14))
def test_corners_are_the_box_and_its_angle(
    x: float, y: float, width: float, height: float, angle: float
) -> None:
    box = (x, y, x + width, y + height)
    found = as_rectangle(rotated(box, angle))
    assert found is not None
    assert found.box == pytest.approx(box, abs=1e-6)
    assert found.angle == pytest.approx(angle, abs=1e-6)


def test_the_first_corner_is_the_top_left_and_they_run_clockwise() -> None:
    assert rotated((0, 0, 4, 2), 0) == [(0, 0), (4, 0), (4, 2), (0, 2)]
    assert rotated((0, 0, 4, 2), pi / 2)[0] == pytest.approx(
        (3, -1)
    )  # the top of the turned box, on its right


@pytest.mark.parametrize(
    'ring',
    [
        [(0, 0), (4, 0), (4, 2)],
        [(0, 0), (0, 2), (4, 2), (4, 0)],
        [(0, 0), (4, 0), (5, 2), (0, 2)],
        [(0, 0), (0, 0), (0, 0), (0, 0)],
        [(0, 0), (4, 0), (8, 0), (2, 0)],
        [(float('nan'), 0), (4, 0), (4, 2), (0, 2)],
    ],
)
def test_what_is_no_rectangle_is_none(ring: Any) -> None:
    assert as_rectangle(ring) is None


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=3, max_size=12))
def test_the_smallest_box_holds_every_point(points: list[tuple[float, float]]) -> None:
    found = smallest_around(points)
    ring = rotated(found.box, found.angle)
    left, top, right, bottom = found.box
    c, s, x, y = cos(found.angle), sin(found.angle), (left + right) / 2, (top + bottom) / 2
    for px, py in points:
        u, v = (px - x) * c + (py - y) * s, (py - y) * c - (px - x) * s
        assert abs(u) <= (right - left) / 2 + 1e-6
        assert abs(v) <= (bottom - top) / 2 + 1e-6
    plain = extent([points])
    assert area(ring) <= (plain[2] - plain[0]) * (plain[3] - plain[1]) + 1e-6


@given(PLACE, PLACE, SIDE, SIDE, st.floats(0, 1.57))
def test_the_smallest_box_around_a_box_is_itself(
    x: float, y: float, width: float, height: float, angle: float
) -> None:
    ring = rotated((x, y, x + width, y + height), angle)
    found = smallest_around(ring)
    assert area(rotated(found.box, found.angle)) == pytest.approx(width * height, rel=1e-6)


@given(PLACE, PLACE, SIDE, SIDE, st.sampled_from([(1, 1), (-1, 1), (1, -1), (-1, -1)]))
def test_of_equal_boxes_the_upright_one_is_the_smallest(
    x: float, y: float, width: float, height: float, side: tuple[int, int]
) -> None:
    """Around a right-angled triangle the box along its long side has the area of the upright one."""
    ring = [(x, y), (x + side[0] * width, y), (x, y + side[1] * height)]
    for points in (ring, [(round(px, 5), round(py, 5)) for px, py in ring]):
        found = smallest_around(points)
        assert found.angle == 0
        assert found.box == pytest.approx(extent([points]))


def test_a_box_that_is_smaller_is_turned() -> None:
    found = smallest_around([(0, 10), (10, 0), (20, 10), (10, 20)])
    assert found.angle == pytest.approx(pi / 4)
    assert area(rotated(found.box, found.angle)) == pytest.approx(200)
    assert smallest_around([(3.0, 4.0)]).box == (3, 4, 3, 4)


NUMBER = st.one_of(
    st.integers(-40, 40).map(float), st.integers(-80, 80).map(lambda n: n / 8), st.floats(-500, 500)
)
ROUND = st.builds(
    lambda count, wide, high, turn: [
        (wide * cos(turn + 2 * pi * n / count), high * sin(turn + 2 * pi * n / count)) for n in range(count)
    ],
    st.integers(3, 60), SIDE, SIDE, st.floats(0, 7),
)  # fmt: skip


@given(st.one_of(st.lists(st.tuples(NUMBER, NUMBER), min_size=1, max_size=40), ROUND))
@example([(0.0, 0.0), (1e-14, 3.0), (1e-13, 7.0), (-1e-14, 9.0), (4.0, 4.0)])
def test_turning_along_the_hull_finds_what_looking_at_every_corner_finds(
    ring: list[tuple[float, float]],
) -> None:
    found = []
    for few in (0, 1000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(turned, '_FEW', few)
            found.append(smallest_around(ring))
    assert found[0] == found[1]


def test_many_corners_take_as_long_as_sorting_them() -> None:
    """A million looks at a corner would take a minute; that nothing hangs is all that is asked."""
    count = 50_000
    ring = [(4e6 * cos(2 * pi * n / count), 1e6 * sin(2 * pi * n / count)) for n in range(count)]
    assert smallest_around(ring).box == pytest.approx((-4e6, -1e6, 4e6, 1e6))
