"""Whether a JPEG without its end marker is cut short, or whole but for the marker."""

from __future__ import annotations

import warnings
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

__all__ = ['is_cut_short']

_END = b'\xff\xd9'


def is_cut_short(path: str | PathLike[str]) -> bool:
    """Tell whether pixels of a JPEG are missing. It is decoded twice, so ask only where the end marker is missing.

    A decoder fills what is missing from what it is given next. So the end marker is put behind the file, once
    alone and once behind noise: if the noise shows, or the file cannot be decoded at all, something was missing.
    What follows a whole picture is passed over.
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
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # what is odd about its metadata is not asked here
            with Image.open(BytesIO(content)) as picture:
                return picture.tobytes()
    except (OSError, ValueError, SyntaxError):
        return None
    except Image.DecompressionBombError:
        return b''  # too large to be decoded, so nobody can tell
