"""Fonts: which letters they have, and what stands for the letters that none has."""

from __future__ import annotations

from itertools import pairwise
from struct import pack
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.datasets.preview import FONT_VARIABLE, Lettering
from synapse_plugins.datasets.preview.cmap import read_coverage
from synapse_plugins.datasets.preview.fonts import font_folders

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def ranges(codes: Iterable[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for code in sorted(codes):
        if found and found[-1][1] == code - 1:
            found[-1] = found[-1][0], code
        else:
            found.append((code, code))
    return found


def form_12(codes: set[int]) -> bytes:
    groups = b''.join(pack('>III', first, last, 1) for first, last in ranges(codes))
    return pack('>HHIII', 12, 0, 16 + len(groups), 0, len(groups) // 12) + groups


def form_4(codes: set[int], *, by_array: bool) -> bytes:
    """Return a subtable of format 4, glyphs found by difference or by an array."""
    segments = [*ranges(codes), (0xFFFF, 0xFFFF)]
    count = len(segments)
    ends, starts = (pack(f'>{count}H', *(segment[side] for segment in segments)) for side in (1, 0))
    if by_array:
        deltas, shifts, glyphs = [0] * (count - 1) + [1], [], []
        for place, (first, last) in enumerate(segments[:-1]):
            shifts.append(2 * (count - place + len(glyphs)))
            glyphs += [7] * (last - first + 1)
        shifts.append(0)
    else:
        deltas, shifts, glyphs = [(1 - first) & 0xFFFF for first, _ in segments[:-1]] + [1], [0] * count, []
    body = (
        ends
        + b'\0\0'
        + starts
        + pack(f'>{count}H', *deltas)
        + pack(f'>{count}H', *shifts)
        + pack(f'>{len(glyphs)}H', *glyphs)
    )
    return pack('>HHHHHHH', 4, 14 + len(body), 0, 2 * count, 0, 0, 0) + body


def font(
    subtable: bytes, kind: tuple[int, int], *, outlines: bytes = b'glyf', collection: bool = False
) -> bytes:
    cmap = pack('>HHHHI', 0, 1, *kind, 12) + subtable
    front = 16 if collection else 0
    at = front + 12 + 32
    tables = pack('>4sIII', b'cmap', 0, at, len(cmap)) + pack('>4sIII', outlines, 0, at, 0)
    body = b'\0\1\0\0' + pack('>HHHH', 2, 0, 0, 0) + tables + cmap
    return pack('>4sIII', b'ttcf', 0x10000, 1, front) + body if collection else body


@given(
    codes=st.sets(st.integers(0x20, 0xFFFD), min_size=1, max_size=40),
    by_array=st.booleans(),
    other=st.integers(0, 0xFFFD),
)
def test_coverage_of_format_4(
    codes: set[int], by_array: bool, other: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / 'form4.ttf'
    path.write_bytes(font(form_4(codes, by_array=by_array), (3, 1)))
    coverage = read_coverage(path)
    assert coverage is not None
    assert all(chr(code) in coverage for code in codes)
    assert (chr(other) in coverage) == (other in codes)


@given(codes=st.sets(st.integers(0x20, 0x10FFFF), min_size=1, max_size=40), other=st.integers(0, 0x10FFFF))
def test_coverage_of_format_12(codes: set[int], other: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / 'form12.ttc'
    path.write_bytes(font(form_12(codes), (3, 10), collection=True))
    coverage = read_coverage(path)
    assert coverage is not None
    assert all(chr(code) in coverage for code in codes)
    assert (chr(other) in coverage) == (other in codes)


@given(content=st.binary(max_size=200), cut=st.integers(0, 200))
def test_what_is_no_font_is_none(content: bytes, cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / 'broken.ttf'
    path.write_bytes(content)
    read_coverage(path)
    path.write_bytes(font(form_12({65}), (3, 10))[:cut] + content)
    read_coverage(path)


def test_a_font_of_bitmaps_is_none(tmp_path: Path) -> None:
    path = tmp_path / 'emoji.ttf'
    path.write_bytes(font(form_12({0x1F600}), (3, 10), outlines=b'CBDT'))
    assert read_coverage(path) is None
    assert read_coverage(tmp_path / 'gone.ttf') is None


def test_fonts_of_this_system_agree_with_another_reader() -> None:
    tables = pytest.importorskip('fontTools.ttLib')
    paths = [path for folder in font_folders() for path in sorted(folder.rglob('*.ttf'))][:6]
    for path in paths:
        coverage = read_coverage(path)
        with tables.TTFont(path, lazy=True) as opened:
            codes = set(opened.getBestCmap() or ())
        assert coverage is not None
        assert {code for code in range(0x20, 0xFFFF) if chr(code) in coverage} == {
            code for code in codes if 0x20 <= code < 0xFFFF
        }


def test_without_fonts_there_are_latin_letters_and_stars() -> None:
    bare = Lettering([])
    assert bare.can('plain words, 123')
    assert not bare.can('상자')
    assert bare.safe('사진 a_상자') == '* a_*'
    assert bare.width('상자', 13) == bare.width('*', 13)
    assert bare.shortened('a' * 100, 13, 60).endswith('...')
    assert bare.width(bare.shortened('a' * 100, 13, 60), 13) <= 60


def test_a_font_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / 'mine.ttf'
    path.write_bytes(font(form_12({ord('가')}), (3, 10)))
    monkeypatch.setenv(FONT_VARIABLE, str(path))
    assert Lettering([]).can('가')


def test_hangul_is_drawn_and_not_as_boxes() -> None:
    from PIL import Image, ImageDraw

    lettering = Lettering()
    if not lettering.can('가나'):
        pytest.skip('no font with Hangul on this system')
    drawn = []
    for text in ('가', '나', '다'):
        with Image.new('L', (60, 60)) as picture:
            lettering.draw(ImageDraw.Draw(picture), (4, 50), text, 40, 255)
            drawn.append(picture.tobytes())
    assert all(one != other for one, other in pairwise(drawn))
    assert lettering.width('가나다', 20) > lettering.width('가', 20) > 0
