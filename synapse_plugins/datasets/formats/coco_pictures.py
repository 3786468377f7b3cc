"""Where the pictures of a COCO dataset lie, and which of them no record names."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from ...errors import DatasetError
from ..files import scan
from ..images import IMAGE_SUFFIXES
from ..names import nfc, split_name, suffix_of
from .coco_places import BESIDE, YEAR, spelled_split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ..names import Fence

__all__ = ['Places', 'unnamed']


class Places:
    """Where the pictures of one annotation file may lie.

    Args:
        root: The folder of the dataset.
        file: The annotation file.
        split: Its split, canonical.
        fence: Keeps the names in the dataset.

    Attributes:
        folders: The folders, in which a picture is looked for one after the other.
        own: Those of them that are there for pictures.
        looked: What to call all that are looked into, also those that are not there, relative to the root.
    """

    def __init__(self, root: Path, file: Path, split: str | None, fence: Fence) -> None:
        self._file = file
        self._fence = fence
        spelled = spelled_split(file)
        names = list(dict.fromkeys(name for name in (spelled, split or '', YEAR.sub('', spelled)) if name))
        own = [*(root / 'images' / name for name in names), *(root / name for name in names)]
        if file.name == BESIDE and file.parent != root:
            own.insert(0, file.parent)
        if split is not None:
            others = _spelled_otherwise((root / 'images', root), split, spelled, own)
            own += [folder for folder in others if self._is_inside(folder)]
        own.append(root / 'images')
        self.own = [folder for folder in own if folder.is_dir()]
        self.folders = [*self.own, root, file.parent]
        looked = (folder.relative_to(root).as_posix() for folder in (*own, root, file.parent))
        self.looked = [str(root) if name == '.' else name for name in dict.fromkeys(looked)]

    def _is_inside(self, folder: Path) -> bool:
        try:
            self._fence.place(folder.parent, folder.name, self._file)
        except DatasetError:  # nobody asked for this one, so it is no error
            return False
        return True

    def find(self, name: str) -> str | None:
        """Return the picture of that name in the first folder that has one, whichever was asked for before."""
        found = (self._fence.file(folder, name, self._file) for folder in self.folders)
        return next((path for path in found if path is not None), None)


def unnamed(root: Path, names: Iterable[tuple[Places, Sequence[str]]]) -> list[str]:
    """Return the pictures that no record names, below *root* and sorted.

    Looked at is all that lies in the folders that are there for pictures, and what lies beside pictures that are named
    elsewhere.

    Args:
        root: The folder of the dataset.
        names: The places of each annotation file, and the names of pictures in it.
    """
    known: dict[str, set[str]] = {}
    own: set[Path] = set()
    count = 0
    for places, said in names:
        count += len(said)
        own.update(places.own)
        plain = set(said) if _are_plain(said) else {_plain(name) for name in said}
        for place in map(str, places.folders):
            known[place] = known[place] | plain if place in known else plain
    found: list[str] = []
    for folder in own:
        if own.isdisjoint(folder.parents):
            names_in = set(scan(folder, IMAGE_SUFFIXES))
            others = names_in - known.get(str(folder), set())  # nearly all are named as they lie there
            paths = [f'{folder}{os.sep}{name}' for name in others]
            strange = [path for path in paths if not _is_named(path, known)]
            count -= len(names_in) - len(strange)
            found += strange
    if count > 0:  # some are missing, or lie where something else may lie too
        found += _beside(known, own)
    return sorted(os.path.relpath(path, root).replace(os.sep, '/') for path in found)


def _spelled_otherwise(
    parents: Iterable[Path], split: str, spelled: str, known: Iterable[Path]
) -> Iterator[Path]:
    """Yield the folders of a split that are called by other names of it than the annotation file is.

    Args:
        parents: Where they may lie.
        split: The split, canonical.
        spelled: As the annotation file spells it; where it tells a year, a folder of another year is none of it.
        known: Folders that are looked into anyway, whether they are there or not.
    """
    year = _year(spelled)
    there = [folder for folder in known if folder.is_dir()]
    for parent in parents:
        for name in sorted(_folders_of(parent, split)):
            folder = parent / name
            if _year(name) in ('', year or _year(name)) and not any(map(folder.samefile, there)):
                there.append(folder)
                yield folder


def _folders_of(parent: Path, split: str) -> list[str]:
    try:
        with os.scandir(parent) as entries:  # a picture has a dot, and there may be very many
            return [
                entry.name
                for entry in entries
                if '.' not in entry.name and split_name(entry.name) == split and entry.is_dir()
            ]
    except OSError:  # there is no such folder
        return []


def _year(name: str) -> str:
    match = YEAR.search(name.casefold())
    return match[0] if match else ''


def _beside(known: dict[str, set[str]], own: set[Path]) -> Iterator[str]:
    """Yield the pictures in folders that are not there for pictures, but hold some that are named."""
    inside = tuple(f'{folder}{os.sep}' for folder in own)
    looked: set[str] = set()
    for folder, names in known.items():
        for below in {posixpath.dirname(name) for name in names}:
            place = os.path.normpath(f'{folder}{os.sep}{below}')
            if place in looked or f'{place}{os.sep}'.startswith(inside):
                continue
            looked.add(place)
            paths = [f'{place}{os.sep}{name}' for name in _pictures_in(place)]
            others = [path for path in paths if not _is_named(path, known)]
            if len(others) < len(paths):
                yield from others


def _pictures_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_file()]
    except OSError:  # there is no such folder
        return []
    return [name for name in names if suffix_of(name) in IMAGE_SUFFIXES and not name.startswith('.')]


def _is_named(path: str, known: dict[str, set[str]]) -> bool:
    for folder, names in known.items():
        size = len(folder)
        if path.startswith(folder) and path[size] == os.sep and _plain(path[size + 1 :]) in names:
            return True
    return False


def _are_plain(names: Sequence[str]) -> bool:
    """Tell whether `_plain` would leave all of the names as they are."""
    text = '\0'.join(names)
    return os.sep == '/' and text.isascii() and not any(part in text for part in ('./', '//', '\\'))


def _plain(name: str) -> str:
    """Return a name in the one spelling of those that lead to the same file."""
    name = nfc(os.path.normcase(name).replace('\\', '/'))
    return posixpath.normpath(name) if './' in name or '//' in name else name
