"""Where the pictures of each split of a YOLO dataset lie, and which pictures no split names."""

from __future__ import annotations

import os
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import DatasetError, FormatError
from ..files import scan
from ..images import IMAGE_SUFFIXES
from ..names import Fence, order_splits, split_name
from ..report import Report

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = ['NO_SPLITS', 'has_pictures', 'listed', 'splits_of_config', 'unnamed_folders']

NO_SPLITS = frozenset(
    (
        'names', 'nc', 'path', 'download', 'task', 'channels', 'kpt_shape', 'kpt_names', 'flip_idx', 'yaml_file',
        'stride', 'license', 'version', 'author', 'date', 'description', 'docs', 'roboflow', 'labels',
    )
)  # fmt: skip
"""Keys of the YAML file that trainers and platforms use for other things."""

_KNOWN = {'train': 'train', 'val': 'valid', 'valid': 'valid', 'validation': 'valid', 'test': 'test'}
"""Keys that name a split whatever stands there; the first one of a split comes first."""


def splits_of_config(
    root: Path, config: Path, content: Mapping[str, Any], report: Report
) -> dict[str | None, list[Path]]:
    """Return split -> folders of pictures, or text files that list them, as a YAML file says.

    Any key is a split if its value leads to folders of pictures or to such text files in the dataset.

    Args:
        root: The dataset.
        config: The YAML file.
        content: What it says.
        report: Where it is told what is odd.

    Raises:
        FormatError: If one of the usual keys holds no path.
        DatasetError: If one of them leads nowhere.
    """
    place = _Places(root, config, str(content.get('path') or ''))
    found: dict[str, list[Path]] = {}
    for key, split in _KNOWN.items():
        for entry in _entries(content.get(key)):
            if not isinstance(entry, str):
                raise FormatError(f'{config}: {key}: should be a path or a list of paths.')
            found.setdefault(split, []).append(place.of(entry))
    for key, paths in _others(content, place):
        split = split_name(key)
        inner = [path for path in chain.from_iterable(found.values()) if path != root]
        if any(path in one.parents for path in paths for one in inner):
            report.warn(
                f'{config.name} has {key}: for the folder of other splits, so that is read as no split of its own.'
            )
            continue
        found.setdefault(split, []).extend(paths)
    return _once(root, {split: found[split] for split in order_splits(set(found))}, report)


def class_split_folders(root: Path, config: Path, content: Mapping[str, Any]) -> dict[str | None, Path]:
    """Return split -> folder of a dataset of the task classify, where a folder holds those of the classes.

    Raises:
        DatasetError: If an entry leads out of the dataset.
    """
    fence = Fence(root)
    keys = [*_KNOWN, *(key for key in content if key not in _KNOWN and _is_name(key))]
    found: dict[str, list[Path]] = {}
    for key in keys:
        entry, split = content.get(key), split_name(str(key))
        if not isinstance(entry, str) or not _exists(root / entry) or not (root / entry).is_dir():
            continue
        if split not in found and (key in _KNOWN or (entry and has_pictures(root / entry))):
            found[split] = [root if entry == '.' else fence.path(root, entry, config)]
    once = _once(root, {split: found[split] for split in order_splits(set(found))}, Report())
    return {split: places[0] for split, places in once.items()}


def _is_name(key: Any) -> bool:
    """Tell whether a key may name a split."""
    return (isinstance(key, str) or type(key) is int) and key not in NO_SPLITS


def _entries(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _others(content: Mapping[Any, Any], place: _Places) -> Iterator[tuple[str, list[Path]]]:
    """Yield the further keys that lead to pictures, with their places."""
    for key, value in content.items():
        name, entries = str(key), _entries(value)
        if not _is_name(key) or name in _KNOWN:
            continue
        if entries and all(isinstance(entry, str) and entry for entry in entries):
            paths = [place.find(entry) for entry in entries]
            if all(path is not None and _leads_to_pictures(path) for path in paths):
                yield name, [path for path in paths if path is not None]


def _leads_to_pictures(path: Path) -> bool:
    return has_pictures(path) if path.is_dir() else path.suffix.lower() == '.txt'


def has_pictures(folder: Path) -> bool:
    """Tell whether there is a picture below a folder."""
    return next(scan(folder, IMAGE_SUFFIXES), None) is not None


class _Places:
    """Finds what a YAML file names. Only its own folder counts, wherever the dataset was moved."""

    def __init__(self, root: Path, config: Path, base: str) -> None:
        self._root = root
        self._config = config
        self._base = base
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
            if '..' not in Path(name).parts and _exists(self._root / name):
                return self._fence.path(self._root, name, self._config)
        return None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a text that is no path: too long, or with a zero in it
        return False


def _once(root: Path, found: Mapping[str, list[Path]], report: Report) -> dict[str | None, list[Path]]:
    """Return every set of folders under one split only.

    A trainer wants both train and val, so a dataset without one of them names another's pictures for it.
    They belong to the split that their path names; where it names none, the dataset has no splits.
    """
    splits_of: dict[tuple[Path, ...], list[str]] = {}
    for split, folders in found.items():
        splits_of.setdefault(tuple(folders), []).append(split)
    once: dict[str | None, list[Path]] = {}
    for places, splits in splits_of.items():
        named = {split_name(part) for folder in places for part in folder.relative_to(root).parts}
        own = next((split for split in splits if split in named), splits[0])
        if len(splits) > 1 and own not in named and len(splits_of) == 1:
            return {None: list(places)}
        if len(splits) > 1:
            report.warn(f'The splits {" and ".join(splits)} use the same pictures; they are read as {own}.')
        once[own] = list(places)
    return once


def listed(root: Path, file: Path) -> Iterator[tuple[str, str]]:
    """Yield (name, path) of the pictures that a text file lists.

    Raises:
        DatasetError: If one leads out of the dataset.
    """
    fence = Fence(root)
    for line in file.read_text(encoding='utf-8-sig').splitlines():
        name = line.strip()
        if Path(name).is_absolute():
            name = os.path.relpath(name, root)
        if name:
            base = file.parent if name.startswith('./') else root
            yield name.removeprefix('./'), str(fence.path(base, name.removeprefix('./'), file))


def unnamed_folders(root: Path, named: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield (folder relative to the root, its pictures) for the folders with pictures of which no split has one.

    Args:
        root: The dataset.
        named: The folders of the splits, and those that their pictures lie in, as absolute paths; nothing below a
            folder of a split is looked at.
    """
    pending = [os.fspath(root)]
    while pending:
        folder = pending.pop()
        if folder in named:
            continue
        pictures: list[str] = []
        inner: list[str] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith('.'):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    inner.append(entry.path)
                elif entry.name.rpartition('.')[2].lower() in _SUFFIXES:
                    pictures.append(entry.path)
        pending += sorted(inner, reverse=True)
        if pictures:
            yield Path(folder).relative_to(root).as_posix(), sorted(pictures)


_SUFFIXES = frozenset(suffix.removeprefix('.') for suffix in IMAGE_SUFFIXES)
