"""Whether a JPEG without its end marker is cut short, or whole but for the marker."""

from __future__ import annotations

import warnings
from functools import cache
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

    from PIL import Image

__all__ = ['is_cut_short']

_END = b'\xff\xd9'
_MOST_PIXELS = 1 << 25
_ROWS = 64


def is_cut_short(path: str | PathLike[str]) -> bool:
    """Tell whether pixels of a JPEG are missing. It is decoded twice, so ask only where the end marker is missing.

    A decoder fills what is missing from what it is given next. So the end marker is put behind the file, once
    alone and once behind noise: if the noise shows, or the file cannot be decoded at all, something was missing.
    What follows a whole picture is passed over.

    Memory is bounded: a picture of more than 33 million pixels is decoded at an eighth of its size, and a progressive
    one of that size, which cannot be, is taken for cut.
    """
    content = Path(path).read_bytes()
    content = content[:-1] if content.endswith(b'\xff') else content  # half of the marker
    alone = _pixels(content + _END)
    return alone is None or alone != _pixels(content + _noise() + _END)


@cache
def _noise() -> bytes:
    """Return bytes of any kind, but no markers."""
    return bytes(Random(0).choices(range(0xFF), k=1 << 16))  # noqa: S311 - any bytes do


def _pixels(content: bytes) -> bytes | None:
    """Return a digest of the pixels; None if they cannot be decoded."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # what is odd about its metadata is not asked here
            with Image.open(BytesIO(content)) as picture:
                width, height = picture.size
                if width * height > _MOST_PIXELS:
                    if 'progressive' in picture.info:
                        return None
                    picture.draft(None, (width // 8, height // 8))
                return _digest(picture)
    except (OSError, ValueError, SyntaxError):
        return None
    except Image.DecompressionBombError:
        return b''  # too large to be decoded, so nobody can tell


def _digest(picture: Image.Image) -> bytes:
    digest = blake2b()
    width, height = picture.size
    for top in range(0, height, _ROWS):  # all at once would be as much memory again
        with picture.crop((0, top, width, min(top + _ROWS, height))) as stripe:
            digest.update(stripe.tobytes())
    return digest.digest()
