"""Whether folders that hold pictures hold annotations too, so that their names are no classes: a bounded look."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING

from ..images import IMAGE_SUFFIXES
from ..litter import is_litter
from ..names import suffix_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ['ANNOTATION_SUFFIXES', 'DARKNET', 'annotations_among', 'darknet_file', 'entries_of']

ANNOTATION_SUFFIXES = frozenset(('.txt', '.xml', '.json', '.csv'))
"""Files that hold the annotations of a picture, in most formats."""

_SURELY = frozenset(('.xml', '.json'))
"""Those that are nothing else among pictures; a text or a table may be a note."""

DARKNET = frozenset(('.names', '.data'))
"""Files that describe a dataset to Darknet: ``obj.names``, ``obj.data``."""

_NOTE = '.txt'
"""That which may be a note: in a folder without pictures it counts if a picture elsewhere has its name."""

_ALL_ENTRIES = 20_000
"""Entries after which no further folder is looked at: there may be a thousand folders of classes."""
_FOLDERS = 100
"""Folders that are looked at, and folders within each."""


def entries_of(folder: Path) -> tuple[list[str], list[Path]]:
    """Return the names of the files of a folder, and its folders, without litter: all of them, sorted.

    A part would be what the disk happens to tell first, and another one on another machine.
    """
    files: list[str] = []
    folders: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_litter(entry.name):
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
    files, _ = entries_of(root)
    return next((name for name in files if suffix_of(name) in DARKNET), None)


def annotations_among(root: Path, folders: Iterable[Path]) -> str:
    """Return which of these folders below *root*, or of those within them, hold annotations; empty if none is seen."""
    left = _ALL_ENTRIES
    pictures: set[str] = set()  # their stems
    notes: list[tuple[Path, list[str]]] = []  # folders of nothing but texts
    for folder in islice(folders, _FOLDERS):
        pending = [folder]
        while pending and left > 0:
            place = pending.pop(0)
            files, inner = entries_of(place)
            left -= len(files) + len(inner) + 1
            if found := _annotations_in(place, files, alone=not inner):
                return f'{_below(root, place)} holds {found}'
            if files and not inner and all(suffix_of(name) == _NOTE for name in files):
                notes.append((place, files))
            pictures.update(_stem(name) for name in files if suffix_of(name) in IMAGE_SUFFIXES)
            if place is folder:
                pending += inner[:_FOLDERS]
    for place, files in notes:
        if of_picture := next((name for name in files if _stem(name) in pictures), None):
            return f'{_below(root, place)} holds annotation files ({of_picture}) and no pictures'
    return ''


def _below(root: Path, folder: Path) -> str:
    return f'{folder.relative_to(root).as_posix()}/'


def _stem(name: str) -> str:
    """Return what annotations and pictures share: ``a`` of ``a.jpg``, ``a.txt`` and ``a.jpg.txt``."""
    stem = name.rpartition('.')[0]
    return stem.rpartition('.')[0] if suffix_of(stem) in IMAGE_SUFFIXES else stem


def _annotations_in(folder: Path, files: list[str], *, alone: bool) -> str:
    """Say which annotation files are among the files of a folder, without folders in it if *alone*."""
    others = [name for name in files if suffix_of(name) in ANNOTATION_SUFFIXES]
    sure = next((name for name in others if suffix_of(name) != _NOTE), None)
    if others and alone and len(others) == len(files):
        return f'annotation files ({sure}) and no pictures' if sure else ''
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
