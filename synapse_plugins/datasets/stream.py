"""The samples of a conversion on their way from readers to a writer."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from ..errors import DatasetError, suggestion
from .classes import ClassNames, class_list
from .names import Namer, nfc, order_splits
from .pool import Pool, cores, reachable
from .reader import Survey
from .report import Report
from .work import Job, Plan, Work, adapt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from .reader import Reader, UnitReader
    from .selection import Selection
    from .work import Done
    from .writer import Writer

__all__ = ['Choices', 'Stream']

SMALL = 3000
"""A dataset of fewer samples is converted in this process: starting others would take longer."""

_MOST_PROCESSES = 16
BATCH = 100  # samples between two looks at `cancelled` and two reports of progress


class Choices(NamedTuple):
    """What the user chose to do to the samples.

    Attributes:
        selection: Which samples, and the split of each.
        classes: The classes to keep, in order; None keeps all. None of them, or one without a name, is an error.
        rename: Class -> the class that it becomes; several may become one.
        transforms: References to functions ``Sample -> Sample | None``.
        drop_empty: Leave out pictures without annotations.
    """

    selection: Selection
    classes: Sequence[str] | None = None
    rename: Mapping[str, str] | None = None
    transforms: tuple[str, ...] = ()
    drop_empty: bool = False


class Stream:
    """Takes the samples from readers, changes them as the user wants, and hands them to a writer.

    Args:
        readers: Where they come from.
        report: Where to count.
        choices: What the user wants.
        workers: How many processes may work; None: as many as there are processors.
        progress: Is called with how many samples are done and how many there are.
        cancelled: Is asked now and then whether to stop.

    Attributes:
        count: How many samples were written.
    """

    def __init__(
        self,
        readers: Sequence[Reader],
        report: Report,
        choices: Choices,
        *,
        workers: int | None = None,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.count = 0
        self._sources = list(readers)
        adapted = [adapt(reader) for reader in readers]
        self._readers: list[UnitReader] = [reader for reader, _ in adapted]
        self._portable = all(portable for _, portable in adapted)
        self._prefixes = _prefixes(readers)
        self._report = report
        self._choices = choices
        self._selection = choices.selection
        self._workers = workers
        self._spell = ClassNames(report)
        self._rename = _renaming(choices.rename)
        self._chosen = None if choices.classes is None else _named(choices.classes, self._spell)
        self._hints: dict[str, str] = {}
        self._progress = progress
        self._cancelled = cancelled
        self.all_splits = self._all_splits()
        self._written: dict[str | None, int] = dict.fromkeys(self.all_splits, 0)
        self._seen: dict[str | None, set[str | None]] = {split: set() for split in self.all_splits}
        self._facts: dict[int, list[Any]] = {place: [] for place in range(len(self._readers))}
        self._stack = ExitStack()
        self._pool: Pool | None = None
        self._total = self._count_all()

    @property
    def splits(self) -> dict[str, int]:
        """Split -> how many samples were written; empty for a dataset without splits."""
        return {split: count for split, count in self._written.items() if split is not None}

    def __enter__(self) -> Self:
        """Open it."""
        for reader in self._readers:
            self._stack.callback(reader.close)
        return self

    def __exit__(self, *error: object) -> None:
        """Stop the processes and close the readers."""
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    def _all_splits(self) -> list[str | None]:
        chosen = self._selection.splits
        if chosen is not None:
            return list(chosen)
        own = {split for reader in self._readers for split in reader.splits}
        if None in own and len(own) > 1:
            raise DatasetError(
                'Some of the sources have splits and some have none. Choose splits for all of them, as in '
                '--split train=.8,val=.2.'
            )
        return [None] if own == {None} else list(order_splits({split for split in own if split is not None}))

    def _count_all(self) -> int:
        counts = [reader.count() for reader in self._readers]
        return 0 if None in counts else sum(count or 0 for count in counts)

    # -- the jobs -------------------------------------------------------------------------------------

    def _jobs(self, *, named: bool) -> Iterator[Job]:
        """Yield a job for every sample that is taken, in order."""
        selection, namer = self._selection, Namer() if named else None
        for source, (reader, prefix) in enumerate(zip(self._readers, self._prefixes, strict=True)):
            for unit in reader.units():
                key = f'{prefix}{unit.key}' if prefix else unit.key
                if not selection.takes(key):
                    if named:
                        self._report.leave_out('image', 'it is not in the sample', key)
                    continue
                split = selection.split_of(key, unit.split)
                stem = ''
                if namer is not None:
                    scope = (split or '') if self._by_split else ''
                    stem = namer.name(scope, unit.name.rpartition('.')[0], key)
                yield Job(source, unit, key, split, stem)

    def _batches(self, *, named: bool) -> Iterable[list[Job]]:
        jobs = self._jobs(named=named)
        return iter(lambda: list(islice(jobs, BATCH)), [])

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
        self._by_split = writer.names_by_split
        if self._selection.needs_keys:
            pairs = zip(self._readers, self._prefixes, strict=True)
            self._selection.look(f'{prefix}{unit.key}' for reader, prefix in pairs for unit in reader.units())
        self._open_pool(writer)
        declared = self._declared()
        known = all(reader.classes is not None and reader.declares_classes for reader in self._sources)
        known = known and not self._choices.transforms
        asks = not known or (task is None and bool(writer.tasks)) or writer.needs_survey(task)
        survey = self._survey() if asks else None
        if not writer.tasks and task is not None:
            self._report.warn(f'The format {name} knows no tasks, so task {task!r} made no difference.')
        if not writer.tasks:
            task = None
        elif task is None and survey is not None:
            task = writer.choose_task(survey)
        self._holds = writer.holds(task)
        arguments = writer.prepare(survey, task)
        if self._chosen is not None:
            self._look_for(self._chosen, declared, survey)
            return task, self._chosen, arguments
        observed = self._observed(survey) if survey is not None and not known else set()
        return task, class_list(declared, observed, self._spell), arguments

    def _declared(self) -> list[str]:
        """Return the classes that the sources declare, one after the other, under their new names."""
        names = [name for reader in self._sources for name in reader.classes or ()]
        return list(dict.fromkeys(self._renamed(name) for name in names))

    def _renamed(self, name: str) -> str:
        return self._rename.get(nfc(name.strip()), name) if self._rename else name

    def _survey(self) -> Survey:
        whole = Survey()
        known = [reader.known_survey() for reader in self._readers]
        if self._selection.takes_all and not self._choices.transforms and None not in known:
            for survey in known:
                whole.merge(survey or Survey())
        elif not self._portable and not self._choices.transforms:
            for reader in self._readers:
                whole.merge(reader.survey())
        elif self._pool is not None:
            for survey in self._pool.run('survey', self._batches(named=False), self._choices.transforms):
                whole.merge(survey)
                self._look(0)
        else:
            work = Work(self._readers, self._report)
            for batch in self._batches(named=False):
                whole.merge(work.survey(batch, self._choices.transforms))
                self._look(0)
        if self._rename:
            whole.labels = {
                tool: {self._renamed(label) for label in labels} for tool, labels in whole.labels.items()
            }
        return whole

    def _open_pool(self, writer: type[Writer]) -> None:
        """Start processes where they pay."""
        count = self._workers if self._workers is not None else min(cores(), _MOST_PROCESSES)
        if count < 1:
            raise DatasetError(f'workers={count} is no number of processes; use 1 or more.')
        if count == 1 or self._total < SMALL or not (self._portable and writer.parallel and reachable()):
            return
        modules = [writer.__module__, *(one.partition(':')[0] for one in self._choices.transforms)]
        if '__main__' not in modules:
            self._pool = self._stack.enter_context(Pool(count, self._readers))

    def _look_for(self, chosen: Sequence[str], declared: Sequence[str], survey: Survey | None) -> None:
        """See which of the chosen classes the dataset holds, before the work starts.

        Raises:
            DatasetError: If it holds none.
        """
        labels = survey.labels.values() if survey is not None else ()
        held = class_list(declared, set().union(*labels), ClassNames(Report()))
        self._hints = {name: suggestion(name, held) for name in chosen if name not in held}
        if len(self._hints) == len(chosen):
            hints = ' '.join(dict.fromkeys(filter(None, self._hints.values())))
            places = ', '.join(str(reader.root) for reader in self._readers)
            raise DatasetError(
                f'{places} has none of the classes asked for: {", ".join(chosen)}. {hints}'.rstrip()
            )

    def _observed(self, survey: Survey) -> set[str]:
        tools = survey.labels if self._holds is None else self._holds.intersection(survey.labels)
        return {label for tool in tools for label in survey.labels[tool] if label}

    # -- the samples ----------------------------------------------------------------------------------

    def make_plan(self, reference: str, arguments: Mapping[str, Any]) -> Plan:
        """Return what every process has to know.

        Args:
            reference: Where the writer's class is found.
            arguments: The writer's arguments, but for the report.
        """
        return Plan(
            writer=reference,
            arguments=arguments,
            holds=self._holds,
            chosen=None if self._chosen is None else frozenset(self._chosen),
            rename=self._rename,
            transforms=self._choices.transforms,
            drop_empty=self._choices.drop_empty,
        )

    def run(self, writer: Writer, plan: Plan) -> None:
        """Write every sample.

        Args:
            writer: What merges and finishes, made from the plan.
            plan: What to do.

        Raises:
            DatasetError: If there was nothing to write, or the work was cancelled.
        """
        self._look(0)
        for done, result in self._results(writer, plan):
            self._take(result, writer)
            self._look(done)
        for place, reader in enumerate(self._readers):
            reader.report = self._report
            reader.leave(self._facts[place])
        self._look(self._total)
        self._check(writer.classes)

    def _results(self, writer: Writer, plan: Plan) -> Iterator[tuple[int, Done]]:
        """Yield what comes of every batch, in order, with how many samples are done after it."""
        if self._pool is not None:
            self._pool.tell('start', plan)
            for number, done in enumerate(self._pool.run('write', self._batches(named=True)), 1):
                yield number * BATCH, done
            return
        work = Work(self._readers, self._report)
        work.start(plan, writer)
        for number, batch in enumerate(self._batches(named=True), 1):
            yield number * BATCH, work.write(batch)

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
        for place, fact in done.facts:
            self._facts[place].append(fact)

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
        reasons = '; '.join(self._report.lines()[:10])
        if not self.count:
            raise DatasetError(f'{root} has no pictures to convert. {reasons}'.rstrip())
        annotated = any(kind not in ('image', 'class') for kind in self._report.kept) or any(
            entry.kind not in ('image', 'class') for entry in self._report.changed
        )
        if not annotated:
            raise DatasetError(f'{root} has no annotations to convert. {reasons}')
        seen = set().union(*self._seen.values())
        for name in classes:
            if name not in seen:
                self._report.warn(
                    f'The class {name!r} has no annotation. {self._hints.get(name, "")}'.rstrip()
                )
                continue
            missing = [
                str(split)
                for split, labels in self._seen.items()
                if self._written[split] and name not in labels
            ]
            if missing:
                self._report.warn(f'The class {name!r} has no annotation in {", ".join(missing)}.')


def _prefixes(readers: Sequence[Reader]) -> list[str]:
    """Return what stands before the keys of each source: nothing for one, else the name of its folder."""
    if len(readers) == 1:
        return ['']
    names = [reader.root.absolute().name for reader in readers]
    same = len(set(names)) < len(names)
    return [f'{number}-{name}:' if same else f'{name}:' for number, name in enumerate(names, 1)]


def _renaming(rename: Mapping[str, str] | None) -> dict[str, str]:
    """Return class -> new class, both in their one spelling.

    Raises:
        DatasetError: If a name is empty.
    """
    spelled = {nfc(old.strip()): nfc(new.strip()) for old, new in (rename or {}).items()}
    if not all(spelled) or not all(spelled.values()):
        raise DatasetError('rename: a class has no name; write it as in --rename car=vehicle.')
    return spelled


def _named(chosen: Sequence[str], spell: ClassNames) -> list[str]:
    """Return the classes that a user chose.

    Raises:
        DatasetError: If there are none, or one has no name.
    """
    if not chosen or not all(name.strip() for name in chosen):
        raise DatasetError(
            f'{",".join(chosen)!r} is no list of classes: one of them has no name. Give the names, as in '
            '--classes circle,square, or leave it out to keep all.'
        )
    return class_list(chosen, (), spell)
