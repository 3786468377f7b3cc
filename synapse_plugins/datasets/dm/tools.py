"""The geometry of one annotation: fields of a version 1 entry, ``data`` of a version 2 item."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    'ANNOTATION_FIELDS',
    'COMPRESSION',
    'ENTRY_FIELDS',
    'FLAT',
    'TOOLS',
    'data_of',
    'fields_of',
    'is_display',
]

COMPRESSION = ('isCompressed', 'compressionFormat')
"""What a mask says of its own encoding, in both versions."""

_BOX = ('x', 'y', 'width', 'height')
_ASIDE = 'data'  # where version 1 keeps data that is no such geometry


# -- version 1 -> data ----------------------------------------------------------------------------------------


def data_of(tool: str, entry: Mapping[str, Any] | None) -> Any:
    """Return the ``data`` of version 2 for a version 1 entry of ``annotationsData``; None where it holds none."""
    if entry is None:
        return {} if tool == 'classification' else None
    if _ASIDE in entry:
        return entry[_ASIDE]
    try:
        read: Callable[[Mapping[str, Any]], Any] = _READ.get(tool, _others)
        return read(entry)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _box(entry: Mapping[str, Any]) -> list[Any]:
    return [entry['coordinate'][name] for name in _BOX]


def _points(entry: Mapping[str, Any]) -> list[Any]:
    return [[point['x'], point['y']] for point in entry['coordinate']]


def _point(entry: Mapping[str, Any]) -> list[Any]:
    return [entry['coordinate']['x'], entry['coordinate']['y']]


def _mask(entry: Mapping[str, Any]) -> Any:
    return dict(entry['section']) if 'section' in entry else entry['pixel_indices']


def _section(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**entry['section'], **_some(entry, ('excludedTracks',))}


def _relation(entry: Mapping[str, Any]) -> list[Any]:
    return [entry['annotationId'], entry['targetAnnotationId']]


def _solid(entry: Mapping[str, Any]) -> dict[str, Any]:
    return dict(entry['psr'])


def _some(entry: Mapping[str, Any], names: tuple[str, ...] = ()) -> dict[str, Any]:
    return {name: entry[name] for name in names if name in entry}


def _others(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in ('id', 'tool')}


_READ: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    'bounding_box': _box,
    'polygon': _points,
    'polyline': _points,
    'keypoint': _point,
    'segmentation': _mask,
    'time_range': _section,
    'relation': _relation,
    'classification': _some,
    '3d_bounding_box': _solid,
    '3d_segmentation': partial(_some, names=('points',)),
    'named_entity': partial(_some, names=('ranges', 'content')),
}

FLAT = frozenset(('bounding_box', 'polygon', 'polyline', 'keypoint', 'segmentation', 'classification'))
"""The tools of pictures: what stands in their entries beside `ENTRY_FIELDS` is no geometry."""

ANNOTATION_FIELDS = frozenset(
    ('id', 'tool', 'classification', 'isLocked', 'isVisible', 'isValid', 'isDrawCompleted', 'label')
)
"""What stands in every annotation of version 1: its class, who it is, and the state of its display."""


def is_display(field: str, tool: str) -> bool:
    """Tell a field of one tool that says only how an editor draws it: the ``shape`` of a keypoint, such as a circle."""
    return field == 'shape' and tool == 'keypoint'


ENTRY_FIELDS = frozenset(('id', 'tool', 'coordinate', 'pixel_indices', 'section', *COMPRESSION, _ASIDE))
"""What is the geometry of an entry of a picture."""

TOOLS = tuple(_READ)
"""The tools whose geometry is known here; a document may have others."""


# -- data -> version 1 ----------------------------------------------------------------------------------------


def fields_of(tool: str, data: Any, name: object, old: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what stands in a version 1 entry for the ``data`` of version 2, apart from ``id``.

    Args:
        tool: The tool.
        data: Its geometry.
        name: The annotation's id, from which the ids of new points are made, the same on every machine.
        old: The entry as it was, whose points keep their ids where they did not move.
    """
    try:
        fields = _WRITE.get(tool, _as_fields)(data, name, old or {})
        if data_of(tool, fields) == data:
            return fields
    except (TypeError, ValueError, AttributeError, KeyError):
        pass
    return {_ASIDE: data}  # no geometry of that tool: kept as it is


def _box_fields(data: Any, _name: object, old: Mapping[str, Any]) -> dict[str, Any]:
    before = old.get('coordinate')
    kept = before if isinstance(before, dict) else {}
    return {'coordinate': {**kept, **dict(zip(_BOX, data, strict=True))}}


def _points_fields(data: Any, name: object, old: Mapping[str, Any]) -> dict[str, Any]:
    before = old.get('coordinate')
    known = before if isinstance(before, list) else []
    points = []
    for place, (x, y) in enumerate(data):
        point = known[place] if place < len(known) and isinstance(known[place], dict) else {}
        if (point.get('x'), point.get('y')) == (x, y):
            points.append(point)
        else:
            digest = sha256(f'{name}/{place}'.encode('utf-8', 'surrogatepass')).hexdigest()
            points.append({'x': x, 'y': y, 'id': digest[:10]})
    return {'coordinate': points}


def _point_fields(data: Any, _name: object, _old: Mapping[str, Any]) -> dict[str, Any]:
    x, y = data
    return {'coordinate': {'x': x, 'y': y}}


def _mask_fields(data: Any, _name: object, _old: Mapping[str, Any]) -> dict[str, Any]:
    return {'section': data} if isinstance(data, dict) else {'pixel_indices': data}


def _section_fields(data: Any, _name: object, _old: Mapping[str, Any]) -> dict[str, Any]:
    section = {name: value for name, value in data.items() if name != 'excludedTracks'}
    return {'section': section, **_some(data, ('excludedTracks',))}


def _relation_fields(data: Any, _name: object, _old: Mapping[str, Any]) -> dict[str, Any]:
    start, end = data
    return {'annotationId': start, 'targetAnnotationId': end}


def _solid_fields(data: Any, _name: object, _old: Mapping[str, Any]) -> dict[str, Any]:
    return {'psr': data}


def _as_fields(data: Any, _name: object, _old: Mapping[str, Any]) -> dict[str, Any]:
    return dict(data)


_WRITE: dict[str, Callable[[Any, object, Mapping[str, Any]], dict[str, Any]]] = {
    'bounding_box': _box_fields,
    'polygon': _points_fields,
    'polyline': _points_fields,
    'keypoint': _point_fields,
    'segmentation': _mask_fields,
    'time_range': _section_fields,
    'relation': _relation_fields,
    '3d_bounding_box': _solid_fields,
}
