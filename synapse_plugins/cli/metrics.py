"""Finds a figure among metrics that trainers name each in their own way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ['find']


def find(metrics: Mapping[str, Any] | None, name: str) -> float | None:
    """Return the metric called *name*, whatever its prefix and suffix: ``metrics/mAP50(B)`` is ``mAP50``.

    With boxes and masks there are two of them; the masks' is the one that was trained for, so the last one counts.
    """
    found = None
    for key, value in (metrics or {}).items():
        if key.rpartition('/')[2].partition('(')[0] == name and isinstance(value, int | float):
            found = float(value)
    return found
