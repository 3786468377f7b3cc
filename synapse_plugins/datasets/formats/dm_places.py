"""Where Datamaker datasets lie, of which version their documents are, and what of a split is only half there."""

from __future__ import annotations

import os
from functools import lru_cache
from heapq import nsmallest
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import orjson

from ...errors import FormatError
from .. import dm
from ..files import read_bytes, scan
from ..litter import is_litter, visible
from ..names import SPLIT_ORDER, nfc, order_splits, split_name, suffix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

__all__ = [
    'DOCUMENTS',
    'IMAGES',
    'JSON',
    'META_FOLDER',
    'Half',
    'halves_of',
    'is_version_1',
    'refusal',
    'split_folders',
    'version_of',
]

JSON, IMAGES, META_FOLDER = 'json', 'original_files', 'meta'
DOCUMENTS = frozenset(('.json',))
"""The suffix of documents."""

_T = TypeVar('_T')

_LOOKED_AT = 20  # documents of a split of which one tells the version
_SHOWN = 3


class Half(NamedTuple):
    """A folder that has one of the two folders of a split.

    Attributes:
        folder: The folder.
        prefix: What stands before the names of what is in it: empty for the dataset's own folder.
        held: What it has, ``json`` or ``original_files``.
        lacking: The other one.
    """

    folder: Path
    prefix: str
    held: str
    lacking: str

    @property
    def why(self) -> str:
        """Why nothing of it is used."""
        return f'there is no {self.lacking}/ beside its folder {self.held}/'


def refusal(root: Path, version: int) -> str | None:
    """Return why a folder is no dataset of this version, None if it is one."""
    folders = split_folders(root)
    if not folders:
        lone = [f'{half.prefix}{half.held}/ without {half.prefix}{half.lacking}/' for half in halves_of(root)]
        more = ', ...' if len(lone) > _SHOWN else ''
        found = f'; there is {", ".join(lone[:_SHOWN])}{more}' if lone else ''
        return f'it holds no {JSON}/ beside {IMAGES}/, nor does a folder in it{found}'
    found_version = _version(folders)
    return None if found_version == version else f'it holds documents of version {found_version}'


def _version(folders: Mapping[str | None, Path]) -> int:
    """Return the version of the first document, by split and then by name, that tells one; 2 where none does.

    No more than the first few of each split are read. A dataset may hold both: each is read as what it is.
    """
    told = (_told_in(folder, version_of) for folder in folders.values())
    return next(filter(None, told), 2)


def _told_in(folder: Path, tell: Callable[[Any], _T | None]) -> _T | None:
    """Return what the first documents of a split tell; None if they tell nothing."""
    for name in _first_documents(folder / JSON):
        try:
            told = tell(orjson.loads(read_bytes(f'{folder}{os.sep}{JSON}{os.sep}{name}')))
        except (OSError, orjson.JSONDecodeError):
            continue
        if told is not None:
            return told
    return None


def _first_documents(folder: Path) -> Iterator[str]:
    """Yield the first documents of a folder by name: a few that lie in it, then a few of all, those below it too."""
    yield from _first_names(str(folder), folder.stat().st_mtime_ns)
    yield from nsmallest(_LOOKED_AT, scan(folder, DOCUMENTS), key=nfc)


@lru_cache(maxsize=8)  # the two versions ask one after the other, and listing a large folder takes its time
def _first_names(folder: str, _changed: int) -> tuple[str, ...]:
    """Return the first documents that lie in a folder, by name; asked anew when it got or lost a name."""
    names = os.listdir(folder)  # half the cost of a scan, and nearly always enough  # noqa: PTH208
    names.sort(key=None if ''.join(names).isascii() else nfc)
    return tuple(
        islice((name for name in names if suffix_of(name) in DOCUMENTS and not is_litter(name)), _LOOKED_AT)
    )


def version_of(content: Any) -> int | None:
    """Return the version of a document; None if it tells none, as one that is empty."""
    if not isinstance(content, dict):
        return None
    if is_version_1(content):
        return 1
    return None if dm.CONTAINERS.keys().isdisjoint(content) else 2


def is_version_1(content: Mapping[str, Any]) -> bool:
    """Tell whether a document is of version 1."""
    return isinstance(content.get('annotations'), dict) and 'images' not in content


def _is_datamaker(content: Any) -> bool | None:
    """Tell whether a document is surely one of Datamaker; None if not, as one of COCO, which has ``images`` too."""
    if version_of(content) != 2:
        return version_of(content) == 1 or None
    found = [content[container] for container in dm.CONTAINERS if content.get(container)]
    media = [one for each in found if isinstance(each, list) for one in each]
    tools = [items for one in media if isinstance(one, dict) for items in one.values()]
    return (bool(media) and all(isinstance(items, list) for items in tools)) or None


def split_folders(root: Path) -> dict[str | None, Path]:
    """Return split -> folder, in order; the split is None for the root itself."""
    found: dict[str | None, Path] = {}
    if _is_pair(root):
        found[None] = root
    named: dict[str, Path] = {}
    for folder in sorted(visible(root)):
        if folder.is_dir() and _is_pair(folder):
            name = split_name(folder.name)
            if name in named:
                raise FormatError(f'{folder} and {named[name]} are both the split {name}; keep one of them.')
            named[name] = folder
    if found and named:
        raise FormatError(
            f'{root} holds samples of its own ({JSON}/, {IMAGES}/) and the splits {", ".join(named)}; '
            'move its own samples into a split.'
        )
    found.update((name, named[name]) for name in order_splits(set(named)))
    return found


def _is_pair(folder: Path) -> bool:
    return (folder / JSON).is_dir() and (folder / IMAGES).is_dir()


def halves_of(root: Path) -> Iterator[Half]:
    """Yield the folders that have only one of the two folders of a split, where that is no chance.

    A folder ``json`` is one of many programs: outside of a folder that is called after a usual split, it counts if its
    documents are those of Datamaker.
    """
    inner = sorted(path for path in visible(root) if path.name not in (JSON, IMAGES, META_FOLDER))
    for folder in (root, *inner):
        held = [part for part in (JSON, IMAGES) if (folder / part).is_dir()]
        if len(held) != 1:
            continue
        is_split = folder != root and split_name(folder.name) in SPLIT_ORDER
        if held == [IMAGES] or is_split or _holds_documents(folder):
            prefix = '' if folder == root else f'{folder.name}/'
            yield Half(folder, prefix, held[0], IMAGES if held == [JSON] else JSON)


def _holds_documents(folder: Path) -> bool:
    try:
        return _told_in(folder, _is_datamaker) is not None
    except OSError:  # a folder of somebody else, that we may not look into
        return False
