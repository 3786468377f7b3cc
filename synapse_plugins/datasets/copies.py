"""Pictures that lie in several sources under one name: a bounded look whether they are the same ones."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .names import nfc
from .report import EXAMPLES

if TYPE_CHECKING:
    from .reader import Unit, UnitReader
    from .report import Report

__all__ = ['Copies']

_NAMES = 2000
"""Pictures of each source that are remembered, the first ones: a merge may have millions."""
_PAIRS = 200
"""Pairs of files that are read."""


class Copies:
    """Looks for pictures with the name and the content of one in an earlier source."""

    def __init__(self) -> None:
        self._earlier: dict[str, str] = {}
        self._own: dict[str, str] = {}
        self._source = 0
        self._left = _PAIRS
        self._count = 0
        self._examples: list[str] = []

    def see(self, source: int, reader: UnitReader, unit: Unit, key: str) -> None:
        """See a picture; those of one source come together.

        Args:
            source: The place of its source.
            reader: That of the source.
            unit: The unit of the picture.
            key: What to call it in a report.
        """
        if source != self._source:
            self._earlier = {**self._own, **self._earlier}
            self._own, self._source = {}, source
        name = nfc(unit.name.rpartition('.')[0])
        other = self._earlier.get(name) if self._left else None
        is_kept = name not in self._own and len(self._own) < _NAMES
        if other is None and not is_kept:
            return
        evidence = reader.evidence(unit)
        path = evidence.images[0] if evidence is not None and evidence.images else None
        if path is None:
            return
        if is_kept:
            self._own[name] = path
        if other is not None:
            self._left -= 1
            if _are_equal(path, other):
                self._count += 1
                if len(self._examples) < EXAMPLES:
                    self._examples.append(key)

    def warn(self, report: Report) -> None:
        """Warn of them, if there are any."""
        if self._count:
            more = ', ...' if self._count > len(self._examples) else ''
            many = (
                f'{self._count} pictures are copies'
                if self._left
                else f'{self._count} pictures or more are copies'
            )
            report.warn(
                f'{many} of one in another source, of the same name and content ({", ".join(self._examples)}{more}); '
                'each is converted. `synapse-plugins inspect` of the output lists all copies.'
            )


def _are_equal(one: str, other: str) -> bool:
    """Tell whether two files have one content; False where that cannot be told."""
    from filecmp import cmp  # only a merge needs it

    try:
        if not os.path.getsize(one):  # noqa: PTH202 - paths are text here
            return False
        return os.path.samefile(one, other) or cmp(one, other, shallow=False)  # noqa: PTH121
    except OSError:
        return False
