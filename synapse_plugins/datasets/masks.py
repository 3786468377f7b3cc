"""Masks: the runs of Datamaker, the run-length code of COCO, extents, areas and outlines.

Datamaker's masks are pixel indices ``y * width + x`` or runs ``[start, length]`` of them, row by row. COCO's
code goes column by column, and its text form packs differences of lengths into characters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .geometry import Box, Ring, area

__all__ = ['Mask']

_MOST_PIXELS = 1 << 27
"""A mask whose box is larger is refused: it would eat the memory of a small machine."""

_Bits = npt.NDArray[np.bool_]
_Ints = npt.NDArray[np.int64]

_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))  # right, down, left, up; inside lies to the right of each


class Mask:
    """A mask as the bits of its box.

    Attributes:
        left: Column of the first bit.
        top: Row of the first bit.
        bits: Rows by columns; empty if no pixel is set.
    """

    __slots__ = ('bits', 'left', 'top')

    def __init__(self, bits: _Bits, left: int = 0, top: int = 0) -> None:
        rows, columns = np.flatnonzero(bits.any(axis=1)), np.flatnonzero(bits.any(axis=0))
        if not rows.size:
            self.bits, self.left, self.top = np.zeros((0, 0), np.bool_), left, top
            return
        self.bits = bits[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        self.left, self.top = left + int(columns[0]), top + int(rows[0])

    @classmethod
    def from_dm(cls, data: Any, width: int, height: int) -> tuple[Mask, int]:
        """Return the mask that DM data holds in an image of that size, and how many pixels lay outside.

        Raises:
            ValueError: If it is neither a list of indices nor of runs, or too large.
        """
        runs = _read_runs(data)
        starts, ends = runs[:, 0], runs[:, 0] + runs[:, 1]
        total = int(runs[:, 1].sum())
        starts, ends = np.clip(starts, 0, width * height), np.clip(ends, 0, width * height)
        starts, ends = starts[ends > starts], ends[ends > starts]
        outside = total - int((ends - starts).sum())
        if not starts.size:
            return cls(np.zeros((0, 0), np.bool_)), outside
        top, bottom = int(starts.min()) // width, int(ends.max() - 1) // width + 1
        _check_size(width * (bottom - top))
        flips = np.zeros(width * (bottom - top) + 1, np.int32)
        np.add.at(flips, starts - top * width, 1)
        np.add.at(flips, ends - top * width, -1)
        np.cumsum(flips, out=flips)
        bits = (flips[:-1] > 0).reshape(bottom - top, width)
        return cls(bits, 0, top), outside

    @classmethod
    def from_coco(cls, segmentation: Any) -> tuple[Mask, int, int]:
        """Return the mask that a COCO run-length code holds, with the width and height that it says.

        Raises:
            ValueError: If it is not such a code, or too large.
        """
        try:
            height, width = (int(number) for number in segmentation['size'])
            counts = segmentation['counts']
            lengths = _unpack(counts) if isinstance(counts, str) else np.array(counts, np.int64)
        except (TypeError, ValueError, KeyError, OverflowError) as exc:
            raise ValueError('no COCO run-length code') from exc
        _check_size(width * height)
        if lengths.ndim != 1 or (lengths < 0).any() or int(lengths.sum()) != width * height or width < 0:
            raise ValueError('the run lengths do not fill the image')
        values = np.arange(lengths.size) % 2 == 1
        bits = np.repeat(values, lengths).reshape(width, height).T
        return cls(bits), width, height

    @property
    def area(self) -> int:
        """How many pixels are set."""
        return int(self.bits.sum())

    @property
    def box(self) -> Box:
        """The smallest box around the pixels, their whole squares included."""
        height, width = self.bits.shape
        return float(self.left), float(self.top), float(self.left + width), float(self.top + height)

    def to_runs(self, width: int) -> list[list[int]]:
        """Return the mask as DM runs in an image of that width."""
        runs: list[list[int]] = []
        for row, bits in enumerate(self.bits):
            edges = np.flatnonzero(np.diff(np.concatenate(([False], bits, [False])).astype(np.int8)))
            offset = (self.top + row) * width + self.left
            runs.extend([offset + int(a), int(b - a)] for a, b in edges.reshape(-1, 2))
        return runs

    def to_coco(self, width: int, height: int) -> dict[str, Any]:
        """Return the mask as COCO's run-length code, in its text form."""
        _check_size(width * height)
        whole = np.zeros((width, height), np.bool_)  # columns first
        rows, columns = self.bits.shape
        whole[self.left : self.left + columns, self.top : self.top + rows] = self.bits.T
        flat = whole.reshape(-1)
        edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
        lengths = np.diff(np.concatenate(([0], edges, [flat.size])))
        if flat.size and flat[0]:
            lengths = np.concatenate(([0], lengths))
        return {'size': [height, width], 'counts': _pack(lengths)}

    def outlines(self) -> tuple[list[Ring], int]:
        """Return the outline of every part, along the edges of its pixels, and how many holes there are.

        Parts are joined by sides, not by corners. Corners of the outline lie between pixels, so its area is
        exactly the number of pixels, holes filled.
        """
        parts: list[Ring] = []
        holes = 0
        for loop, is_hole in _loops(self.bits):
            if is_hole:
                holes += 1
            else:
                parts.append([(float(x + self.left), float(y + self.top)) for x, y in loop])
        parts.sort(key=lambda ring: (-area(ring), ring))
        return parts, holes


def _check_size(pixels: int) -> None:
    if pixels > _MOST_PIXELS:
        raise ValueError('the mask is too large')


def _read_runs(data: Any) -> _Ints:
    try:
        runs = np.array(data, dtype=np.int64)
    except (TypeError, ValueError, OverflowError) as exc:
        raise ValueError('no list of pixels') from exc
    if runs.ndim == 1:
        runs = np.stack((runs, np.ones_like(runs)), axis=1)
    if runs.ndim != 2 or runs.shape[1] != 2 or (runs < 0).any() or (runs > 1 << 40).any():
        raise ValueError('neither pixel indices nor runs')
    return runs


def _loops(bits: _Bits) -> list[tuple[list[tuple[int, int]], bool]]:
    """Return the closed paths between set and unset pixels; those around holes run the other way."""
    padded = np.pad(bits, 1).astype(np.int8)
    across, along = np.diff(padded, axis=0), np.diff(padded, axis=1)
    leaving: dict[tuple[int, int], list[int]] = {}
    for changes, value, direction, dx, dy in (
        (across, 1, 0, -1, 0),
        (along, -1, 1, 0, -1),
        (across, -1, 2, 0, 0),
        (along, 1, 3, 0, 0),
    ):
        for row, column in np.argwhere(changes == value).tolist():
            leaving.setdefault((column + dx, row + dy), []).append(direction)
    loops = []
    for start in sorted(leaving, key=lambda corner: (corner[1], corner[0])):
        while leaving.get(start):
            loops.append(_follow(leaving, start))
    return loops


def _follow(
    leaving: dict[tuple[int, int], list[int]], start: tuple[int, int]
) -> tuple[list[tuple[int, int]], bool]:
    corner, direction = start, min(leaving[start])
    first, double, path = direction, 0, []
    previous = -1
    while True:
        leaving[corner].remove(direction)
        if direction != previous:
            path.append(corner)
        step = _STEPS[direction]
        following = corner[0] + step[0], corner[1] + step[1]
        double += corner[0] * following[1] - following[0] * corner[1]
        corner, previous = following, direction
        ways = [*leaving[corner], first] if corner == start else leaving[corner]
        # turn right where two parts touch at a corner, so that they stay two
        direction = next(way for way in ((previous + 1) % 4, previous, (previous + 3) % 4) if way in ways)
        if corner == start and direction == first:
            break
    if previous == first:
        path.pop(0)
    return path, double < 0


def _pack(lengths: _Ints) -> str:
    """Return run lengths in COCO's text form: differences to the last but one, five bits a character."""
    text = []
    values = lengths.tolist()
    for place, value in enumerate(values):
        rest = value - values[place - 2] if place > 2 else value
        more = True
        while more:
            bits = rest & 0x1F
            rest >>= 5
            more = rest != (-1 if bits & 0x10 else 0)
            text.append(chr((bits | 0x20 if more else bits) + 48))
    return ''.join(text)


def _unpack(text: str) -> _Ints:
    """Return the run lengths that COCO's text form holds."""
    lengths: list[int] = []
    value, shift = 0, 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 60:
            raise ValueError('no COCO run-length code')
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << shift
        lengths.append(value + lengths[-2] if len(lengths) > 2 else value)
        value, shift = 0, 0
    if shift:
        raise ValueError('a COCO run-length code that is cut short')
    return np.array(lengths, np.int64)
