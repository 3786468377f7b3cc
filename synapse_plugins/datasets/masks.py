"""Masks: the runs of Datamaker, the run-length code of COCO, extents, areas and outlines.

Datamaker's masks are pixel indices ``y * width + x`` or runs ``[start, length]`` of them, row by row. COCO's
code goes column by column, and its text form packs differences of lengths into characters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .geometry import Box, Ring, area

__all__ = ['Mask', 'rows_of']

_MOST_PIXELS = 1 << 27
"""A mask whose box is larger is refused: it would eat the memory of a small machine. At most three bytes a pixel are
taken for a moment, 0.4 GB, and what the corners of its outline take."""

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
        starts, ends = _joined(starts, ends)
        edges = np.stack((starts, ends), axis=1).reshape(-1) - top * width
        lengths = np.diff(edges, prepend=0, append=width * (bottom - top))
        bits = np.repeat(np.arange(lengths.size) % 2 == 1, lengths)  # a byte a pixel, and nothing beside it
        return cls(bits.reshape(bottom - top, width), 0, top), outside

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
        is_code = lengths.ndim == 1 and width >= 0 and height >= 0
        if (
            not is_code
            or ((lengths < 0) | (lengths > width * height)).any()
            or lengths.sum() != width * height
        ):
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
        """Return the mask as DM runs in an image of that width, at least one a row."""
        if not self.bits.size:
            return []
        edges = np.diff(np.pad(self.bits, ((0, 0), (1, 1))).astype(np.int8), axis=1)
        rows, starts = np.nonzero(edges == 1)  # row by row, as are the ends
        lengths = np.nonzero(edges == -1)[1] - starts
        offsets = (rows + self.top) * width + starts + self.left
        runs: list[list[int]] = np.stack((offsets, lengths), axis=1).tolist()
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

    def outlines(self) -> tuple[list[Ring], list[Ring]]:
        """Return the outlines of parts and of holes, along the edges of pixels, the largest first.

        Parts are joined by sides, not by corners. Corners of the outlines lie between pixels, so the area of
        the parts less that of the holes is exactly the number of pixels.
        """
        parts: list[Ring] = []
        holes: list[Ring] = []
        for loop, is_hole in _loops(self.bits):
            ring = [(float(x + self.left), float(y + self.top)) for x, y in loop]
            (holes if is_hole else parts).append(ring)
        for rings in (parts, holes):
            rings.sort(key=lambda ring: (-area(ring), ring))
        return parts, holes


def _check_size(pixels: int) -> None:
    if pixels > _MOST_PIXELS:
        raise ValueError('the mask is too large')


def rows_of(data: Any, width: int) -> int:
    """Return how many rows of an image of that width DM data of a mask needs.

    Raises:
        ValueError: If it is no mask.
    """
    runs = _read_runs(data)
    ends: _Ints = (runs[:, 0] + runs[:, 1])[runs[:, 1] > 0]
    return (int(np.max(ends)) - 1) // width + 1 if ends.size else 0


def _read_runs(data: Any) -> _Ints:
    try:
        found = np.array(data)
    except (TypeError, ValueError, OverflowError) as exc:
        raise ValueError('no list of pixels') from exc
    kind = found.dtype.kind
    are_whole = kind in 'iu'
    if kind == 'f' and bool(
        (np.abs(found) < 1 << 53).all()
    ):  # infinity and NaN are not, and numpy warns of their rest
        are_whole = bool((found % 1 == 0).all())
    if not are_whole:
        raise ValueError('no whole numbers, as pixels are')
    runs = found.astype(np.int64)
    if runs.ndim == 1:
        runs = np.stack((runs, np.ones_like(runs)), axis=1)
    if runs.ndim != 2 or runs.shape[1] != 2 or (runs < 0).any() or (runs > 1 << 40).any():
        raise ValueError('neither pixel indices nor runs')
    return runs


def _joined(starts: _Ints, ends: _Ints) -> tuple[_Ints, _Ints]:
    """Return runs in order, those that overlap made one."""
    if (starts[1:] >= ends[:-1]).all():
        return starts, ends
    order = np.argsort(starts, kind='stable')
    starts, ends = starts[order], np.maximum.accumulate(ends[order])
    apart = starts[1:] > ends[:-1]
    return starts[np.concatenate(([True], apart))], ends[np.concatenate((apart, [True]))]


def _loops(bits: _Bits) -> list[tuple[list[tuple[int, int]], bool]]:
    """Return the closed paths between set and unset pixels; those around holes run the other way."""
    padded = np.pad(bits, 1)
    above, below, left, right = padded[:-1], padded[1:], padded[:, :-1], padded[:, 1:]
    leaving: dict[tuple[int, int], list[int]] = {}
    for outside, inside, direction, dx, dy in (
        (above, below, 0, -1, 0),
        (right, left, 1, 0, -1),
        (below, above, 2, 0, 0),
        (left, right, 3, 0, 0),
    ):
        for row, column in np.argwhere(inside > outside).tolist():
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
    values = lengths.astype(np.int64)
    values[3:] -= lengths[1:-2]
    digits = np.ones(
        values.size, np.int64
    )  # characters that each number takes: so many times five bits, signed
    for count in range(1, 13):
        half = 1 << (5 * count - 1)
        larger = (values >= half) | (values < -half)
        if not larger.any():
            break
        digits[larger] = count + 1
    places = np.arange(max(digits.tolist(), default=1))
    bits = values[:, None] >> (5 * places) & 0x1F
    bits |= np.where(places < digits[:, None] - 1, 0x20, 0)
    return (bits[places < digits[:, None]] + 48).astype(np.uint8).tobytes().decode('ascii')


def _unpack(text: str) -> _Ints:
    """Return the run lengths that COCO's text form holds."""
    characters = np.frombuffer(text.encode('latin-1'), np.uint8).astype(np.int64) - 48
    if not characters.size:
        return characters
    if (characters < 0).any() or (characters > 63).any():
        raise ValueError('no COCO run-length code')
    more = characters & 0x20 > 0
    if more[-1]:
        raise ValueError('a COCO run-length code that is cut short')
    ends = np.flatnonzero(~more)
    starts = np.concatenate(([0], ends[:-1] + 1))
    if (ends - starts > 11).any():
        raise ValueError('no COCO run-length code')
    digits = np.arange(characters.size) - np.repeat(starts, ends - starts + 1)
    values: _Ints = np.add.reduceat((characters & 0x1F) << (5 * digits), starts)
    negative = characters[ends] & 0x10 > 0
    values[negative] -= np.int64(1) << 5 * (digits[ends][negative] + 1)
    values[1::2] = np.cumsum(
        values[1::2]
    )  # each is a difference to the last but one, but for the first three
    values[2::2] = np.cumsum(values[2::2])
    return values
