"""What a COCO record says beside the shape: `attributes`, and fields that COCO does not know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..fields import says_nothing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..report import Report
    from ..sample import Annotation

__all__ = ['attributes_of', 'written_attributes']

_KNOWN = frozenset(
    (
        'id',
        'image_id',
        'category_id',
        'bbox',
        'area',
        'segmentation',
        'iscrowd',
        'keypoints',
        'num_keypoints',
        'attributes',
        'stuff',
    )
)
"""The fields of COCO, that of CVAT and Datumaro for attributes, and our mark of what stood in a file of stuff."""

_COLOR = re.compile('#[0-9a-fA-F]{3,8}')
_PLAIN = (str, int, float)


def attributes_of(record: Mapping[str, Any], report: Report, where: str) -> list[dict[str, Any]]:
    """Return the attributes of a record, after them those that it has as fields of its own (``score``).

    Passed over are fields that say nothing (``"metadata": {}``, ``"ignore": 0``), and how an editor shows the record.

    Args:
        record: The annotation record.
        report: Where to count fields that can be no attribute.
        where: What the report names.
    """
    attributes = record.get('attributes')
    is_known = _KNOWN.issuperset(record)
    found: list[dict[str, Any]] = []
    if attributes is None and is_known:
        return found
    if isinstance(attributes, dict):
        found = [{'name': name, 'value': value} for name, value in attributes.items()]
    elif isinstance(attributes, list) and all(map(_is_pair, attributes)):
        found = [{'name': item['name'], 'value': item['value']} for item in attributes]
    elif attributes:
        report.drop('attribute', "'attributes' of its record are no names and values", where)
    if is_known:
        return found
    taken = {item['name'] for item in found}
    for name, value in record.items():
        if name in _KNOWN or says_nothing(name, value) or _is_of_editor(name, value, record):
            continue
        if not isinstance(value, _PLAIN):
            report.drop('attribute', f'the field {name!r} of its record is no plain value', where)
        elif name in taken:
            report.drop('attribute', f'the field {name!r} of its record is among its attributes too', where)
        else:
            found.append({'name': name, 'value': value})
    return found


def _is_of_editor(name: str, value: Any, record: Mapping[str, Any]) -> bool:
    """Tell whether COCO Annotator shows a record by a field: its colour, its handles, the size of its picture."""
    if name == 'color':
        return isinstance(value, str) and _COLOR.fullmatch(value) is not None
    if name in ('width', 'height'):
        return isinstance(record.get('width'), int) and isinstance(record.get('height'), int)
    return name == 'isbbox' and isinstance(value, bool)


def _is_pair(item: Any) -> bool:
    return isinstance(item, dict) and item.keys() == {'name', 'value'} and isinstance(item['name'], str)


def written_attributes(annotation: Annotation, report: Report, where: str) -> dict[str, Any]:
    """Return the attributes of an annotation by name; of several of one name the last, the others are counted.

    Args:
        annotation: The annotation.
        report: Where to count.
        where: What the report names.
    """
    found: dict[str, Any] = {}
    again: list[str] = []
    for item in annotation.attrs:
        name = str(item.get('name'))
        if name in found:
            again.append(name)
        found[name] = item.get('value')
    for name in again:
        report.drop('attribute', f'coco cannot hold {name!r} more than once', where)
    return found
