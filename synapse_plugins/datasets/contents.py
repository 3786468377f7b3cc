"""Which files lie in an output, in a few numbers: by them is known what a conversion did not write.

A folder of many files is told by their number and a sum over their names, which costs a look at the folder and no
list of names to keep; the few files of the top folder are named.
"""

from __future__ import annotations

import os
from operator import mul
from typing import TYPE_CHECKING, Any
from zlib import crc32

from .litter import is_derived

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ['contents_of', 'strangers']

_NAMED = 50
"""Files up to which those of the top folder are named."""

_SHOWN = 5
_WRAPPED = 1 << 64
_OURS = frozenset((b'report.json', b'export.json', b'.conversion'))
"""Files of the top folder that are written about the output, after it was made."""

_OF_SYSTEMS = (b'\0._', b'.ds_store', b'.db', b'desktop.ini', b'icon\r')
"""What is part of the names of files that systems make, in lower case and with a zero in front."""

_DERIVED = (b'.cache', b'.cache.npy')
"""What trainers keep for the next time, made from pictures and labels alone."""

_ARRAY = b'.npy'
"""What they keep of one picture, beside it."""

_SELDOM = (_DERIVED[0], _ARRAY, *_OF_SYSTEMS)
"""What is part of the name of a file that does not count."""


def contents_of(root: str | Path) -> dict[str, Any]:
    """Return what lies in each folder: ``{'count': 3, 'names': a digest}``, in the top folder the names themselves."""
    found = {}
    for folder, names in _walk(root):
        if names:
            found[folder] = _in_words(names) if not folder and len(names) <= _NAMED else _in_numbers(names)
    return dict(sorted(found.items()))


def _in_words(names: list[bytes]) -> list[str]:
    return sorted(os.fsdecode(name).encode('utf-8', 'backslashreplace').decode() for name in names)


def _in_numbers(names: list[bytes]) -> dict[str, Any]:
    codes = list(map(crc32, names))
    squares = sum(map(mul, codes, codes))  # the sum of the codes alone is one for all sets of numbered names
    return {'count': len(names), 'names': f'{squares % _WRAPPED:016x}'}


def strangers(root: Path, known: Mapping[str, Any], written: int) -> tuple[int, list[str]]:
    """Return how many files there are that are not among what was there once, and the first of them.

    A folder in which files are missing, but none is younger than the rest, has only lost some.

    Args:
        root: The folder.
        known: What `contents_of` said of it.
        written: When that was, in nanoseconds: files that changed later are the new ones where only numbers are known.
    """
    count, shown = 0, []
    for folder, names in _walk(root):
        before = known.get(folder)
        if not names or before == (_in_words(names) if isinstance(before, list) else _in_numbers(names)):
            continue
        if isinstance(before, list):
            new = [name for name in _in_words(names) if name not in before]
            more = len(new)
        else:
            was = before.get('count', 0) if isinstance(before, dict) else 0
            young = names if before is None else _younger(root / folder, names, written)
            new, more = _in_words(young), max(len(names) - was, len(young))
        count += more
        prefix = f'{folder}/' if folder else ''
        shown += [f'{prefix}{name}' for name in new] or ([f'{more} more files in {prefix}'] if more else [])
    return count, sorted(shown)[:_SHOWN]


def _younger(folder: Path, names: list[bytes], written: int) -> list[bytes]:
    below = os.fsencode(folder)
    return [name for name in names if os.lstat(os.path.join(below, name)).st_mtime_ns > written]  # noqa: PTH118


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
        yield folder.replace(os.sep, '/'), names
