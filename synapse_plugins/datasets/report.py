"""The report of a conversion: what was kept, changed, dropped and quarantined, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from .sample import Annotation

__all__ = ['EXAMPLES', 'Counts', 'Entry', 'Report']

EXAMPLES = 5
"""How many places a reason names; the count is always the whole."""

_MOST_SAID = 5
"""Lines in the `repr` of a report."""

_PHRASES = {
    'changed': 'changed',
    'dropped': 'dropped',
    'quarantined': 'quarantined',
    'left_out': 'left out',
    'noted': 'noted',
}

_LOSSES = ('changed', 'dropped', 'quarantined')

Counts = tuple[dict[str, int], list[tuple[str, str, str, int, list[str]]], list[str], dict[str, str]]
"""What `Report.take` returns and `Report.merge` adds."""


@dataclass(slots=True)
class Entry:
    """How often one thing happened to one kind, with the first places.

    Attributes:
        kind: A tool (``bounding_box`` ...), ``image``, ``annotation file``, ``label line``, ``attribute`` or
            ``class``.
        reason: What happened and why.
        count: How often.
        examples: The first places, at most `EXAMPLES`.
    """

    kind: str
    reason: str
    count: int = 0
    examples: list[str] = field(default_factory=list)


class Report:
    """Counts by kind and reason.

    Each annotation is in ``kept``, or is counted once for every reason why it was changed, or is in ``dropped``.
    ``quarantined`` are images and annotation files that cannot be read, ``left_out`` is what the user chose to
    leave out, and ``noted`` is what a person should know though nothing was lost.

    Attributes:
        kept: Kind -> how many came through as they were.
        warnings: Sentences about the dataset as a whole.
        renamed: Sample key -> the file name it got, where it could not keep its own.
    """

    def __init__(self) -> None:
        self.kept: dict[str, int] = {}
        self.warnings: list[str] = []
        self._said: set[str] = set()
        self.renamed: dict[str, str] = {}
        self._buckets: dict[str, dict[tuple[str, str], Entry]] = {name: {} for name in _PHRASES}
        self._before: dict[int, list[str]] = {}

    def __repr__(self) -> str:
        lines = self.lines(examples=1)
        more = [f'and {len(lines) - _MOST_SAID} more'] if len(lines) > _MOST_SAID else []
        return f'<Report: {"; ".join([*lines[:_MOST_SAID], *more]) or "nothing was counted"}>'

    # -- counting -------------------------------------------------------------------------------------

    def keep(self, kind: str, count: int = 1) -> None:
        """Count what came through unchanged."""
        self.kept[kind] = self.kept.get(kind, 0) + count

    def change(self, kind: str, reason: str, where: str, count: int = 1) -> None:
        """Count what came through, but not as it was."""
        self._count('changed', kind, reason, where, count)

    def come_through(self, annotation: Annotation, where: str, reasons: Sequence[str] = ()) -> None:
        """Count an annotation that is in the output: as changed, once for every reason, or as kept.

        Args:
            annotation: The annotation. What its reader changed of it counts too.
            where: What the report names.
            reasons: What the writer changed of it.
        """
        tool = annotation.tool
        before = self._claimed(annotation) if self._before else ()
        if not before and not reasons:
            self.kept[tool] = self.kept.get(tool, 0) + 1
        for reason in (*before, *reasons):
            self.change(tool, reason, where)

    def drop(self, kind: str, reason: str, where: str, count: int = 1) -> None:
        """Count what is not in the output."""
        self._count('dropped', kind, reason, where, count)

    def quarantine(self, kind: str, reason: str, where: str) -> None:
        """Count a file that cannot be read, and whose sample is not in the output."""
        self._count('quarantined', kind, reason, where, 1)

    def leave_out(self, kind: str, reason: str, where: str, count: int = 1) -> None:
        """Count what the user chose to leave out; that is no loss."""
        self._count('left_out', kind, reason, where, count)

    def note(self, kind: str, reason: str, where: str, count: int = 1) -> None:
        """Count what a person should know though nothing was lost."""
        self._count('noted', kind, reason, where, count)

    def warn(self, sentence: str) -> None:
        """Say something about the dataset as a whole, once."""
        if sentence not in self._said:
            self._said.add(sentence)
            self.warnings.append(sentence)

    def under(self, prefix: str) -> Report:
        """Return what counts in this report, with *prefix* before every place: for one of several sources."""
        return _Under(self, prefix) if prefix else self

    # -- what was changed before ----------------------------------------------------------------------

    @property
    def expects(self) -> bool:
        """Whether `come_through` has to be asked about every annotation, for something was changed of one before."""
        return bool(self._before)

    def expect(self, marks: Iterable[tuple[Annotation, str]]) -> None:
        """Know what was changed of annotations before they are counted, and why, in place of what was known."""
        self._before = {}
        for annotation, reason in marks:
            reasons = self._before.setdefault(id(annotation), [])
            reasons.append(reason)
            self._before[id(annotation.extra)] = reasons  # by which the same with another label is known

    def tell_expected(self, annotation: Annotation, where: str) -> None:
        """Count what was changed of an annotation before, if that is not told yet."""
        for reason in self._claimed(annotation):
            self.change(annotation.tool, reason, where)

    def apart(self) -> Report:
        """Return an empty report that knows what this one does, for what may turn out not to count."""
        report = Report()
        report._before = self._before
        return report

    def _claimed(self, annotation: Annotation) -> list[str]:
        before = self._before
        reasons = before.get(id(annotation)) or before.get(id(annotation.extra)) or []
        claimed = list(reasons)
        reasons.clear()
        return claimed

    def _count(self, bucket: str, kind: str, reason: str, where: str, count: int) -> None:
        entries = self._buckets[bucket]
        entry = entries.get((kind, reason))
        if entry is None:
            entry = entries[kind, reason] = Entry(kind, reason)
        entry.count += count
        if len(entry.examples) < EXAMPLES:
            shown = where.encode('utf-8', 'backslashreplace').decode()  # a file name may be no text
            if shown not in entry.examples:
                entry.examples.append(shown)

    # -- putting together -----------------------------------------------------------------------------

    def take(self) -> Counts:
        """Return what was counted so far as plain data that can be pickled, and start anew."""
        kept, warnings, renamed = self.kept, self.warnings, self.renamed
        self.kept, self.warnings, self.renamed = {}, [], {}
        self._said.clear()
        found: list[tuple[str, str, str, int, list[str]]] = []
        for bucket, entries in self._buckets.items():
            if entries:
                found.extend(
                    (bucket, one.kind, one.reason, one.count, one.examples) for one in entries.values()
                )
                entries.clear()
        return kept, found, warnings, renamed

    def merge(self, counts: Counts) -> None:
        """Add what another report counted; merged in the order of the samples, nobody sees that there were several."""
        kept, found, warnings, renamed = counts
        for kind, count in kept.items():
            self.kept[kind] = self.kept.get(kind, 0) + count
        for bucket, kind, reason, count, examples in found:
            entries = self._buckets[bucket]
            entry = entries.get((kind, reason))
            if entry is None:
                entry = entries[kind, reason] = Entry(kind, reason)
            entry.count += count
            for example in examples:
                if len(entry.examples) < EXAMPLES and example not in entry.examples:
                    entry.examples.append(example)
        for sentence in warnings:
            self.warn(sentence)
        self.renamed.update(renamed)

    # -- reading --------------------------------------------------------------------------------------

    @property
    def changed(self) -> list[Entry]:
        """What came through, but not as it was."""
        return self._entries('changed')

    @property
    def dropped(self) -> list[Entry]:
        """What is not in the output."""
        return self._entries('dropped')

    @property
    def quarantined(self) -> list[Entry]:
        """Files that cannot be read."""
        return self._entries('quarantined')

    @property
    def left_out(self) -> list[Entry]:
        """What the user chose to leave out."""
        return self._entries('left_out')

    @property
    def noted(self) -> list[Entry]:
        """What a person should know though nothing was lost."""
        return self._entries('noted')

    @property
    def losses(self) -> bool:
        """Whether anything was changed, dropped or quarantined."""
        return any(self._buckets[name] for name in _LOSSES)

    def _entries(self, bucket: str) -> list[Entry]:
        entries = self._buckets[bucket]
        return [entries[key] for key in sorted(entries)]

    def lines(self, examples: int = EXAMPLES) -> list[str]:
        """Return the report as lines for a person, the losses after what was kept, with so many examples each."""
        kept = ', '.join(f'{count} {kind}' for kind, count in sorted(self.kept.items()))
        lines = [f'kept {kept}'] if kept else []
        lines += self._bucket_lines(_PHRASES, examples)
        lines.extend(f'warning: {sentence}' for sentence in self.warnings)
        if self.renamed:
            lines.append(
                f'renamed {len(self.renamed)} pictures, because another one has the name, or not every system takes it '
                'or reads its letters alike (the report lists the new names)'
            )
        return lines

    def lost(self, but: Collection[str] = ()) -> list[str]:
        """Return the kinds of which something was changed, dropped or quarantined, without those of *but*."""
        kinds = {entry.kind for bucket in _LOSSES for entry in self._buckets[bucket].values()}
        return sorted(kinds.difference(but))

    def loss_lines(self, examples: int = EXAMPLES, *, but: Collection[str] = ()) -> list[str]:
        """Return what was changed, dropped or quarantined, without the kinds of *but*, as lines for a person."""
        return self._bucket_lines(_LOSSES, examples, but)

    def _bucket_lines(self, buckets: Iterable[str], examples: int, but: Collection[str] = ()) -> list[str]:
        lines = []
        for bucket in buckets:
            for entry in self._entries(bucket):
                if entry.kind in but:
                    continue
                places = entry.examples[:examples]
                more = ', ...' if entry.count > len(places) else ''
                shown = f' ({", ".join(places)}{more})' if places else ''
                what = f'{_PHRASES[bucket]} {entry.count} {entry.kind}'
                asked = ', as you asked' if bucket == 'left_out' else ''
                lines.append(f'{what}{asked}: {entry.reason}{shown}')
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data, always in the same order."""
        data: dict[str, Any] = {'kept': dict(sorted(self.kept.items()))}
        for bucket in _PHRASES:
            data[bucket] = [
                {'kind': entry.kind, 'reason': entry.reason, 'count': entry.count, 'examples': entry.examples}
                for entry in self._entries(bucket)
            ]
        data['warnings'] = list(self.warnings)
        data['renamed'] = dict(sorted(self.renamed.items()))
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Report:
        """Return the report that `to_dict` made *data* from."""
        report = cls()
        report.kept = dict(data['kept'])
        for sentence in data['warnings']:
            report.warn(sentence)
        report.renamed = dict(data['renamed'])
        for bucket, entries in report._buckets.items():
            for item in data[bucket]:
                entry = Entry(item['kind'], item['reason'], item['count'], list(item['examples']))
                entries[entry.kind, entry.reason] = entry
        return report


class _Under(Report):
    """Hands what is counted to another report, with a prefix before every place."""

    def __init__(self, whole: Report, prefix: str) -> None:
        super().__init__()
        self._whole, self._prefix = whole, prefix

    def keep(self, kind: str, count: int = 1) -> None:
        self._whole.keep(kind, count)

    def warn(self, sentence: str) -> None:
        self._whole.warn(sentence)

    def _count(self, bucket: str, kind: str, reason: str, where: str, count: int) -> None:
        self._whole._count(bucket, kind, reason, f'{self._prefix}{where}', count)  # noqa: SLF001 - of its own class
