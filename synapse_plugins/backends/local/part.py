"""What the parts of the embedded backend share."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ...errors import NeededError, NotFoundError, ParamsError, suggestion
from ...store.plain import text
from ...store.usage import runs_at_work
from ..filters import check_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from sqlite3 import Connection, Row

    from ...store import Store, StoredFile

__all__ = [
    'Part',
    'as_id',
    'as_name',
    'as_page',
    'checked_name',
    'dump_exact',
    'id_or_none',
    'not_found',
    'now',
    'paging',
]

_DIGITS = 19
"""Of the largest number that SQLite takes."""
_ID = re.compile(f'0|[1-9][0-9]{{0,{_DIGITS - 2}}}')
_HOLDERS = ('event_file', 'model', 'data_file', 'plugin_release')
"""The tables whose column `file` keeps a row of `file` alive."""


class Part:
    """A part of the embedded backend, over one store.

    Args:
        store: An open store.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._db = store.database('backend')
        self._root_url: str | None = None

    @property
    def _unused(self) -> str:
        """What holds of a row of `file` that nothing refers to."""
        return ' AND '.join(f'NOT EXISTS (SELECT 1 FROM {table} WHERE file = file.id)' for table in _HOLDERS)  # noqa: S608

    def _rows(self, query: str, *values: Any) -> list[Row]:
        """Read rows outside any transaction."""
        return self._db.rows(query, *values)

    def _file_id(self, connection: Connection, file: StoredFile, reference: str = '') -> int:
        """Return the row of a file, made if it is new; the caller is in a transaction."""
        key = (file.digest, file.suffix, reference)
        connection.execute(
            'INSERT INTO file (digest, suffix, reference, size) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
            (*key, file.size),
        )
        query = 'SELECT id FROM file WHERE digest = ? AND suffix = ? AND reference = ?'
        return int(connection.execute(query, key).fetchone()[0])

    def _insert(self, connection: Connection, table: str, values: Mapping[str, Any]) -> int:
        """Insert a row and return its id; tables and columns are names of our own."""
        columns, marks = ', '.join(values), ', '.join(f':{column}' for column in values)
        inserted = connection.execute(f'INSERT INTO {table} ({columns}) VALUES ({marks})', dict(values))  # noqa: S608
        return int(inserted.lastrowid or 0)

    def _file_path(self, row: Row) -> Path:
        """Return where the file lies that a row with `digest`, `suffix` and `reference` tells of."""
        if row['reference']:
            return Path(row['reference'])
        return self.store.files.path_of(row['digest'], row['suffix'])

    def _file_name(self, row: Row) -> str:
        """Return the same as a text: a server that runs for long would keep the names in a Path for good."""
        if row['reference']:
            return str(row['reference'])
        digest = row['digest']
        return f'{self.store.files.root}{os.sep}{digest[:2]}{os.sep}{digest}{row["suffix"]}'

    def _file_url(self, row: Row) -> str:
        """Return the same as a URL; a page has many, and a Path costs more than the rest of its row."""
        if row['reference'] or not row['suffix'].isascii():
            return _uri(self._file_name(row))
        if self._root_url is None:
            self._root_url = self.store.files.root.as_uri()
        digest = row['digest']
        return f'{self._root_url}/{digest[:2]}/{digest}{quote(row["suffix"])}'

    def find_file(self, digest: str) -> Path | None:
        """Return where a file of this content lies, None if there is none; *digest* is its SHA-256."""
        name = self.find_file_name(digest)
        return None if name is None else Path(name)

    def find_file_name(self, digest: str) -> str | None:
        """Return the same as a text."""
        rows = self._rows('SELECT * FROM file WHERE digest = ? ORDER BY reference', digest)
        names = map(self._file_name, rows)
        return next((name for name in names if os.path.isfile(name)), None)  # noqa: PTH113

    def collect_garbage(self) -> int:
        """Remove the files in the store that nothing refers to any more, and return how many."""
        # Two transactions, the removal first: a crash in between leaves a file too many, never one too few.
        with self._db.transaction() as connection:
            rows = connection.execute(f'SELECT * FROM file WHERE {self._unused}').fetchall()  # noqa: S608 - our own names
            for row in rows:
                if not row['reference']:
                    self.store.files.discard(row['digest'], row['suffix'])
                connection.execute('DELETE FROM file WHERE id = ?', (row['id'],))
        return len(rows)

    def _refuse_if_at_work(self, what: str, field: str, ids: Iterable[int]) -> None:
        """Refuse to remove what a run at work needs.

        Raises:
            NeededError: Naming the run.
        """
        wanted = set(ids)
        for run in runs_at_work(self.store):
            if getattr(run, field) in wanted:
                raise NeededError(
                    f'{what} is in use by run {run.id} ({run.action}). Remove it when that has ended.'
                )

    def _page(
        self,
        query: str,
        table: str,
        params: Mapping[str, Any] | None,
        filters: Mapping[str, Any],
        shape: Callable[[Row], Any],
    ) -> dict[str, Any]:
        """Return a page of the rows of a query over *table*, newest first; *filters* are columns and values."""
        page, size = paging(params or {})
        where = ' AND '.join(f'{table}.{column} = ?' for column in filters) or '1'
        values = tuple(filters.values())
        count = self._rows(f'SELECT count(*) FROM {table} WHERE {where}', *values)[0][0]  # noqa: S608 - our own names
        rows = self._rows(
            f'{query} WHERE {where} ORDER BY {table}.id DESC LIMIT ? OFFSET ?',
            *values, size, (page - 1) * size,
        )  # fmt: skip
        return as_page([shape(row) for row in rows], count, page, size)

    def _filters(self, params: Mapping[str, Any] | None, known: tuple[str, ...], what: str) -> dict[str, Any]:
        """Return the filters among *params*, all of which are columns, after refusing unknown keys."""
        params = params or {}
        check_keys(params, {*known, 'page', 'page_size'}, what)
        return {key: _one_value(params[key], key) for key in known if key in params}


def _one_value(value: Any, key: str) -> Any:
    """Return what a column is compared with; None, which nothing equals, for an empty list."""
    values = list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]
    if len(values) > 1 or not all(isinstance(one, (str, int, float)) for one in values):
        raise ParamsError(f'The filter {key} takes one value, not {value!r}.')
    if not values or (isinstance(values[0], int) and not _fits(values[0])):
        return None
    return text(values[0]) if isinstance(values[0], str) else values[0]


def _uri(name: str) -> str:
    """Return the URL of a file."""
    return Path(name).as_uri() if os.name == 'nt' else f'file://{quote(os.fsencode(name))}'


def _fits(number: int) -> bool:
    """Tell whether SQLite takes a number."""
    return -(2**63) <= number < 2**63


def paging(params: Mapping[str, Any], page_size: int = 100) -> tuple[int, int]:
    """Return page number and rows a page."""
    try:
        page, size = int(params.get('page') or 1), int(params.get('page_size') or page_size)
    except (TypeError, ValueError, OverflowError):  # more digits than Python reads, too
        raise ParamsError('page and page_size are whole numbers, of a few digits.') from None
    if page < 1 or size < 1 or page * size >= 10**_DIGITS // 10:
        raise ParamsError(f'page {page} of {size} rows is no page; both count from 1.')
    return page, size


def as_page(rows: list[Any], count: int, page: int, size: int) -> dict[str, Any]:
    """Return rows in the envelope of the REST API; `next` and `previous` are page numbers."""
    return {
        'count': count,
        'next': page + 1 if page * size < count else None,
        'previous': page - 1 if page > 1 else None,
        'results': rows,
    }


def as_id(value: Any, what: str) -> int:
    """Return an id that may have come as text."""
    found = id_or_none(value, what)
    if found is None:
        raise ParamsError(f'{value!r} is not the id of a {what}; ids are whole numbers.')
    return found


def id_or_none(ref: Any, what: str) -> int | None:
    """Return the id that a reference is, None if it is a name.

    Raises:
        ParamsError: If it looks like an id and is written in another way, such as ``007``: what it means is not
            guessed, because things are removed by it too.
    """
    if isinstance(ref, bool):
        raise ParamsError(f'{ref!r} is neither the id nor the name of a {what}.')
    if isinstance(ref, int):
        if not _fits(ref):
            raise ParamsError(f'That is not the id of a {what}: it has too many digits.')
        return ref
    written = str(ref).strip()
    if not written.isdecimal():
        return None
    if not _ID.fullmatch(written):
        meant = f' If {int(written)} is meant, write that.' if len(written) < _DIGITS else ''
        raise ParamsError(
            f'{written[:60]!r} is not the id of a {what}: ids have no leading zeros, only the digits 0 to 9, and fewer '
            f'than {_DIGITS} of them.{meant}'
        )
    return int(written)


def as_name(ref: Any) -> str:
    """Return a name that is asked for as names are kept (see `checked_name`): file systems and keyboards differ."""
    return unicodedata.normalize('NFC', text(ref)).strip()


def checked_name(name: Any, what: str, forbidden: str = '') -> str:
    """Return a name in one spelling (Unicode NFC), or refuse one that could not be told from an id or a path."""
    made = unicodedata.normalize('NFC', name).strip() if isinstance(name, str) else ''
    bad = sorted({char for char in made if char in forbidden or unicodedata.category(char).startswith('C')})
    if not made or made.isdecimal() or bad or made.startswith('.'):
        reason = (
            f'it contains {bad[0]!r}'
            if bad
            else 'it is empty'
            if not made
            else 'it could be taken for something else'
        )
        raise ParamsError(
            f'{name!r} cannot be the name of a {what}: {reason}. A name is not only digits, does not begin with a '
            f'dot and has no control characters{f" and none of {forbidden}" if forbidden else ""}.'
        )
    return made


def not_found(what: str, wanted: object, known: Iterable[str], command: str) -> NotFoundError:
    """Return the error for something that is not there, with close matches and the command that lists what is."""
    parts = (
        f'There is no {what} {wanted!r}.',
        suggestion(str(wanted), known),
        f'`{command}` lists what there is.',
    )
    return NotFoundError(' '.join(filter(None, parts)))


def dump_exact(value: Any) -> str:
    """Return *value* as compact JSON, the same for the same value.

    Raises:
        ValueError: If it holds what JSON cannot, a number that is not finite too.
    """
    return json.dumps(value, separators=(',', ':'), allow_nan=False)


def now() -> str:
    """Return the time, in UTC."""
    return datetime.now(UTC).isoformat(timespec='milliseconds')
