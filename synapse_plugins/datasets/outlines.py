"""The outlines of masks: closed paths between set and unset pixels, of a bounded number of corners."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .geometry import Ring

__all__ = ['MOST_CORNERS', 'TooLargeMaskError', 'outlines_of']

MOST_CORNERS = 1 << 20
"""Corners of all outlines of one mask; one with more is refused. Each takes some 300 bytes until it is written."""

_STRIP = 1 << 20
"""Pixels that are looked at in one go."""

_Bits = npt.NDArray[np.bool_]
_Ints = npt.NDArray[np.int64]


class TooLargeMaskError(ValueError):
    """A mask that would take more memory than one may; the message is why it is dropped, as the report says it."""


class _Sides(NamedTuple):
    """Straight pieces of outlines, each from corner to corner, sorted by line and then by place.

    Attributes:
        line: The line between two rows (or columns) of pixels in which it lies.
        start: Where it begins in that line, the smaller end.
        end: The larger end.
        sign: 1 if the pixels behind the line are set, in the direction of counting; -1 if those before it are.
    """

    line: _Ints
    start: _Ints
    end: _Ints
    sign: _Ints


def outlines_of(bits: _Bits, left: int = 0, top: int = 0) -> tuple[list[Ring], list[Ring]]:
    """Return the outlines of parts, clockwise on the screen, and those of holes, which run the other way.

    Pixels that touch at a corner only belong to two parts, or to one that touches itself there. Each ring begins with
    its uppermost corner, of several the leftmost.

    Args:
        bits: The pixels, rows by columns.
        left: What to add to x.
        top: What to add to y.

    Raises:
        TooLargeMaskError: If there are more than `MOST_CORNERS`.
    """
    across, down = _sides(bits), _sides(bits.T)
    following = _following(across, down, bits.shape[1] + 1)
    # inside lies to the right of the way: along the upper side of a pixel to the right, along its lower one back
    forth = across.sign > 0
    starts = (np.where(forth, across.start, across.end) + left).astype(np.float64).tolist()
    ends = (np.where(forth, across.end, across.start) + left).astype(np.float64).tolist()
    lines = (across.line + top).astype(np.float64).tolist()
    parts: list[Ring] = []
    holes: list[Ring] = []
    left_over = bytearray(b'\1') * len(following)
    for first, is_part in enumerate(forth.tolist()):
        if not left_over[first]:
            continue
        ring: Ring = []
        side = first
        while left_over[side]:
            left_over[side] = 0
            y = lines[side]
            ring.append((starts[side], y))
            ring.append((ends[side], y))
            side = following[side]
        if is_part:
            parts.append(ring)
        else:
            holes.append([*ring[1:], ring[0]])
    return parts, holes


def _sides(bits: _Bits) -> _Sides:
    """Return the sides that lie between rows."""
    rows, columns = bits.shape
    height = max(1, _STRIP // (columns + 2))
    found: list[tuple[_Ints, _Ints, _Ints, _Ints]] = []
    corners = 0
    for first in range(0, rows + 1, height):
        last = min(first + height, rows + 1)  # lines of this strip
        block = np.zeros((last - first + 1, columns + 2), np.int8)
        above, below = max(first - 1, 0), min(last, rows)
        block[above - first + 1 : below - first + 1, 1:-1] = bits[above:below]
        change = np.diff(block, axis=0)  # 1 where a pixel below a line is set and that above is not
        steps = change[:, 1:] != change[:, :-1]
        corners += int(np.count_nonzero(steps))  # two sides have two to four, so there are no fewer corners
        _check(corners)
        line, place = np.nonzero(steps)
        sign = change[line, place + 1]
        kept = np.flatnonzero(sign)
        found.append((line[kept] + first, place[kept], place[kept + 1], sign[kept].astype(np.int64)))
    sides = _Sides(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))
    _check(2 * sides.line.size)
    return sides


def _check(corners: int) -> None:
    if corners > MOST_CORNERS:
        raise TooLargeMaskError(f'its outline has more than {MOST_CORNERS:,} corners')


def _following(across: _Sides, down: _Sides, wide: int) -> list[int]:
    """Return which of the sides *across* comes next on the way, for each of them; one of *down* lies in between.

    Where two parts touch at a corner, four sides meet there. The way turns right, so that the parts stay two.

    Args:
        across: The sides between rows.
        down: Those between columns.
        wide: How many places a corner may have in a row.
    """
    forth, back = across.sign > 0, down.sign > 0  # `back`: the pixel to the right is set, so the way leads up

    def order(x: _Ints, y: _Ints, later: npt.NDArray[np.bool_]) -> _Ints:
        return np.argsort((y * wide + x) * 2 + later, kind='stable')

    next_down = np.empty(across.line.size, np.int64)
    ends = order(np.where(forth, across.end, across.start), across.line, ~forth)
    next_down[ends] = order(down.line, np.where(back, down.end, down.start), back)  # right, then down
    next_across = np.empty(across.line.size, np.int64)
    ends = order(down.line, np.where(back, down.start, down.end), back)
    next_across[ends] = order(
        np.where(forth, across.start, across.end), across.line, forth
    )  # down, then left
    following: list[int] = next_across[next_down].tolist()
    return following
