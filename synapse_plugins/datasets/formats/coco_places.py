"""Where the annotation files of a COCO dataset lie."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...errors import FormatError
from ..litter import is_litter, visible
from ..names import order_splits, split_name

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['ANNOTATIONS', 'BESIDE', 'ROLES', 'YEAR', 'detect', 'files_of']

ROLES = ('instances', 'person_keypoints', 'stuff')
"""What COCO files are there for; each has the images of the split and annotations of its own."""

ANNOTATIONS = re.compile(r'(?P<role>instances|person_keypoints|keypoints|stuff)(?:_(?P<split>.+?))?\.json')
_ROLE = {'keypoints': 'person_keypoints'}
BESIDE = '_annotations.coco.json'
_SINGLE = ('annotations.json', 'instances.json', BESIDE)
YEAR = re.compile(r'(?<=[a-z])(?:19|20)\d\d$')


def detect(root: Path) -> str | None:
    """Return why a folder is not of this format, None if it is."""
    if files_of(root):
        return None
    return f'it holds neither annotations/instances_*.json nor {BESIDE}'


def files_of(root: Path) -> dict[str | None, dict[str, Path]]:
    """Return split -> role -> annotation file; the split is None for a dataset without splits."""
    named: dict[str, dict[str, Path]] = {}
    single: dict[str, Path] = {}
    folder = root / 'annotations'
    for path in sorted(visible(folder)) if folder.is_dir() else ():
        match = ANNOTATIONS.fullmatch(path.name)
        if match:
            role = _ROLE.get(match['role'], match['role'])
            if match['split']:
                _put(named, split_name(match['split']), role, path)
            else:
                single[role] = path
    for beside in sorted(root.glob(f'*/{BESIDE}')):
        if not is_litter(beside.parent.name):
            _put(named, split_name(beside.parent.name), 'instances', beside)
    if named:
        return {name: _in_order(named[name]) for name in order_splits(set(named))}
    if not single:
        found = next((root / name for name in _SINGLE if (root / name).is_file()), None)
        single = {} if found is None else {'instances': found}
    return {None: _in_order(single)} if single else {}


def _put(named: dict[str, dict[str, Path]], split: str, role: str, path: Path) -> None:
    if (other := named.setdefault(split, {}).setdefault(role, path)) != path:
        raise FormatError(f'{path} and {other} are both the split {split}; keep one of them.')


def _in_order(roles: dict[str, Path]) -> dict[str, Path]:
    return {role: roles[role] for role in ROLES if role in roles}
