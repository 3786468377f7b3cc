"""Rotated boxes: from corners to box and angle, and the box around a polygon.

Corners come in the order in which `geometry.rotated` gives them: top left, top right, bottom right and
bottom left of the box before it is turned; so clockwise on the screen. The first edge is the width, its
direction is the rotation. Angles are radians, clockwise on the screen, from -pi (left out) to pi.
"""

from __future__ import annotations

from math import atan2, cos, hypot, isfinite, pi, sin
from typing import TYPE_CHECKING, NamedTuple

from .geometry import extent, rotated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .geometry import Box, Ring

__all__ = ['NO_RECTANGLE', 'Turned', 'as_rectangle', 'smallest_around']

NO_RECTANGLE = 'its corners make no rectangle; the smallest one around them was taken'
"""What a reader does to corners that are no rectangle."""

_SQUARE_ENOUGH = (
    0.02  # pixels by which corners may miss those of the rectangle: what rounding in files leaves
)

_SAME_AREA = 5e-7
"""The share by which areas may differ that are the same: files hold eight digits."""

_FEW = 24
"""Corners of a hull up to which looking at all of them for each edge is faster than turning along it."""


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
    found = len(hull)
    along = _looking_at_all if len(hull) <= _FEW else _turning_along
    for angle, place, bounds in along(hull):
        size = _size(bounds)
        if size < best[0] or (size == best[0] and place < found):
            best, found = (size, angle, bounds), place
    _, angle, (left, top, right, bottom) = best
    c, s = cos(angle), sin(angle)
    u, v = (left + right) / 2, (top + bottom) / 2
    x, y = u * c - v * s, u * s + v * c
    width, height = right - left, bottom - top
    return Turned((x - width / 2, y - height / 2, x + width / 2, y + height / 2), angle)


def _looking_at_all(hull: Sequence[tuple[float, float]]) -> Iterator[tuple[float, int, Box]]:
    """Yield (angle, place of the edge, bounds in the turned frame) for the edges of a hull."""
    for place, (bx, by) in enumerate(hull):
        ax, ay = hull[place - 1]
        angle = atan2(by - ay, bx - ax) % (pi / 2)
        c, s = cos(angle), sin(angle)
        us = [x * c + y * s for x, y in hull]
        vs = [y * c - x * s for x, y in hull]
        yield angle, place, (min(us), min(vs), max(us), max(vs))


def _turning_along(hull: Sequence[tuple[float, float]]) -> Iterator[tuple[float, int, Box]]:
    """Yield the same by angle.

    While the frame turns by a quarter, the points that touch its sides go on along the hull, at most once around it
    (rotating calipers): so many points take no longer than sorting them.
    """
    edges = [(bx - ax, by - ay) for (ax, ay), (bx, by) in zip(hull, [*hull[1:], hull[0]], strict=True)]
    angles = sorted(
        (atan2(dy, dx) % (pi / 2), (place + 1) % len(hull)) for place, (dx, dy) in enumerate(edges)
    )
    touching = [_furthest(hull, -1, 0), _furthest(hull, 0, -1), _furthest(hull, 1, 0), _furthest(hull, 0, 1)]
    left = 4 * len(hull)
    for angle, place in angles:
        c, s = cos(angle), sin(angle)
        sides = []
        for side, (x, y) in enumerate(((-c, -s), (s, -c), (c, s), (-s, c))):
            at = touching[side]
            while left and edges[at][0] * x + edges[at][1] * y > 0:
                at = (at + 1) % len(hull)
                left -= 1
            touching[side] = at
            # by rounding a point beside it may reach out further
            sides.append(
                max(hull[near][0] * x + hull[near][1] * y for near in (at - 1, at, (at + 1) % len(hull)))
            )
        yield angle, place, (-sides[0], -sides[1], sides[2], sides[3])


def _furthest(hull: Sequence[tuple[float, float]], x: int, y: int) -> int:
    """Return the place of the point that lies furthest in a direction."""
    reach = [px * x + py * y for px, py in hull]
    return reach.index(max(reach))


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
