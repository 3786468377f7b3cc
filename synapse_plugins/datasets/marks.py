"""What was changed of annotations before a writer has them: by their reader, or by what was taken out beside them.

A sample carries it along: that it is a change is known only once the annotation is written, for one that is dropped
after all is nothing but dropped. Samples of which nothing was changed carry nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .report import Report
    from .sample import Annotation, Sample
    from .writer import Writer

    Mark = tuple[Annotation, str]

__all__ = ['Mark', 'follow', 'mark', 'take_marks', 'tell_marks', 'write_marked']

_CHANGED = '\0changed'
"""Key of `Sample.meta`, which no reader has of its own: (annotation, reason), as often as something was changed."""


def mark(sample: Sample, marks: Iterable[Mark]) -> None:
    """Have a sample say what was changed of its annotations, and why."""
    if new := tuple(marks):
        sample.meta = {**sample.meta, _CHANGED: (*sample.meta.get(_CHANGED, ()), *new)}


def take_marks(sample: Sample) -> Sequence[Mark]:
    """Return what was changed of a sample's annotations, which it says no longer."""
    if not sample.meta or _CHANGED not in sample.meta:
        return ()
    marks: Sequence[Mark] = sample.meta[_CHANGED]
    sample.meta = {key: value for key, value in sample.meta.items() if key != _CHANGED}
    return marks


def tell_marks(sample: Sample, report: Report) -> None:
    """Count what was changed of a sample that is only read."""
    for annotation, reason in take_marks(sample):
        report.change(annotation.tool, reason, sample.key)


def follow(marks: Sequence[Mark], before: Sequence[Annotation], sample: Sample, report: Report) -> None:
    """Have a sample that a function returned say what was changed of the annotations that the function got.

    Where it put others in their place, as many as there were, each is taken for the one that stood there; where nothing
    tells which became of which, the change is counted at once, for it must not go untold.

    Args:
        marks: What was changed before.
        before: The annotations that it got.
        sample: What it returned.
        report: Where to count.
    """
    after = sample.annotations
    there, known = set(map(id, after)), set(map(id, before))
    only_known = there <= known
    next_of = (
        {id(old): new for old, new in zip(before, after, strict=False)} if len(before) == len(after) else {}
    )
    kept: list[Mark] = []
    for annotation, reason in marks:
        successor = annotation if id(annotation) in there else next_of.get(id(annotation))
        if successor is not None and successor.tool == annotation.tool:
            kept.append((successor, reason))
        elif not only_known:
            report.change(annotation.tool, reason, sample.key)
    mark(sample, kept)


def write_marked(sample: Sample, writer: Writer) -> Any:
    """Have a sample written, and what was changed of its annotations counted; return what the writer does."""
    marks = take_marks(sample)
    if not marks:
        return writer.write(sample)
    report = writer.report
    report.expect(marks)
    try:
        record = writer.write(sample)
        if not writer.tells_changes:
            for annotation, _ in marks:
                report.tell_expected(annotation, sample.key)
    finally:
        report.expect(())
    return record
