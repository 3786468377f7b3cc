"""What a Datamaker document says beside the annotations of one picture, and how it travels with a sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import FormatError
from ..declared import OTHER_MASK, declared_size
from .media import CONTAINERS, media_ids
from .tools import ANNOTATION_FIELDS, ENTRY_FIELDS, FLAT, is_display

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..report import Report
    from ..sample import Annotation, Sample

__all__ = [
    'META',
    'OTHERS',
    'REST',
    'leave_behind',
    'lost_of',
    'may_lose',
    'size_of',
    'split_document',
    'tools_in',
    'tools_of',
]

REST, OTHERS, META = 'dm_v2', 'dm_others', 'dm_meta'
"""Keys of `Sample.meta`: the rest of the version 2 document, its other media, and the version 1 document."""


def split_document(data: Mapping[str, Any], kind: str) -> tuple[Any, dict[str, Any]]:
    """Return the first medium of a kind in a version 2 document, and what goes into `Sample.meta` of all else."""
    rest: dict[str, Any] = {}
    others: dict[str, Any] = {}
    tools: Any = {}
    own = f'{kind}s'
    for name, value in data.items():
        if name == own:
            tools = value[0] if value else {}
            if value and len(value) > 1:
                others[name] = value[1:]
        elif name in CONTAINERS:
            if value:
                others[name] = value
        else:
            rest[name] = value
    meta = {REST: rest} if rest else {}
    if others:
        meta[OTHERS] = others
    return tools, meta


def tools_in(data: Mapping[str, Any], kind: str) -> Any:
    """Return the first medium of a kind in a version 2 document, and nothing else of it."""
    media = data.get(f'{kind}s')
    return media[0] if media else {}


def tools_of(others: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """Yield (kind of media, tool, count) of the annotations of other media."""
    for container, found in others.items():
        for tools in found if isinstance(found, list) else ():
            for tool, items in tools.items() if isinstance(tools, dict) else ():
                if isinstance(items, list) and items:
                    yield CONTAINERS[container], tool, len(items)


def may_lose(sample: Sample) -> bool:
    """Tell whether there is something for `leave_behind`, which is seldom."""
    return OTHERS in sample.meta or META in sample.meta


def leave_behind(sample: Sample, report: Report) -> None:
    """Count what is lost of a sample's document in any but the Datamaker formats, and take out what would be wrong.

    Where the document speaks of another size than the picture has, the pixels of its masks are none of the picture's.
    """
    for kind, reason, count in lost_of(sample):
        report.drop(kind, reason, sample.key, count)
    image = sample.image
    if image.declared not in (None, (image.width, image.height)) and META in sample.meta:
        for one in sample.annotations:
            if one.tool == 'segmentation':
                report.drop(one.tool, OTHER_MASK, sample.key)
        sample.annotations = [one for one in sample.annotations if one.tool != 'segmentation']


def size_of(document: Any) -> tuple[int, int] | None:
    """Return the size that a version 1 document declares for its first image; None if it declares none."""
    extra = document.get('extra') if isinstance(document, dict) else None
    if not isinstance(extra, dict):
        return None
    try:
        images = media_ids(document).get('image', ())
    except FormatError:  # of a document beside another one, which need not be one
        return None
    said = extra.get(images[0]) if images else None
    return declared_size(said.get('width'), said.get('height')) if isinstance(said, dict) else None


def lost_of(sample: Sample) -> Iterator[tuple[str, str, int]]:
    """Yield (kind, reason, count) of what is lost of a sample's document in any but the Datamaker formats."""
    others = sample.meta.get(OTHERS) or {}
    for container, media in others.items():
        yield CONTAINERS[container], 'it is not the first of its document', len(media)
    for kind, tool, count in tools_of(others):
        yield tool, f'its {kind} is not the first of its document', count
    document = sample.meta.get(META)
    if not isinstance(document, dict):
        return
    yield from _fields_of(document, sample)
    used = {_group_of(one) for one in sample.annotations}
    used.update(one.id for one in sample.annotations if one.tool == 'group' and isinstance(one.id, str | int))
    for name, kind in (('relations', 'relation'), ('annotationGroups', 'annotationGroup')):
        by_media = document.get(name)
        lists = by_media.values() if isinstance(by_media, dict) else ()
        found = [one for some in lists if isinstance(some, list) for one in some]
        count = sum(1 for one in found if name == 'relations' or _named(one) not in used)
        if count:
            yield kind, 'only the Datamaker formats can hold it', count


def _fields_of(document: Mapping[str, Any], sample: Sample) -> Iterator[tuple[str, str, int]]:
    """Yield what is lost of the fields that version 1 has beside those of every annotation, such as ``score``."""
    known_by: dict[str | int, Annotation] = {
        one.id: one for one in sample.annotations if isinstance(one.id, str | int)
    }
    counts: dict[str, int] = {}
    for name, known in (('annotations', ANNOTATION_FIELDS), ('annotationsData', ENTRY_FIELDS)):
        by_media = document.get(name)
        for some in by_media.values() if isinstance(by_media, dict) else ():
            for one in some if isinstance(some, list) else ():
                if isinstance(one, dict) and not one.keys() <= known:
                    number = one.get('id')
                    own = known_by.get(number) if isinstance(number, str | int) else None
                    if own is None or (known is ENTRY_FIELDS and own.tool not in FLAT):
                        continue
                    for field in sorted(one.keys() - known - own.extra.keys()):
                        if one[field] is not None and not is_display(field, own.tool):
                            counts[field] = counts.get(field, 0) + 1
    for field, count in counts.items():
        yield 'attribute', f'only the Datamaker formats can hold {field!r}', count


def _named(group: Any) -> Any:
    """Return the id of a group; of something else, or of a group without one, what no annotation is in."""
    name = group.get('id') if isinstance(group, dict) else None
    return name if isinstance(name, str | int) else ()


def _group_of(annotation: Annotation) -> Any:
    """Return the id of the group that an annotation is in, or whose parts it has; None if that is nothing."""
    name: Any = annotation.id if 'parts' in annotation.extra else annotation.extra.get('group_id')
    return name if isinstance(name, str | int) else None
