"""Taking turns: of several threads and processes that would make the same file, one at a time does."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ['one_at_a_time', 'unless_taken']


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Hold *path*, an empty file that is made when absent and stays; whoever else wants it waits.

    The system lets go of it when the process dies, so that nobody waits for the dead.
    """
    with path.open('ab') as held:
        _hold(held.fileno())
        yield  # closing it lets go


@contextmanager
def unless_taken(path: Path) -> Iterator[bool]:
    """Hold *path*, as `one_at_a_time` does, unless somebody else holds it: nobody waits, and it is told.

    The file goes when the holder is done.

    Raises:
        OSError: If it cannot be made.
    """
    with path.open('ab') as held:
        # One that was taken away between the two lines is not the one that others see.
        is_held = _try_to_hold(held.fileno()) and _is_there(path, held.fileno())
        try:
            yield is_held
        finally:
            if is_held:
                with suppress(OSError):  # some systems keep what is open
                    path.unlink()


def _is_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False


if sys.platform == 'win32':
    import msvcrt
    import time

    def _try_to_hold(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _hold(descriptor: int) -> None:
        while not _try_to_hold(descriptor):
            time.sleep(0.1)

else:
    import fcntl

    def _try_to_hold(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _hold(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
