"""JSON files among the annotations of a COCO dataset that are not called as its files are.

Some are read, and none is passed over in silence.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from typing import TYPE_CHECKING

from ..names import SPLIT_ORDER, split_name, suffix_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from ..report import Report

__all__ = ['count_unread', 'split_of_stray', 'strays_by_split']

_LISTS = frozenset((b'images', b'annotations', b'categories'))
_KEY = re.compile(rb'"(images|annotations|categories|segments_info)"[ \t\r\n]*:')
_WINDOW = 1 << 20
_OVERLAP = 64
"""Bytes of a window that the next one sees again: more than a key takes."""

_SPLIT = re.compile(r'(?:(?P<rest>.*)[_-])?(?P<split>[^_-]+)\.json', re.IGNORECASE)
_OTHER_KINDS = {
    'captions': 'captions are not read',
    'panoptic': 'panoptic masks are not read',
    'image_info': 'it lists pictures without annotations, and is not read',
}
_MOST_LOOKS = 20
"""Files whose content is looked at; a folder may hold one for each picture, of another tool."""


def split_of_stray(name: str) -> str | None:
    """Return the usual split that ends a file's name, as it is spelled: ``val2017`` of ``my_val2017.json``."""
    match = _SPLIT.fullmatch(name)
    if match is None or split_name(match['split']) not in SPLIT_ORDER or _kind(name):
        return None
    return match['split']


def strays_by_split(paths: Iterable[Path]) -> dict[str, list[Path]]:
    """Return split -> the files that hold annotations of COCO and are called after it."""
    found: dict[str, list[Path]] = {}
    for path in paths:
        spelled = split_of_stray(path.name)
        if spelled is not None and _lists_in(path) >= _LISTS:
            found.setdefault(split_name(spelled), []).append(path)
    return found


def count_unread(paths: Iterable[Path], splits: Collection[str | None], root: Path, report: Report) -> None:
    """Count the files of annotations that are not read, and warn of others that look as if they were some.

    Args:
        paths: JSON files.
        splits: The splits that are read from other files.
        root: The folder of the dataset.
        report: Where.
    """
    others: list[str] = []
    for place, path in enumerate(paths):
        name = path.relative_to(root).as_posix()
        if reason := _kind(path.name):
            report.drop('annotation file', reason, name)
        elif place < _MOST_LOOKS and len(lists := _lists_in(path)) > 1:
            report.drop('annotation file', _reason(path.name, lists, splits), name)
        else:
            others.append(name)
    if others:
        more = f' and {len(others) - 3} more' if len(others) > 3 else ''
        verb = 'is no COCO file and was' if len(others) == 1 else 'are no COCO files and were'
        report.warn(f'{", ".join(others[:3])}{more} {verb} not read.')


def _reason(name: str, lists: frozenset[bytes], splits: Collection[str | None]) -> str:
    """Return why a file of annotations is not read, of which nothing else is known than its name and its lists."""
    if missing := sorted(_LISTS - lists):
        return f'it has no {" and no ".join(key.decode() for key in missing)}'
    if None in splits:
        return 'a file that tells no split is the whole dataset; call each instances_<split>.json to have all read'
    spelled = split_of_stray(name)
    if spelled is None:
        return (
            'its name tells no split, as those of others do; call it instances_<split>.json to have it read'
        )
    if split_name(spelled) in splits:
        return 'another file is its split; call it instances_<split>.json, of another split, to have it read'
    return 'another file that is not read could be its split, too; call one instances_<split>.json to have it read'


def _kind(name: str) -> str:
    return next((reason for kind, reason in _OTHER_KINDS.items() if kind in name.lower()), '')


def _lists_in(path: Path) -> frozenset[bytes]:
    """Return which lists of COCO a file seems to have; a look at its bytes, which ends where it has none or all."""
    found: set[bytes] = set()
    try:
        if suffix_of(path.name) != '.json' or not path.is_file():
            return frozenset()
        with path.open('rb') as file:
            window = file.read(_WINDOW)
            if not window.removeprefix(BOM_UTF8).lstrip().startswith(b'{'):
                return frozenset()
            while window:
                found.update(_KEY.findall(window))
                if b'segments_info' in found or not found:
                    return frozenset()
                if found >= _LISTS:
                    break
                more = file.read(_WINDOW)
                window = window[-_OVERLAP:] + more if more else b''
    except OSError:  # whoever reads it in earnest will say why it cannot be
        return frozenset()
    return frozenset(found)
