"""Finds, starts and removes records of runs."""

from __future__ import annotations

import platform
import shutil
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from .._version import __version__
from ..errors import StoreError, UnknownNameError
from ..store.plain import dump, text
from ..store.process import this_process
from .journal import RunJournal, now
from .record import MESSAGES, RunRecord, read_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from sqlite3 import Row

    from ..store import Database, Store

__all__ = ['RunStore']

_HINT = '`synapse-plugins runs list` lists them.'


class RunStore:
    """The records of the runs in one store.

    Args:
        store: An open store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def database(self) -> Database:
        """Where they lie."""
        return self._store.database('runs')

    def work_dir(self, run_id: str) -> Path:
        """Return the folder of a run; it may not be there."""
        return self._store.runs_dir / run_id

    def start(
        self,
        *,
        action: str,
        params: Mapping[str, Any],
        backend: str,
        dataset: Any = None,
        executor: str = 'local',
        versions: Mapping[str, str] | None = None,
    ) -> RunJournal:
        """Begin the record of a run by this process.

        Args:
            action: What is run.
            params: With what.
            backend: The backend's identity.
            dataset: The dataset, as the backend tells of it, or its name.
            executor: Where it runs.
            versions: Of further software that matters.
        """
        run_id, started = token_hex(6), now()
        known = {'synapse-plugins': __version__, 'python': platform.python_version(), **(versions or {})}
        with self.database.transaction() as connection:
            connection.execute(
                'INSERT INTO run (id, action, params, state, backend, executor, dataset, versions, result, process, '
                "started, heartbeat) VALUES (?, ?, ?, 'RUNNING', ?, ?, ?, ?, 'null', ?, ?, ?)",
                (
                    run_id, text(action), dump(params), text(backend), text(executor), dump(dataset), dump(known),
                    str(this_process()), started, started,
                ),
            )  # fmt: skip
        return RunJournal(self, run_id, action)

    def list(self, limit: int | None = None) -> list[RunRecord]:
        """Return the runs, newest first, without their messages."""
        query = 'SELECT * FROM run ORDER BY started DESC, rowid DESC LIMIT ?'
        return [self._record(row, messages=0) for row in self._rows(query, -1 if limit is None else limit)]

    def get(self, run_id: str) -> RunRecord:
        """Return one run.

        Args:
            run_id: Its id, or the beginning of it that no other run shares.

        Raises:
            UnknownNameError: If there is none, or more than one.
        """
        return self._record(self._find(run_id), messages=MESSAGES)

    def events(self, run_id: str, kind: str | None = None) -> Iterator[dict[str, Any]]:
        """Go through everything that a run reported, or through one kind of it, in order."""
        import json

        run, last = self._find(run_id)['id'], 0
        query = 'SELECT * FROM run_event WHERE run = ? AND (? IS NULL OR kind = ?) AND id > ? ORDER BY id LIMIT 500'
        while rows := self._rows(query, run, kind, kind, last):
            for row in rows:
                yield {**dict(row), 'data': json.loads(row['data'])}
            last = rows[-1]['id']

    def remove(self, run_id: str) -> None:
        """Remove the record of a run and its work folder.

        Raises:
            UnknownNameError: If there is none, or more than one.
            StoreError: If it is at work.
        """
        record = self.get(run_id)
        if record.state == 'RUNNING':
            raise StoreError(
                f'The run {record.id} ({record.action}) is at work. Remove it when it has ended.'
            )
        shutil.rmtree(self.work_dir(record.id), ignore_errors=True)
        with self.database.transaction() as connection:
            connection.execute('DELETE FROM run WHERE id = ?', (record.id,))

    def _record(self, row: Row, messages: int) -> RunRecord:
        run = row['id']
        events = self._rows(
            "SELECT * FROM run_event WHERE run = ? AND kind IN ('metrics', 'artifact') UNION ALL "
            'SELECT * FROM (SELECT * FROM run_event WHERE run = ? AND kind = ? ORDER BY id DESC LIMIT ?) ORDER BY id',
            run, run, 'message', messages,
        )  # fmt: skip
        return read_record(
            row,
            self._rows('SELECT * FROM run_step WHERE run = ? ORDER BY position', run),
            events,
            self._rows('SELECT * FROM run_progress WHERE run = ? ORDER BY step', run),
            self.work_dir(run),
        )

    def _find(self, run_id: str) -> Row:
        wanted = str(run_id).strip().lower()
        query = 'SELECT * FROM run WHERE substr(id, 1, ?) = ? AND ? > 0 ORDER BY id'
        rows = self._rows(query, len(wanted), wanted, len(wanted))
        if len(rows) == 1:
            return rows[0]
        if rows:
            found = ', '.join(sorted(row['id'] for row in rows))
            raise UnknownNameError('run', wanted, (), f'It is the beginning of several: {found}.')
        raise UnknownNameError('run', wanted, [row['id'] for row in self._rows('SELECT id FROM run')], _HINT)

    def _rows(self, query: str, *values: Any) -> Sequence[Row]:
        return self.database.rows(query, *values)
