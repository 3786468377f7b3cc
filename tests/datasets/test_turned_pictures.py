"""Where in a file the orientation of a picture may stand: the size is the one that OpenCV, so a trainer, sees."""

from __future__ import annotations

import os
import struct
import sys
from importlib.util import find_spec
from io import BytesIO
from itertools import product
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from synapse_plugins.datasets import images
from synapse_plugins.datasets.images import Probe, probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZE = (50, 40)


def exif(orientation: int | None) -> bytes:
    """Return an EXIF block that says an orientation, or something else."""
    made = Image.Exif()
    made[0x0110 if orientation is None else 0x0112] = 'camera' if orientation is None else orientation
    return made.tobytes()


def segment(code: int, body: bytes) -> bytes:
    return struct.pack('>BBH', 0xFF, code, len(body) + 2) + body


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack('>I4s', len(body), name) + body + struct.pack('>I', crc32(name + body))


def encoded(form: str, size: tuple[int, int] = SIZE) -> bytes:
    made = BytesIO()
    Image.effect_noise(size, 80).convert('RGB').save(made, form)
    return made.getvalue()


def ours(content: bytes) -> Probe:
    with TemporaryDirectory() as folder:
        path = Path(folder, 'x')
        path.write_bytes(content)
        return probe(path)


# In a process of its own: it changes the environment.
OPENCV = """
import sys
import cv2, numpy
while head := sys.stdin.buffer.read(4):
    content = sys.stdin.buffer.read(int.from_bytes(head, 'big'))
    print(*cv2.imdecode(numpy.frombuffer(content, 'uint8'), cv2.IMREAD_COLOR).shape[1::-1], flush=True)
"""


@pytest.fixture(scope='module')
def by_opencv() -> Iterator[Callable[[bytes], tuple[int, ...]]]:
    """Return a function that tells the size of a picture as OpenCV reads it."""
    if find_spec('cv2') is None:
        pytest.skip('needs OpenCV')
    with Popen([sys.executable, '-c', OPENCV], stdin=PIPE, stdout=PIPE, stderr=DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        given, told = process.stdin, process.stdout

        def size(content: bytes) -> tuple[int, ...]:
            given.write(struct.pack('>I', len(content)) + content)
            given.flush()
            return tuple(map(int, told.readline().split()))

        yield size
        given.close()


def by_pillow(content: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(content)) as picture:
        return ImageOps.exif_transpose(picture).size


SEGMENTS = st.one_of(
    st.sampled_from([None, 1, 3, 6, 8]).map(lambda turn: segment(0xE1, exif(turn))),
    st.just(segment(0xE1, b'http://ns.adobe.com/xap/1.0/\0<x/>')),
    st.sampled_from([3, 500, 5000]).map(lambda count: segment(0xE2, b'ICC' + b'\0' * count)),
    st.just(segment(0xFE, b'Exif\0\0, says a comment')),
)


@given(front=st.lists(SEGMENTS, max_size=4), behind=st.lists(SEGMENTS, max_size=4))
@example(front=[], behind=[segment(0xE1, exif(6))])
@example(front=[segment(0xE2, b'\0' * 5000)], behind=[segment(0xE2, b'\0' * 5000), segment(0xE1, exif(6))])
@example(front=[segment(0xE1, exif(None)), segment(0xE1, exif(6)), segment(0xE1, exif(1))], behind=[])
def test_segments_of_a_jpeg_in_any_order(
    front: list[bytes], behind: list[bytes], by_opencv: Callable[[bytes], tuple[int, ...]]
) -> None:
    whole = encoded('JPEG')
    pixels = whole.index(b'\xff\xda')
    content = whole[:2] + b''.join(front) + whole[2:pixels] + b''.join(behind) + whole[pixels:]
    found = ours(content)
    assert found.complete
    assert found[:2] == by_opencv(content)
    blocks = [part for part in (*front, *behind) if part[4:10] == b'Exif\0\0' and part[1] == 0xE1]
    if not blocks or blocks[0] != segment(0xE1, exif(None)):  # where Pillow looks no further
        assert found[:2] == by_pillow(content)


CHUNKS = st.one_of(
    st.sampled_from([1, 3, 6, 8]).map(lambda turn: chunk(b'eXIf', exif(turn)[6:])),
    st.sampled_from([3, 5000]).map(lambda count: chunk(b'tEXt', b'Title\0' + b'x' * count)),
)


@given(
    front=st.lists(CHUNKS, max_size=3),
    behind=st.lists(CHUNKS, max_size=3),
    sizes=st.sampled_from([[1 << 30], [700], [40], [100, 3000, 50]]),
    wide=st.booleans(),
    more=st.sampled_from([b'', b'more']),
)
@example(front=[], behind=[chunk(b'eXIf', exif(6)[6:])], sizes=[1 << 30], wide=True, more=b'')
@example(front=[], behind=[chunk(b'eXIf', exif(6)[6:] + b'\0' * 9000)], sizes=[700], wide=True, more=b'')
def test_chunks_of_a_png_in_any_order(
    front: list[bytes],
    behind: list[bytes],
    sizes: list[int],
    wide: bool,
    more: bytes,
    by_opencv: Callable[[bytes], tuple[int, ...]],
) -> None:
    turns = [part for part in (*front, *behind) if part[4:8] == b'eXIf']
    assume(len(turns) < 2)  # which the standard forbids, and each reader takes another one
    whole = encoded('PNG', (200, 150) if wide else SIZE)
    begin = whole.index(b'IDAT') - 4
    pixels, left = [], b''
    place = begin
    while place < len(whole) - 12:  # the chunks as Pillow cuts them, in one
        (length,) = struct.unpack_from('>I', whole, place)
        left += whole[place + 8 : place + 8 + length]
        place += length + 12
    for size in sizes * (len(left) // min(sizes) + 1):
        if not left:
            break
        pixels.append(chunk(b'IDAT', left[:size]))
        left = left[size:]
    content = whole[:33] + b''.join((*front, *pixels, *behind)) + whole[-12:] + more
    found = ours(content)
    assert found[:2] == by_pillow(content)
    assert found[:2] == by_opencv(content)


@pytest.mark.parametrize(
    ('form', 'size'), list(product(['JPEG', 'PNG'], [(9, 7), (50, 40), (300, 200), (900, 700)]))
)
def test_an_ordinary_picture_takes_few_calls_of_the_system(
    form: str, size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / 'x'
    path.write_bytes(encoded(form, size))
    calls: list[str] = []

    def counted(name: str) -> Callable[..., Any]:
        call = getattr(os, name)
        return lambda *given: calls.append(name) or call(*given)

    for name in ('read', 'lseek'):
        monkeypatch.setattr(os, name, counted(name))
    monkeypatch.setattr(images, '_read_at', counted('pread' if hasattr(os, 'pread') else 'read'))
    probe(path)
    assert len(calls) <= 5
