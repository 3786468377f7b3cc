"""Which folders and lists of pictures a YAML file of YOLO names as splits."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from ...errors import FormatError
from ..names import SPLIT_RULE, is_split_name, joined_splits, order_splits, split_name
from ..report import Report
from .yolo_places import Places, entries_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

__all__ = ['NO_SPLITS', 'class_split_folders', 'splits_of_config', 'warn_of_repeats']

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
    root: Path, config: Path, content: Mapping[Any, Any], report: Report
) -> dict[str | None, list[Path]]:
    """Return split -> folders of pictures, or text files that list them, as a YAML file says.

    Any key is a split if its value leads to folders of pictures or to such text files in the dataset.

    Args:
        root: The dataset.
        config: The YAML file.
        content: What it says.
        report: Where it is told what is odd.

    Raises:
        FormatError: If one of the usual keys holds no path, or a key for pictures is what no split may be called.
        DatasetError: If one of the usual keys leads nowhere.
    """
    places = Places(root, config, content.get('path'), report)
    found: dict[str, list[Path]] = {}
    keys: dict[str, list[str]] = {}
    for key, split in _KNOWN.items():
        if content.get(key):
            keys.setdefault(split, []).append(f'{key}:')
        for entry in entries_of(content.get(key)):
            if not isinstance(entry, str):
                raise FormatError(f'{config}: {key}: should be a path or a list of paths.')
            found.setdefault(split, []).append(places.of(entry))
    known = [path for path in chain.from_iterable(found.values()) if path != root]
    others = {key: places.of_pictures(key, value) for key, value in _other_keys(content)}
    for key in _splits_among(config, others, known, report):
        keys.setdefault(split_name(key), []).append(f'{key}:')
        found.setdefault(split_name(key), []).extend(others[key])
    for sentence in joined_splits(keys, f'{config.name} has'):
        report.warn(sentence)
    return _once(root, {split: found[split] for split in order_splits(set(found))}, report)


def class_split_folders(
    root: Path, config: Path, content: Mapping[Any, Any], report: Report
) -> dict[str | None, Path]:
    """Return split -> folder of a dataset of the task classify, where a folder holds those of the classes.

    Raises:
        FormatError: If a key for pictures is what no split may be called, or two folders are one split.
        DatasetError: If an entry of one of the usual keys leads out of the dataset.
    """
    places = Places(root, config, content.get('path'), report)
    found: dict[str, list[Path]] = {}
    for key, split in _KNOWN.items():
        entry = content.get(key)
        path = places.find(entry) if isinstance(entry, str) and entry else None
        if path is not None and path.is_dir():
            _put(found, split, path, config)
    known = [path for path in chain.from_iterable(found.values()) if path != root]
    others = {key: places.of_pictures(key, value) for key, value in _other_keys(content)}
    others = {key: paths for key, paths in others.items() if len(paths) == 1 and paths[0].is_dir()}
    for key in _splits_among(config, others, known, report):
        _put(found, split_name(key), others[key][0], config)
    once = _once(root, {split: found[split] for split in order_splits(set(found))}, Report())
    return {split: paths[0] for split, paths in once.items()}


def _put(found: dict[str, list[Path]], split: str, path: Path, config: Path) -> None:
    if (other := found.setdefault(split, [path])) != [path]:
        raise FormatError(f'{config}: {path} and {other[0]} are both the split {split}; keep one of them.')


def _other_keys(content: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    """Return the keys, with their values, that may name splits beside the usual ones."""
    return [
        (str(key), value)
        for key, value in content.items()
        if (isinstance(key, str) or type(key) is int) and key not in NO_SPLITS and key not in _KNOWN
    ]


def _splits_among(
    config: Path, others: Mapping[str, Collection[Path]], known: Iterable[Path], report: Report
) -> list[str]:
    """Return which keys for pictures are splits: not those for a folder above that of another split.

    Raises:
        FormatError: If one is called what no split may be called.
    """
    folders = {path for path in (*known, *chain.from_iterable(others.values())) if path.is_dir()}
    above = {parent for folder in folders for parent in folder.parents}
    splits: list[str] = []
    for key, paths in others.items():
        if not paths:
            continue
        if not above.isdisjoint(paths):
            report.warn(
                f'{config.name} has {key}: for the folder of other splits, so that is read as no split of its own.'
            )
        elif not is_split_name(key):
            raise FormatError(
                f'{config} names pictures under {key!r}, which is no name of a split: {SPLIT_RULE}. Give '
                'the key another name.'
            )
        else:
            splits.append(key)
    return splits


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


def warn_of_repeats(
    places: Mapping[str | None, Collection[Path]],
    images: Mapping[str | None, list[tuple[str, str]]],
    report: Report,
) -> None:
    """Tell of pictures that several splits name, or one split twice: they are converted as often.

    Args:
        places: Split -> its folders and lists; where no picture can be in two of them, none is looked at.
        images: Split -> (name, path) of its pictures.
        report: Where it is told.
    """
    several = [path for paths in places.values() for path in paths]
    above = {parent for path in several for parent in path.parents}
    if (
        len(set(several)) == len(several)
        and above.isdisjoint(several)
        and all(path.is_dir() for path in several)
    ):
        return
    split_of: dict[str, str | None] = {}
    counts: dict[tuple[str | None, str | None], int] = {}
    for split, found in images.items():
        for _, path in found:
            if path in split_of:
                counts[split_of[path], split] = counts.get((split_of[path], split), 0) + 1
            else:
                split_of[path] = split
    for (first, second), count in counts.items():
        where = f'in {first} and in {second}' if first != second else f'in {second or "the dataset"} twice'
        report.warn(f'{count} pictures are named {where}; they are read as often.')
