"""Whether folders that hold pictures hold annotations too, so that their names are no classes: a bounded look."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING

from ..images import IMAGE_SUFFIXES
from ..names import suffix_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ['ANNOTATION_SUFFIXES', 'DARKNET', 'annotations_among', 'darknet_file', 'first_entries']

ANNOTATION_SUFFIXES = frozenset(('.txt', '.xml', '.json', '.csv'))
"""Files that hold the annotations of a picture, in most formats."""

_SURELY = frozenset(('.xml', '.json'))
"""Those that are nothing else among pictures; a text or a table may be a note."""

DARKNET = frozenset(('.names', '.data'))
"""Files that describe a dataset to Darknet: ``obj.names``, ``obj.data``."""

_ENTRIES = 1_000
"""Entries of one folder that are looked at: of pictures and annotations in one folder, both are among so many."""
_ALL_ENTRIES = 20_000
"""Entries that are looked at in all: there may be a thousand folders of classes."""
_FOLDERS = 100
"""Folders that are looked at, and folders within each."""


def first_entries(folder: Path, most: int = _ENTRIES) -> tuple[list[str], list[Path]]:
    """Return the names of the first files of a folder, and its first folders, without hidden ones."""
    files: list[str] = []
    folders: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for entry in islice(entries, most):
                if entry.name.startswith('.'):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(folder / entry.name)
                else:
                    files.append(entry.name)
    except OSError:
        return [], []  # whoever reads it in earnest will say why it cannot be
    return sorted(files), sorted(folders)


def darknet_file(root: Path) -> str | None:
    """Return the name of a file that tells Darknet of a dataset; None if there is none."""
    files, _ = first_entries(root)
    return next((name for name in files if suffix_of(name) in DARKNET), None)


def annotations_among(root: Path, folders: Iterable[Path]) -> str:
    """Return which of these folders below *root*, or of those within them, hold annotations; empty if none is seen."""
    left = _ALL_ENTRIES
    for folder in islice(folders, _FOLDERS):
        pending = [folder]
        while pending and left > 0:
            place = pending.pop(0)
            files, inner = first_entries(place, min(left, _ENTRIES))
            left -= len(files) + len(inner) + 1
            if found := _annotations_in(place, files, alone=not inner):
                return f'{place.relative_to(root).as_posix()}/ holds {found}'
            if place is folder:
                pending += inner[:_FOLDERS]
    return ''


def _annotations_in(folder: Path, files: list[str], *, alone: bool) -> str:
    """Say which annotation files are among the files of a folder, without folders in it if *alone*."""
    others = [name for name in files if suffix_of(name) in ANNOTATION_SUFFIXES]
    if others and alone and len(others) == len(files):
        return f'annotation files ({others[0]}) and no pictures'
    for name in others:
        if suffix_of(name) in _SURELY or _has_picture(folder, name):
            return f'annotation files beside its pictures ({name})'
    return ''


def _has_picture(folder: Path, name: str) -> bool:
    """Tell whether a file is called after a picture beside it: ``a.txt`` or ``a.jpg.txt`` after ``a.jpg``."""
    stem = name.rpartition('.')[0]
    names = [stem] if suffix_of(stem) in IMAGE_SUFFIXES else []
    names += [f'{stem}{spelled}' for suffix in IMAGE_SUFFIXES for spelled in (suffix, suffix.upper())]
    return any((folder / one).is_file() for one in names)
