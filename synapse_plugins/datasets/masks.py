"""Masks: the runs of Datamaker, the run-length code of COCO, extents, areas and outlines.

Datamaker's masks are pixel indices ``y * width + x`` or runs ``[start, length]`` of them, row by row. COCO's
code goes column by column, and its text form packs differences of lengths into characters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .geometry import Box, Ring, area
from .outlines import TooLargeMaskError, outlines_of

__all__ = ['Mask', 'TooLargeMaskError', 'rows_of']

_MOST_PIXELS = 1 << 27
"""A mask whose box is larger is refused: it would eat the memory of a small machine. At most three bytes a pixel are
taken for a moment, 0.4 GB."""

_MOST_RUNS = 1 << 21
"""Runs of one mask; one with more is refused, for each takes some 150 bytes until it is written, all of them 0.3 GB. A
code of a few kilobytes may hold very many: stripes along its columns are cut into pieces by the rows."""

_STRIP = 1 << 22
"""Pixels that are looked at in one go."""

_Bits = npt.NDArray[np.bool_]
_Ints = npt.NDArray[np.int64]


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
            ValueError: If it is neither a list of indices nor of runs.
            TooLargeMaskError: If it is too large.
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
            ValueError: If it is not such a code.
            TooLargeMaskError: If it is too large.
        """
        try:
            height, width = (int(number) for number in segmentation['size'])
            counts = segmentation['counts']
            lengths = _unpack(counts) if isinstance(counts, str) else _plain_lengths(counts)
        except TooLargeMaskError:
            raise
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
        """Return the mask as DM runs in an image of that width, at least one a row.

        Raises:
            TooLargeMaskError: If there are too many.
        """
        if not self.bits.size:
            return []
        rows, columns = self.bits.shape
        height = max(1, _STRIP // columns)
        runs: list[list[int]] = []
        for top in range(0, rows, height):
            edges = np.diff(np.pad(self.bits[top : top + height], ((0, 0), (1, 1))).view(np.int8), axis=1)
            _check_runs(len(runs) + int(np.count_nonzero(edges)) // 2)
            places, starts = np.nonzero(edges == 1)  # row by row, as are the ends
            lengths = np.nonzero(edges == -1)[1] - starts
            offsets = (places + (top + self.top)) * width + starts + self.left
            runs += np.stack((offsets, lengths), axis=1).tolist()
        return runs

    def to_coco(self, width: int, height: int) -> dict[str, Any]:
        """Return the mask as COCO's run-length code, in its text form.

        Raises:
            TooLargeMaskError: If it is too large, or has too many runs.
        """
        _check_size(width * height)
        whole = np.zeros((width, height), np.bool_)  # columns first
        rows, columns = self.bits.shape
        whole[self.left : self.left + columns, self.top : self.top + rows] = self.bits.T
        flat = whole.reshape(-1)
        changes = flat[1:] != flat[:-1]
        _check_runs(int(np.count_nonzero(changes)) // 2)
        edges = np.flatnonzero(changes) + 1
        lengths = np.diff(np.concatenate(([0], edges, [flat.size])))
        if flat.size and flat[0]:
            lengths = np.concatenate(([0], lengths))
        return {'size': [height, width], 'counts': _pack(lengths)}

    def outlines(self) -> tuple[list[Ring], list[Ring]]:
        """Return the outlines of parts and of holes, along the edges of pixels, the largest first.

        Parts are joined by sides, not by corners. Corners of the outlines lie between pixels, so the area of
        the parts less that of the holes is exactly the number of pixels.

        Raises:
            TooLargeMaskError: If they have more corners than an outline may have.
        """
        parts, holes = outlines_of(self.bits, self.left, self.top)
        for rings in (parts, holes):
            rings.sort(key=lambda ring: (-area(ring), ring))
        return parts, holes


def _check_size(pixels: int) -> None:
    if pixels > _MOST_PIXELS:
        raise TooLargeMaskError(f'it has more than {_MOST_PIXELS:,} pixels')


def _check_runs(runs: int) -> None:
    if runs > _MOST_RUNS:
        raise TooLargeMaskError(f'it has more than {_MOST_RUNS:,} runs of pixels')


def _plain_lengths(counts: Any) -> _Ints:
    if isinstance(counts, list):
        _check_runs(len(counts) // 2)
    return np.array(counts, np.int64)


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
    codes = np.frombuffer(text.encode('latin-1'), np.uint8)
    _check_runs(int(np.count_nonzero((codes - 48) & 0x20 == 0)) // 2)
    characters = codes.astype(np.int64) - 48
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
