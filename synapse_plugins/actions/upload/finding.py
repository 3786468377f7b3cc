"""Finds files in folders: in a stable order, without what systems leave there."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from ...datasets.litter import is_litter
from ...errors import ParamsError

__all__ = ['files_in', 'stem_of', 'subfolders']


def files_in(folder: Path, *, recursive: bool) -> tuple[list[Path], int]:
    """Return the files in a folder in a stable order, and how many hidden ones were passed over.

    Links to files count; folders that are links are not entered, because they may lead in a circle.

    Raises:
        ParamsError: If it, or a folder in it, cannot be read.
    """
    found: list[Path] = []
    passed = 0

    def fail(error: OSError) -> None:
        raise ParamsError(f'{error.filename} cannot be read: {error.strerror}.') from error

    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = sorted(name for name in folders if not is_litter(name)) if recursive else []
        kept = [name for name in names if not is_litter(name)]
        passed += len(names) - len(kept)
        found.extend(Path(parent, name) for name in sorted(kept))
    return found, passed


def subfolders(folder: Path) -> list[Path]:
    """Return the folders in a folder, by name."""
    return sorted(path for path in folder.iterdir() if path.is_dir() and not is_litter(path.name))


def stem_of(path: Path) -> str:
    """Return the stem by which files of one unit are known: systems spell letters with marks differently."""
    return unicodedata.normalize('NFC', path.stem)
