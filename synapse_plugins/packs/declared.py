"""Entry points of the installed distributions, read without the machinery of the standard library where it can be.

To import `importlib.metadata`, and have it go through a usual environment, takes as long as to convert a small
dataset. What it does is little: it lists the folders of ``sys.path`` and reads ``entry_points.txt`` of each
distribution. So that is done here, unless something else than folders takes part: an archive on the path, or a finder
that has distributions of its own.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ['Declared', 'declared']

_USUAL = frozenset(('PathFinder', 'MetadataPathFinder'))


class Declared(NamedTuple):
    """An entry point.

    Attributes:
        name: Its name.
        value: What it refers to.
        read: Returns the text of a file of the distribution's metadata, None if there is none.
    """

    name: str
    value: str
    read: Callable[[str], str | None]


def declared(group: str) -> Iterator[Declared]:
    """Yield the entry points of a group; of distributions of one name, those of the first on the path."""
    yield from _in_folders(group) if _only_folders() else _by_library(group)


def _by_library(group: str) -> Iterator[Declared]:
    from importlib import metadata

    for entry_point in metadata.entry_points(group=group):
        read = _nothing if entry_point.dist is None else entry_point.dist.read_text
        yield Declared(entry_point.name, entry_point.value, read)


def _nothing(_name: str) -> None:
    return None


def _only_folders() -> bool:
    """Tell whether folders are all that distributions are found in."""
    for finder in sys.meta_path:
        name = getattr(finder, '__name__', type(finder).__name__)
        if hasattr(finder, 'find_distributions') and name not in _USUAL:
            return False
    return not any(path.lower().endswith('.egg') or os.path.isfile(path) for path in sys.path)  # noqa: PTH113 - texts


def _in_folders(group: str) -> Iterator[Declared]:
    seen: set[str] = set()
    for path in sys.path:
        try:
            names = os.listdir(path or '.')  # noqa: PTH208 - of one of many folders, most of which hold none
        except OSError:
            continue
        for name in names:
            stem, dot, suffix = name.lower().rpartition('.')
            if dot and suffix in ('dist-info', 'egg-info'):
                distribution = re.sub(r'[-_.]+', '-', stem.partition('-')[0])
                if distribution not in seen:
                    seen.add(distribution)
                    yield from _of_folder(os.path.join(path, name), group)  # noqa: PTH118


def _of_folder(folder: str, group: str) -> Iterator[Declared]:
    def read(name: str) -> str | None:
        try:
            with open(os.path.join(folder, name), encoding='utf-8') as file:  # noqa: PTH118, PTH123
                return file.read()
        except OSError:  # there is none, or the folder is a file
            return None

    text = read('entry_points.txt')
    if text is None or group not in text:
        return
    section = ''
    for line in map(str.strip, text.splitlines()):
        if line.startswith('[') and line.endswith(']'):
            section = line.strip('[]')
        elif line and not line.startswith('#') and section == group:
            name, _, value = line.partition('=')
            yield Declared(name.strip(), value.strip(), read)
