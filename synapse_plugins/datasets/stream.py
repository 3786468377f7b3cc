"""The samples of a conversion on their way from a reader to a writer, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import DatasetError, suggestion
from .classes import ClassNames, class_list
from .reader import samples_of
from .report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .reader import Reader, Survey
    from .sample import Annotation, Sample
    from .writer import Writer

__all__ = ['Stream']

_LOOK_EVERY = 64  # samples between two looks at `cancelled` and two reports of progress


class Stream:
    """Takes the samples from a reader, brings their class names to one spelling, and hands them to a writer.

    Args:
        reader: Where they come from; what is noticed on the way goes to its report.
        chosen: The classes to keep, in order; None keeps all. None of them, or one without a name, is an error.
        drop_empty: Leave out pictures without annotations.
        progress: Is called with how many samples are done and how many there are.
        cancelled: Is asked now and then whether to stop.

    Attributes:
        count: How many samples were written.
    """

    def __init__(
        self,
        reader: Reader,
        *,
        chosen: Sequence[str] | None = None,
        drop_empty: bool = False,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.count = 0
        self._reader = reader
        self._report = reader.report
        self._spell = ClassNames(reader.report)
        self._chosen = None if chosen is None else _named(chosen, self._spell)
        self._hints: dict[str, str] = {}
        self._drop_empty = drop_empty
        self._progress = progress
        self._cancelled = cancelled
        self._written: dict[str | None, int] = dict.fromkeys(reader.splits, 0)
        self._seen: dict[str | None, set[str | None]] = {split: set() for split in reader.splits}
        self._holds: frozenset[str] | None = None

    @property
    def splits(self) -> dict[str, int]:
        """Split -> how many samples were written; empty for a dataset without splits."""
        return {split: count for split, count in self._written.items() if split is not None}

    # -- before the first sample ----------------------------------------------------------------------

    def plan(self, writer: type[Writer], name: str, task: str | None) -> tuple[str | None, list[str]]:
        """Return the task and the class map for a writer, after a survey of the source where that is needed.

        Raises:
            DatasetError: If the format has no such task, or the source has nothing that the format can hold.
        """
        if task is not None and writer.tasks and task not in writer.tasks:
            raise DatasetError(
                f'The format {name} is written for the tasks {", ".join(writer.tasks)}, not {task!r}.'
            )
        declared = self._reader.classes
        known = declared is not None and self._reader.declares_classes
        survey = None if known and (task is not None or not writer.tasks) else self._reader.survey()
        if not writer.tasks and task is not None:
            self._report.warn(f'The format {name} knows no tasks, so task {task!r} made no difference.')
        if not writer.tasks:
            task = None
        elif task is None and survey is not None:
            task = writer.choose_task(survey.labels)
        self._holds = writer.holds(task)
        if self._chosen is not None:
            self._look_for(self._chosen, declared or (), survey)
            return task, self._chosen
        observed = self._observed(survey) if survey is not None and not known else set()
        return task, class_list(declared or (), observed, self._spell)

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
            raise DatasetError(
                f'{self._reader.root} has none of the classes asked for: {", ".join(chosen)}. {hints}'.rstrip()
            )

    def _observed(self, survey: Survey) -> set[str]:
        tools = survey.labels if self._holds is None else self._holds.intersection(survey.labels)
        return {label for tool in tools for label in survey.labels[tool] if label}

    # -- the samples ----------------------------------------------------------------------------------

    def run(self, writer: Writer, classes: list[str]) -> None:
        """Write every sample.

        Raises:
            DatasetError: If there was nothing to write, or the work was cancelled.
        """
        total = self._reader.count() or 0
        done = 0
        self._look(0, total)
        for done, sample in enumerate(samples_of(self._reader), 1):
            self._pass(sample, writer)
            if not done % _LOOK_EVERY:
                self._look(done, total)
        self._look(max(done, total), total)
        self._check(classes)

    def _look(self, done: int, total: int) -> None:
        if self._cancelled is not None and self._cancelled():
            raise DatasetError('The conversion was cancelled; nothing was written.')
        if total and self._progress is not None:
            self._progress(min(done, total), total)

    def _pass(self, sample: Sample, writer: Writer) -> None:
        annotations = [annotation for annotation in sample.annotations if self._keeps(annotation, sample.key)]
        sample.annotations = annotations
        holds = self._holds
        labels = {annotation.label for annotation in annotations if holds is None or annotation.tool in holds}
        if not labels and self._drop_empty:
            self._report.leave_out('image', 'it has no annotations', sample.key)
            for annotation in annotations:
                self._report.drop(annotation.tool, 'its image was left out', sample.key)
            return
        writer.write(sample)
        self.count += 1
        self._written[sample.split] = self._written.get(sample.split, 0) + 1
        self._seen.setdefault(sample.split, set()).update(labels)

    def _keeps(self, annotation: Annotation, where: str) -> bool:
        """Give the annotation the one spelling of its class; False if the user left that class out."""
        if annotation.label is None:
            return True
        annotation.label = self._spell(annotation.label) or None
        if self._chosen is None or annotation.label is None or annotation.label in self._chosen:
            return True
        self._report.leave_out(annotation.tool, f'class {annotation.label!r} was not asked for', where)
        return False

    # -- after the last -------------------------------------------------------------------------------

    def _check(self, classes: list[str]) -> None:
        """Refuse an empty result, and warn of classes that are missing somewhere."""
        root = self._reader.root
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
