"""How often Python looks for cycles of objects to free, of which samples and records have none."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ['THRESHOLDS', 'seldom']

THRESHOLDS = (50_000, 20, 100)
"""For `gc.set_threshold`: a sixth of the time goes into looking with the usual ones, where there are many records."""

_lock = Lock()
_before: list[tuple[int, int, int]] = []
"""What was set before, once for each block that runs: in several threads they need not end in turn."""


@contextmanager
def seldom() -> Iterator[None]:
    """Look seldom, unless that was switched off or made still more seldom."""
    with _lock:
        before = _before[0] if _before else gc.get_threshold()
        _before.append(before)
        if len(_before) == 1 and 0 < before[0] < THRESHOLDS[0]:
            gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        with _lock:
            _before.pop()
            if not _before:  # the last one
                gc.set_threshold(*before)
