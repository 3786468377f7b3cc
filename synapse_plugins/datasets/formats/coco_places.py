"""Where the annotation files of a COCO dataset lie."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...errors import FormatError
from ..litter import is_litter, visible
from ..names import order_splits, split_name, suffix_of
from .coco_strays import split_of_stray, strays_by_split

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    'BESIDE',
    'ROLES',
    'YEAR',
    'contested_splits',
    'detect',
    'files_of',
    'has_own_names',
    'spelled_split',
    'unread',
]

ROLES = ('instances', 'person_keypoints', 'stuff')
"""What COCO files are there for; each has the images of the split and annotations of its own."""

_ANNOTATIONS = re.compile(r'(?P<role>instances|person_keypoints|keypoints|stuff)(?:_(?P<split>.+?))?\.json')
_ROLE = {'keypoints': 'person_keypoints'}
BESIDE = '_annotations.coco.json'
_SINGLE = ('annotations.json', 'instances.json', BESIDE)
YEAR = re.compile(r'(?<=[a-z])(?:19|20)\d\d$')


def detect(root: Path) -> str | None:
    """Return why a folder is not of this format, None if it is."""
    if files_of(root):
        return None
    if contested := contested_splits(root):
        return contested
    return f'it holds neither annotations/instances_*.json nor {BESIDE}'


def files_of(root: Path) -> dict[str | None, dict[str, Path]]:
    """Return split -> role -> annotation file; the split is None for a dataset without splits.

    A file of another name is one of a split if it is called after a usual one (``val.json``, ``my_val.json``), holds
    annotations of COCO, and no other file could be that split.
    """
    named: dict[str, dict[str, Path]] = {}
    single: dict[str, Path] = {}
    strays: list[Path] = []
    for path in _jsons(root):
        match = _ANNOTATIONS.fullmatch(path.name)
        if match is None:
            strays.append(path)
        elif match['split']:
            _put(named, split_name(match['split']), _role(match), path)
        else:
            single[_role(match)] = path
    for beside in sorted(root.glob(f'*/{BESIDE}')):
        if not is_litter(beside.parent.name):
            _put(named, split_name(beside.parent.name), 'instances', beside)
    if strays and (named or not single):
        for split, paths in strays_by_split(strays).items():
            if split not in named and len(paths) == 1:
                named[split] = {'instances': paths[0]}
    if named:
        return {name: _in_order(named[name]) for name in order_splits(set(named))}
    if not single:
        found = next((root / name for name in _SINGLE if (root / name).is_file()), None)
        single = {} if found is None else {'instances': found}
    return {None: _in_order(single)} if single else {}


def contested_splits(root: Path) -> str:
    """Return which files, called after one split, could each be it, and what to do; empty if there are none."""
    for split, paths in strays_by_split(_jsons(root)).items():
        if len(paths) > 1:
            names = ' and '.join(path.name for path in paths)
            return f'{names} in annotations/ could each be the split {split}; keep one of them'
    return ''


def has_own_names(root: Path) -> bool:
    """Tell whether there are annotation files that are called as those of COCO are, and as no others."""
    return (
        any(_ANNOTATIONS.fullmatch(path.name) for path in _jsons(root))
        or any((root / name).is_file() for name in _SINGLE)
        or any(not is_litter(path.parent.name) for path in root.glob(f'*/{BESIDE}'))
    )


def unread(root: Path, files: Mapping[str | None, Mapping[str, Path]]) -> list[Path]:
    """Return the JSON files where annotations may be that are not among those read (*files*)."""
    known = {path for roles in files.values() for path in roles.values()}
    found = [path for path in _jsons(root) if path not in known]
    return found + [path for name in _SINGLE if (path := root / name) not in known and path.is_file()]


def spelled_split(path: Path) -> str:
    """Return the split that the name of an annotation file tells, as it is spelled there; empty if it tells none."""
    match = _ANNOTATIONS.fullmatch(path.name)
    return (match['split'] or '') if match else split_of_stray(path.name) or ''


def _jsons(root: Path) -> list[Path]:
    folder = root / 'annotations'
    return sorted(
        path for path in (visible(folder) if folder.is_dir() else ()) if suffix_of(path.name) == '.json'
    )


def _role(match: re.Match[str]) -> str:
    return _ROLE.get(match['role'], match['role'])


def _put(named: dict[str, dict[str, Path]], split: str, role: str, path: Path) -> None:
    if (other := named.setdefault(split, {}).setdefault(role, path)) != path:
        raise FormatError(f'{path} and {other} are both the split {split}; keep one of them.')


def _in_order(roles: dict[str, Path]) -> dict[str, Path]:
    return {role: roles[role] for role in ROLES if role in roles}
