"""The kinds of media of a Datamaker document, and in which order they come."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ...errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ['CONTAINERS', 'MAPS', 'MEDIA', 'media_ids', 'media_of']

MEDIA = ('image', 'video', 'pcd', 'text', 'audio', 'prompt', 'data')
"""The kinds, in the order in which a media id is compared with them."""

CONTAINERS = {f'{kind}s': kind for kind in MEDIA}
"""The name of a version 2 list -> the kind of media in it."""

MAPS = ('annotations', 'annotationsData', 'relations', 'annotationGroups', 'extra')
"""What a version 1 document keeps by media id."""

_DIGITS = re.compile(r'(\d+)')


def media_of(media_id: str) -> str:
    """Return the kind of media that an id such as ``image_1`` tells by its beginning.

    Raises:
        FormatError: If it tells none.
    """
    for kind in MEDIA:
        if media_id.startswith(kind):
            return kind
    raise FormatError(f'The media id {media_id!r} begins with none of {", ".join(MEDIA)}.')


def media_ids(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return kind -> the media ids of a version 1 document, ``image_2`` before ``image_10``.

    Raises:
        FormatError: If an id tells no kind of media.
    """
    found: set[str] = set()
    for name in MAPS:
        by_media = document.get(name)
        if isinstance(by_media, dict):
            found.update(by_media)
    ids: dict[str, list[str]] = {}
    for media_id in _natural(found):
        ids.setdefault(media_of(media_id), []).append(media_id)
    return ids


def _natural(names: Iterable[str]) -> list[str]:
    """Return names sorted, the numbers in them by value."""

    def key(name: str) -> tuple[list[tuple[int, int, str]], str]:
        parts = [
            (1, int(part), '') if part.isdecimal() else (0, 0, part) for part in _DIGITS.split(name[:200])
        ]
        return parts, name

    return sorted(names, key=key)
