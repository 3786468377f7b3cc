"""Version 1 into version 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import FormatError
from .media import CONTAINERS, MAPS, media_ids
from .tools import COMPRESSION, data_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    'VISIBILITY',
    'Version2',
    'entries_by_id',
    'groups_by_id',
    'item_of',
    'key_of',
    'labels_of',
    'listed',
    'members_of',
    'to_v2',
]

VISIBILITY = ('missing', 'occluded', 'visible')
"""The words of version 1 for 0, 1 and 2."""

_GROUPED = frozenset(('keypoint', 'bounding_box'))  # a pose is keypoints, and the box around them


class Version2(NamedTuple):
    """A version 2 document and what of version 1 it cannot hold.

    Attributes:
        data: The document: ``classification`` and a list for each kind of media.
        meta: The version 1 document, for the way back.
    """

    data: dict[str, Any]
    meta: dict[str, Any]


def to_v2(document: Mapping[str, Any]) -> Version2:
    """Return a version 1 document as version 2.

    Every tool goes along, known or not. An attribute ``visibility`` of a keypoint becomes its visibility, the
    rotation of a box an attribute, groups of either shape the ``group_id`` of their keypoints and boxes. Annotations
    without a tool, relations between annotations and everything else stand in the meta only.

    Args:
        document: With ``annotations`` and ``annotationsData``, joined by id.

    Returns:
        The data and the meta, which share their values with *document*.

    Raises:
        FormatError: If it is no such document.
    """
    for name in MAPS:
        if not isinstance(document.get(name) or {}, dict):
            raise FormatError(f'This is no DM v1 document: {name!r} should be an object by media id.')
    if not isinstance(document.get('annotations'), dict):
        raise FormatError("This is no DM v1 document: it has no 'annotations'.")
    ids = media_ids(document)
    data: dict[str, Any] = {'classification': {}}
    for container, kind in CONTAINERS.items():
        if kind in ids:
            data[container] = [_media(document, media_id) for media_id in ids[kind]]
    data['classification'] = labels_of(data)
    return Version2(data, dict(document))


def _media(document: Mapping[str, Any], media_id: str) -> dict[str, list[dict[str, Any]]]:
    entries = entries_by_id(document, media_id)
    groups = groups_by_id(document, media_id)
    tools: dict[str, list[dict[str, Any]]] = {}
    for annotation in listed(document, 'annotations', media_id):
        tool = annotation.get('tool')
        if isinstance(tool, str) and tool:
            tools.setdefault(tool, []).append(item_of(annotation, entries, groups))
    return tools


def item_of(
    annotation: Mapping[str, Any], entries: Mapping[Any, dict[str, Any]], groups: Mapping[Any, Any]
) -> dict[str, Any]:
    """Return one annotation as version 2 has it."""
    tool, name = annotation['tool'], key_of(annotation.get('id'))
    entry = entries.get(name)
    classification = annotation.get('classification')
    named = classification if isinstance(classification, dict) else {'class': classification}
    label = named.get('class')
    attrs = [{'name': key, 'value': value} for key, value in named.items() if key != 'class']
    item: dict[str, Any] = {
        'id': annotation.get('id'),
        'classification': label if isinstance(label, str) else '',
        'attrs': attrs,
        'data': data_of(tool, entry),
    }
    if tool == 'keypoint':
        _take_visibility(item)
    if tool in _GROUPED and name in groups:
        item['group_id'] = groups[name]
    if entry is not None and tool == 'bounding_box':
        coordinate = entry.get('coordinate')
        if isinstance(coordinate, dict) and coordinate.get('rotation') is not None:
            attrs.insert(0, {'name': 'rotation', 'value': coordinate['rotation']})
    if entry is not None and tool == 'segmentation' and all(field in entry for field in COMPRESSION):
        is_runs = entry['compressionFormat'] == 'rle'
        item['encoding'] = 'dm_rle' if is_runs else 'raw_indices'
        item.update((field, entry[field]) for field in COMPRESSION)
    return item


def _take_visibility(item: dict[str, Any]) -> None:
    for attribute in item['attrs']:
        if attribute['name'] == 'visibility':
            value = attribute['value']
            if value in VISIBILITY:
                value = VISIBILITY.index(value)
            if value in (0, 1, 2) and not isinstance(value, bool):
                item['visibility'] = int(value)
                item['attrs'].remove(attribute)
            return


def labels_of(data: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return tool -> the class names in a version 2 document, sorted."""
    labels: dict[str, set[str]] = {}
    for container in CONTAINERS:
        for tools in data.get(container) or ():
            for tool, items in tools.items() if isinstance(tools, dict) else ():
                names = labels.setdefault(tool, set())
                for item in items if isinstance(items, list) else ():
                    label = item.get('classification') if isinstance(item, dict) else None
                    if isinstance(label, str) and label:
                        names.add(label)
    return {tool: sorted(labels[tool]) for tool in sorted(labels)}


# -- reading version 1 ----------------------------------------------------------------------------------------


def listed(document: Mapping[str, Any], name: str, media_id: str) -> list[dict[str, Any]]:
    """Return the objects that a version 1 document lists for a media id under *name*.

    Raises:
        FormatError: If it lists something else.
    """
    found = (document.get(name) or {}).get(media_id) or []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise FormatError(f'This is no DM v1 document: {name}.{media_id} should be a list of objects.')
    return found


def entries_by_id(document: Mapping[str, Any], media_id: str) -> dict[Any, dict[str, Any]]:
    """Return id -> the entry of ``annotationsData``."""
    return {key_of(entry.get('id')): entry for entry in listed(document, 'annotationsData', media_id)}


def groups_by_id(document: Mapping[str, Any], media_id: str) -> dict[Any, Any]:
    """Return annotation id -> the id of the first group that it is in, of either shape of groups."""
    groups: dict[Any, Any] = {}
    found = (document.get('annotationGroups') or {}).get(media_id)
    for group in found if isinstance(found, list) else ():
        if isinstance(group, dict) and isinstance(group.get('id'), str | int):
            for member in members_of(group):
                groups.setdefault(member, group['id'])
    return groups


def members_of(group: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the ids of the annotations in a version 1 group, of either shape."""
    flat = group.get('annotationIds')
    for member in flat if isinstance(flat, list) else ():
        yield key_of(member)
    pending = [group.get('annotationList')]
    while pending:
        nodes = pending.pop()
        for node in nodes if isinstance(nodes, list) else ():
            if isinstance(node, dict):
                yield key_of(node.get('annotationId'))
                pending.append(node.get('children'))


def key_of(value: Any) -> Any:
    """Return an id as something to look up; what is no id looks up nothing."""
    return value if isinstance(value, str | int | float) else None
