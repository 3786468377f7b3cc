"""Whether a dataset is still what it was: a digest of its annotation files and of its other files' looks."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING

from .files import read_bytes, scan
from .images import IMAGE_SUFFIXES
from .names import suffix_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['fingerprint', 'seal']

_ABOUT = frozenset(('report.json', 'export.json'))  # written about a dataset: how, when and by which run
_ANNOTATIONS = frozenset(('.json', '.xml', '.txt', '.yaml', '.yml', '.names'))
_OF_TRAINERS = frozenset(
    ('.cache', '.npy')
)  # what trainers keep beside pictures and labels for the next time
_MODULUS = 2**256


def fingerprint(root: str | Path) -> str:
    """Return a digest that changes with the dataset.

    Annotation files count by content, pictures by name, size and time of change; other files, and what this package
    wrote about the dataset, do not count.
    """
    digest = sha256()
    for name in sorted(scan(root, _ANNOTATIONS | IMAGE_SUFFIXES)):
        if name not in _ABOUT:
            looks, content = _looks(root, name, suffix_of(name))
            digest.update(looks)
            digest.update(content)
    return digest.hexdigest()


def seal(root: str | Path) -> str:
    """Return a digest by which an output of this package is known to be as it was written.

    As `fingerprint`, but files of any kind count, because a format may keep what it says in others. Only what trainers
    leave beside pictures and labels does not. The digests of the files are added up, so that no list of them has to be
    kept and sorted: an output may have millions.
    """
    total = 0
    for name in scan(root):
        suffix = suffix_of(name)
        if suffix not in _OF_TRAINERS and name not in _ABOUT:
            looks, content = _looks(root, name, suffix)
            digest = sha256(looks)
            digest.update(content)
            total += int.from_bytes(digest.digest(), 'big')
    return f'{total % _MODULUS:064x}'


def _looks(root: str | Path, name: str, suffix: str) -> tuple[bytes, bytes]:
    """Return what of a file counts: its name with its size, and its content or nothing."""
    path = f'{root}{os.sep}{name}'
    if suffix in _ANNOTATIONS:
        content = read_bytes(path)
        return f'{name}\0{len(content)}\0'.encode('utf-8', 'surrogateescape'), content
    status = os.stat(path)  # noqa: PTH116 - many small files, and a Path costs more than the call
    return f'{name}\0{status.st_size} {status.st_mtime_ns}\0'.encode('utf-8', 'surrogateescape'), b''
