"""Jobs: what a run reports of itself, for those who look at the backend."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import NotFoundError, ParamsError, UnknownNameError
from ...store.plain import dump, text
from ..fields import object_field, text_field
from ..log_entries import LOG_FIELDS, check_log_entry
from .part import Part, as_id, as_page, now, paging

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from sqlite3 import Row

__all__ = ['Jobs']

STATUSES = ('PENDING', 'RUNNING', 'STOPPED', 'SUCCEEDED', 'FAILED')
_RECORDS = ('progress_record', 'metrics_record', 'console_logs', 'result', 'meta')
_OBJECTS = ('progress_record', 'metrics_record', 'meta')
_LOG_FILTERS = ('job', 'event', 'step', 'level')


class Jobs(Part):
    """Jobs and their logs."""

    def create_job(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Create a job; *data* may hold ``action``, ``params``, ``status``, ``meta``.

        Raises:
            UnknownNameError: For a key that a job does not have.
            ParamsError: For a status that does not exist, or params that are no object.
        """
        known = ('action', 'params', 'status', 'meta')
        for key in data:
            if key not in known:
                raise UnknownNameError('field of a job', key, known)
        time = now()
        with self._db.transaction() as connection:
            inserted = connection.execute(
                'INSERT INTO job (status, action, params, progress_record, metrics_record, console_logs, result, meta, '
                "created, modified) VALUES (?, ?, ?, '{}', '{}', 'null', 'null', ?, ?, ?)",
                (
                    _status(data.get('status', 'PENDING')), text_field(data, 'action', 'a job'),
                    dump(object_field(data, 'params', 'a job')), dump(object_field(data, 'meta', 'a job')), time, time,
                ),
            )  # fmt: skip
        return self.get_job(int(inserted.lastrowid or 0))

    def get_job(self, job_id: int | str, *, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a job.

        Raises:
            NotFoundError: If there is none.
        """
        wanted = as_id(job_id, 'job')
        rows = self._rows('SELECT * FROM job WHERE id = ?', wanted)
        if not rows:
            raise NotFoundError(
                f'There is no job {wanted}. A job is made in the backend, by create_job(); a run is none.'
            )
        return _shape_job(rows[0])

    def list_jobs(self, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a page of jobs, newest first; filter: ``status``."""
        filters = self._filters(params, ('status', 'action'), 'jobs')
        return self._page('SELECT * FROM job ', 'job', params, filters, _shape_job)

    def update_job(self, job_id: int | str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Change a job; each record given replaces what was there.

        Raises:
            UnknownNameError: For a key that a job does not have.
            ParamsError: For a status that does not exist, or a record that is no object.
        """
        known = ('status', *_RECORDS)
        values: dict[str, str] = {}
        for key, value in data.items():
            if key not in known:
                raise UnknownNameError('field of a job', key, known)
            if key == 'status':
                values[key] = _status(value)
            else:
                values[key] = dump(object_field(data, key, 'a job') if key in _OBJECTS else value)
        values['modified'] = now()
        job = self.get_job(job_id)
        changes = ', '.join(f'{key} = ?' for key in values)
        with self._db.transaction('NORMAL') as connection:
            connection.execute(f'UPDATE job SET {changes} WHERE id = ?', (*values.values(), job['id']))  # noqa: S608
        return self.get_job(job['id'])

    def create_logs(self, data: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Add log entries, all or none, and return them with their ids."""
        entries = [data] if isinstance(data, Mapping) else list(data)
        rows = [_log_row(entry) for entry in entries]
        for job in {row[0] for row in rows}:
            self.get_job(job)
        with self._db.transaction('NORMAL') as connection:
            query = f'INSERT INTO job_log ({", ".join(LOG_FIELDS)}) VALUES (?, ?, ?, ?, ?, ?, ?)'  # noqa: S608
            ids = [connection.execute(query, row).lastrowid for row in rows]
        return [{'id': log_id, **entry} for log_id, entry in zip(ids, entries, strict=True)]

    def list_logs(
        self, params: Mapping[str, Any] | None = None, *, list_all: bool = False, page_size: int = 100
    ) -> Any:
        """Return log entries in the order in which they came; filters: ``job``, ``event``, ``step``, ``level``."""
        params = dict(params or {})
        filters = self._filters(params, _LOG_FILTERS, 'logs')
        where = ' AND '.join(f'{column} = ?' for column in filters) or '1'
        values = tuple(filters.values())
        count = self._rows(f'SELECT count(*) FROM job_log WHERE {where}', *values)[0][0]  # noqa: S608 - our own names
        if list_all:
            return self._walk_logs(where, values, page_size), count
        page, size = paging(params, page_size)
        query = f'SELECT * FROM job_log WHERE {where} ORDER BY id LIMIT ? OFFSET ?'  # noqa: S608
        rows = self._rows(query, *values, size, (page - 1) * size)
        return as_page([_shape_log(row) for row in rows], count, page, size)

    def _walk_logs(self, where: str, values: Sequence[Any], size: int) -> Iterator[dict[str, Any]]:
        query = f'SELECT * FROM job_log WHERE {where} AND id > ? ORDER BY id LIMIT ?'  # noqa: S608
        last = 0
        while rows := self._rows(query, *values, last, size):
            yield from map(_shape_log, rows)
            last = rows[-1]['id']


def _status(value: Any) -> str:
    if value not in STATUSES:
        raise ParamsError(f'{value!r} is no status of a job; there is {", ".join(STATUSES)}.')
    return str(value)


def _log_row(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    check_log_entry(entry)
    return (
        as_id(entry['job'], 'job'), text(entry['event']), dump(entry.get('data') or {}),
        str(entry.get('datetime') or now()), _text_or_none(entry.get('step')), entry.get('level'),
        _text_or_none(entry.get('file')),
    )  # fmt: skip


def _text_or_none(value: Any) -> str | None:
    return None if value is None else text(value)


def _shape_job(row: Row) -> dict[str, Any]:
    job = dict(row)
    for key in ('params', *_RECORDS):
        job[key] = json.loads(job[key])
    return job


def _shape_log(row: Row) -> dict[str, Any]:
    return {**dict(row), 'data': json.loads(row['data'])}
