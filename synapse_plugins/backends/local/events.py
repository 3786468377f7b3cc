"""Reading the events of dataset versions."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from ...errors import BackendError, ParamsError, UnknownNameError
from ...store.plain import text
from ..filters import EVENT_FILTERS, PAGING, as_list, category_of, check_keys, split_of
from ..jsontext import json_value
from .part import Part, as_id, as_page, dump_exact, paging

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from sqlite3 import Row

__all__ = ['Events']

FIELDS = ('id', 'pgh_id', 'category', 'data', 'files')
_CHUNK = 200
_VERSION_KEYS = ('ground_truth_dataset_versions', 'ground_truth_dataset_version')
_LIST = '(SELECT value FROM json_each(?))'  # any number of values in one binding
_UNSUPPORTED = {
    'task': 'the embedded backend makes no events from tasks',
    'pagination': 'the embedded backend pages by number',
}


class Events(Part):
    """Ground-truth events. An event is one item of one version, so `id` and `pgh_id` are the same here."""

    def list_ground_truth_events(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        url_conversion: Mapping[str, Any] | None = None,
        list_all: bool = False,
        page_size: int = 100,
    ) -> Any:
        """Return events, see `synapse_plugins.backends.Backend`.

        Raises:
            UnknownNameError: For a filter key or a field that nobody knows.
            BackendError: For a filter that means nothing here.
        """
        params = dict(params or {})
        fields = _checked(params)
        where, values = _condition(params)
        count = self._count(params, where, values)
        with_path = bool(url_conversion)
        if list_all:
            return self._walk(where, values, fields, _direction(params), with_path), count
        page, size = paging(params, page_size)
        skipped = (page - 1) * size
        if (ids := self._run_of_ids(params, count, where, values)) is not None:
            # No index has to be walked to skip what comes before: the page's ids are known.
            beyond, first = (
                ('>=', ids[0] + skipped) if _direction(params) == 'ASC' else ('<=', ids[1] - skipped)
            )
            where, values, skipped = f'{where} AND id {beyond} ?', (*values, first), 0
        rows = self._rows(
            f'SELECT * FROM event WHERE {where} ORDER BY id {_direction(params)} LIMIT ? OFFSET ?',  # noqa: S608
            *values, size, skipped,
        )  # fmt: skip
        return as_page(self._shaped(rows, fields, with_path), count, page, size)

    def _count(self, params: Mapping[str, Any], where: str, values: Sequence[Any]) -> int:
        """Return how many events filters choose; a version knows its own number, whole and by category."""
        filters = set(params) & EVENT_FILTERS
        if not filters:
            return int(self._rows('SELECT coalesce(sum(count), 0) FROM dataset_version')[0][0])
        version = _only_version(params)
        if version is None or filters - {*_VERSION_KEYS, 'category'}:
            return int(self._rows(f'SELECT count(*) FROM event WHERE {where}', *values)[0][0])  # noqa: S608
        rows = self._rows('SELECT count, splits FROM dataset_version WHERE id = ?', version)
        if not rows or 'category' not in params:
            return int(rows[0]['count']) if rows else 0
        splits = json.loads(rows[0]['splits'])
        wanted = {category_of(value) for value in _texts(params['category'], 'category')}
        return sum(int(splits.get(split_of(category), 0)) for category in wanted)

    def _run_of_ids(
        self, params: Mapping[str, Any], count: int, where: str, values: Sequence[Any]
    ) -> tuple[int, int] | None:
        """Return the first and last id of a version, or of one category of it, whose ids follow one another.

        They do where it was imported in one go, split by split.
        """
        filters = (set(params) & EVENT_FILTERS) - set(_VERSION_KEYS)
        one_category = (
            filters <= {'category'} and len(as_list(params.get('category', 'any'), 'category')) == 1
        )
        if _only_version(params) is None or not count or not one_category:
            return None
        query = f'SELECT id FROM event WHERE {where} ORDER BY id {{}} LIMIT 1'  # noqa: S608
        ends = [self._rows(query.format(way), *values) for way in ('ASC', 'DESC')]
        if not all(ends):
            return None
        first, last = (rows[0]['id'] for rows in ends)
        return (first, last) if last - first + 1 == count else None

    def _walk(
        self, where: str, values: Sequence[Any], fields: Sequence[str], direction: str, with_path: bool
    ) -> Iterator[dict[str, Any]]:
        """Go through events in pieces, so that no read lasts long and memory stays flat."""
        beyond, last = ('>', 0) if direction == 'ASC' else ('<', sys.maxsize)
        while True:
            rows = self._rows(
                f'SELECT * FROM event WHERE {where} AND id {beyond} ? ORDER BY id {direction} LIMIT ?',  # noqa: S608
                *values, last, _CHUNK,
            )  # fmt: skip
            if not rows:
                return
            yield from self._shaped(rows, fields, with_path)
            last = rows[-1]['id']

    def _shaped(self, rows: Sequence[Row], fields: Sequence[str], with_path: bool) -> list[dict[str, Any]]:
        files = self._files([row['id'] for row in rows], with_path) if 'files' in fields else {}
        events = []
        for row in rows:
            whole = {'id': row['id'], 'pgh_id': row['id'], 'category': row['category']}
            if 'data' in fields:
                whole['data'] = json_value(row['data'].encode())
            whole['files'] = files.get(row['id'], {})
            events.append({name: whole[name] for name in fields})
        return events

    def _files(self, events: Sequence[int], with_path: bool) -> dict[int, dict[str, Any]]:
        if not events:
            return {}
        rows = self._rows(
            'SELECT * FROM event_file JOIN file ON file.id = event_file.file '
            'WHERE event IN (SELECT value FROM json_each(?)) ORDER BY event, specification',
            dump_exact(events),
        )
        files: dict[int, dict[str, Any]] = {}
        for row in rows:
            place = {'path': self._file_path(row)} if with_path else {'url': self._file_url(row)}
            files.setdefault(row['event'], {})[row['specification']] = {
                **place,
                'file_type': row['file_type'],
                'is_primary': bool(row['is_primary']),
                'file_name_original': row['name'],
                'specification': row['specification'],
                'checksum': f'sha256:{row["digest"]}',
                'size': row['size'],
                'meta': {} if row['meta'] == '{}' else json.loads(row['meta']),
            }
        return files


def _checked(params: Mapping[str, Any]) -> tuple[str, ...]:
    check_keys(params, EVENT_FILTERS | PAGING, 'ground-truth events')
    for key, reason in _UNSUPPORTED.items():
        if key in params:
            raise BackendError(f'The filter {key} cannot be used here: {reason}. Leave it out.')
    fields = FIELDS if params.get('fields') is None else as_list(params['fields'], 'fields') or FIELDS
    for field in fields:
        if not isinstance(field, str) or field not in FIELDS:
            raise UnknownNameError('field', str(field), FIELDS, 'It was given for ground-truth events.')
    return tuple(fields)


def _direction(params: Mapping[str, Any]) -> str:
    given = params.get('ordering')
    ordering = 'id' if given is None or (isinstance(given, str) and not given) else given
    if not isinstance(ordering, str) or ordering.lstrip('-') not in {'id', 'pgh_id'}:
        raise ParamsError(f"Events are ordered by 'pgh_id' or '-pgh_id', not by {ordering!r}.")
    return 'DESC' if ordering.startswith('-') else 'ASC'


def _texts(value: Any, key: str) -> list[str]:
    """Return the values of a filter that takes texts.

    Raises:
        ParamsError: If one is something else.
    """
    found = as_list(value, key)
    if wrong := [one for one in found if not isinstance(one, str)]:
        raise ParamsError(f'The filter {key} takes texts, not {wrong[0]!r:.80}.')
    return [text(one) for one in found]


def _only_version(params: Mapping[str, Any]) -> int | None:
    """Return the one version that filters ask for; None if they ask for several, or for any."""
    given = [params[key] for key in _VERSION_KEYS if key in params]
    wanted = as_list(given[0], _VERSION_KEYS[0]) if len(given) == 1 else []
    return as_id(wanted[0], 'dataset version') if len(wanted) == 1 else None


def _condition(params: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """Return the filters as SQL; several filters hold together."""
    where: list[str] = []
    values: list[Any] = []

    def one_of(column: str, wanted: Sequence[Any]) -> None:
        # One value by itself lets SQLite walk an index in the order of the ids.
        where.append(f'{column} = ?' if len(wanted) == 1 else f'{column} IN {_LIST}')
        values.append(wanted[0] if len(wanted) == 1 else dump_exact(wanted))

    for key in _VERSION_KEYS:
        if key in params:
            one_of('version', [as_id(value, 'dataset version') for value in as_list(params[key], key)])
    for key in ('category', 'categories'):
        if key in params:
            one_of('category', [category_of(value) for value in _texts(params[key], key)])
    for key in ('ids', 'ground_truth'):
        if key in params:
            one_of('id', [as_id(value, 'ground-truth event') for value in as_list(params[key], key)])
    if 'ids_ex' in params:
        where.append(f'id NOT IN {_LIST}')
        values.append(
            dump_exact([as_id(value, 'ground-truth event') for value in as_list(params['ids_ex'], 'ids_ex')])
        )
    if 'classes' in params:
        where.append(
            "EXISTS (SELECT 1 FROM json_tree(data) WHERE key = 'classification' AND type = 'text' "
            'AND atom IN (SELECT value FROM json_each(?)))'
        )
        values.append(dump_exact(_texts(params['classes'], 'classes')))
    if 'search' in params:
        where.append('EXISTS (SELECT 1 FROM event_file WHERE event = event.id AND instr(name, ?))')
        values.append(text(params['search']))
    return ' AND '.join(where) or '1', tuple(values)
