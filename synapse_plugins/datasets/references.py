"""What refers to annotations by their ids: relations and groups, so that none refers to one that was taken out.

In a sample these are annotations of the tools ``relation`` and ``group``, and in the version 1 document that it carries
``relations`` and ``annotationGroups`` of either shape. What refers to nothing in the source stays as it is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import FormatError
from .dm.carried import META
from .dm.forward import key_of, members_of
from .dm.media import media_ids
from .marks import mark, take_marks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from .report import Report
    from .sample import Annotation, Sample

__all__ = ['let_go']

_ENDS = ('annotationId', 'targetAnnotationId')
_NO_LONGER = 'what was dropped is no longer in it'
_RELATIONS, _GROUPS = 'relations', 'annotationGroups'


def let_go(sample: Sample, before: Sequence[Annotation], report: Report, *, chosen: bool = False) -> None:
    """Take out of a sample what refers to annotations that were taken out, and count it.

    A relation goes with either of its ends, a group with the last one in it. Of a nested group the children of what is
    gone take its place.

    Args:
        sample: The sample, without these annotations.
        before: The annotations that it had.
        report: Where to count.
        chosen: The user chose to leave them out, so nothing is lost.
    """
    gone = _ids(before) - _ids(sample.annotations) if before else set()
    if gone:
        letting = _Letting(sample, report, chosen=chosen)
        while gone:  # a group may be in a group
            gone = letting.go_of(gone)
        letting.tell()


def _ids(annotations: Iterable[Annotation]) -> set[Any]:
    """Return the ids of annotations, also those that the parts of a polygon have in a document."""
    ids: set[Any] = set()
    for one in annotations:
        ids.add(key_of(one.id))
        parts = one.extra.get('parts') if one.extra else None
        if isinstance(parts, list):
            ids.update(f'{one.id}-{place}' for place in range(2, len(parts) + 2))
    return ids - {None}


class _Letting:
    """Lets references go, and tells what went with them."""

    def __init__(self, sample: Sample, report: Report, *, chosen: bool) -> None:
        self._sample = sample
        self._report = report
        self._chosen = chosen
        self._went: set[Any] = set()
        self._annotated: dict[Any, tuple[str, bool]] = {}
        self._documented: dict[Any, tuple[str, bool]] = {}
        self._replaced: dict[int, Annotation] = {}

    def go_of(self, gone: Collection[Any]) -> set[Any]:
        """Let go of these ids; return those of the relations and groups that went with them."""
        self._went = set()
        self._annotations(gone)
        self._document(gone)
        return self._went - _ids(self._sample.annotations)

    def _annotations(self, gone: Collection[Any]) -> None:
        kept: list[Annotation] = []
        for one in self._sample.annotations:
            refers = one.tool in ('relation', 'group') and isinstance(one.data, list)
            left = [item for item in one.data if key_of(item) not in gone] if refers else one.data
            if not refers or len(left) == len(one.data):
                kept.append(one)
            elif one.tool == 'group' and left:
                kept.append(replace(one, data=left))
                self._note(self._annotated, one.tool, one.id, is_gone=False)
                self._replaced[id(one)] = kept[-1]
            else:
                self._note(self._annotated, one.tool, one.id, is_gone=True)
        self._sample.annotations = kept

    def _document(self, gone: Collection[Any]) -> None:
        """Let go in the version 1 document, where it speaks of the medium of the sample."""
        document = self._sample.meta.get(META) if self._sample.meta else None
        media_id = _media_id(document, self._sample.image.media) if isinstance(document, dict) else None
        if media_id is None or not isinstance(document, dict):
            return
        made = dict(document)
        for name, let in ((_RELATIONS, self._relation), (_GROUPS, self._group)):
            by_media = document.get(name)
            if isinstance(by_media, dict) and isinstance(found := by_media.get(media_id), list):
                kept = [left for one in found if (left := let(one, gone)) is not None]
                made[name] = {**by_media, media_id: kept}
        self._sample.meta = {**self._sample.meta, META: made}

    def _relation(self, relation: Any, gone: Collection[Any]) -> Any:
        if isinstance(relation, dict) and any(key_of(relation.get(end)) in gone for end in _ENDS):
            self._note(self._documented, 'relation', relation.get('id'), is_gone=True)
            return None
        return relation

    def _group(self, group: Any, gone: Collection[Any]) -> Any:
        if not isinstance(group, dict) or not any(member in gone for member in members_of(group)):
            return group
        left: dict[str, Any] = dict(group)
        flat, nested = group.get('annotationIds'), group.get('annotationList')
        if isinstance(flat, list):
            left['annotationIds'] = [item for item in flat if key_of(item) not in gone]
        if isinstance(nested, list):
            left['annotationList'] = _without(nested, gone)
        if left.get('annotationIds') or left.get('annotationList'):
            self._note(self._documented, 'annotationGroup', group.get('id'), is_gone=False)
            return left
        self._note(self._documented, 'annotationGroup', group.get('id'), is_gone=True)
        return None

    # -- counting -------------------------------------------------------------------------------------

    def tell(self) -> None:
        """Count what changed and what went; what a document has as an annotation, too, is counted once."""
        others = {key: what for key, what in self._documented.items() if key not in self._annotated}
        for kind, is_gone in (*self._annotated.values(), *others.values()):
            if is_gone or self._chosen or kind != 'group':
                self._count(kind, self._sample.key, is_gone=is_gone)
        if self._replaced:
            self._mark()

    def _mark(self) -> None:
        """Have the sample say which groups have lost something, and what was changed of them before."""
        marks = list(take_marks(self._sample))
        for old, new in self._replaced.items():
            marks = [(new if id(one) == old else one, reason) for one, reason in marks]
        if not self._chosen:
            new_ones = set(map(id, self._replaced.values()))
            marks += [(one, _NO_LONGER) for one in self._sample.annotations if id(one) in new_ones]
        mark(self._sample, marks)

    def _count(self, kind: str, where: str, *, is_gone: bool) -> None:
        verb = 'left out' if self._chosen else 'dropped'
        if not is_gone:
            count = self._report.note if self._chosen else self._report.change
            count(kind, 'what was left out is no longer in it' if self._chosen else _NO_LONGER, where)
            return
        what = 'an annotation that it refers to was' if kind == 'relation' else 'all annotations in it were'
        count = self._report.leave_out if self._chosen else self._report.drop
        count(kind, f'{what} {verb}', where)

    def _note(self, told: dict[Any, tuple[str, bool]], kind: str, name: Any, *, is_gone: bool) -> None:
        key = key_of(name)
        if is_gone:
            self._went.add(key)
        told[kind == 'relation', len(told) if key is None else key] = kind, is_gone


def _media_id(document: Mapping[str, Any], kind: str) -> str | None:
    """Return the id of the first medium of a kind in a version 1 document, which is that of a sample."""
    try:
        return next(iter(media_ids(document).get(kind, ())), None)
    except FormatError:  # whoever writes it says so
        return None


def _without(nodes: list[Any], gone: Collection[Any]) -> list[Any]:
    """Return the nodes of a nested group without some; their children take their places."""
    whole: list[Any] = []
    pending = [(nodes, whole)]
    while pending:
        found, kept = pending.pop()
        waiting = deque(found)
        while waiting:
            node = waiting.popleft()
            children = node.get('children') if isinstance(node, dict) else None
            inner = children if isinstance(children, list) else []
            if isinstance(node, dict) and key_of(node.get('annotationId')) in gone:
                waiting.extendleft(reversed(inner))
            elif inner:
                below: list[Any] = []
                kept.append({**node, 'children': below})
                pending.append((inner, below))
            else:
                kept.append(node)
    return whole
