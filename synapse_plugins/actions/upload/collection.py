"""The data collection of an upload: found by id or name, or made after the folders at hand."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

from ...errors import BackendError, NotFoundError, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ['FILE_TYPES', 'file_type_of', 'find_collection', 'specification_of', 'try_find_collection']

FILE_TYPES: dict[str, frozenset[str]] = {
    'image': frozenset(('.jpg', '.jpeg', '.png', '.bmp', '.gif', '.webp', '.tif', '.tiff', '.heic', '.dcm')),
    'video': frozenset(('.mp4', '.mov', '.avi', '.mkv', '.webm', '.m4v')),
    'audio': frozenset(('.wav', '.mp3', '.flac', '.ogg', '.m4a', '.aac')),
    'pcd': frozenset(('.pcd', '.ply', '.las', '.laz')),
    'text': frozenset(('.txt', '.md', '.html', '.htm')),
}
"""File type -> the usual extensions; whatever is none of these is ``data``."""


def find_collection(client: Any, reference: int | str) -> dict[str, Any]:
    """Return the data collection of an id or a name, with its file specifications.

    Raises:
        NotFoundError: If there is none, with close matches.
        BackendError: If several have the name.
    """
    found = try_find_collection(client, reference)
    if found is None:
        names = [str(row.get('name')) for row in _collections(client)[0]]
        raise NotFoundError(
            f'There is no data collection {reference!r}. {suggestion(str(reference), names)} Make it on the '
            'platform, or add  -p create_collection=true'
        )
    return found


def try_find_collection(client: Any, reference: int | str) -> dict[str, Any] | None:
    """Return the data collection of an id or a name; None if no collection has the name."""
    if isinstance(reference, int) or reference.strip().isdecimal():
        return dict(client.get_data_collection(int(reference)))
    rows, is_all = _collections(client)
    named = [row for row in rows if row.get('name') == reference.strip()]
    if not named and not is_all:
        raise BackendError(
            f'{reference!r} is not among the {len(rows)} data collections that this client lists, and there are more; '
            'give its id.'
        )
    if len(named) > 1:
        ids = ', '.join(str(row['id']) for row in named)
        raise BackendError(f'{len(named)} data collections are called {reference!r}; give an id: {ids}.')
    return dict(client.get_data_collection(int(named[0]['id']))) if named else None


def _collections(client: Any) -> tuple[list[Mapping[str, Any]], bool]:
    """Return the data collections, and whether these are all; other clients list a first page of them."""
    if 'list_all' in signature(client.list_data_collections).parameters:
        return list(client.list_data_collections(list_all=True)[0]), True
    page = client.list_data_collections()
    return list(page.get('results') or ()), not page.get('next')


def file_type_of(suffix: str) -> str:
    """Return the file type that an extension stands for."""
    folded = suffix.lower()
    return next((kind for kind, suffixes in FILE_TYPES.items() if folded in suffixes), 'data')


def specification_of(name: str, files: Iterable[Path]) -> dict[str, Any]:
    """Return the specification that a folder of files stands for: its type is that of most of them."""
    count: dict[str, int] = {}
    for path in files:
        kind = file_type_of(path.suffix)
        count[kind] = count.get(kind, 0) + 1
    kind = min(count, key=lambda kind: (-count[kind], kind)) if count else 'data'
    return {'name': name, 'file_type': kind, 'is_required': False, 'is_primary': False}
