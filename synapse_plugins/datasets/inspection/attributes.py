"""Counts the attributes of annotations, with memory that is bounded whatever their values are."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from .record import AttributeFigures

if TYPE_CHECKING:
    from ..sample import Annotation

__all__ = ['MOST_NAMES', 'MOST_PAIRS', 'MOST_VALUES', 'Attributes']

MOST_NAMES = 500
"""Names that are told apart; a dataset of more gets those that came first."""

MOST_VALUES = 1000
"""Values of one attribute that are told apart, likewise."""

MOST_PAIRS = 50_000
"""Values of all attributes together, likewise."""

_SHOWN = 10
_LONGEST = 100


class Attributes:
    """Counts attributes: on how many annotations each is, and how often it has which value.

    The turn of a box is none: that is geometry, see the kind ``rotated_box``.

    Attributes:
        others: How many attributes had another name than those that are told apart.
    """

    def __init__(self) -> None:
        self.others = 0
        self._annotations: Counter[str] = Counter()
        self._values: dict[str, Counter[str]] = {}
        self._rest: Counter[str] = Counter()
        self._pairs = 0

    def add(self, annotation: Annotation) -> None:
        """Count what an annotation has."""
        known = set()
        for item in annotation.attrs:
            name = _text(item.get('name'))
            if name == 'rotation' and annotation.tool == 'bounding_box':
                continue
            values = self._values.get(name)
            if values is None:
                if len(self._values) >= MOST_NAMES:
                    self.others += 1
                    continue
                values = self._values[name] = Counter()
            if name not in known:
                known.add(name)
                self._annotations[name] += 1
            value = _text(item.get('value'))
            if value in values:
                values[value] += 1
            elif len(values) < MOST_VALUES and self._pairs < MOST_PAIRS:
                values[value] = 1
                self._pairs += 1
            else:
                self._rest[name] += 1

    def figures(self) -> list[AttributeFigures]:
        """Return what was counted, the attribute that most annotations have first."""
        found = []
        for name, count in sorted(self._annotations.items(), key=lambda item: (-item[1], item[0])):
            values = self._values[name]
            common = sorted(values.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]
            others = values.total() - sum(times for _, times in common) + self._rest[name]
            found.append(AttributeFigures(name, count, common, others, len(values), self._rest[name] > 0))
        return found


def _text(value: Any) -> str:
    """Return a name or a value as a text that can be written everywhere, cut where it is long."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    except (TypeError, ValueError):  # of a stranger's reader
        text = repr(value)
    if len(text) > _LONGEST:
        text = f'{text[:_LONGEST]}…'
    return text.encode('utf-8', 'backslashreplace').decode()
