"""What polygons cover whose lines cross: the lobes of a bow-tie run around two ways, and their areas cancel out."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from .geometry import EPSILON, area

if TYPE_CHECKING:
    from .geometry import Ring

__all__ = ['size_of']

_MOST_CORNERS = 200
"""Corners up to which it is looked for crossings, each line against each."""


def size_of(ring: Ring) -> float:
    """Return the area of a polygon, in square pixels; where its loops cancel each other out, what they cover."""
    size = area(ring)
    return size if size > EPSILON or len(ring) > _MOST_CORNERS else _covered(ring)


def _covered(ring: Ring) -> float:
    """Return the area of the points around which a ring runs, by the rule of odd crossings."""
    lines = [
        (start, end) if start[1] < end[1] else (end, start)
        for start, end in zip(ring, [*ring[1:], *ring[:1]], strict=True)
        if start[1] != end[1]
    ]
    heights = sorted({y for _, y in ring}.union(_crossings(lines)))
    total = 0.0
    for top, bottom in pairwise(heights):
        middle = (top + bottom) / 2
        if not top < middle < bottom:  # neighbours among the numbers there are
            continue
        # within such a stripe no two lines cross, so it is cut into trapezia
        places = sorted(_x_at(line, middle) for line in lines if line[0][1] < middle < line[1][1])
        total += (bottom - top) * sum(
            right - left for left, right in zip(places[::2], places[1::2], strict=True)
        )
    return total


def _crossings(lines: list[tuple[tuple[float, float], tuple[float, float]]]) -> set[float]:
    """Return the heights at which two lines cross."""
    found: set[float] = set()
    for number, ((x1, y1), (x2, y2)) in enumerate(lines):
        slope = (x2 - x1) / (y2 - y1)
        for (x3, y3), (x4, y4) in lines[:number]:
            other = (x4 - x3) / (y4 - y3)
            if slope != other:
                y = (x3 - x1 + slope * y1 - other * y3) / (slope - other)
                if max(y1, y3) < y < min(y2, y4):
                    found.add(y)
    return found


def _x_at(line: tuple[tuple[float, float], tuple[float, float]], y: float) -> float:
    (x1, y1), (x2, y2) = line
    return x1 + (x2 - x1) * (y - y1) / (y2 - y1)
