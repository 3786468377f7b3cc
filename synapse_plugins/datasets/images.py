"""What the header of a picture says: its size the way a trainer sees it, and whether the file is whole.

No pixel is decoded. JPEG, PNG, BMP, GIF and WebP are read here; anything else is left to Pillow.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from struct import Struct, error, unpack_from
from typing import TYPE_CHECKING, NamedTuple

from ..errors import DatasetError
from .files import refuse_irregular

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ['IMAGE_SUFFIXES', 'Probe', 'decode', 'probe', 'probe_and_link']

IMAGE_SUFFIXES = frozenset(('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff', '.gif'))
"""Suffixes of pictures, in lower case; the case on disk does not matter."""

_NO_LINK = getattr(os, 'O_NOFOLLOW', 0)
_FLAGS = os.O_RDONLY | getattr(os, 'O_BINARY', 0) | getattr(os, 'O_CLOEXEC', 0) | getattr(os, 'O_NONBLOCK', 0)
_HEAD = 4096
_ORIENTATION, _WIDTH, _HEIGHT = 0x0112, 0x0100, 0x0101
_SIDEWAYS = frozenset((5, 6, 7, 8))
_FRAME = 1024  # bytes from the frame header of a JPEG to its pixels, in all but odd ones
_MOST_PARTS = 4096  # a file of nothing but tiny segments must not keep us
_PAIR = Struct('>HH')
_PNG_END = b'\0\0\0\0IEND\xaeB`\x82'


class Probe(NamedTuple):
    """What a header says.

    Attributes:
        width: In pixels, after EXIF orientation.
        height: In pixels, after EXIF orientation.
        complete: False for a JPEG that does not end with its end marker. Trainers repair such a file in
            place, so it must be copied, never linked. Whether its pixels are whole, `cut.is_cut_short` tells.
    """

    width: int
    height: int
    complete: bool


def _seek_and_read(fd: int, count: int, offset: int) -> bytes:
    os.lseek(fd, offset, os.SEEK_SET)
    return os.read(fd, count)


_read_at = getattr(os, 'pread', _seek_and_read)  # one call of the system instead of two


class _File:
    """Random access to an open file, of which the head is in memory."""

    __slots__ = ('fd', 'head')

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.head = os.read(fd, _HEAD)

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return os.lseek(self.fd, 0, os.SEEK_END)

    def at(self, offset: int, count: int) -> bytes:
        """Return *count* bytes from *offset*, fewer at the end of the file."""
        if offset + count <= len(self.head):
            return self.head[offset : offset + count]
        return _read_at(self.fd, count, offset)

    def tail(self, count: int) -> bytes:
        """Return the last bytes."""
        if len(self.head) < _HEAD:  # that is all of it
            return self.head[-count:]
        os.lseek(self.fd, -count, os.SEEK_END)
        return os.read(self.fd, count)


def probe(path: str | os.PathLike[str]) -> Probe:
    """Read the header of a picture.

    Raises:
        DatasetError: If the file is empty, cut short, or no picture; the text is the reason alone.
        OSError: If it cannot be opened.
    """
    return probe_and_link(path)[0]


def probe_and_link(path: str | os.PathLike[str]) -> tuple[Probe, bool | None]:
    """Do what `probe` does, and tell whether the path is a symbolic link; None where opening it does not tell."""
    fd, is_link = _open(path)
    try:
        file = _File(fd)
        if not file.head:
            refuse_irregular(fd, path)
            raise DatasetError('the file is empty')
        parse = _parser(file.head)
        if parse is None:
            refuse_irregular(fd, path)  # which Pillow would wait for
        found = parse(file) if parse is not None else None
    except (error, IndexError) as exc:
        raise DatasetError('the header is cut short') from exc
    finally:
        os.close(fd)
    if found is None:
        found = _by_pillow(path)
    if found.width <= 0 or found.height <= 0:
        raise DatasetError(f'the header says {found.width} x {found.height} pixels')
    return found, is_link


def _open(path: str | os.PathLike[str]) -> tuple[int, bool | None]:
    """Open a file; return its descriptor, and whether its path is a link."""
    if not _NO_LINK:
        return os.open(path, _FLAGS), None
    try:
        return os.open(path, _FLAGS | _NO_LINK), False
    except OSError as exc:
        if exc.errno not in (errno.ELOOP, errno.EMLINK):
            raise
    return os.open(path, _FLAGS), True


def decode(path: str | os.PathLike[str]) -> None:
    """Decode a picture, to see that it can be.

    Raises:
        DatasetError: If it cannot; the text is the reason alone.
        OSError: If it cannot be opened.
    """
    import warnings

    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # what is odd about its metadata is not asked here
            with Image.open(path) as picture:
                picture.load()
    except Image.DecompressionBombError:
        return  # too large to be decoded here; trainers refuse or take it by their own limits
    except FileNotFoundError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as exc:
        raise DatasetError('it cannot be decoded') from exc


def _parser(head: bytes) -> Callable[[_File], Probe] | None:
    if head.startswith(b'\xff\xd8'):
        return _jpeg
    if head.startswith(b'\x89PNG\r\n\x1a\n'):
        return _png
    if head.startswith(b'RIFF') and head[8:12] == b'WEBP':
        return _webp
    if head.startswith(b'BM'):
        return _bmp
    if head.startswith((b'GIF87a', b'GIF89a')):
        return _gif
    return None


def _jpeg(file: _File) -> Probe:
    position = 2
    orientation: int | None = None
    head, inside = file.head, len(file.head) - 10
    for _ in range(_MOST_PARTS):
        marker = head[position : position + 4] if position < inside else file.at(position, 4)
        if marker[0] != 0xFF:
            break
        code = marker[1]
        if code == 0xFF:  # a fill byte
            position += 1
            continue
        if code == 0x01 or 0xD0 <= code <= 0xD7:  # markers without a body
            position += 2
            continue
        if 0xC0 <= code <= 0xCF and code not in (0xC4, 0xC8, 0xCC):
            if position + _FRAME < _HEAD:
                frame, place = head, position
            else:
                frame, place = file.at(position, _HEAD), 0
            height, width = _PAIR.unpack(frame[place + 5 : place + 9])
            pixels = frame.find(b'\xff\xda', place)
            if orientation is None and (pixels < 0 or frame.find(b'Exif\0\0', place, pixels) >= 0):
                orientation = _behind_frame(file, position)
            complete = file.tail(2) == b'\xff\xd9'
            if orientation in _SIDEWAYS:
                return Probe(height, width, complete)
            return Probe(width, height, complete)
        if code in (0xD9, 0xDA):  # the end, or pixels: no frame header came before
            break
        length = marker[2] << 8 | marker[3]
        if code == 0xE1 and orientation is None:
            orientation = _orientation_of_segment(file, position, length)
        position += 2 + length
    raise DatasetError('no JPEG frame header was found')


def _behind_frame(file: _File, position: int) -> int | None:
    """Return the orientation that a segment between the frame header of a JPEG and its pixels says."""
    for _ in range(_MOST_PARTS):
        marker = file.at(position, 4)
        if len(marker) < 4 or marker[0] != 0xFF or marker[1] in (0xD9, 0xDA):
            break
        length = marker[2] << 8 | marker[3]
        if marker[1] == 0xE1 and (found := _orientation_of_segment(file, position, length)) is not None:
            return found
        position += 1 if marker[1] == 0xFF else 2 + length
    return None


def _orientation_of_segment(file: _File, position: int, length: int) -> int | None:
    """Return the orientation that a segment APP1 says; None if it is not one of EXIF or says none.

    Of several segments the first one that says it counts: so trainers see it (OpenCV).
    """
    if file.at(position + 4, 6) != b'Exif\0\0':
        return None
    return _orientation(file.at(position + 10, length - 8))


def _orientation(tiff: bytes) -> int | None:
    """Return the orientation that an EXIF block says, None when it says none or is damaged."""
    order = {b'II': '<', b'MM': '>'}.get(tiff[:2])
    if order is None:
        return None
    try:
        (start,) = unpack_from(f'{order}I', tiff, 4)
        (count,) = unpack_from(f'{order}H', tiff, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = unpack_from(f'{order}HH', tiff, entry)
            if tag == _ORIENTATION:
                return int(unpack_from(f'{order}{"I" if kind == 4 else "H"}', tiff, entry + 8)[0])
    except error:
        return None
    return None


def _png(file: _File) -> Probe:
    width, height = unpack_from('>II', file.head, 16)
    place, exif = _walk_png(file, 33, b'IDAT')
    size = file.size
    step = int.from_bytes(file.at(place, 4), 'big') + 12
    end = size - len(_PNG_END)
    if file.at(end, len(_PNG_END)) != _PNG_END:
        _, exif = _walk_png(file, 8, b'IEND')
    elif exif is None and not _ends_in_pixels(file, place, step, end):
        with suppress(DatasetError, error):  # what stands behind the pixels need not be whole
            _, exif = _walk_png(file, place, b'IEND')
    if exif is not None and _orientation(exif) in _SIDEWAYS:
        return Probe(height, width, True)
    return Probe(width, height, True)


def _ends_in_pixels(file: _File, first: int, step: int, end: int) -> bool:
    """Tell whether the chunks of a PNG from *first* to *end* are pixels: all but the last are of one size."""
    if first + step == end:
        return True
    last = first + (end - 1 - first) // step * step
    header = file.at(last, 8)
    return header[4:] == b'IDAT' and last + int.from_bytes(header[:4], 'big') + 12 == end


def _walk_png(file: _File, position: int, stop: bytes) -> tuple[int, bytes | None]:
    """Go through the chunks until *stop*; return where it is, and the body of the first chunk of EXIF."""
    exif = None
    for _ in range(file.size // 12):
        length, name = unpack_from('>I4s', file.at(position, 8))
        if name == stop:
            return position, exif
        if name == b'eXIf' and exif is None:
            exif = file.at(position + 8, min(length, 1 << 16))
        position += 12 + length
    raise DatasetError('the file is cut short')


def _webp(file: _File) -> Probe:
    head = file.head
    (length,) = unpack_from('<I', head, 4)
    if file.size < length + 8:
        raise DatasetError('the file is cut short')
    kind = head[12:16]
    if kind == b'VP8 ':
        width, height = unpack_from('<HH', head, 26)
        return Probe(width & 0x3FFF, height & 0x3FFF, True)
    if kind == b'VP8L':
        (bits,) = unpack_from('<I', head, 21)
        return Probe((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, True)
    if kind != b'VP8X':
        raise DatasetError('no WebP frame was found')
    width = int.from_bytes(head[24:27], 'little') + 1
    height = int.from_bytes(head[27:30], 'little') + 1
    if head[20] & 0x08 and _webp_orientation(file) in _SIDEWAYS:
        return Probe(height, width, True)
    return Probe(width, height, True)


def _webp_orientation(file: _File) -> int | None:
    position = 12
    for _ in range(_MOST_PARTS):
        name, length = unpack_from('<4sI', file.at(position, 8))
        if name == b'EXIF':
            body = file.at(position + 8, min(length, 1 << 16))
            return _orientation(body.removeprefix(b'Exif\0\0'))
        position += 8 + length + (length & 1)
    return None


def _bmp(file: _File) -> Probe:
    (header,) = unpack_from('<I', file.head, 14)
    if header == 12:
        width, height = unpack_from('<HH', file.head, 18)
        return Probe(width, height, True)
    width, height = unpack_from('<ii', file.head, 18)
    return Probe(width, abs(height), True)  # a negative height: rows from the top


def _gif(file: _File) -> Probe:
    width, height = unpack_from('<HH', file.head, 6)
    return Probe(width, height, True)


def _by_pillow(path: str | os.PathLike[str]) -> Probe:
    import warnings

    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of a size that only decoding would make a danger
            with Image.open(path) as picture:  # reads the header, not the pixels
                width, height = picture.size
                if picture.format == 'TIFF':  # whose size some versions turn, others not
                    tags = picture.getexif()
                    width, height = tags.get(_WIDTH, width), tags.get(_HEIGHT, height)
                turned = picture.getexif().get(_ORIENTATION) in _SIDEWAYS
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as exc:
        raise DatasetError('it is not a picture that can be read') from exc
    return Probe(height, width, True) if turned else Probe(width, height, True)
