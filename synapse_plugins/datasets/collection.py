"""How often Python looks for cycles of objects to free, of which samples and records have none."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ['THRESHOLDS', 'seldom']

THRESHOLDS = (50_000, 20, 100)
"""For `gc.set_threshold`: a sixth of the time goes into looking with the usual ones, where there are many records."""


@contextmanager
def seldom() -> Iterator[None]:
    """Look seldom, unless that was switched off or made still more seldom."""
    before = gc.get_threshold()
    if 0 < before[0] < THRESHOLDS[0]:
        gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
