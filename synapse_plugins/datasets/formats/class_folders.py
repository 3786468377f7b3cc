"""Class names as folder names: what no disk takes is written as ``%`` and two digits, as in web addresses."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ..litter import is_litter
from ..names import SPLIT_ORDER, nfc, split_name

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ['class_folders', 'class_of_folder']

_UNSAFE = re.compile(r'[\x00-\x1f\x7f"*/:<>?\\|%]|^[. ]|[. ]$')
_RESERVED = re.compile(r'(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?', re.IGNORECASE)
_LONGEST = 180  # bytes; the disks of most machines take 255


def class_folders(classes: Iterable[str]) -> dict[str, str]:
    """Return class -> folder name: unique on a case-insensitive disk too, and the same on every machine."""
    folders: dict[str, str] = {}
    taken: set[str] = set()
    for name in classes:
        folder = _folder(name)
        if folder.casefold() in taken:
            folder = f'{folder}-{_digest(name)}'
        taken.add(folder.casefold())
        folders[name] = folder
    return folders


def class_of_folder(folder: str) -> str:
    """Return the class that a folder is named after; a name that we would not write is taken as it stands."""
    name = nfc(unquote(folder, errors='surrogateescape')) if '%' in folder else nfc(folder)
    return name if '%' not in folder or _folder(name) == nfc(folder) else nfc(folder)


def _folder(name: str) -> str:
    folder = _UNSAFE.sub(_escaped, nfc(name))
    if _RESERVED.fullmatch(folder) or split_name(folder) in SPLIT_ORDER or is_litter(folder):
        folder = f'%{ord(folder[0]):02X}{folder[1:]}'
    if len(folder.encode('utf-8', 'surrogatepass')) <= _LONGEST:
        return folder
    kept = folder.encode('utf-8', 'surrogatepass')[: _LONGEST - 9].decode('utf-8', 'ignore')
    return f'{kept}-{_digest(name)}'


def _escaped(match: re.Match[str]) -> str:
    return ''.join(f'%{byte:02X}' for byte in match[0].encode('utf-8', 'surrogatepass'))


def _digest(name: str) -> str:
    return sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]
