"""The samples of a conversion on their way from readers to a writer."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from ..errors import DatasetError
from .ahead import started
from .batches import Batches
from .choices import add_said, all_splits, chosen_classes, hints_for, prefixes_of, relabel, renaming, said_by
from .classes import ClassNames, class_list
from .emptiness import nothing_left, warn_of_classes
from .ledger import signature_of
from .names import nfc
from .pool import count_of, reachable
from .reader import Survey
from .report import Report
from .work import Plan, Work, adapt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from .choices import Choices
    from .ledger import Ledger, LedgerWriter
    from .pool import Pool
    from .reader import Reader, UnitReader
    from .report import Counts
    from .work import Done
    from .writer import Writer

__all__ = ['Stream']

SMALL = 1000
"""A dataset of fewer samples is converted in this process: starting others would take longer."""


class Stream:
    """Takes the samples from readers, changes them as the user wants, and hands them to a writer.

    Args:
        readers: Where they come from.
        report: Where to count.
        choices: What the user wants.
        workers: How many processes may work; None: as many as there are processors.
        ahead: Processes that were started while the readers were made; they are stopped where they do not pay.
        progress: Is called with how many samples are done and how many there are.
        cancelled: Is asked now and then whether to stop.

    Attributes:
        count: How many samples were written.
        reused: How many of them were taken over from an earlier conversion.
        batches: The jobs.
        folders: The folders of the output in which files of samples lie.
        left: What was counted of what no sample used.
        remembers: Whether a ledger can be kept; known after `plan`.
        all_splits: The splits that samples go to; ``[None]`` without splits.
    """

    def __init__(
        self,
        readers: Sequence[Reader],
        report: Report,
        choices: Choices,
        *,
        workers: int | None = None,
        ahead: Pool | None = None,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.count = 0
        self._sources = list(readers)
        adapted = [adapt(reader) for reader in readers]
        self._readers: list[UnitReader] = [reader for reader, _ in adapted]
        self._portable = all(portable for _, portable in adapted)
        self._prefixes = prefixes_of(readers)
        for reader, prefix in zip(self._readers, self._prefixes, strict=True):
            reader.prefix = prefix
        self.batches = Batches(self._readers, self._prefixes, choices.selection)
        self._report = report
        self._choices = choices
        self._rota: list[int] = []
        self._workers = workers
        self._spell = ClassNames(report)
        self._rename = renaming(choices.rename)
        self._chosen = None if choices.classes is None else chosen_classes(choices.classes, self._spell)
        self._hints: dict[str, str] = {}
        self._progress = progress
        self._cancelled = cancelled
        self.all_splits = all_splits(self._readers, choices.selection)
        self._written: dict[str | None, int] = dict.fromkeys(self.all_splits, 0)
        self._seen: dict[str | None, set[str | None]] = {split: set() for split in self.all_splits}
        self._facts: dict[int, list[Any]] = {place: [] for place in range(len(self._readers))}
        self._stack = ExitStack()
        self._pool = ahead
        self._total = self._count_all()
        self.batches.fit(self._total)
        self.remembers = False
        self.reused = 0
        self.folders: set[str] = set()
        self.left: Counts = Report().take()
        self._said: dict[str, Any] = {}

    def told(self, plan: Plan, left: Counts) -> list[Any]:
        """Return what decides on the output beside the samples.

        What was counted before the first of them, of what no sample used (*left*) and of those that are not wanted, and
        the place of the output, which stands in some of its files.
        """
        return [self._said, left, self.batches.left_out, str(plan.arguments['final_root'])]

    @property
    def is_large(self) -> bool:
        """Whether other processes pay."""
        return self._total >= SMALL

    @property
    def splits(self) -> dict[str, int]:
        """Split -> how many samples were written; empty for a dataset without splits."""
        return {split: count for split, count in self._written.items() if split is not None}

    def __enter__(self) -> Self:
        """Open it."""
        for reader in self._readers:
            self._stack.callback(reader.close)
        self._stack.push(self.stop)
        return self

    def stop(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the processes, at once after an error: before the folder that they write into is removed."""
        if self._pool is not None:
            self._pool.stop(at_once=kind is not None)

    def __exit__(self, *error: object) -> None:
        """Stop the processes and close the readers."""
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    def _count_all(self) -> int:
        counts = [reader.count() for reader in self._readers]
        return 0 if None in counts else sum(count or 0 for count in counts)

    # -- before the first sample ----------------------------------------------------------------------

    def plan(
        self, writer: type[Writer], name: str, task: str | None
    ) -> tuple[str | None, list[str], dict[str, Any]]:
        """Return the task, the class map and more arguments for a writer, after a survey where that is needed.

        Raises:
            DatasetError: If the format has no such task, or the source has nothing that the format can hold.
        """
        if task is not None and writer.tasks and task not in writer.tasks:
            raise DatasetError(
                f'The format {name} is written for the tasks {", ".join(writer.tasks)}, not {task!r}.'
            )
        self.batches.by_split = writer.names_by_split
        self.batches.has_splits = len(self.all_splits) > 1
        self.remembers = self._portable and writer.parallel
        selection = self._choices.selection
        if selection.needs_keys:
            selection.look(self.batches.units())
            if selection.missing:
                self._report.warn(selection.missing)
        self._open_pool(writer)
        declared = self._declared()
        known = all(reader.classes is not None and reader.declares_classes for reader in self._sources)
        known = known and not self._choices.transforms
        asks = not known or (task is None and bool(writer.tasks)) or writer.needs_survey(task)
        survey = self._survey() if asks else None
        if self._rename:
            is_done = bool(self._choices.transforms)
            relabel(survey, self._rename, self._sources, self._report, is_done=is_done)
        if not writer.tasks and task is not None:
            self._report.warn(f'The format {name} knows no tasks, so task {task!r} made no difference.')
        if not writer.tasks:
            task = None
        elif task is None and survey is not None:
            task = writer.choose_task(survey)
        self._grouped = survey is None or 'keypoint' not in survey or 'grouped' in survey.traits
        self._holds = writer.holds(task)
        self._target = f'{name} under task {task}' if task else name
        arguments = writer.prepare(said_by(self._sources, self._rename) if survey is None else survey, task)
        observed = set() if survey is None else writer.class_names(survey, task)
        if self._chosen is not None:
            names = [*declared, *observed]
            self._hints = hints_for(self._chosen, names, survey, self._readers, self._rename)
            return task, self._chosen, arguments
        if survey is not None and not known:
            others = writer.not_classes(survey, task)
            declared = [name for name in declared if name not in others]
        return task, class_list(declared, set() if known else observed, self._spell), arguments

    def _declared(self) -> list[str]:
        """Return the classes that the sources declare, one after the other, under their new names."""
        names = [name for reader in self._sources for name in reader.classes or ()]
        return list(dict.fromkeys(self._renamed(name) for name in names))

    def _renamed(self, name: str) -> str:
        return self._rename.get(nfc(name.strip()), name) if self._rename else name

    def _survey(self) -> Survey:
        whole, changes = Survey(), (self._choices.transforms, self._rename)
        known = [reader.known_survey() for reader in self._readers]
        if self._choices.selection.takes_all and not self._choices.transforms and None not in known:
            for survey in known:
                whole.merge(survey or Survey())
        elif not self._portable and not self._choices.transforms:
            for reader in self._readers:
                whole.merge(reader.survey())
        elif self._pool is not None:
            batches = self.batches.packed(again=True)
            for survey in self._pool.run('survey', batches, *changes, rota=self._rota):
                whole.merge(survey)
                self._look(0)
        else:
            work = Work(self._readers, self._report)
            for batch in self.batches:
                whole.merge(work.survey(batch, *changes))
                self._look(0)
        add_said(whole, self._sources, self._rename)
        if self._choices.transforms:
            whole.skeletons.clear()  # who knows what joints they leave
        return whole

    def _open_pool(self, writer: type[Writer]) -> None:
        """Use processes where they pay."""
        count = count_of(self._workers)
        is_ours = any(not isinstance(one, str) for one in self._choices.transforms)  # of this process alone
        is_ours = is_ours or writer.__module__ == '__main__'
        reads = self._portable and writer.parallel and reachable() and not is_ours
        if reads and count > 1 and self.is_large:
            self._pool = self._pool or started(count, self._stack)
            if self._pool is not None:
                self._pool.tell('open', self._readers)
        elif self._pool is not None:
            self._pool.stop(at_once=True)
            self._pool = None

    # -- the samples ----------------------------------------------------------------------------------

    def make_plan(
        self, reference: str, arguments: Mapping[str, Any], *, remember: bool = False, verify: bool = False
    ) -> Plan:
        """Return what every process has to know.

        Args:
            reference: Where the writer's class is found.
            arguments: The writer's arguments, but for the report.
            remember: Write down what is done, where that can be.
            verify: Look at the content of pictures to see whether they are as they were.
        """
        self._said = self._report.to_dict()
        return Plan(
            writer=reference,
            arguments=arguments,
            holds=self._holds,
            chosen=None if self._chosen is None else frozenset(self._chosen),
            rename=self._rename,
            transforms=self._choices.transforms,
            drop_empty=self._choices.drop_empty,
            remember=remember and self.remembers,
            verify=verify,
        )

    def signature(self, plan: Plan, formats: Sequence[Any]) -> str:
        """Return a digest of what all samples depend on; *formats* are the formats with their versions."""
        return signature_of(plan, self._readers, [*formats, self._prefixes], verify=plan.verify)

    def is_done(self, ledger: Ledger, plan: Plan, *, linked: bool) -> bool:
        """Tell whether an earlier conversion, which *linked* pictures, did all of this, and all of it is as it was."""
        self.batches.ledger = ledger
        before, self._report = self._report, Report()  # what is counted is in the report of that conversion
        try:
            for found in self._checked(str(ledger.folder), plan, linked):
                if found is None:
                    return False
                self._tell(found)
            count = self.batches.count
            return count == ledger.count and ledger.ends_with(count, self.told(plan, self._leave()))
        finally:
            self._report = before
            self._tell(())

    def _checked(self, folder: str, plan: Plan, linked: bool) -> Iterator[list[tuple[int, Any]] | None]:
        """Yield what readers told of every batch; None for one that is not as it was."""
        if self._pool is not None:
            yield from self._pool.run('check', self.batches.packed(), folder, linked, plan.verify)
            return
        work = Work(self._readers, Report(), apart=True)
        for batch in self.batches:
            yield work.check(batch, folder, linked, plan.verify)

    def _leave(self) -> Counts:
        """Return what is counted of what no sample used."""
        report = Report()
        for place, reader in enumerate(self._readers):
            reader.report = report.under(reader.prefix)
            reader.leave(self._facts[place])
            reader.report = self._report
            self._facts[place] = []
        return report.take()

    def _tell(self, facts: Iterable[tuple[int, Any]]) -> None:
        for place, fact in facts:
            self._facts[place].append(fact)

    def run(self, writer: Writer, plan: Plan, ledger: LedgerWriter | None = None) -> None:
        """Write every sample.

        Args:
            writer: What merges and finishes, made from the plan.
            plan: What to do.
            ledger: What to write down how it was done.

        Raises:
            DatasetError: If there was nothing to write, or the work was cancelled.
        """
        self._look(0)
        for done, result in self._results(writer, plan):
            self._take(result, writer)
            if ledger is not None:
                ledger.add(result.lines)
            self._look(done)
        if self._pool is not None:
            self._pool.dismiss()
        self._report.merge(self.batches.left_out)
        self.left = self._leave()
        self._report.merge(self.left)
        self._look(self._total)
        self._check(writer.classes)

    def _results(self, writer: Writer, plan: Plan) -> Iterator[tuple[int, Done]]:
        """Yield what comes of every batch, in order, with how many samples are done after it."""
        if self._pool is not None:
            self._pool.tell('start', plan)
            results = self._pool.run('write', self.batches.packed(), rota=self._rota)
            for number, done in enumerate(results, 1):
                yield number * self.batches.size, done
            return
        work = Work(self._readers, Report() if plan.remember else self._report, apart=plan.remember)
        work.start(plan, None if plan.remember else writer)
        for number, batch in enumerate(self.batches, 1):
            yield number * self.batches.size, work.write(batch)

    def _take(self, done: Done, writer: Writer) -> None:
        if done.counts is not None:
            self._report.merge(done.counts)
        for split, record in done.records:
            self.count += 1
            self._written[split] = self._written.get(split, 0) + 1
            writer.merge(split, record)
        for split, labels in done.seen.items():
            self._seen.setdefault(split, set()).update(labels)
        for name in sorted(done.respelled):
            self._spell(name)
        self.folders |= done.folders
        self._tell(done.facts)
        self.reused += done.reused

    def _look(self, done: int) -> None:
        if self._cancelled is not None and self._cancelled():
            raise DatasetError('The conversion was cancelled; nothing was written.')
        if self._total and self._progress is not None:
            self._progress(min(done, self._total), self._total)

    # -- after the last -------------------------------------------------------------------------------

    def _check(self, classes: list[str]) -> None:
        """Refuse an empty result, and warn of classes that are missing somewhere."""
        root = ', '.join(str(reader.root) for reader in self._readers)
        self._report.keep('image', self.count)
        annotated = any(kind not in ('image', 'class') for kind in self._report.kept) or any(
            entry.kind not in ('image', 'class') for entry in self._report.changed
        )
        seen = set().union(*self._seen.values())
        if not self.count or not annotated:
            more = {'grouped': self._grouped, 'given': self.count > 0 and bool(seen)}
            raise nothing_left(root, self._report, self._holds, self._target, **more)
        written = {split: labels for split, labels in self._seen.items() if self._written[split]}
        warn_of_classes(self._report, classes, seen, written, self._hints)
