"""Functions that users and packs have done to samples, called with care: they are strangers."""

from __future__ import annotations

import traceback
from collections import Counter
from typing import TYPE_CHECKING

from ..errors import DatasetError, SynapsePluginsError
from ..providers import resolve
from .marks import follow, take_marks
from .names import nfc
from .sample import Sample
from .strangers import drop_unusable, own_numbers, well_formed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .given import Change
    from .report import Report
    from .sample import Annotation

    Transform = Callable[[Sample], Sample | None]

__all__ = ['Changes', 'left_out_by']

_LEFT_OUT = ' left it out'


class Changes:
    """Functions, called one after the other.

    Args:
        changes: References to them, or themselves.
    """

    def __init__(self, changes: Sequence[Change]) -> None:
        self._functions: list[tuple[str, Transform]] = [
            (one, resolve(one)) if isinstance(one, str) else (one.name, one.function) for one in changes
        ]

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._functions)

    def of(self, sample: Sample, report: Report) -> Sample | None:
        """Return what becomes of a sample; None, and counted, if it is left out.

        Raises:
            DatasetError: If one of them fails, returns something else, or moves the sample to another place.
        """
        for name, function in self._functions:
            key, split = sample.key, sample.split
            before = [(one, one.tool, one.label) for one in sample.annotations]
            marks = take_marks(sample)  # whatever it returns
            found = _called(name, function, sample)
            if found is None:
                report.leave_out('image', f'{name}{_LEFT_OUT}', key)
                return None
            _refuse_moved(name, found, key, split)
            _spell(well_formed(found, f'The transform {name}', key))
            if marks:
                follow(marks, [one for one, _, _ in before], found, report)
            was, now = Counter(tool for _, tool, _ in before), Counter(one.tool for one in found.annotations)
            for tool, count in (was - now).items():
                report.leave_out(tool, f'{name} took it out', key, count)
            for tool, count in (now - was).items():
                report.note(tool, f'{name} added it', key, count)
            for tool, count in _relabelled(before, found.annotations).items():
                report.note(tool, f'{name} gave it another class', key, count)
            sample = own_numbers(found)
            drop_unusable(sample, report)
        return sample


def left_out_by(report: Report) -> dict[str, int]:
    """Return transform -> how many pictures it left out, by what was counted."""
    entries = [one for one in report.left_out if one.kind == 'image' and one.reason.endswith(_LEFT_OUT)]
    return {one.reason.removesuffix(_LEFT_OUT): one.count for one in entries}


def _refuse_moved(name: str, found: Sample, key: str, split: str | None) -> None:
    """Refuse a sample of another key or split: where it goes was settled before, for all of them together."""
    if found.split != split:
        raise DatasetError(
            f'The transform {name} put {key} into the split {found.split!r}; it was in {split!r}, and which picture '
            'goes where is settled before. Use --split (split={...}) for that, or return None to leave it out.'
        )
    if found.key != key:
        raise DatasetError(
            f'The transform {name} gave {key} the key {found.key!r}; a key tells which sample it is, so leave it as it '
            'is.'
        )


def _spell(sample: Sample) -> None:
    """Spell the labels as those of every source are: without space around them, in composed letters."""
    for annotation in sample.annotations:
        if annotation.label is not None:
            annotation.label = nfc(annotation.label.strip()) or None


def _relabelled(
    before: Sequence[tuple[Annotation, str, str | None]], after: Sequence[Annotation]
) -> Counter[str]:
    """Return tool -> how many annotations got another class.

    A function may change the annotations that it gets or put new ones in their place; of the latter as many are
    counted as there are with a class that went and with one that came.

    Args:
        before: The annotations as they were, each with its tool and class of then.
        after: The annotations as they are.
    """
    known = {id(one): (tool, label) for one, tool, label in before}
    found: Counter[str] = Counter()
    came: Counter[tuple[str, str | None]] = Counter()
    for one in after:
        tool, label = known.pop(id(one), (None, None))
        if tool != one.tool:
            came[one.tool, one.label] += 1
        elif label != one.label:
            found[tool] += 1
    went = Counter(known.values())
    gone, new = _by_tool(went - came), _by_tool(came - went)
    return found + (gone & new)


def _by_tool(labels: Counter[tuple[str, str | None]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for (tool, _), count in labels.items():
        counts[tool] += count
    return counts


def _called(name: str, function: Transform, sample: Sample) -> Sample | None:
    key = sample.key
    try:
        found = function(sample)
    except SynapsePluginsError:
        raise
    except Exception as exc:
        last = traceback.extract_tb(exc.__traceback__)[-1]
        raise DatasetError(
            f'The transform {name} failed on {key}: {type(exc).__name__}: {exc} ({last.filename}, line {last.lineno}).'
        ) from exc
    if found is not None and not isinstance(found, Sample):
        raise DatasetError(
            f'The transform {name} returned a {type(found).__name__} for {key}; it should return the sample, or None '
            'to leave it out.'
        )
    return found
