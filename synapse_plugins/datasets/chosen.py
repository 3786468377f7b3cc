"""The annotations of a sample that are of the classes that a user chose; joints go with their object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .poses import group_named_by, groups_of
from .shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from .report import Report
    from .sample import Annotation

__all__ = ['keep_chosen']


class _Object(NamedTuple):
    """What a group of annotations says of its object.

    Attributes:
        label: Its class; None if nothing tells it.
        is_bare: There is nothing but joints that belongs to it.
    """

    label: str | None
    is_bare: bool


_NOBODY = _Object(None, is_bare=True)


def keep_chosen(
    annotations: Sequence[Annotation],
    chosen: Collection[str],
    report: Report,
    where: str,
    *,
    bare_class: str | None = None,
) -> list[Annotation]:
    """Return the annotations of some classes and those that have none; the others are counted as left out.

    A joint is of the class of its object, whatever it is called itself.

    Args:
        annotations: Those of a sample.
        chosen: The classes.
        report: Where to count.
        where: What the report names.
        bare_class: The class that the format at hand gives a pose that tells none; None where joints are annotations of
            their own, which are kept as well for what they are called.
    """
    groups = groups_of(annotations)
    objects = _objects(annotations, groups)
    kept = []
    for one, group in zip(annotations, groups, strict=True):
        if one.tool == 'keypoint' and group is not None:
            found = objects.get(group, _NOBODY)
            reason = '' if bare_class is None and one.label in chosen else _against(found, chosen, bare_class)
        elif one.label is not None:
            reason = '' if one.label in chosen else f'class {one.label!r} was not asked for'
        else:
            reason = _against(objects[group], chosen, None) if one.tool in SHAPES and group in objects else ''
        if reason:
            report.leave_out(one.tool, reason, where)
        else:
            kept.append(one)
    return kept


def _against(found: _Object, chosen: Collection[str], bare_class: str | None) -> str:
    """Return why what belongs to an object was not asked for; empty if it was, or if nobody can tell."""
    if found.label is not None:
        return (
            ''
            if found.label in chosen
            else f'its object is of class {found.label!r}, which was not asked for'
        )
    if bare_class is None or not found.is_bare or bare_class in chosen:
        return ''
    return f'its object tells no class and would be of {bare_class!r}, which was not asked for'


def _objects(annotations: Iterable[Annotation], groups: Iterable[Any]) -> dict[Any, _Object]:
    """Return group -> object, of the class of its first shape, else of its group, else of what else it has."""
    shapes: dict[Any, str | None] = {}
    others: dict[Any, str | None] = {}
    names: dict[Any, str | None] = {}
    for one, group in zip(annotations, groups, strict=True):
        if one.tool == 'group':
            names.setdefault(group_named_by(one), one.label)
        elif one.tool != 'keypoint' and group is not None:
            (shapes if one.tool in SHAPES else others).setdefault(group, one.label)
    found = {}
    for group in (shapes | names | others).keys() - {None}:
        labels = (which.get(group) for which in (shapes, names, others))
        label = next(filter(None, labels), None)
        found[group] = _Object(label, is_bare=group not in shapes)
    return found
