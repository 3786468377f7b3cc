"""File names that came from elsewhere, made safe on every system."""

from __future__ import annotations

import re
import unicodedata

__all__ = ['safe_file_name']

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_DEVICES = re.compile(r'(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])', re.IGNORECASE)
_PLAIN = re.compile(
    r'(?!(?:con|prn|aux|nul|com[0-9]|lpt[0-9])\.)[a-z0-9][a-z0-9_-]{0,99}\.[a-z0-9]{1,10}',
    re.ASCII | re.IGNORECASE,
)
"""Names of most files, which need no change."""

_LIMIT = 200
"""Bytes of a name; file systems take 255, and others still add to it."""


def safe_file_name(name: str, fallback: str) -> str:
    """Return a name that is one file name on every system, as near to *name* as possible.

    Folders in front go, as do control characters; what some system forbids becomes ``_``; the names of devices
    (``con``, ``nul`` ...) get one in front. Any script stays, in Unicode NFC.

    Args:
        name: What the source called the file.
        fallback: Taken when nothing is left of it.
    """
    if _PLAIN.fullmatch(name):
        return name
    last = re.split(r'[/\\]', unicodedata.normalize('NFC', name))[-1]
    visible = ''.join(
        char for char in last if unicodedata.category(char) not in {'Cc', 'Cf', 'Cs', 'Zl', 'Zp'}
    )
    cleaned = _FORBIDDEN.sub('_', visible).strip().rstrip(' .')
    stem, dot, suffix = cleaned.rpartition('.')
    if not dot:
        stem, suffix = cleaned, ''
    stem = stem.strip(' .') or fallback  # a name that begins with a dot would be a hidden file
    if _DEVICES.fullmatch(stem.split('.')[0].strip()):
        stem = f'_{stem}'
    room = _LIMIT - len(f'{dot}{suffix}'.encode())
    if room < 1:  # a suffix as long as that is none
        return _cut(cleaned.strip(' .'), _LIMIT)
    return f'{_cut(stem, room)}{dot}{suffix}'


def _cut(text: str, limit: int) -> str:
    """Cut to a number of bytes, between characters; no blank or dot is left at the end."""
    return text.encode()[:limit].decode(errors='ignore').rstrip(' .') or '_'
