"""Version 2 into version 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import FormatError
from .forward import VISIBILITY, entries_by_id, groups_by_id, item_of, listed
from .media import CONTAINERS, MAPS, media_ids
from .tools import COMPRESSION, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ['to_v1']

_FLAGS: Mapping[str, Any] = {
    'isLocked': False,
    'isVisible': True,
    'isValid': False,
    'isDrawCompleted': True,
    'label': [],
}
_OWN = frozenset(
    ('id', 'classification', 'attrs', 'data', 'group_id', 'visibility', 'encoding', *COMPRESSION)
)


def to_v1(data: Mapping[str, Any], meta: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a version 2 document as version 1.

    Args:
        data: The document.
        meta: What `to_v2` returned beside it; None: flags and media ids are the usual ones.

    Returns:
        With meta and nothing edited, the document that it was made of, to the letter. Without, ``group_id`` becomes
        ``annotationGroups`` and the tool ``group`` a nested group; the ids of points are made of the annotation's.

    Raises:
        FormatError: If it is no version 2 document.
    """
    meta = meta or {}
    ids = media_ids(meta)
    document: dict[str, Any] = {name: value for name, value in meta.items() if name not in MAPS}
    for name in MAPS:
        document[name] = dict(meta.get(name) or {})
    for container, kind in CONTAINERS.items():
        known = ids.get(kind, [])
        for place, tools in enumerate(_media(data, container)):
            media_id = known[place] if place < len(known) else _new_id(kind, place, known)
            _Media(document, media_id, meta).fill(tools)
    if meta:
        for name in MAPS:  # what was not there, and got nothing
            if not document[name] and name not in meta:
                del document[name]
            elif not document[name]:
                document[name] = meta[name]
    else:
        document['assignmentId'] = None
    return document


def _media(data: Mapping[str, Any], container: str) -> list[dict[str, Any]]:
    found = data.get(container) or []
    if not isinstance(found, list) or not all(isinstance(tools, dict) for tools in found):
        raise FormatError(
            f'This is no DM v2 document: {container!r} should be a list of {{tool: annotations}}.'
        )
    return found


def _new_id(kind: str, place: int, known: list[str]) -> str:
    number = place + 1
    while f'{kind}_{number}' in known:
        number += 1
    return f'{kind}_{number}'


def _items(tools: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for tool, items in tools.items():
        for item in items or ():
            if not isinstance(item, dict):
                raise FormatError(f'This is no DM v2 document: {tool!r} should be a list of objects.')
            yield tool, item


class _Media:
    """The version 1 lists of one media id, while they are made."""

    def __init__(self, document: dict[str, Any], media_id: str, meta: Mapping[str, Any]) -> None:
        self._document = document
        self._media_id = media_id
        self._before = listed(meta, 'annotations', media_id)
        self._entries = entries_by_id(meta, media_id)
        self._groups = groups_by_id(meta, media_id)
        self._meta = meta

    def fill(self, tools: Mapping[str, Any]) -> None:
        """Write the annotations of a version 2 object: those that were there in their old order, then the new ones."""
        groups: dict[Any, list[Any]] = {}
        coming: dict[tuple[str, Any], list[dict[str, Any]]] = {}
        grouped = []
        for tool, item in _items(tools):
            if tool == 'group':
                grouped.append(item)
            else:
                coming.setdefault((tool, _hashable(item.get('id'))), []).append(item)
        annotations: list[dict[str, Any]] = []
        entries: dict[Any, dict[str, Any]] = {}
        added: list[dict[str, Any]] = []
        gone = set()
        for old in self._before:
            kind, name = old.get('tool'), _hashable(old.get('id'))
            if not isinstance(kind, str) or not kind:
                annotations.append(old)  # version 2 has no place for it
                continue
            waiting = coming.get((kind, name))
            if not waiting:
                gone.add(name)
                continue
            item = waiting.pop(0)
            if _same(item, item_of(old, self._entries, self._groups)):
                annotations.append(old)
            else:
                annotation, entry = self._merged(kind, item, old)
                annotations.append(annotation)
                entries[name] = entry
        taken = {_hashable(annotation.get('id')) for annotation in annotations}
        for (tool, _), items in coming.items():
            for given in items:
                item = _with_own_id(given, taken)
                annotation, entry = self._merged(tool, item, {})
                annotations.append(annotation)
                added.append(entry)
                if isinstance(item.get('group_id'), str | int):
                    groups.setdefault(item['group_id'], []).append(item.get('id'))
        self._put('annotations', annotations)
        self._put('annotationsData', self._data(entries, gone, annotations) + added)
        self._group(groups, grouped)

    def _data(
        self, changed: dict[Any, dict[str, Any]], gone: set[Any], annotations: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Return the entries that were there, but for those of annotations that are gone."""
        there = {_hashable(annotation.get('id')) for annotation in annotations}
        kept = []
        for entry in listed(self._meta, 'annotationsData', self._media_id):
            name = _hashable(entry.get('id'))
            if name in changed:
                kept.append(changed.pop(name))
            elif name not in gone or name in there:
                kept.append(entry)
        return kept + list(changed.values())

    def _merged(
        self, tool: str, item: dict[str, Any], old: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return annotation and entry of a version 2 item, with what is known of its earlier self."""
        name = item.get('id')
        before = self._entries.get(_hashable(name)) if old else None
        given = item.get('attrs')
        attrs = [dict(attr) for attr in given if isinstance(attr, dict)] if isinstance(given, list) else []
        fields = fields_of(tool, item.get('data'), name, before)
        if tool == 'bounding_box' and 'coordinate' in fields:
            _turn(fields['coordinate'], attrs)
        classification = {'class': item.get('classification') or ''}
        classification.update((str(attr.get('name')), attr.get('value')) for attr in attrs)
        seen = item.get('visibility')
        if tool == 'keypoint' and isinstance(seen, int) and 0 <= seen < len(VISIBILITY):
            classification['visibility'] = VISIBILITY[seen]
        annotation: dict[str, Any] = {
            'id': name,
            'tool': tool,
            **_FLAGS,
            **old,
            'classification': classification,
        }
        annotation.update((key, value) for key, value in item.items() if key not in _OWN)
        entry: dict[str, Any] = {'id': name, **({'tool': tool} if tool in ('prompt', 'answer') else {})}
        kept = {field: value for field, value in (before or {}).items() if field not in COMPRESSION}
        entry = {**kept, **entry, **fields, **{field: item[field] for field in COMPRESSION if field in item}}
        return annotation, entry

    def _group(self, groups: dict[Any, list[Any]], grouped: list[dict[str, Any]]) -> None:
        made: list[dict[str, Any]] = [
            {'id': group, 'annotationIds': members} for group, members in groups.items()
        ]
        for item in grouped:
            members = item.get('data')
            listed_members = members if isinstance(members, list) else []
            made.append(
                {
                    'id': item.get('id'),
                    'tool': 'annotationGroup',
                    'classification': {'class': item.get('classification') or ''},
                    'annotationList': [{'annotationId': one, 'children': []} for one in listed_members],
                }
            )
        if made:
            before = self._document['annotationGroups'].get(self._media_id)
            known = list(before) if isinstance(before, list) else []
            ids = [group.get('id') for group in known if isinstance(group, dict)]
            self._document['annotationGroups'][self._media_id] = known + [
                group for group in made if group['id'] not in ids
            ]

    def _put(self, name: str, found: list[dict[str, Any]]) -> None:
        by_media = self._document[name]
        if found or not self._meta:
            by_media[self._media_id] = found
        elif by_media.get(self._media_id):
            by_media[self._media_id] = []


def _turn(coordinate: dict[str, Any], attrs: list[dict[str, Any]]) -> None:
    """Move the rotation from the attributes to the box."""
    coordinate.pop('rotation', None)
    if attrs and attrs[0].get('name') == 'rotation' and attrs[0].get('value') is not None:
        coordinate['rotation'] = attrs.pop(0)['value']


def _same(item: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Tell whether a version 2 item is as it came; no class and an empty one are the same."""
    return {**item, 'classification': item.get('classification') or ''} == before


def _with_own_id(item: dict[str, Any], taken: set[Any]) -> dict[str, Any]:
    """Return an item, under another id if *taken* has its own: version 1 joins annotation and geometry by it."""
    name = item.get('id')
    if _hashable(name) in taken:
        number = 2
        while f'{name}-{number}' in taken:
            number += 1
        item = {**item, 'id': f'{name}-{number}'}
    taken.add(_hashable(item.get('id')))
    return item


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str | int | float) else None
