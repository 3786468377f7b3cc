"""Rotated boxes in COCO, as CVAT and Datumaro have them: ``attributes.rotation``, in degrees, clockwise on the screen.

Where a record has no segmentation, its ``bbox`` is the box before it is turned, as these tools write it. We write the
corners too, as the only ring of the segmentation, so that whoever knows nothing of rotations sees the right pixels; the
``bbox`` is then the extent of the corners.
"""

from __future__ import annotations

from math import cos, degrees, fmod, hypot, inf, isfinite, nextafter, pi, radians, sin
from typing import TYPE_CHECKING, Any, NamedTuple

from ..geometry import EPSILON, Ring, area, rotated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ['Turned', 'in_degrees', 'turned_of']

_NEAR = 0.02
"""Pixels by which corners may miss those of the rectangle: what rounding to two digits leaves."""

_DIGITS = 9
"""Of a pixel. Sides and places that a person, or most tools, gave have no more, and computing the corners adds some."""


class Turned(NamedTuple):
    """A rotated box that a record is.

    Attributes:
        data: ``[x, y, width, height]`` before it is turned, pixels, or what else its record says.
        angle: The rotation in radians, clockwise on the screen.
        is_whole: False where the corners are no rectangle, and it is the smallest around them.
    """

    data: Any
    angle: float
    is_whole: bool = True


def in_degrees(angle: float) -> float:
    """Return an angle in degrees; one too large for that without its whole turns."""
    found = degrees(angle)
    return found if isfinite(found) else degrees(fmod(angle, 2 * pi))


def turned_of(record: Mapping[str, Any]) -> Turned | None:
    """Return the rotated box that a record is; None if it is none.

    It is one if it says a rotation other than 0, and its segmentation has no points, or is one ring of four corners
    that are those of a box turned so far, or what clipping left of them.
    """
    attributes = record.get('attributes')
    said = attributes.get('rotation') if isinstance(attributes, dict) else None
    turn = _number(record.get('rotation') if said is None else said)
    if not turn:
        return None
    segmentation = record.get('segmentation')
    if not segmentation:
        return Turned(record.get('bbox'), next(_angles(turn)))
    if not isinstance(segmentation, list):
        return None
    rings = [ring for ring in segmentation if ring != []]
    if not rings:
        return Turned(record.get('bbox'), next(_angles(turn)))
    ring = _corners(rings if isinstance(rings[0], int | float) else rings[0] if len(rings) == 1 else None)
    return None if ring is None else _box_of(ring, turn)


def _number(value: Any) -> float:
    """Return a number as one that can be computed with; 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    try:
        found = float(value)
    except OverflowError:
        return 0.0
    return found if isfinite(found) else 0.0


def _corners(ring: Any) -> Ring | None:
    """Return ``[x1, y1, ... y4]`` as points; None if it is none."""
    if not isinstance(ring, list) or len(ring) != 8:
        return None
    if not all(type(value) in (int, float) and abs(value) < 1e15 for value in ring):
        return None
    return list(zip(ring[::2], ring[1::2], strict=True))


def _angles(turn: float) -> Iterator[float]:
    """Yield the angles, in radians, that are written as *turn* degrees, the shortest first; at least one."""
    angle = radians(turn)
    near = (round(angle, 12), angle, nextafter(angle, inf), nextafter(angle, -inf))
    found = dict.fromkeys(one for one in near if degrees(one) == turn)
    yield from found or (angle,)


def _box_of(ring: Ring, turn: float) -> Turned | None:
    """Return the box, turned by *turn* degrees, that four corners are, from whichever they start.

    If they are none, but look like what is left of one that lay across the border of its picture, it is the smallest
    around them. Else None.
    """
    first: Turned | None = None
    for angle in _angles(turn):
        data = _around(ring, angle)
        if data is None:
            return None
        is_whole = _are_corners(ring, data, angle)
        if not is_whole:
            return Turned(data, angle, is_whole=False) if _is_clipped(ring, angle) else None
        exact = [round(number, _DIGITS) for number in data]
        if _turn(exact, angle) == ring:
            return Turned(exact, angle)
        first = first or Turned(data, angle)
    return first


def _around(ring: Ring, angle: float) -> list[float] | None:
    """Return the smallest box that, turned, holds some points; None if it has no area."""
    x, y = sum(x for x, _ in ring) / 4, sum(y for _, y in ring) / 4
    across, down = zip(*_turn_about(ring, x, y, -angle), strict=True)
    width, height = max(across) - min(across), max(down) - min(down)
    if not (width > 0 and height > 0):
        return None
    middle = (max(across) + min(across)) / 2, (max(down) + min(down)) / 2
    ((from_x, from_y),) = _turn_about([middle], 0, 0, angle)
    return [x + from_x - width / 2, y + from_y - height / 2, width, height]


def _tolerance(ring: Ring) -> float:
    return max(_NEAR, 1e-6 * max(abs(number) for point in ring for number in point))


def _are_corners(ring: Ring, data: list[float], angle: float) -> bool:
    """Tell whether points are the corners of a box, but for rounding, in either direction."""
    corners, tolerance = _turn(data, angle), _tolerance(ring)
    for order in (corners, corners[::-1]):
        for start in range(4):
            pairs = zip(ring, order[start:] + order[:start], strict=True)
            if all(hypot(px - qx, py - qy) <= tolerance for (px, py), (qx, qy) in pairs):
                return True
    return False


def _is_clipped(ring: Ring, angle: float) -> bool:
    """Tell whether corners may be those of a box turned so far, some of them moved to the border of the picture.

    Those that were moved to the left or the upper border are at 0, and two that were moved to one border lie on one
    upright line. Two neighbours that stayed have a side between them that runs along or across the box.
    """
    if area(ring) <= EPSILON:
        return False
    xs, ys = zip(*ring, strict=True)
    if 0 in xs or 0 in ys or len(set(xs)) < 4 or len(set(ys)) < 4:
        return True
    tolerance = _tolerance(ring)
    upright = _turn_about(ring, 0, 0, -angle)
    for place, (x, y) in enumerate(upright):
        short, long = sorted((abs(x - upright[place - 1][0]), abs(y - upright[place - 1][1])))
        if short <= tolerance < long:
            return True
    return False


def _turn(data: list[float], angle: float) -> Ring:
    x, y, width, height = data
    return rotated((x, y, x + width, y + height), angle)


def _turn_about(ring: Ring, x: float, y: float, angle: float) -> Ring:
    """Return points relative to a centre, turned about it."""
    c, s = cos(angle), sin(angle)
    return [((px - x) * c - (py - y) * s, (px - x) * s + (py - y) * c) for px, py in ring]
