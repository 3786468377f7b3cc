"""Rotated boxes: from corners to box and angle, and the box around a polygon.

Corners come in the order in which `geometry.rotated` gives them: top left, top right, bottom right and
bottom left of the box before it is turned; so clockwise on the screen. The first edge is the width, its
direction is the rotation. Angles are radians, clockwise on the screen, from -pi (left out) to pi.
"""

from __future__ import annotations

from math import atan2, cos, hypot, inf, isfinite, pi, sin
from typing import TYPE_CHECKING, NamedTuple

from .geometry import extent, rotated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .geometry import Box, Ring

__all__ = ['NO_RECTANGLE', 'Turned', 'as_rectangle', 'smallest_around']

NO_RECTANGLE = 'its corners make no rectangle; the smallest one around them was taken'
"""What a reader does to corners that are no rectangle."""

_SQUARE_ENOUGH = (
    0.02  # pixels by which corners may miss those of the rectangle: what rounding in files leaves
)

_FEW = 64
"""Corners of a hull up to which each edge looks at all of them."""

_SAME_AREA = 5e-7
"""The share by which areas may differ that are the same: files hold eight digits."""


class Turned(NamedTuple):
    """A box and how it is turned about its centre.

    Attributes:
        box: Left, top, right, bottom before it is turned.
        angle: In radians, clockwise on the screen.
    """

    box: Box
    angle: float


def as_rectangle(ring: Ring) -> Turned | None:
    """Return four corners as the box that they are; None if they are no rectangle."""
    if len(ring) != 4:
        return None
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = ring
    # The means of opposite edges, so that rounding of single corners evens out.
    across = (bx - ax + cx - dx) / 2, (by - ay + cy - dy) / 2
    down = (dx - ax + cx - bx) / 2, (dy - ay + cy - by) / 2
    width, height = hypot(*across), hypot(*down)
    if not (isfinite(width + height) and width > 0 and height > 0):
        return None
    if across[0] * down[1] - across[1] * down[0] <= 0:
        return None  # counter-clockwise
    x, y = (ax + bx + cx + dx) / 4, (ay + by + cy + dy) / 4
    found = Turned((x - width / 2, y - height / 2, x + width / 2, y + height / 2), _angle(*across))
    tolerance = max(_SQUARE_ENOUGH, 1e-6 * (abs(x) + abs(y) + width + height))
    corners = _corners(x, y, width, height, found.angle)
    off = max(hypot(px - qx, py - qy) for (px, py), (qx, qy) in zip(ring, corners, strict=True))
    return found if off <= tolerance else None


def smallest_around(ring: Sequence[tuple[float, float]]) -> Turned:
    """Return the box of the smallest area around some points, by turning along the edges of their hull.

    The angle is at least 0 and less than a quarter of a turn; 0 if no other box is smaller by more than rounding.
    Points on one line give a box without area.
    """
    hull = _hull(ring)
    upright = extent([hull])
    best = _size(upright) * (1 - _SAME_AREA), 0.0, upright
    for place in range(len(hull)) if len(hull) <= _FEW else (_best_edge(hull),):
        (ax, ay), (bx, by) = hull[place - 1], hull[place]
        angle = atan2(by - ay, bx - ax) % (pi / 2)
        c, s = cos(angle), sin(angle)
        us = [x * c + y * s for x, y in hull]
        vs = [y * c - x * s for x, y in hull]
        bounds = min(us), min(vs), max(us), max(vs)
        size = _size(bounds)
        if size < best[0]:
            best = size, angle, bounds
    _, angle, (left, top, right, bottom) = best
    c, s = cos(angle), sin(angle)
    u, v = (left + right) / 2, (top + bottom) / 2
    x, y = u * c - v * s, u * s + v * c
    width, height = right - left, bottom - top
    return Turned((x - width / 2, y - height / 2, x + width / 2, y + height / 2), angle)


def _best_edge(hull: Sequence[tuple[float, float]]) -> int:
    """Return which corner of a hull ends the edge along which the box is smallest, in one walk around it.

    The corners that are furthest to the right, up and to the left of an edge go around as the edge does.
    """
    count = len(hull)
    best, found = inf, 0
    right = far = left = 0
    for place in range(count):
        (ax, ay), (bx, by) = hull[place - 1], hull[place]
        dx, dy = bx - ax, by - ay
        last = place + count
        right = _walked(hull, max(right, place), last, dx, dy)
        far = _walked(hull, max(far, right), last, -dy, dx)
        left = _walked(hull, max(left, far), last, -dx, -dy)
        (rx, ry), (fx, fy), (lx, ly) = hull[right % count], hull[far % count], hull[left % count]
        long, high = (rx - lx) * dx + (ry - ly) * dy, (fy - ay) * dx - (fx - ax) * dy
        length = dx * dx + dy * dy
        size = long * high / length if length else inf
        if size < best:
            best, found = size, place
    return found


def _walked(hull: Sequence[tuple[float, float]], place: int, last: int, dx: float, dy: float) -> int:
    """Return the corner at which one is as far in a direction as one gets, walking from *place*."""
    count = len(hull)
    while place < last:
        (x, y), (nx, ny) = hull[place % count], hull[(place + 1) % count]
        if (nx - x) * dx + (ny - y) * dy <= 0:
            break
        place += 1
    return place


def _size(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _angle(x: float, y: float) -> float:
    angle = atan2(y, x)
    return pi if angle == -pi else angle


def _corners(x: float, y: float, width: float, height: float, angle: float) -> Ring:
    return rotated((x - width / 2, y - height / 2, x + width / 2, y + height / 2), angle)


def _hull(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the convex hull (Andrew's monotone chain)."""
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return ordered
    halves = []
    for chain in (ordered, ordered[::-1]):
        half: list[tuple[float, float]] = []
        for point in chain:
            while len(half) > 1 and _turns(half[-2], half[-1], point) <= 0:
                half.pop()
            half.append(point)
        halves += half[:-1]
    return halves


def _turns(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
