"""Which characters a font file has glyphs for, read from its character map; nothing is drawn.

Drawing a missing character would show the font's empty box, and the libraries at hand do not say so beforehand.
"""

from __future__ import annotations

from bisect import bisect_right
from struct import error, iter_unpack, unpack_from
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import BufferedReader
    from pathlib import Path

__all__ = ['Coverage', 'read_coverage']

_MOST = 8 << 20  # bytes of a character map that is believed
_OUTLINES = frozenset((b'glyf', b'CFF ', b'CFF2'))
_PREFERENCE = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3), (0, 2), (0, 1), (0, 0))  # platform, encoding


class Coverage:
    """The characters of a font, as ranges of code points.

    Args:
        ranges: First and last code point of each, in order.
    """

    def __init__(self, ranges: list[tuple[int, int]]) -> None:
        self._starts = [first for first, _ in ranges]
        self._ends = [last for _, last in ranges]

    def __contains__(self, character: str) -> bool:
        code = ord(character)
        place = bisect_right(self._starts, code) - 1
        return place >= 0 and code <= self._ends[place]

    def __bool__(self) -> bool:
        return bool(self._starts)


def read_coverage(path: Path) -> Coverage | None:
    """Return what the first font of a file covers; None if it is no font with outlines that can be read."""
    try:
        with path.open('rb') as file:
            table = _find_cmap(file)
            return None if table is None else Coverage(_ranges(table))
    except (OSError, error, IndexError, ValueError):
        return None


def _find_cmap(file: BufferedReader) -> bytes | None:
    head = file.read(16)
    start = 0
    if head[:4] == b'ttcf':
        (start,) = unpack_from('>I', head, 12)
        file.seek(start)
        head = file.read(12)
    if head[:4] not in (b'\0\1\0\0', b'OTTO', b'true'):
        return None
    (count,) = unpack_from('>H', head, 4)
    file.seek(start + 12)
    tables = {
        name: (offset, length) for name, _, offset, length in iter_unpack('>4sIII', file.read(16 * count))
    }
    if b'cmap' not in tables or not _OUTLINES & tables.keys():
        return None
    offset, length = tables[b'cmap']
    file.seek(offset)
    return file.read(min(length, _MOST))


def _ranges(table: bytes) -> list[tuple[int, int]]:
    (count,) = unpack_from('>H', table, 2)
    found: dict[tuple[int, int], int] = {}
    for number in range(count):
        platform, encoding, offset = unpack_from('>HHI', table, 4 + 8 * number)
        found.setdefault((platform, encoding), offset)
    for kind in _PREFERENCE:
        if kind in found:
            offset = found[kind]
            (form,) = unpack_from('>H', table, offset)
            if form == 12:
                return _segmented_coverage(table, offset)
            if form == 4:
                return _segment_mapping(table, offset)
    return []


def _segmented_coverage(table: bytes, offset: int) -> list[tuple[int, int]]:
    """Return the ranges of a subtable of format 12."""
    (count,) = unpack_from('>I', table, offset + 12)
    body = table[offset + 16 : offset + 16 + 12 * count]
    return sorted(
        (first + (not glyph), last) for first, last, glyph in iter_unpack('>III', body) if last >= first
    )


def _segment_mapping(table: bytes, offset: int) -> list[tuple[int, int]]:
    """Return the ranges of a subtable of format 4; a character that maps to glyph 0 is not there."""
    (double,) = unpack_from('>H', table, offset + 6)
    count = double // 2
    ends = unpack_from(f'>{count}H', table, offset + 14)
    starts = unpack_from(f'>{count}H', table, offset + 16 + double)
    deltas = unpack_from(f'>{count}H', table, offset + 16 + 2 * double)
    at = offset + 16 + 3 * double
    shifts = unpack_from(f'>{count}H', table, at)
    ranges: list[tuple[int, int]] = []
    for number in range(count):
        first, last = starts[number], min(ends[number], 0xFFFE)
        if last < first:
            continue
        if not shifts[number]:
            missing = -deltas[number] & 0xFFFF  # the one code point that comes out as glyph 0
            ranges += [
                (a, b)
                for a, b in ((first, min(last, missing - 1)), (max(first, missing + 1), last))
                if a <= b
            ]
            continue
        glyphs = unpack_from(f'>{last - first + 1}H', table, at + 2 * number + shifts[number])
        delta = deltas[number]
        ranges += _runs(first, [bool(glyph and (glyph + delta) & 0xFFFF) for glyph in glyphs])
    return sorted(ranges)


def _runs(first: int, there: list[bool]) -> list[tuple[int, int]]:
    """Return the ranges of the code points from *first* on that are there."""
    if all(there):
        return [(first, first + len(there) - 1)]
    ranges: list[tuple[int, int]] = []
    for code, known in enumerate(there, first):
        if known and ranges and ranges[-1][1] == code - 1:
            ranges[-1] = ranges[-1][0], code
        elif known:
            ranges.append((code, code))
    return ranges
