"""Lets a run give a sign of life while its steps are silent."""

from __future__ import annotations

import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .journal import RunJournal

__all__ = ['Heart']

EVERY = 30.0
"""Seconds between two signs."""


class Heart:
    """Beats in a thread of its own until it is stopped, or nothing uses the journal any more.

    Args:
        journal: Whose process lives.
    """

    def __init__(self, journal: RunJournal) -> None:
        self._stopped = threading.Event()
        thread = threading.Thread(
            target=_beat,
            args=(weakref.ref(journal), self._stopped),
            name=f'heart-{journal.run_id}',
            daemon=True,  # a step that hangs must not keep the process alive
        )
        thread.start()

    def stop(self) -> None:
        """Beat no more."""
        self._stopped.set()


def _beat(known: weakref.ref[RunJournal], stopped: threading.Event) -> None:
    while not stopped.wait(EVERY):
        journal = known()
        if journal is None:
            return
        with suppress(OSError):  # a disk that is full or a store that is busy: the next sign may come through
            journal.beat()
        del journal  # or it would live as long as this thread
