"""What an annotation says beside its class and its geometry: attributes, and fields that only Datamaker has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .angles import turn_attribute
from .dm.tools import ANNOTATION_FIELDS, COMPRESSION

if TYPE_CHECKING:
    from collections.abc import Collection

    from .report import Report
    from .sample import Annotation

__all__ = ['count_attributes', 'further_fields', 'hold_plain_fields']

_NOT_FURTHER = ANNOTATION_FIELDS.union(('encoding', *COMPRESSION, 'iscrowd', 'parts'))
"""Who an annotation is and the state of its display, which is no loss to anybody but an editor; and its class and
geometry, which are counted with it."""


def further_fields(annotation: Annotation, used: Collection[str] = ()) -> dict[str, Any]:
    """Return the fields of an annotation, such as ``score``, that no other format than Datamaker's has a place for.

    Args:
        annotation: The annotation.
        used: The fields that the format does hold, in one way or another.
    """
    return {
        name: value
        for name, value in annotation.extra.items()
        if name not in _NOT_FURTHER and name not in used and value is not None
    }


def count_attributes(
    annotation: Annotation,
    report: Report,
    where: str,
    name: str,
    *,
    held: Collection[str] = (),
    used: Collection[str] = (),
    of: str = '',
) -> None:
    """Count as dropped the attributes and fields of an annotation that is written.

    Args:
        annotation: The annotation. The attribute that turns a box is counted with the box, not here.
        report: Where.
        where: What the report names.
        name: The format.
        held: The attributes that it holds.
        used: The fields that it holds.
        of: What the report says behind their names.
    """
    turn = turn_attribute(annotation) if annotation.attrs else None
    for attribute in annotation.attrs:
        if attribute is not turn and attribute.get('name') not in held:
            report.drop('attribute', f'{name} cannot hold {attribute.get("name")!r}{of}', where)
    for field in further_fields(annotation, used) if annotation.extra else ():
        report.drop('attribute', f'{name} cannot hold {field!r}{of}', where)


def hold_plain_fields(
    attributes: dict[str, Any],
    annotation: Annotation,
    report: Report,
    where: str,
    name: str,
    used: Collection[str] = (),
) -> None:
    """Put the fields that are plain among the attributes of a format called *name*; others are counted as dropped."""
    for field, value in further_fields(annotation, used).items():
        if isinstance(value, str | int | float) and field not in attributes:
            attributes[field] = value
        else:
            report.drop('attribute', f'{name} cannot hold {field!r}', where)
