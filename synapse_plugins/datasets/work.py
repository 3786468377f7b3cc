"""What is done to the samples of a conversion, a batch at a time, in this process or in another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..providers import resolve
from .bounds import Bounds, bounds_for
from .changing import Changes
from .choices import rename_all
from .chosen import keep_chosen
from .dm.carried import leave_behind, may_lose
from .ledger import Entry, digest_of, is_final, time_of_ledger
from .marks import write_marked
from .names import nfc
from .reader import UNREADABLE, Survey, UnitReader
from .references import let_go
from .report import Counts, Report
from .strangers import check_labels, reading, surveying, taken
from .writer import SKIPPED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .given import Change
    from .jobs import Job
    from .reader import Reader, Unit
    from .sample import Sample
    from .writer import Writer

__all__ = ['Done', 'Plan', 'Work', 'adapt']


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a process has to know to write samples: plain data and references.

    Attributes:
        writer: Reference to the writer's class.
        arguments: Its arguments, but for the report.
        holds: The tools that the format can hold; None: every tool.
        chosen: The classes to keep; None keeps all.
        rename: Class -> the class that it becomes.
        transforms: Functions that change a sample or, with None, leave it out.
        drop_empty: Leave out pictures without annotations.
        remember: Write down what is done, for the next conversion.
        verify: Look at the content of pictures to see whether they are as they were.
        old: The folder of an earlier conversion, to take over from; None if there is none.
        replaces: The output replaces that folder, so that its files may be handed over; else they are copied.
    """

    writer: str
    arguments: Mapping[str, Any]
    holds: frozenset[str] | None = None
    chosen: frozenset[str] | None = None
    rename: Mapping[str, str] = field(default_factory=dict)
    transforms: tuple[Change, ...] = ()
    drop_empty: bool = False
    remember: bool = False
    verify: bool = False
    old: str | None = None
    replaces: bool = False

    def make_writer(self, report: Report) -> Writer:
        """Return the writer, which counts in *report*."""
        arguments = dict(self.arguments)
        writer: Writer = resolve(self.writer)(arguments.pop('root'), **arguments, report=report)
        return writer


@dataclass(slots=True)
class Done:
    """What came of a batch.

    Attributes:
        records: (split, what the writer returned) of every sample written, in order.
        seen: Split -> the labels in it.
        respelled: The class names, as they were, that got another spelling.
        facts: (reader, what it told), in order.
        counts: What was counted; None where it went into the conversion's report at once.
        lines: What to remember.
        reused: How many samples were taken over.
        folders: The folders of the output that have been written into.
    """

    records: list[tuple[str | None, Any]] = field(default_factory=list)
    seen: dict[str | None, set[str | None]] = field(default_factory=dict)
    respelled: set[str] = field(default_factory=set)
    facts: list[tuple[int, Any]] = field(default_factory=list)
    counts: Counts | None = None
    lines: list[bytes] = field(default_factory=list)
    reused: int = 0
    folders: set[str] = field(default_factory=set)


class Work:
    """Reads, changes and writes samples.

    Args:
        readers: Where the jobs' units come from.
        report: Where to count; the readers get it too.
        apart: This is a process of its own, so that what is counted has to be handed over with every batch.
    """

    def __init__(self, readers: Sequence[UnitReader], report: Report, *, apart: bool = False) -> None:
        self._readers = readers
        self._read = [reading(reader) for reader in readers]
        self._survey_unit = [surveying(*pair) for pair in zip(readers, self._read, strict=True)]
        self._report = report
        self._apart = apart
        self._plan: Plan | None = None
        self._writer: Writer | None = None
        self._changes = Changes(())
        self._bounds: Bounds | None = None
        self._lets_go = False
        self._labels: set[str | None] = set()
        self._spelling: dict[str, str | None] = {}
        self._odd: set[str] = set()
        self._sum = Report()
        self._respelled: set[str] = set()
        self._listen()

    def _listen(self) -> None:
        """Have the readers report here."""
        for reader in self._readers:
            reader.report = self._report.under(reader.prefix)

    def survey(
        self, jobs: Sequence[Job], transforms: Sequence[Change] = (), rename: Mapping[str, str] | None = None
    ) -> Survey:
        """Return what a batch holds; with transforms, what it will hold, under the names that they get to see."""
        survey = Survey()
        changes = Changes(transforms)
        reports = [reader.report for reader in self._readers]
        for reader in self._readers:
            reader.report = Report()  # problems are reported when it is read in earnest
        for source, unit, key, split, _, _ in jobs:
            reader = self._readers[source]
            if not changes:
                self._survey_unit[source](unit, survey)
                continue
            sample = self._read[source](unit)
            if sample is not None and reader.measure(sample.image, key):
                sample.key, sample.split = key, split
                rename_all(sample.annotations, rename or {}, survey)
                changed = changes.of(sample, reader.report)
                if changed is not None:
                    survey.add_all(changed.annotations)
        for reader, report in zip(self._readers, reports, strict=True):
            reader.take_facts()
            reader.report = report
        check_labels(survey)
        return survey

    def start(self, plan: Plan, writer: Writer | None = None) -> None:
        """Make ready to write; *writer* is the one to use where it also finishes the dataset."""
        self._plan = plan
        self._listen()
        self._writer = writer or plan.make_writer(self._report)
        self._writer.drop_empty = plan.drop_empty
        self._writer.written = [] if plan.remember else None
        self._changes = Changes(plan.transforms)
        self._bounds = bounds_for(self._writer, self._report)
        self._lets_go = self._writer.holds_media and (plan.chosen is not None or bool(plan.transforms))

    def close(self) -> None:
        """Let go of what is open."""
        if self._writer is not None:
            self._writer.close()

    def write(self, jobs: Sequence[Job]) -> Done:
        """Write a batch."""
        done = Done()
        remember = self._plan is not None and self._plan.remember
        for job in jobs:
            if remember:
                self._write_remembered(job, done)
            else:
                self._write(job, done)
        if remember:
            done.counts = self._sum.take()
            done.folders = self._writer.folders if self._writer is not None else set()
            return done
        for place, reader in enumerate(self._readers):
            done.facts.extend((place, fact) for fact in reader.take_facts())
        done.respelled, self._respelled = self._respelled, set()
        if self._apart:
            done.counts = self._report.take()
        return done

    def check(
        self, jobs: Sequence[Job], folder: str, linked: bool, verify: bool
    ) -> list[tuple[int, Any]] | None:
        """Return what readers told of a batch; None unless all of it lies in *folder* and is as it was."""
        facts: list[tuple[int, Any]] = []
        written = time_of_ledger(folder)
        for job in jobs:
            entry = None if job.old is None else Entry.from_line(job.old)
            found = digest_of(self._readers[job.source], job, verify=verify)
            if entry is None or found is None or (entry.key, entry.digest) != (job.key, found[0]):
                return None
            if not entry.shows(folder, found[1], written, linked=linked, verify=verify):
                return None
            facts.extend((job.source, fact) for fact in entry.facts)
        return facts

    def _write_remembered(self, job: Job, done: Done) -> None:
        """Write a sample and remember how, or do what is remembered."""
        plan, writer = self._plan, self._writer
        assert plan is not None and writer is not None and writer.written is not None  # noqa: PT018 - as above
        reader = self._readers[job.source]
        found = digest_of(reader, job, verify=plan.verify)
        if found is not None and job.old is not None and plan.old is not None:
            entry = Entry.from_line(job.old)
            same = entry is not None and (entry.key, entry.digest) == (job.key, found[0])
            if entry is not None and same and entry.is_there(plan.old):
                self._take_over(job, entry, found[1], done)
                return
        before = len(done.records)
        self._write(job, done)
        counts, facts = self._report.take(), reader.take_facts()
        respelled, self._respelled = self._respelled, set()
        pictures = _pictures(writer.placed, found[1] if found is not None else ())
        is_written = len(done.records) > before
        if found is not None and pictures is not None and (is_written or is_final(counts, found[1])):
            record = done.records[-1][1] if is_written else None
            labels = sorted(self._labels, key=lambda one: one or '') if is_written else []
            told = (record, labels, facts, sorted(respelled), counts, is_written)
            line = Entry(job.key, found[0], writer.written, pictures, *told).to_line()
            if line is not None:
                done.lines.append(line)
        writer.written, writer.placed = [], []
        self._sum.merge(counts)
        done.respelled |= respelled
        done.facts.extend((job.source, fact) for fact in facts)

    def _take_over(self, job: Job, entry: Entry, images: Sequence[str], done: Done) -> None:
        plan, writer = self._plan, self._writer
        assert plan is not None and plan.old is not None and writer is not None  # noqa: PT018 - as above
        pictures = [(images[place], target, complete) for place, target, complete in entry.pictures]
        writer.take_over(plan.old, [name for name, _ in entry.files], pictures, replaced=plan.replaces)
        self._sum.merge(self._report.take())  # where pictures could not be linked
        self._sum.merge(entry.counts)
        if entry.is_written:
            done.records.append((job.split, entry.record))
            done.seen.setdefault(job.split, set()).update(entry.labels)
            done.reused += 1
        done.respelled.update(entry.respelled)
        done.facts.extend((job.source, fact) for fact in entry.facts)
        done.lines.append(job.old or b'')

    def _write(self, job: Job, done: Done) -> None:
        plan, writer = self._plan, self._writer
        assert plan is not None and writer is not None  # noqa: PT018 - start() came before
        reader = self._readers[job.source]
        sample = self._read[job.source](job.unit)
        if sample is None:
            return
        if not reader.measure(sample.image, job.unit.key):
            reader.lose(sample.annotations, UNREADABLE, job.unit.key)
            return
        sample.key, sample.split = job.key, job.split
        before = list(sample.annotations) if self._lets_go else []
        changed = self._changed(sample, plan)
        if changed is None:
            return
        if before:
            let_go(changed, before, self._report, chosen=True)
        if not writer.holds_media and not self._is_picture(changed):
            return
        if self._bounds is not None:
            before, changed.annotations = changed.annotations, self._bounds.of(changed)
            if writer.holds_media and len(before) > len(changed.annotations):
                let_go(changed, before, self._report)
        labels = writer.labels(changed.annotations)
        if not labels and plan.drop_empty:
            self._report.leave_out('image', 'it has no annotations', job.key)
            for annotation in changed.annotations:
                self._report.drop(annotation.tool, 'its image was left out', job.key)
            return
        writer.stem = job.stem
        self._labels = labels
        record = write_marked(changed, writer) if changed.meta else writer.write(changed)
        if record is SKIPPED:
            return
        done.records.append((job.split, record))
        seen = done.seen.get(job.split)
        if seen is None:
            done.seen[job.split] = set(labels)
        else:
            seen |= labels

    def _is_picture(self, sample: Sample) -> bool:
        """Tell whether a sample is a picture; what else its document says is counted as dropped."""
        if may_lose(sample):
            leave_behind(sample, self._report)
        if sample.image.media == 'image':
            return True
        for annotation in sample.annotations:
            self._report.drop(annotation.tool, 'it belongs to no picture', sample.key)
        self._report.drop(sample.image.media, 'only the Datamaker formats can hold it', sample.key)
        return False

    # -- what the user chose --------------------------------------------------------------------------

    def _changed(self, sample: Sample, plan: Plan) -> Sample | None:
        """Return the sample as the user wants it; None if not at all."""
        respell, chosen = self._spelling, plan.chosen
        for annotation in sample.annotations:
            label = annotation.label
            if label is not None and respell.get(label) != label:
                annotation.label = self._spelled(label, plan.rename)
                if plan.rename and (old := nfc(label.strip())) != annotation.label and old:
                    reason = f'its class {old!r} became {annotation.label!r}, as asked (rename)'
                    self._report.note(annotation.tool, reason, sample.key)
        if self._changes:
            found = self._changes.of(sample, self._report)
            if found is None:
                return None
            sample = found
        if chosen is not None:
            bare = None if self._writer is None else self._writer.bare_class
            kept = keep_chosen(sample.annotations, chosen, self._report, sample.key, bare_class=bare)
            sample.annotations = kept
        return sample

    def _spelled(self, label: str, rename: Mapping[str, str]) -> str | None:
        known = self._spelling.get(label)
        if known is None:
            spelled = nfc(label.strip())
            if spelled != label:
                self._odd.add(label)
            known = self._spelling[label] = rename.get(spelled, spelled) or None  # never '', not even again
        if label in self._odd:
            self._respelled.add(label)
        return known


def _pictures(
    placed: Sequence[tuple[str, str, bool]], images: Sequence[str]
) -> list[tuple[int, str, bool]] | None:
    """Return what was placed by its place in the evidence; None if something else was placed."""
    try:
        return [(images.index(source), target, complete) for source, target, complete in placed]
    except ValueError:
        return None


class _Whole(UnitReader):
    """A reader that only yields samples, as one of units; it stays in one process."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader.root, reader.report)
        self._reader = reader
        self.splits = reader.splits
        self.verify = reader.verify

    @property
    def classes(self) -> list[str] | None:
        return self._reader.classes

    def count(self) -> int | None:
        return self._reader.count()

    def units(self) -> Any:
        from .reader import Unit

        for sample in self._reader:
            yield Unit(sample.key, sample.split, sample.image.name, sample)

    def read(self, unit: Unit) -> Sample:
        sample: Sample = unit.source
        return taken(sample, self._reader, self.report)

    def survey(self) -> Survey:
        survey = self._reader.survey()
        check_labels(survey)
        return survey

    def close(self) -> None:
        self._reader.close()


def adapt(reader: Reader) -> tuple[UnitReader, bool]:
    """Return a reader as one of units, and whether these can be read in another process."""
    if isinstance(reader, UnitReader):
        return reader, type(reader).__module__ != '__main__'
    return _Whole(reader), False
