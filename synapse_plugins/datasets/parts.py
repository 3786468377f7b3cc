"""Objects of several parts in formats that hold one ring an object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .geometry import area

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .geometry import Ring

__all__ = ['PARTS', 'bridged', 'one_ring_each', 'signed_area']

PARTS: Mapping[str, str] = {
    'bridge': 'its parts were joined by lines without width',
    'split': 'its parts became objects of their own',
    'largest': 'all but its largest part was left out',
}
"""What can become of an object of several parts -> how the report says it."""

_MOST_STEPS = 1 << 20
"""Parts times corners up to which the shortest line from one part to the rest is looked for."""


def one_ring_each(rings: Sequence[Ring], holes: Sequence[Ring], policy: str) -> list[Ring]:
    """Return the rings to write for one object.

    Args:
        rings: Its parts.
        holes: What is cut out of them; only ``bridge`` can keep them.
        policy: One of `PARTS`. ``bridge`` gives one ring of exactly the area of the parts less that of the
        holes.
    """
    if policy == 'bridge':
        return [bridged(rings, holes)] if len(rings) + len(holes) > 1 else list(rings)
    if policy == 'largest':
        return [max(rings, key=area)]
    return list(rings)


def bridged(rings: Sequence[Ring], holes: Sequence[Ring] = ()) -> Ring:
    """Return one ring that runs along all of them; from one to the next and back it takes the same line.

    Parts run one way around and holes the other, so that the area of the whole is right; who fills the ring
    by the rule of odd crossings gets the same pixels. Lines are as short as can be, but for objects of very many parts.
    """
    ways = [ring if signed_area(ring) >= 0 else ring[::-1] for ring in rings]
    ways += [hole if signed_area(hole) <= 0 else hole[::-1] for hole in holes]
    if len(ways) * sum(map(len, ways)) > _MOST_STEPS:
        return _chained(ways)
    whole = list(ways[0])
    for ring in ways[1:]:
        here = _nearest(whole, _middle(ring))
        there = _nearest(ring, whole[here])
        here = _nearest(whole, ring[there])
        whole[here + 1 : here + 1] = [*ring[there:], *ring[: there + 1], whole[here]]
    return whole


def _chained(ways: Sequence[Ring]) -> Ring:
    """Return one ring along very many: each is joined to the next of a row, there and back, without a search.

    The rows run to and fro, as one ploughs, so that the lines between neighbours are short.
    """
    tall = max(y for ring in ways for _, y in ring) - min(y for ring in ways for _, y in ring)
    high = max(tall / len(ways) ** 0.5, 1.0)

    def place(ring: Ring) -> tuple[float, float, float]:
        x, y = ring[0]
        row = y // high
        return row, -x if row % 2 else x, y

    whole: Ring = []
    ordered = sorted(ways, key=place)
    for ring in ordered:
        whole += [*ring, ring[0]]
    whole += [ring[0] for ring in reversed(ordered[:-1])]
    return whole


def signed_area(ring: Ring) -> float:
    """Return the area of a polygon, positive if its corners run clockwise on the screen."""
    if not ring:
        return 0.0
    x0, y0 = ring[0]
    double, ax, ay = 0.0, 0.0, 0.0
    for x, y in ring[1:]:
        bx, by = x - x0, y - y0
        double += ax * by - bx * ay
        ax, ay = bx, by
    return double / 2


def _middle(ring: Ring) -> tuple[float, float]:
    return sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring)


def _nearest(ring: Ring, point: tuple[float, float]) -> int:
    px, py = point
    return min(range(len(ring)), key=lambda place: (ring[place][0] - px) ** 2 + (ring[place][1] - py) ** 2)
