"""Annotations as they stand in a DM v2 document."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ...errors import FormatError
from ..dm.carried import OTHERS, REST, tools_of
from ..sample import Annotation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..report import Report
    from ..sample import Sample

__all__ = ['annotations_of', 'count_kept', 'document_of']

_OWN_FIELDS = frozenset(('id', 'classification', 'attrs', 'data'))
_fields = itemgetter('classification', 'data', 'id', 'attrs')
_BOX_KEYS = ('x', 'y', 'width', 'height')


def annotations_of(tools: Any) -> list[Annotation]:
    """Return the annotations of one medium of a document, in its order.

    Raises:
        FormatError: If it is not such a medium.
    """
    try:
        found = [
            _plain(tool, item) or _annotation(tool, item)
            for tool, items in tools.items()
            for item in items or ()
        ]
    except (AttributeError, TypeError, KeyError) as exc:
        raise FormatError('not a DM v2 document: "images" should be a list of {tool: [annotations]}') from exc
    if 'polygon' in tools and any(one.tool == 'polygon' and 'group_id' in one.extra for one in found):
        return _with_parts(found)
    return found


def _with_parts(found: list[Annotation]) -> list[Annotation]:
    """Return the annotations, polygons that were written as the parts of one object joined again."""
    heads: dict[Any, Annotation] = {}
    whole: list[Annotation] = []
    for one in found:
        group = one.extra.get('group_id')
        head = heads.get(group) if one.tool == 'polygon' and isinstance(group, str) else None
        parts = head.extra.get('parts', []) if head is not None else []
        if (
            head is not None
            and isinstance(parts, list)
            and one.id == f'{group}-{len(parts) + 2}'
            and one.label == head.label
        ):
            head.extra['parts'] = [*parts, one.data]
            continue
        if one.tool == 'polygon' and isinstance(group, str) and one.id == group:
            heads[group] = one
        whole.append(one)
    for head in heads.values():
        if head.extra.get('parts'):
            del head.extra['group_id']
    return whole


def _plain(tool: str, item: Any) -> Annotation | None:
    """Return an annotation that has its own fields and no attributes, as most have; None for any other."""
    try:
        label, data, number, attrs = _fields(item)
    except (KeyError, TypeError):
        return None
    if attrs or len(item) != len(_OWN_FIELDS) or not (label is None or label.__class__ is str):
        return None
    return Annotation(tool, label, data, number, [], {})


def _annotation(tool: str, item: dict[str, Any]) -> Annotation:
    data = item.get('data')
    extra = {} if item.keys() <= _OWN_FIELDS else {key: item[key] for key in item if key not in _OWN_FIELDS}
    if data is None and 'x' in extra:  # an older download writes a box's numbers beside the rest
        data = [extra.pop(key, None) for key in _BOX_KEYS]
    label = item.get('classification')
    if label is not None and not isinstance(label, str):
        extra['classification'], label = label, None
    attrs = item.get('attrs') or []
    if attrs and not (isinstance(attrs, list) and all(isinstance(attribute, dict) for attribute in attrs)):
        extra['attrs'], attrs = attrs, []  # malformed: of use to nobody, but written as it was
    return Annotation(tool, label, data, item.get('id'), attrs, extra)


def document_of(sample: Sample) -> dict[str, Any]:
    """Return a sample as a DM v2 document: its own medium first among those of its kind."""
    tools: dict[str, list[dict[str, Any]]] = {}
    labels: dict[str, set[str]] = {}
    for number, annotation in enumerate(sample.annotations, 1):
        for item in _items(annotation, number):
            tools.setdefault(annotation.tool, []).append(item)
        if annotation.label:
            labels.setdefault(annotation.tool, set()).add(annotation.label)
    rest = dict(sample.meta.get(REST, ()))
    others = dict(sample.meta.get(OTHERS, ()))
    for tool, names in _configured(rest.pop('classification', None)):
        labels.setdefault(tool, set()).update(names)
    own = f'{sample.image.media}s'
    return {
        'classification': {tool: sorted(labels[tool]) for tool in sorted(labels)},
        own: [tools, *others.pop(own, ())],
        **others,
        **rest,
    }


def _configured(classification: Any) -> Iterator[tuple[str, list[str]]]:
    """Yield the classes that a document names for its tools; what is no such table names none."""
    for tool, names in classification.items() if isinstance(classification, dict) else ():
        yield tool, [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _items(annotation: Annotation, number: int) -> Iterator[dict[str, Any]]:
    """Yield what stands in the document for an annotation: one object, or one for every part of a polygon."""
    extra = dict(annotation.extra)
    parts = extra.pop('parts') if isinstance(extra.get('parts'), list) else ()
    name = annotation.id or f'a{number}'
    if parts:
        extra.setdefault('group_id', name)
    for place, data in enumerate((annotation.data, *parts)):
        yield {
            'id': name if not place else f'{name}-{place + 1}',
            'classification': annotation.label,
            'attrs': annotation.attrs,
            'data': data,
            **extra,
        }


def count_kept(sample: Sample, report: Report) -> None:
    """Count what a document of either version holds of a sample: everything."""
    expects = report.expects
    for annotation in sample.annotations:
        if expects:
            report.come_through(annotation, sample.key)
        else:
            report.keep(annotation.tool)
    if sample.image.media != 'image':
        report.keep(sample.image.media)
    for _, tool, count in tools_of(sample.meta.get(OTHERS, {})) if sample.meta else ():
        report.keep(tool, count)
