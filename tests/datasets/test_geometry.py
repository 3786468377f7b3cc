from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.datasets.geometry import (
    EPSILON,
    Ring,
    area,
    clip_box,
    clip_ring,
    extent,
    read_ring,
    rotated,
)

NUMBER = st.floats(-200, 300, allow_nan=False, width=32)
RING = st.lists(st.tuples(NUMBER, NUMBER), min_size=3, max_size=12)
WIDTH, HEIGHT = 100, 80


def convex(count: int, radius: float, x: float, y: float) -> Ring:
    return [
        (x + radius * math.cos(2 * math.pi * i / count), y + radius * math.sin(2 * math.pi * i / count))
        for i in range(count)
    ]


@given(RING)
def test_what_is_clipped_lies_in_the_image(ring: Ring) -> None:
    for x, y in clip_ring(ring, WIDTH, HEIGHT):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT


@given(st.lists(st.tuples(st.floats(0, WIDTH), st.floats(0, HEIGHT)), min_size=3, max_size=12))
def test_what_lies_in_the_image_is_not_clipped(ring: Ring) -> None:
    assert clip_ring(ring, WIDTH, HEIGHT) == ring


@given(NUMBER, NUMBER, st.floats(1, 200), st.floats(1, 200))
def test_a_box_and_its_corners_are_clipped_alike(x: float, y: float, width: float, height: float) -> None:
    box = (x, y, x + width, y + height)
    ring = clip_ring(rotated(box, 0.0), WIDTH, HEIGHT)
    clipped = clip_box(box, WIDTH, HEIGHT)
    if clipped is None:
        assert area(ring) <= EPSILON * 400
    else:
        assert extent([ring]) == pytest.approx(clipped, abs=1e-6)
        assert area(ring) == pytest.approx((clipped[2] - clipped[0]) * (clipped[3] - clipped[1]), abs=1e-3)


@given(st.integers(3, 30), st.floats(1, 150), NUMBER, NUMBER)
def test_the_clipped_area_agrees_with_counting(count: int, radius: float, x: float, y: float) -> None:
    ring = convex(count, radius, x, y)

    def inside(px: float, py: float) -> bool:
        return all(
            (bx - ax) * (py - ay) - (by - ay) * (px - ax) >= 0
            for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True)
        )

    step = 2
    counted = (
        sum(
            inside(px + step / 2, py + step / 2)
            for px in range(0, WIDTH, step)
            for py in range(0, HEIGHT, step)
        )
        * step**2
    )
    assert area(clip_ring(ring, WIDTH, HEIGHT)) == pytest.approx(counted, abs=2 * (WIDTH + HEIGHT))


@given(NUMBER, NUMBER, st.floats(0.5, 50), st.floats(0.5, 50), st.floats(-7, 7))
def test_turning_keeps_centre_and_area(x: float, y: float, width: float, height: float, angle: float) -> None:
    ring = rotated((x, y, x + width, y + height), angle)
    assert area(ring) == pytest.approx(width * height, rel=1e-3, abs=1e-3)
    assert sum(px for px, _ in ring) / 4 == pytest.approx(x + width / 2, abs=1e-4)
    assert sum(py for _, py in ring) / 4 == pytest.approx(y + height / 2, abs=1e-4)


def test_turning_is_clockwise_on_the_screen() -> None:
    (x, y), *_ = rotated((0, 0, 4, 2), math.pi / 2)  # the top left corner comes to the top right
    assert (x, y) == pytest.approx((3, -1))


def test_areas_far_from_the_origin_keep_their_digits() -> None:
    far = 1e9
    assert area([(far, far), (far + 1, far), (far + 1, far + 1), (far, far + 1)]) == 1


@pytest.mark.parametrize(
    'data', [None, 'ab', [1, 2, 3], [[1], [2]], [[1, float('nan')]] * 3, [[1, 1e400]] * 3]
)
def test_what_is_no_ring_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r'no list of points|not finite'):
        read_ring(data)
