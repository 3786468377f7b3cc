"""What an annotation says beside its class and its geometry: attributes, and fields that only Datamaker has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .angles import turn_attribute
from .dm.tools import ANNOTATION_FIELDS, COMPRESSION, is_display

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .report import Report
    from .sample import Annotation

__all__ = [
    'JointGroups',
    'MadeGroup',
    'count_attributes',
    'further_fields',
    'hold_plain_fields',
    'says_nothing',
]

_NOT_FURTHER = ANNOTATION_FIELDS.union(('encoding', *COMPRESSION, 'iscrowd', 'parts'))
"""Who an annotation is and the state of its display, which is no loss to anybody but an editor; and its class and
geometry, which are counted with it."""

_FLAGS = frozenset(
    ('difficult', 'ignore', 'isbbox', 'isfake', 'isreflected', 'occluded', 'rotation', 'truncated')
)
"""What tools write of every annotation, also where it is 0: then it says no more than if it were left out."""


class MadeGroup(str):
    """A group id that a reader made up for a pose, whose source has none: no loss where it is not written."""

    __slots__ = ()


class JointGroups:
    """Tells which shapes belong to keypoints, for formats that hold no keypoints.

    These count the keypoints of a group as dropped, which says of its shape too that the group is gone.
    """

    def __init__(self) -> None:
        self._annotations: Iterable[Annotation] | None = None
        self._groups: frozenset[str | int] = frozenset()

    def used(self, annotation: Annotation, annotations: Iterable[Annotation]) -> tuple[str, ...]:
        """Return ``('group_id',)`` for an annotation whose group has keypoints, ``()`` for any other.

        Args:
            annotation: The annotation.
            annotations: All of its sample.
        """
        group = annotation.extra.get('group_id') if annotation.extra else None
        if not isinstance(group, str | int):
            return ()
        if annotations is not self._annotations:  # once for a sample, however many shapes it has
            found = (one.extra.get('group_id') for one in annotations if one.tool == 'keypoint')
            self._groups = frozenset(name for name in found if isinstance(name, str | int))
            self._annotations = annotations
        return ('group_id',) if group in self._groups else ()


def says_nothing(name: Any, value: Any) -> bool:
    """Tell whether an attribute says nothing: an empty value, or a flag that is off (``ignore`` 0)."""
    if value is None or (isinstance(value, str | list | dict) and not value):
        return True
    return isinstance(name, str) and name in _FLAGS and (value == 0 or value == '0')


def further_fields(annotation: Annotation, used: Collection[str] = ()) -> dict[str, Any]:
    """Return the fields of an annotation, such as ``score``, that no other format than Datamaker's has a place for.

    Args:
        annotation: The annotation.
        used: The fields that the format does hold, in one way or another.
    """
    return {
        name: value
        for name, value in annotation.extra.items()
        if not (
            name in _NOT_FURTHER
            or name in used
            or value is None
            or isinstance(value, MadeGroup)
            or is_display(name, annotation.tool)
        )
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
    """Count as dropped the attributes and fields of an annotation that is written, but those that say nothing.

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
        said = attribute.get('name')
        if attribute is not turn and said not in held and not says_nothing(said, attribute.get('value')):
            report.drop('attribute', f'{name} cannot hold {said!r}{of}', where)
    for field, value in further_fields(annotation, used).items() if annotation.extra else ():
        if not says_nothing(field, value):
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
        elif not says_nothing(field, value):
            report.drop('attribute', f'{name} cannot hold {field!r}', where)
