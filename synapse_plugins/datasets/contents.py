"""Which files lie in an output, by their names: so it is known what a conversion did not write.

A hidden file of the output holds, for each folder, four bytes for each name in it, sorted: what a look at the folder
costs, and under a megabyte for a hundred thousand pictures with their labels. Times are not asked: whoever moves a file
keeps its time, and whoever edits a picture gives the same time to all its links.
"""

from __future__ import annotations

import os
import sys
from array import array
from collections import Counter
from heapq import nsmallest
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import orjson

from .files import read_bytes
from .litter import is_derived
from .names import nfc

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

__all__ = ['NAMES_FILE', 'read_names', 'strangers', 'write_names']

NAMES_FILE = '.files'
"""Where an output keeps which files were written; hidden files are no part of a dataset."""

_VERSION = 1
_CODE = 'I'  # of four bytes wherever Python runs
_WIDTH = array(_CODE).itemsize

_SHOWN = 5
_OURS = frozenset((b'report.json', b'export.json', b'.conversion', os.fsencode(NAMES_FILE)))
"""Files of the top folder that are written about the output, after it was made."""

_OF_SYSTEMS = (b'\0._', b'.ds_store', b'.db', b'desktop.ini', b'icon\r')
"""What is part of the names of files that systems make, in lower case and with a zero in front."""

_DERIVED = (b'.cache', b'.cache.npy')
"""What trainers keep for the next time, made from pictures and labels alone."""

_ARRAY = b'.npy'
"""What they keep of one picture, beside it."""

_SELDOM = (_DERIVED[0], _ARRAY, *_OF_SYSTEMS)
"""What is part of the name of a file that does not count."""


def write_names(root: str | Path) -> None:
    """Write down which files lie below *root*, there."""
    packed = dict(sorted((folder, _packed(names)) for folder, names in _walk(root) if names))
    counts = {folder: len(codes) // _WIDTH for folder, codes in packed.items()}
    head = orjson.dumps({'version': _VERSION, 'folders': counts})
    with Path(root, NAMES_FILE).open('wb') as file:
        file.writelines((head, b'\n', *packed.values()))
        file.flush()
        os.fsync(file.fileno())  # without it nobody could tell, after a power cut, what may be replaced


def read_names(root: str | Path) -> dict[str, bytes]:
    """Return what `write_names` wrote: folder -> the codes of its files.

    Raises:
        OSError: If it is not there.
        ValueError: If it is damaged.
    """
    head, _, packed = read_bytes(Path(root, NAMES_FILE)).partition(b'\n')
    told: Any = orjson.loads(head)
    counts = told.get('folders') if isinstance(told, dict) and told.get('version') == _VERSION else None
    if not isinstance(counts, dict) or not all(
        type(count) is int and count >= 0 for count in counts.values()
    ):
        raise ValueError('it does not begin as it should')
    if sum(counts.values()) * _WIDTH != len(packed):
        raise ValueError('it does not end where it should')
    found, place = {}, 0
    for folder, count in counts.items():
        found[folder] = packed[place : place + count * _WIDTH]
        place += count * _WIDTH
    return found


def strangers(root: Path, known: Mapping[str, bytes]) -> tuple[int, list[str]]:
    """Return how many files there are whose names were not there once, and the first of them.

    What is missing is no stranger.

    Args:
        root: The folder.
        known: What `read_names` says of it.
    """
    count = 0
    shown: list[str] = []
    for folder, names in _walk(root):
        before = known.get(folder, b'')
        if not names or before == _packed(names):
            continue
        left = Counter(_swapped(array(_CODE, before)))
        new = []
        for name in names:
            code = _code(name)
            if left[code] > 0:
                left[code] -= 1
            else:
                new.append(name)
        count += len(new)
        prefix = f'{folder}/' if folder else ''
        shown = nsmallest(_SHOWN, [*shown, *(f'{prefix}{name}' for name in nsmallest(_SHOWN, _texts(new)))])
    return count, shown


def _texts(names: Iterable[bytes]) -> Iterator[str]:
    return (os.fsdecode(name).encode('utf-8', 'backslashreplace').decode() for name in names)


def _packed(names: Collection[bytes]) -> bytes:
    """Return the codes of names, sorted, the same on every machine."""
    code = crc32 if all(map(bytes.isascii, names)) else _code
    return _swapped(array(_CODE, sorted(map(code, names)))).tobytes()


def _code(name: bytes) -> int:
    """Return the code of a name, the same however a disk spells its letters (NFC or NFD)."""
    return crc32(name if name.isascii() else nfc(os.fsdecode(name)).encode('utf-8', 'surrogateescape'))


def _swapped(codes: array[int]) -> array[int]:
    """Return codes from or to the order of bytes in which they are kept."""
    if sys.byteorder == 'big':
        codes.byteswap()
    return codes


def _own(names: list[bytes]) -> list[bytes]:
    """Return the names of files that are not derived from others; ``a.npy`` is if there is a picture or label ``a``."""
    text = b'\0'.join((b'', *names)).lower()
    if not any(part in text for part in _SELDOM):  # a look at each name would take longer than listing them
        return names
    names = [name for name in names if not name.endswith(_DERIVED) and not is_derived(os.fsdecode(name))]
    if any(name.endswith(_ARRAY) for name in names):
        stems = {name.rpartition(b'.')[0] for name in names if not name.endswith(_ARRAY)}
        return [name for name in names if not (name.endswith(_ARRAY) and name.removesuffix(_ARRAY) in stems)]
    return names


def _walk(root: str | Path) -> Iterator[tuple[str, list[bytes]]]:
    """Yield every folder, relative to the root, with the files in it that count."""
    top = os.fsencode(root)
    pending = [b'']
    while pending:
        below = pending.pop()
        inner: list[bytes] = []
        names: list[bytes] = []
        with os.scandir(os.path.join(top, below)) as entries:  # noqa: PTH118 - names may be no text
            for entry in entries:  # one by one: a list of the entries takes five times the memory
                (inner if entry.is_dir(follow_symlinks=False) else names).append(entry.name)
        inner = [name for name in inner if not is_derived(os.fsdecode(name))]
        pending += [below + b'/' + name if below else name for name in inner]
        names = _own(names)
        if not below:
            names = [name for name in names if name not in _OURS]
        folder = os.fsdecode(below).encode('utf-8', 'backslashreplace').decode()
        yield nfc(folder.replace(os.sep, '/')), names
