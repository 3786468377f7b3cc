"""Tasks and assignments of projects: kept, listed, exported; nobody annotates here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeGuard

from ...errors import NotFoundError, ParamsError
from ...store.plain import dump
from ..filters import as_list, check_keys
from .part import Part, as_id, as_page, id_or_none, now, paging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from sqlite3 import Row

    from .collections import Collections

__all__ = ['Work']

_STATUSES = ('stand_by', 'in_progress', 'completed', 'skipped')
_TASK_FILTERS = ('project', 'data_unit', 'ids')
_ASSIGNMENT_FILTERS = ('project', 'tasks', 'users', 'status_label', 'ids')
_LISTS = {'ids': 'id', 'tasks': 'task', 'users': 'user'}
"""Filters that take one or several, and their columns."""


class Work(Part):
    """Tasks and assignments. The embedded backend has no projects: it keeps their ids."""

    def create_tasks(self, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Create tasks, all or none.

        Args:
            data: ``project`` (its id), and ``data``: one object
                a task, with its ``data_unit``.

        Raises:
            NotFoundError: If a data unit is not there.
            ParamsError: If something is missing.
        """
        project, items = data.get('project'), data.get('data')
        if not _is_id(project) or not isinstance(items, list):
            raise ParamsError("Tasks need {'project': its id, 'data': [{'data_unit': id}, ...]}.")
        ids: list[int] = []
        with self._db.transaction() as connection:
            for item in items:
                if not isinstance(item, dict):
                    raise ParamsError(f'A task is an object with its data_unit, not {str(item)[:80]!r}.')
                unit = item.get('data_unit')
                unit = None if unit is None else as_id(unit, 'data unit')
                if unit is not None and not self._rows('SELECT 1 FROM data_unit WHERE id = ?', unit):
                    raise NotFoundError(f'There is no data unit {unit}; no task was made.')
                values = {'project': project, 'data_unit': unit, 'data': dump(item), 'created': now()}
                ids.append(self._insert(connection, 'task', values))
        rows = self._rows('SELECT * FROM task WHERE id IN (SELECT value FROM json_each(?))', json.dumps(ids))
        return [_shape_task(row) for row in rows]

    def list_tasks(self, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a page of tasks in the order in which they came; filters: ``project``, ``data_unit``, ``ids``."""
        filters = self._chosen(params, _TASK_FILTERS, 'tasks')
        return self._listed('task', filters, params, 100, _shape_task)

    def count_projects(self, kind: str, params: Mapping[str, Any] | None = None) -> int:
        """Return of how many projects the tasks or assignments are that filters choose.

        Args:
            kind: ``task`` or ``assignment``.
            params: The filters, as `list_tasks` and `list_assignments` take them.
        """
        known = _TASK_FILTERS if kind == 'task' else _ASSIGNMENT_FILTERS
        where, values = _conditions(self._chosen(params, known, f'{kind}s'))
        table = 'task' if kind == 'task' else 'assignment'
        return int(self._rows(f'SELECT count(DISTINCT project) FROM {table} WHERE {where}', *values)[0][0])  # noqa: S608

    def create_assignments(self, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Create assignments, all or none; on the platform people make them.

        Args:
            data: ``project``, and ``data``: one object an assignment, with its ``task`` and its ``data`` (what was
                annotated), and if wanted ``user`` (an id) and ``status_label``.

        Raises:
            NotFoundError: If a task is not there, or is of another project.
            ParamsError: If something is missing.
        """
        project, items = data.get('project'), data.get('data')
        if not _is_id(project) or not isinstance(items, list):
            raise ParamsError(
                "Assignments need {'project': its id, 'data': [{'task': id, 'data': {...}}, ...]}."
            )
        rows = [_assignment_row(project, item) for item in items]
        with self._db.transaction() as connection:
            for row in rows:
                if not self._rows('SELECT 1 FROM task WHERE id = ? AND project = ?', row['task'], project):
                    raise NotFoundError(
                        f'There is no task {row["task"]} in project {project}; no assignment was made.'
                    )
            ids = [self._insert(connection, 'assignment', {**row, 'created': now()}) for row in rows]
        found = self._rows(
            'SELECT * FROM assignment WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id',
            json.dumps(ids),
        )
        return [self._shape_assignment(row) for row in found]

    def get_assignment(self, assignment_id: int) -> dict[str, Any]:
        """Return an assignment with what was annotated, and with the files of its task's data unit.

        Raises:
            NotFoundError: If there is none.
        """
        wanted = as_id(assignment_id, 'assignment')
        rows = self._rows('SELECT * FROM assignment WHERE id = ?', wanted)
        if not rows:
            raise NotFoundError(f'There is no assignment {wanted}. list_assignments() tells what there is.')
        return self._shape_assignment(rows[0])

    def list_assignments(
        self, params: Mapping[str, Any] | None = None, *, list_all: bool = False, page_size: int = 100
    ) -> Any:
        """Return assignments in the order in which they came.

        Filters: ``project``, ``tasks``, ``users``, ``status_label``, ``ids``.
        """
        filters = self._chosen(params, _ASSIGNMENT_FILTERS, 'assignments')
        if not list_all:
            return self._listed('assignment', filters, params, page_size, self._shape_assignment)
        where, values = _conditions(filters)
        count = self._rows(f'SELECT count(*) FROM assignment WHERE {where}', *values)[0][0]  # noqa: S608 - our own names
        return self._walk_assignments(where, values, page_size), count

    def _walk_assignments(self, where: str, values: Sequence[Any], size: int) -> Iterator[dict[str, Any]]:
        query = f'SELECT * FROM assignment WHERE {where} AND id > ? ORDER BY id LIMIT ?'  # noqa: S608
        last = 0
        while rows := self._rows(query, *values, last, size):
            yield from map(self._shape_assignment, rows)
            last = rows[-1]['id']

    def _chosen(self, params: Mapping[str, Any] | None, known: tuple[str, ...], what: str) -> dict[str, Any]:
        """Return the filters among *params*, those that may be lists among them."""
        given = params or {}
        check_keys(given, {*known, 'page', 'page_size'}, what)
        one = {key: value for key, value in given.items() if key not in _LISTS}
        lists = {key: given[key] for key in known if key in _LISTS and given.get(key) is not None}
        return self._filters(one, tuple(key for key in known if key not in _LISTS), what) | lists

    def _listed(
        self,
        table: str,
        filters: Mapping[str, Any],
        params: Mapping[str, Any] | None,
        page_size: int,
        shape: Callable[[Row], dict[str, Any]],
    ) -> dict[str, Any]:
        """Return a page of a table, the oldest first."""
        page, size = paging(params or {}, page_size)
        where, values = _conditions(filters)
        count = self._rows(f'SELECT count(*) FROM {table} WHERE {where}', *values)[0][0]  # noqa: S608 - our own names
        query = f'SELECT * FROM {table} WHERE {where} ORDER BY id LIMIT ? OFFSET ?'  # noqa: S608
        rows = self._rows(query, *values, size, (page - 1) * size)
        return as_page([shape(row) for row in rows], count, page, size)

    def _shape_assignment(self, row: Row) -> dict[str, Any]:
        """Return an assignment; ``file`` is the primary file of its unit, ``files`` are all by specification."""
        files = self._files_of_task(row['task'])
        primary = next((file for file in files.values() if file['is_primary']), None)
        first = next(iter(files.values()), None)
        return {**dict(row), 'data': json.loads(row['data']), 'file': primary or first or {}, 'files': files}

    def _files_of_task(self: Any, task: int) -> dict[str, dict[str, Any]]:
        units: Collections = self  # the same backend
        (row,) = self._rows('SELECT data_unit FROM task WHERE id = ?', task)
        if row['data_unit'] is None:
            return {}
        files: dict[str, dict[str, Any]] = units.get_data_unit(row['data_unit'])['files']
        return files


def _is_id(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and id_or_none(value, 'project') is not None


def _assignment_row(project: int, item: Any) -> dict[str, Any]:
    """Return the columns of an assignment, checked."""
    task = item.get('task') if isinstance(item, dict) else None
    if task is None or not isinstance(item.get('data', {}), dict):
        raise ParamsError(f'{item!r:.80} is no assignment: it needs its task, and data that is an object.')
    user, status = item.get('user'), item.get('status_label', 'completed')
    if status not in _STATUSES:
        raise ParamsError(f'{status!r} is no status of an assignment; there is {", ".join(_STATUSES)}.')
    return {
        'project': project,
        'task': as_id(task, 'task'),
        'user': None if user is None else as_id(user, 'user'),
        'status_label': status,
        'data': dump(item.get('data', {})),
    }


def _conditions(filters: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return what a query asks for, and its values; all names are our own."""
    conditions, values = [], []
    for key, value in filters.items():
        if key in _LISTS:
            conditions.append(f'{_LISTS[key]} IN (SELECT value FROM json_each(?))')  # noqa: S608 - our own names
            values.append(json.dumps([as_id(one, key) for one in as_list(value, key)]))
        else:
            conditions.append(f'{key} = ?')
            values.append(value)
    return ' AND '.join(conditions) or '1', values


def _shape_task(row: Row) -> dict[str, Any]:
    return {**dict(row), 'data': json.loads(row['data'])}
