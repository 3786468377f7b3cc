"""Ties the life of the training process to that of the process that started it. Runs in the child.

Two ways, because neither is enough alone: Linux kills the child when the thread that started it is gone, at
once and whatever the child does; everywhere else (and for what the child starts itself) a thread waits for
the end of standard input, which the parent holds open and never writes to.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

__all__ = ['tie_to_parent']

_PR_SET_PDEATHSIG = 1


def tie_to_parent(parent: int, *, alone: bool = True) -> None:
    """End this process when *parent*, which started it, ends.

    Args:
        parent: Its process id.
        alone: Whether this process does its work itself. One that waits for others has to live long enough to
            end them, which the kernel would not let it.
    """
    if sys.platform == 'linux' and alone:
        _ask_the_kernel(parent)
    threading.Thread(target=_wait_for_the_end, args=(0,), name='lifeline', daemon=True).start()


def _ask_the_kernel(parent: int) -> None:
    import ctypes

    try:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (OSError, AttributeError):  # a C library without it; the thread does it alone
        return
    if os.getppid() != parent:  # it ended before we could ask
        _end()


def _wait_for_the_end(descriptor: int) -> None:
    # `os.read`, not `sys.stdin`: a thread that holds the lock of a file object breaks the interpreter's exit.
    try:
        while os.read(descriptor, 1):
            pass
    except OSError:
        pass
    _end()


def _end() -> None:
    """End this process, and those it started, at once."""
    if hasattr(os, 'killpg') and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)
