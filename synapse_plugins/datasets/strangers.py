"""Samples of strangers, the readers of packs and the functions of users, with the numbers that the engine counts in.

Their geometry may lie in arrays of numpy, of bytes even, in which a sum wraps around, and which no JSON holds. It is
turned into Python's own numbers where it enters, so that nothing behind has to look. The readers of this package hold
no others, and are not looked at.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .reader import Unit, UnitReader
    from .sample import Sample

__all__ = ['own_numbers', 'reading']

_OWN = frozenset((int, float, str, bool, type(None)))
_HERE = f'{__name__.partition(".")[0]}.'


def reading(reader: UnitReader) -> Callable[[Unit], Sample | None]:
    """Return what reads a unit: the reader's own method, or that and `own_numbers` for the reader of a stranger."""
    if type(reader).__module__.startswith(_HERE):
        return reader.read

    def read(unit: Unit) -> Sample | None:
        sample = reader.read(unit)
        return None if sample is None else own_numbers(sample)

    return read


def own_numbers(sample: Sample) -> Sample:
    """Return the sample, whose annotations have Python's own numbers in place of numpy's, and lists for arrays."""
    if 'numpy' in sys.modules:  # else there are none
        for annotation in sample.annotations:
            annotation.data = _own(annotation.data)
            if annotation.extra:
                annotation.extra = _own(annotation.extra)
            if annotation.attrs:
                annotation.attrs = _own(annotation.attrs)
    return sample


def _own(value: Any) -> Any:
    """Return a value with numbers of Python's own; the same object if it has no others."""
    if type(value) in _OWN:
        return value
    if isinstance(value, list | tuple):
        if _OWN.issuperset(map(type, value)):
            return value
        return [_own(item) for item in value]
    if isinstance(value, dict):
        return {key: _own(item) for key, item in value.items()}
    to_list = getattr(value, 'tolist', None)
    return to_list() if callable(to_list) else value
