"""Places in a YOLO dataset: of what its YAML file and its lists name, and of pictures that nothing names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import DatasetError, FormatError
from ..files import open_regular, read_text, scan
from ..images import IMAGE_SUFFIXES
from ..litter import is_litter
from ..names import Fence, nfc, suffix_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ..report import Report

__all__ = ['Places', 'entries_of', 'has_pictures', 'listed', 'unnamed_folders']

_HEAD = 1 << 16
_LINES = 20
"""Lines of a text file of which one has to be a picture, else the file lists none."""
_SUFFIXES = frozenset(suffix.removeprefix('.') for suffix in IMAGE_SUFFIXES)


def entries_of(value: Any) -> list[Any]:
    """Return what a key of a YAML file names: several places or one, or none."""
    return value if isinstance(value, list) else [value] if value else []


def has_pictures(folder: Path) -> bool:
    """Tell whether there is a picture below a folder."""
    return next(scan(folder, IMAGE_SUFFIXES), None) is not None


class Places:
    """Finds what a YAML file names. Only its own folder counts, wherever the dataset was moved.

    Args:
        root: The dataset.
        config: The YAML file.
        base: What it says of its ``path``.
        report: Where it is told what is odd.

    Raises:
        FormatError: If that is no path.
    """

    def __init__(self, root: Path, config: Path, base: Any, report: Report) -> None:
        self._root = root
        self._config = config
        if isinstance(base, list | dict | set | tuple):  # the text of a nested one may have no end
            raise FormatError(f'{config}: path: should name one folder, or be left out.')
        self._base = str(base or '')
        self._report = report
        self._fence = Fence(root)

    def of(self, entry: str) -> Path:
        """Return where an entry leads.

        Raises:
            DatasetError: If it leads nowhere, or out of the dataset.
        """
        found = self.find(entry)
        if found is None:
            raise DatasetError(
                f'{self._config} names {entry!r}, which is not in {self._root}. Splits are looked for beside the '
                'YAML file.'
            )
        return found

    def find(self, entry: str) -> Path | None:
        """Return where an entry leads; None if that is nowhere.

        Raises:
            DatasetError: If it leads out of the dataset by a link.
        """
        tries = [entry, entry.removeprefix('../')]
        absolute = Path(self._base).is_absolute()
        if self._base and not absolute:
            tries.insert(0, f'{self._base}/{entry}')
        if Path(entry).is_absolute():
            tries = [os.path.relpath(entry, self._root)]
        elif absolute:
            tries.append(os.path.relpath(f'{self._base}/{entry}', self._root))
        for name in tries:
            if '..' not in Path(name).parts and _exists(found := self._root / name):
                return found if found == self._root else self._fence.place(self._root, name, self._config)
        return None

    def of_pictures(self, key: str, value: Any) -> list[Path]:
        """Return where a key that need not be a split leads; empty if not every entry of it leads to pictures.

        The dataset's own folder is no split, for it holds all of them.
        """
        found: list[Path] = []
        for entry in entries_of(value):
            if not isinstance(entry, str) or not entry:
                return []
            try:
                path = self.find(entry)
            except DatasetError:
                self._report.warn(
                    f'{self._config.name} has {key}: for {entry!r}, which leads outside the dataset: not read.'
                )
                return []
            if path is None or path == self._root or not self._leads_to_pictures(key, path):
                return []
            found.append(path)
        return found

    def _leads_to_pictures(self, key: str, path: Path) -> bool:
        if path.is_dir():
            return has_pictures(path)
        if path.suffix.lower() != '.txt':
            return False
        head = _head_of(path)
        named = [line for line in head if suffix_of(line) in IMAGE_SUFFIXES]
        if any(_exists(base / name) for base, name in (_of_line(self._root, path, line) for line in named)):
            return True
        if named and len(named) == len(head):
            self._report.warn(
                f'{self._config.name} has {key}: for {path.name}, of which no picture is here: no split.'
            )
        return False


def _exists(path: Path) -> bool:
    try:
        return path.is_file() or path.is_dir()
    except (OSError, ValueError):  # a text that is no path: too long, or with a zero in it
        return False


def _head_of(file: Path) -> list[str]:
    """Return the first lines of a text file; none if it cannot be read."""
    try:
        with open_regular(file) as opened:
            text = opened.read(_HEAD).decode('utf-8-sig', 'replace')
    except OSError:
        return []
    return [line.strip() for line in text.splitlines() if line.strip()][:_LINES]


def _of_line(root: Path, file: Path, line: str) -> tuple[Path, str]:
    """Return the folder that a line of a text file counts from, and the name in it."""
    name = os.path.relpath(line, root) if Path(line).is_absolute() else line
    return (file.parent if name.startswith('./') else root), name.removeprefix('./')


def listed(root: Path, file: Path) -> Iterator[tuple[str, str]]:
    """Yield (name, path) of the pictures that a text file lists.

    Raises:
        DatasetError: If one leads out of the dataset.
        FormatError: If it is no text.
    """
    fence = Fence(root)
    try:
        lines = read_text(file).splitlines()
    except UnicodeDecodeError as exc:
        raise FormatError(f'{file} is not text in UTF-8; it should name one picture a line.') from exc
    for line in lines:
        if line := line.strip():
            base, name = _of_line(root, file, line)
            yield name, str(fence.path(base, name, file))


def unnamed_folders(
    root: Path, folders: Collection[str], report: Report, *, pictures: Collection[str] = ()
) -> Iterator[tuple[str, list[str]]]:
    """Yield (folder relative to the root, its pictures) for the folders with pictures that no split names.

    Args:
        root: The dataset.
        folders: The folders of the splits, and those of their labels, as absolute paths; nothing below them is looked
            at.
        report: Where it is told which folder cannot be looked into.
        pictures: The pictures that a list names, in NFC: they are left out.
    """
    pending = [os.fspath(root)]
    while pending:
        folder = pending.pop()
        if folder in folders:
            continue
        below = Path(folder).relative_to(root).as_posix()
        try:
            found, inner = _look_into(folder)
        except OSError as exc:  # it is no part of a split, so nothing that was asked for is lost
            report.note(
                'folder', f'it is no part of a split, and cannot be looked into ({exc.strerror})', below
            )
            continue
        pending += sorted(inner, reverse=True)
        unnamed = sorted(path for path in found if nfc(path) not in pictures) if pictures else sorted(found)
        if unnamed:
            yield below, unnamed


def _look_into(folder: str) -> tuple[list[str], list[str]]:
    """Return the pictures and the folders in a folder."""
    pictures: list[str] = []
    inner: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_litter(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                inner.append(entry.path)
            elif entry.name.rpartition('.')[2].lower() in _SUFFIXES:
                pictures.append(entry.path)
    return pictures, inner
