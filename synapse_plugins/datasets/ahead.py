"""Processes that start while a dataset is listed, where it looks as if there were work for them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .pool import Pool, count_of, reachable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import ExitStack
    from pathlib import Path

__all__ = ['pool_for', 'started']


def started(count: int, stack: ExitStack) -> Pool | None:
    """Return processes that last as long as *stack*; None where the system starts none: one can do it all."""
    try:
        return stack.enter_context(Pool(count))
    except OSError:  # too many of them, or this Python was replaced by another while it ran
        return None


def pool_for(sources: Iterable[Path], workers: int | None, least: int, stack: ExitStack) -> Pool | None:
    """Return processes for a dataset that seems to have at least *least* pictures, else None.

    Args:
        sources: Its folders.
        workers: How many processes; None: one for each processor.
        least: The number of pictures.
        stack: How long they last.
    """
    count = count_of(workers)
    if count == 1 or not reachable() or not _seems_large(sources, least):
        return None
    return started(count, stack)


def _seems_large(folders: Iterable[Path], least: int) -> bool:
    """Tell whether there are so many files of one suffix; looks at no more than it needs, and reads none."""
    counts: dict[str, int] = {}
    pending = [os.fspath(folder) for folder in folders]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                        continue
                    suffix = entry.name[-5:].rpartition('.')[2]
                    found = counts[suffix] = counts.get(suffix, 0) + 1
                    if found >= least:
                        return True
        except OSError:  # whoever reads it says so
            continue
    return False
