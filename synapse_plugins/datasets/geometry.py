"""Plane geometry in pixels: origin top left, x to the right, y down."""

from __future__ import annotations

from math import cos, isfinite, sin
from operator import mul
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    'EPSILON',
    'NUMBERS',
    'Box',
    'Ring',
    'area',
    'clip_box',
    'clip_ring',
    'extent',
    'plain_box',
    'plain_ring',
    'read_box',
    'read_ring',
    'rotated',
    'widened',
    'within',
]

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

Ring = list[tuple[float, float]]
"""The corners of a polygon; the last is joined to the first."""

EPSILON = 1e-3
"""A thousandth of a pixel: less than this is rounding, neither an overshoot nor an extent."""

NUMBERS = frozenset((int, float))
"""The types of what is computed from Python's own numbers. With one of numpy, or a fraction, it is of another type."""


def within(box: Box, width: float, height: float) -> bool:
    """Tell whether a box lies in the image, but for rounding."""
    left, top, right, bottom = box
    return left >= -EPSILON and top >= -EPSILON and right <= width + EPSILON and bottom <= height + EPSILON


def widened(low: float, high: float, most: float) -> tuple[float, float]:
    """Return the ends of a line between 0 and *most*; one shorter than a pixel becomes as long, around its middle."""
    if high - low >= 1.0:
        return low, high
    middle = min(max((low + high) / 2, 0.5), max(most - 0.5, 0.0))
    return max(middle - 0.5, 0.0), min(middle + 0.5, most)


def clip_box(box: Box, width: float, height: float) -> Box | None:
    """Return the part of a box that lies in the image, None if nothing does."""
    left, top, right, bottom = box
    left, top, right, bottom = max(left, 0.0), max(top, 0.0), min(right, width), min(bottom, height)
    if right - left <= EPSILON or bottom - top <= EPSILON:
        return None
    return left, top, right, bottom


def plain_box(data: Any, width: int, height: int) -> Box | None:
    """Return the box that DM v2 data ``[x, y, width, height]`` holds, if there is nothing to say about it.

    That is: Python's own numbers, all of it in the picture, with an area. Most boxes are so. None for any other.
    """
    try:
        left, top, wide, high = data
        right, bottom = left + wide, top + high
        if (
            left >= 0
            and top >= 0
            and right <= width
            and bottom <= height
            and right - left > EPSILON
            and bottom - top > EPSILON
            and type(right) in NUMBERS
            and type(bottom) in NUMBERS
        ):
            return left, top, right, bottom
    except (TypeError, ValueError, OverflowError, RuntimeWarning):
        pass
    return None


def read_box(data: Any) -> Box:
    """Return the box that DM v2 data ``[x, y, width, height]`` holds; numbers of numpy become floats.

    Raises:
        ValueError: If it is not that, or a number is not finite.
    """
    try:
        x, y, width, height = data
        box = (x, y, x + width, y + height)
        if type(box[2]) not in NUMBERS or type(box[3]) not in NUMBERS:
            box = _wide_box(data)  # a byte and a byte make a byte, so the sums may be anything
        if isfinite(box[0]) and isfinite(box[1]) and isfinite(box[2]) and isfinite(box[3]):
            return box
    except RuntimeWarning:  # the same, where warnings are errors
        return read_box(_floats(data))
    except (TypeError, ValueError, OverflowError) as exc:
        raise ValueError('no box') from exc
    raise ValueError('a number is not finite')


def _wide_box(data: Any) -> Box:
    x, y, width, height = _floats(data)
    return x, y, x + width, y + height


def _floats(data: Any) -> list[float]:
    return [float(number) for number in data]


def plain_ring(data: Any, width: int, height: int) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Return the x and the y of the ring that DM v2 data ``[[x, y], ...]`` holds, if there is nothing to say about it.

    That is: three corners or more, finite numbers of Python's own, all of it in the picture, an area of a square pixel
    or more. Most rings are so, and it takes half the time of reading and measuring one. None for any other.
    """
    try:
        xs, ys = zip(*data, strict=True)
        across, down = sorted(xs), sorted(ys)
        if (
            type(xs[0]) not in NUMBERS
            or len(xs) < 3
            or across[0] < 0
            or down[0] < 0
            or across[-1] > width
            or down[-1] > height
        ):
            return None
        # In a picture, no digit is lost that would matter to a square pixel; what is not finite does not compare.
        double = sum(map(mul, xs, ys[1:] + ys[:1])) - sum(map(mul, ys, xs[1:] + xs[:1]))
    except (TypeError, ValueError, OverflowError, RuntimeWarning):
        return None
    return (xs, ys) if (double >= 2 or double <= -2) and type(double) in NUMBERS else None


def read_ring(data: Any) -> Ring:
    """Return the corners that DM v2 data ``[[x, y], ...]`` holds.

    Raises:
        ValueError: If it is not that, or a number is not finite.
    """
    try:
        ring = [(float(x), float(y)) for x, y in data]
    except (TypeError, ValueError, OverflowError) as exc:
        raise ValueError('no list of points') from exc
    sums = [x + y for x, y in ring]  # a list, for a generator takes twice as long
    if not isfinite(sum(sums)):  # one check for all: what is not finite stays so in a sum
        raise ValueError('a number is not finite')
    return ring


def extent(rings: Sequence[Ring]) -> Box:
    """Return the smallest box around some polygons, which must have a corner."""
    points = rings[0] if len(rings) == 1 else [point for ring in rings for point in ring]
    xs, ys = map(
        sorted, zip(*points, strict=True)
    )  # for the few corners that most have, faster than min and max
    return xs[0], ys[0], xs[-1], ys[-1]


def area(ring: Ring) -> float:
    """Return the area of a polygon, by the shoelace formula."""
    if not ring:
        return 0.0
    x0, y0 = ring[0]  # relative to a corner, so that no digits are lost far from the origin
    double, ax, ay = 0.0, 0.0, 0.0
    for x, y in ring[1:]:
        bx, by = x - x0, y - y0
        double += ax * by - bx * ay
        ax, ay = bx, by
    return abs(double) / 2


def clip_ring(ring: Ring, width: float, height: float) -> Ring:
    """Return the part of a polygon that lies in the image (Sutherland and Hodgman); empty if nothing does.

    Where the image cuts a polygon into several parts, they stay joined along the border; the area is right.
    """
    for axis, bound, sign in ((0, 0.0, 1), (0, width, -1), (1, 0.0, 1), (1, height, -1)):
        ring = _cut(ring, axis, bound, sign)
    return ring


def _cut(ring: Ring, axis: int, bound: float, sign: int) -> Ring:
    """Return the part of a polygon on one side of a line parallel to an axis."""
    kept: Ring = []
    for place, corner in enumerate(ring):
        before = ring[place - 1]
        distance, distance_before = sign * (corner[axis] - bound), sign * (before[axis] - bound)
        if (distance >= 0) != (distance_before >= 0):
            share = distance_before / (distance_before - distance)
            other = before[1 - axis] + share * (corner[1 - axis] - before[1 - axis])
            kept.append((bound, other) if axis == 0 else (other, bound))
        if distance >= 0:
            kept.append(corner)
    return kept


def rotated(box: Box, angle: float) -> Ring:
    """Return the corners of a box turned about its centre, clockwise on the screen, by *angle* in radians."""
    left, top, right, bottom = box
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    half_x, half_y, c, s = (right - left) / 2, (bottom - top) / 2, cos(angle), sin(angle)
    corners: Sequence[tuple[float, float]] = (
        (-half_x, -half_y),
        (half_x, -half_y),
        (half_x, half_y),
        (-half_x, half_y),
    )
    return [(middle_x + x * c - y * s, middle_y + x * s + y * c) for x, y in corners]
