"""What operating systems and tools leave in folders: no sample, no class, no split, and no sign of a format."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ['is_derived', 'is_litter', 'visible']

_DERIVED = frozenset(('thumbs.db', 'ehthumbs.db', 'desktop.ini', 'icon\r', '@eadir', '@__thumb'))
"""What is made of other files, or about them, in lower case: by Windows, macOS and network disks."""

_LITTER = _DERIVED | {
    '__macosx',
    '#recycle',
    '@recycle',
    '$recycle.bin',
    'system volume information',
    'lost+found',
}


def is_litter(name: str) -> bool:
    """Tell whether a file or a folder of that name is no part of a dataset: it is hidden, or left by a system.

    Hidden are ``._a.jpg``, ``.DS_Store`` and ``.ipynb_checkpoints`` among others.
    """
    return name.startswith('.') or name.lower() in _LITTER


def is_derived(name: str) -> bool:
    """Tell whether nobody misses what is called so when the files that it lies beside go: it is about these alone."""
    return name.startswith('._') or name == '.DS_Store' or name.lower() in _DERIVED


def visible(folder: Path) -> Iterator[Path]:
    """Yield what lies in a folder and is no litter, in any order."""
    return (path for path in folder.iterdir() if not is_litter(path.name))
