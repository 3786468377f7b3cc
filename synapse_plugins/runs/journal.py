"""The journal of a run at work: where its steps become durable."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from ..errors import StoreError
from ..store.plain import dump, text
from .heart import Heart
from .logger import RunLogger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from sqlite3 import Connection

    from ..steps import StepResult
    from .record import RunRecord
    from .store import RunStore

__all__ = ['RunJournal']

_FINAL = ('SUCCEEDED', 'FAILED', 'CANCELLED')


class RunJournal:
    """Writes the record of one run; `RunStore.start` makes one.

    Every call is committed when it returns. What a crash of the machine may not lose (`save_rollback`,
    `step_finished`, `finish`) is on the disk by then, too.

    Attributes:
        action: What is run.
    """

    def __init__(self, runs: RunStore, run_id: str, action: str) -> None:
        self.action = action
        self._runs = runs
        self._id = run_id
        self._db = runs.database
        self._logger = RunLogger(self._db, run_id)
        self._heart = Heart(self)
        self._is_finished = False

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._id

    @property
    def work_dir(self) -> Path:
        """The run's own folder, made when it is first asked for; gone after `finish` if nothing is in it."""
        folder = self._runs.work_dir(self._id)
        if not self._is_finished:
            folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def logger(self) -> RunLogger:
        """Return what takes the events of the run: an object with `emit(record)` and `finish()`."""
        return self._logger

    def record(self) -> RunRecord:
        """Return the record as it is now."""
        return self._runs.get(self._id)

    def steps_declared(self, steps: Sequence[tuple[str, float]]) -> None:
        """Record the plan; a step that is known keeps its state."""
        with self._write('NORMAL') as connection:
            connection.execute("DELETE FROM run_step WHERE run = ? AND state = 'PENDING'", (self._id,))
            for position, (name, weight) in enumerate(steps):
                connection.execute(
                    'INSERT INTO run_step (run, position, name, weight, state) VALUES (?, ?, ?, ?, ?) '
                    'ON CONFLICT (run, name) DO UPDATE SET position = excluded.position, weight = excluded.weight',
                    (self._id, position, text(name), weight, 'PENDING'),
                )

    def step_started(self, name: str, order: int) -> None:
        """Record that a step begins; what an earlier attempt left to undo stays known."""
        with self._write('NORMAL') as connection:
            connection.execute(
                'INSERT INTO run_step (run, position, name, weight, state) VALUES (?, ?, ?, 0, ?) '
                "ON CONFLICT (run, name) DO UPDATE SET state = 'RUNNING', error = NULL, seconds = NULL",
                (self._id, order, text(name), 'RUNNING'),
            )

    def save_rollback(self, name: str, data: Mapping[str, Any]) -> None:
        """Record, durably, what is needed to undo a step that has not finished; replaces what was there."""
        with self._write() as connection:
            changed = connection.execute(
                'UPDATE run_step SET rollback = ? WHERE run = ? AND name = ?',
                (dump(data), self._id, text(name)),
            )
            if not changed.rowcount:
                raise StoreError(f'The run {self._id} has no step {name!r} to keep the rollback data of.')

    def step_finished(self, name: str, order: int, result: StepResult, seconds: float) -> None:
        """Record, durably, that a step is done, skipped or failed."""
        state = 'SKIPPED' if getattr(result, 'skipped', False) else 'SUCCEEDED'
        if not result.success:
            state = 'FAILED'
        error = None if result.error is None else text(result.error)
        rollback = getattr(result, 'rollback_data', None) or {}
        with self._write() as connection:
            connection.execute(
                'INSERT INTO run_step (run, position, name, weight, state, seconds, result, error, rollback) '
                'VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?) ON CONFLICT (run, name) DO UPDATE SET state = excluded.state, '
                'seconds = excluded.seconds, result = excluded.result, error = excluded.error, '
                'rollback = excluded.rollback',
                (
                    self._id, order, text(name), state, seconds, dump(getattr(result, 'data', None) or {}), error,
                    dump(rollback),
                ),
            )  # fmt: skip
        self._logger.flush()

    def step_rolled_back(self, name: str, error: str | None) -> None:
        """Record that a step was undone, or why it could not be; then it keeps its state."""
        with self._write() as connection:
            if error is None:
                query = "UPDATE run_step SET state = 'ROLLED_BACK', rollback_error = NULL WHERE run = ? AND name = ?"
                connection.execute(query, (self._id, text(name)))
            else:
                query = 'UPDATE run_step SET rollback_error = ? WHERE run = ? AND name = ?'
                connection.execute(query, (text(error), self._id, text(name)))

    def finish(self, state: str, result: Any = None, error: BaseException | str | None = None) -> None:
        """Record, durably, how the run ended. The first end is kept.

        Args:
            state: ``SUCCEEDED``, ``FAILED`` or ``CANCELLED``.
            result: What the action returned.
            error: Why it failed.
        """
        if state not in _FINAL:
            raise ValueError(f'{state!r} is not how a run ends; it is one of {", ".join(_FINAL)}.')
        self._logger.flush()
        self._heart.stop()
        why = None if error is None else text(error) or type(error).__name__
        with self._write() as connection:
            connection.execute(
                "UPDATE run SET state = ?, result = ?, error = ?, finished = ? WHERE id = ? AND state = 'RUNNING'",
                (state, dump(result), why, now(), self._id),
            )
        self._is_finished = True
        _remove_if_empty(self.work_dir)

    def beat(self) -> None:
        """Record that this process lives; every write of the journal does so, and `Heart` in between."""
        with self._write('NORMAL'):
            pass

    @contextmanager
    def _write(self, synchronous: Literal['NORMAL', 'FULL'] = 'FULL') -> Iterator[Connection]:
        with self._db.transaction(synchronous) as connection:
            connection.execute('UPDATE run SET heartbeat = ? WHERE id = ?', (now(), self._id))
            yield connection


def _remove_if_empty(folder: Path) -> None:
    """Remove a folder that holds no file, at any depth."""
    if not any(names for _, _, names in os.walk(folder)):
        shutil.rmtree(folder, ignore_errors=True)


def now() -> str:
    """Return the time, in UTC."""
    return datetime.now(UTC).isoformat(timespec='milliseconds')
