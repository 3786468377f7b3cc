"""Taking turns: of several threads and processes that would make the same file, one at a time does."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ['one_at_a_time']


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Hold *path*, an empty file that is made when absent and stays; whoever else wants it waits.

    The system lets go of it when the process dies, so that nobody waits for the dead.
    """
    with path.open('ab') as held:
        _hold(held.fileno())
        yield  # closing it lets go


if sys.platform == 'win32':
    import msvcrt
    import time

    def _hold(descriptor: int) -> None:
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except OSError:
                time.sleep(0.1)
            else:
                return

else:
    import fcntl

    def _hold(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
