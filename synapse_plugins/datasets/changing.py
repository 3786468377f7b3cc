"""Functions that users and packs have done to samples, called with care: they are strangers."""

from __future__ import annotations

import traceback
from collections import Counter
from typing import TYPE_CHECKING

from ..errors import DatasetError, SynapsePluginsError
from ..providers import resolve
from .sample import Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .report import Report

    Transform = Callable[[Sample], Sample | None]

__all__ = ['Changes']


class Changes:
    """Functions, called one after the other.

    Args:
        references: Where they are found.
    """

    def __init__(self, references: Sequence[str]) -> None:
        self._functions: list[tuple[str, Transform]] = [(name, resolve(name)) for name in references]

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._functions)

    def of(self, sample: Sample, report: Report) -> Sample | None:
        """Return what becomes of a sample; None, and counted, if it is left out.

        Raises:
            DatasetError: If one of them fails, or returns something else.
        """
        for name, function in self._functions:
            key, before = sample.key, Counter(one.tool for one in sample.annotations)
            found = _called(name, function, sample)
            if found is None:
                report.leave_out('image', f'{name} left it out', key)
                return None
            after = Counter(one.tool for one in found.annotations)
            for tool, count in (before - after).items():
                report.leave_out(tool, f'{name} took it out', key, count)
            for tool, count in (after - before).items():
                report.note(tool, f'{name} added it', key, count)
            sample = found
        return sample


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
