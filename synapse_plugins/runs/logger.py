"""Takes the events of a run into its record."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from ..store.plain import dump, text

if TYPE_CHECKING:
    from datetime import datetime

    from ..store import Database

__all__ = ['RunLogger']

_KEPT = frozenset({'message', 'metrics', 'metric', 'visualization', 'artifact', 'event'})
_PROGRESS_EVERY = 0.5
"""Seconds between two writes of progress: a step may report it thousands of times a second."""


class _Record(Protocol):
    """What is used of a `LogRecord`; a pack's logger may hand on others."""

    kind: Any
    time: datetime
    step: str | None
    level: str
    event: str
    data: dict[str, Any]
    file: str | None


class RunLogger:
    """A sink for log records. Everything but progress is written at once; of progress the last is.

    Args:
        database: The runs' database.
        run_id: The run.
    """

    def __init__(self, database: Database, run_id: str) -> None:
        self._db = database
        self._id = run_id
        self._lock = threading.Lock()
        self._progress: dict[str, tuple[str, str]] = {}
        self._written = 0.0

    def emit(self, record: _Record) -> None:
        """Take one record."""
        if record.kind == 'progress':
            self._take_progress(record)
        elif record.kind in _KEPT:
            with self._db.transaction('NORMAL') as connection:
                connection.execute(
                    'INSERT INTO run_event (run, kind, time, step, level, event, data, file) '
                    'VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
                    (
                        self._id, record.kind, _when(record), _or_none(record.step), text(record.level),
                        text(record.event), dump(record.data), _or_none(record.file),
                    ),
                )  # fmt: skip

    def flush(self) -> None:
        """Write the progress that waits."""
        with self._lock:
            waiting, self._progress = self._progress, {}
            self._written = time.monotonic()
        if not waiting:
            return
        with self._db.transaction('NORMAL') as connection:
            connection.executemany(
                'INSERT INTO run_progress (run, step, time, data) VALUES (?, ?, ?, ?) '
                'ON CONFLICT (run, step) DO UPDATE SET time = excluded.time, data = excluded.data',
                [(self._id, step, when, data) for step, (when, data) in waiting.items()],
            )

    def finish(self) -> None:
        """Write what waits; the record itself is closed by the journal."""
        self.flush()

    def _take_progress(self, record: _Record) -> None:
        with self._lock:
            self._progress[text(record.step or '')] = (_when(record), dump(record.data))
            due = time.monotonic() - self._written >= _PROGRESS_EVERY
        if due or record.data.get('current') == record.data.get('total'):
            self.flush()


def _when(record: _Record) -> str:
    return record.time.isoformat(timespec='milliseconds')


def _or_none(value: Any) -> str | None:
    return None if value is None else text(value)
