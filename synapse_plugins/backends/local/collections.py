"""Uploaded data: collections with file specifications, files, units."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import NotFoundError, ParamsError
from ...store import require_space
from ...store.plain import dump, text
from ..fields import object_field, text_field
from .part import Part, as_id, as_page, checked_name, now, paging

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from sqlite3 import Connection, Row

__all__ = ['Collections']

_SHA1 = 40
_CHECKSUM = re.compile(r'(?:sha256:)?[0-9a-fA-F]{64}|[0-9a-fA-F]{40}')
"""A SHA-256 as `create_data_file` returns it, or the SHA-1 of a file that was uploaded with it."""


class Collections(Part):
    """Data collections, files and units."""

    def create_data_collection(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Create a collection: ``name``, and ``file_specifications`` (``name``, ``file_type``, ``is_required``)."""
        name = checked_name(data.get('name'), 'data collection')
        specifications = data.get('file_specifications')
        specifications = () if specifications is None else specifications
        _check_named(specifications)
        with self._db.transaction() as connection:
            query = 'INSERT INTO data_collection (name, file_specifications, created) VALUES (?, ?, ?)'
            inserted = connection.execute(query, (name, dump([dict(item) for item in specifications]), now()))
        return self.get_data_collection(int(inserted.lastrowid or 0))

    def get_data_collection(self, collection_id: int) -> dict[str, Any]:
        """Return a collection with its `file_specifications`.

        Raises:
            NotFoundError: If there is none.
        """
        wanted = as_id(collection_id, 'data collection')
        rows = self._rows('SELECT * FROM data_collection WHERE id = ?', wanted)
        if not rows:
            raise NotFoundError(
                f'There is no data collection {wanted}. list_data_collections() tells what there is.'
            )
        return _shape_collection(rows[0])

    def list_data_collections(
        self, params: Mapping[str, Any] | None = None, *, list_all: bool = False
    ) -> Any:
        """Return collections, newest first."""
        query = 'SELECT * FROM data_collection '
        filters = self._filters(params, (), 'data collections')
        if not list_all:
            return self._page(query, 'data_collection', params, filters, _shape_collection)
        rows = self._rows(f'{query} ORDER BY id DESC')
        return map(_shape_collection, rows), len(rows)

    def create_data_file(
        self,
        file_path: str | Path,
        *,
        use_chunked_upload: bool | None = None,
        read_timeout: int | None = None,
        sha1: str = '',
    ) -> dict[str, Any]:
        """Take a file into the store; the result has its `id` and `checksum`.

        Args:
            file_path: The file.
            use_chunked_upload: Nothing is uploaded here.
            read_timeout: Nobody is waited for.
            sha1: The SHA-1 of its content, by which units may then name it too.
        """
        path = Path(file_path).expanduser()
        if not path.is_file():
            raise ParamsError(f'{path} is not a file.')
        require_space(self.store.home, path.stat().st_size, f'Uploading {path}')
        with self.store.files.batch() as batch:
            stored = batch.add(path)
            batch.sync()
            with self._db.transaction() as connection:
                batch.settle()
                query = 'INSERT INTO data_file (file, name, created, sha1) VALUES (?, ?, ?, ?)'
                values = (self._file_id(connection, stored), text(path.name), now(), sha1.lower())
                inserted = connection.execute(query, values)
        place = self.store.files.path_of(stored.digest, stored.suffix)
        checksum = f'sha256:{stored.digest}'
        return {'id': inserted.lastrowid, 'checksum': checksum, 'file': place.as_uri(), 'size': stored.size}

    def verify_data_files_checksums(self, checksums: Sequence[str]) -> dict[str, Any]:
        """Tell which contents were uploaded: `existing` and `missing` of the checksums that were asked for."""
        found = {checksum: self._digest_of(checksum) is not None for checksum in checksums}
        return {
            'existing': [checksum for checksum, there in found.items() if there],
            'missing': [checksum for checksum, there in found.items() if not there],
        }

    def _digest_of(self, checksum: str) -> str | None:
        """Return the SHA-256 of the uploaded file that a checksum means: a SHA-256 with its kind or bare, a SHA-1."""
        if not _CHECKSUM.fullmatch(checksum):
            return None
        column = 'data_file.sha1' if len(checksum) == _SHA1 else 'digest'
        query = (
            f'SELECT digest FROM data_file JOIN file ON file.id = data_file.file WHERE {column} = ? LIMIT 1'  # noqa: S608
        )
        rows = self._rows(query, checksum.removeprefix('sha256:').lower())
        return str(rows[0]['digest']) if rows else None

    def create_data_units(
        self, data: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Create units of uploaded files, all or none."""
        units = [data] if isinstance(data, Mapping) else list(data)
        with self._db.transaction() as connection:
            ids = [self._insert_unit(connection, unit) for unit in units]
        return [
            self._shape_unit(row)
            for unit_id in ids
            for row in self._rows('SELECT * FROM data_unit WHERE id = ?', unit_id)
        ]

    def get_data_unit(self, unit_id: int, *, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a unit.

        Raises:
            NotFoundError: If there is none.
        """
        wanted = as_id(unit_id, 'data unit')
        rows = self._rows('SELECT * FROM data_unit WHERE id = ?', wanted)
        if not rows:
            raise NotFoundError(f'There is no data unit {wanted}. list_data_units() tells what there is.')
        return self._shape_unit(rows[0])

    def list_data_units(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        url_conversion: Mapping[str, Any] | None = None,
        list_all: bool = False,
        page_size: int = 100,
        timeout: int = 60,
    ) -> Any:
        """Return units in the order in which they came; filter: ``data_collection``."""
        filters = self._filters(params, ('data_collection',), 'data units')
        where = ' AND '.join(f'{column} = ?' for column in filters) or '1'
        values = tuple(filters.values())
        count = self._rows(f'SELECT count(*) FROM data_unit WHERE {where}', *values)[0][0]  # noqa: S608 - our own names
        if list_all:
            return self._walk_units(where, values, page_size), count
        page, size = paging(params or {}, page_size)
        query = f'SELECT * FROM data_unit WHERE {where} ORDER BY id LIMIT ? OFFSET ?'  # noqa: S608
        rows = self._rows(query, *values, size, (page - 1) * size)
        return as_page([self._shape_unit(row) for row in rows], count, page, size)

    def _walk_units(self, where: str, values: Sequence[Any], size: int) -> Iterator[dict[str, Any]]:
        query = f'SELECT * FROM data_unit WHERE {where} AND id > ? ORDER BY id LIMIT ?'  # noqa: S608
        last = 0
        while rows := self._rows(query, *values, last, size):
            yield from map(self._shape_unit, rows)
            last = rows[-1]['id']

    def _insert_unit(self, connection: Connection, unit: Mapping[str, Any]) -> int:
        collection = self.get_data_collection(unit.get('data_collection') or 0)
        named, meta, groups = _parts_of(unit)
        checksums = {name: _checksum(value) for name, value in named.items()}
        _check_specifications(collection, checksums)
        files = {name: self._uploaded(name, checksum) for name, checksum in checksums.items()}
        query = 'INSERT INTO data_unit (data_collection, meta, files, groups, created) VALUES (?, ?, ?, ?, ?)'
        values = (
            collection['id'],
            dump(meta),
            dump(files),
            dump(groups),
            now(),
        )
        unit_id = int(connection.execute(query, values).lastrowid or 0)
        connection.executemany(
            'INSERT INTO data_unit_file (unit, specification, digest, name) VALUES (?, ?, ?, ?)',
            [
                (unit_id, name, sum_.removeprefix('sha256:'), _name(named[name]))
                for name, sum_ in files.items()
            ],
        )
        return unit_id

    def _uploaded(self, name: str, checksum: str) -> str:
        digest = self._digest_of(checksum)
        if digest is None:
            raise NotFoundError(
                f'The file {name} of a data unit, {checksum}, was not uploaded; create_data_file does that.'
            )
        return f'sha256:{digest}'

    def _shape_unit(self, row: Row) -> dict[str, Any]:
        unit = {**dict(row), 'meta': json.loads(row['meta']), 'groups': json.loads(row['groups'])}
        query = 'SELECT * FROM data_unit_file WHERE unit = ?'
        known = self._rows(
            'SELECT file_specifications FROM data_collection WHERE id = ?', row['data_collection']
        )
        told = {item['name']: item for item in json.loads(known[0][0] if known else '[]')}
        unit['files'] = {
            item['specification']: self._unit_file(item, told.get(item['specification'], {}))
            for item in self._rows(query, row['id'])
        }
        return unit

    def _unit_file(self, item: Row, specification: Mapping[str, Any]) -> dict[str, Any]:
        query = (
            'SELECT file.*, data_file.name FROM data_file JOIN file ON file.id = data_file.file WHERE digest = ? '
            'ORDER BY data_file.name = ? DESC, data_file.id LIMIT 1'
        )
        row = self._rows(query, item['digest'], item['name'])[0]
        return {
            'url': self._file_url(row),
            'file_name_original': item['name'] or row['name'],
            'specification': item['specification'],
            'file_type': specification.get('file_type'),
            'is_primary': bool(specification.get('is_primary')),
            'checksum': f'sha256:{row["digest"]}',
            'size': row['size'],
        }


def _check_named(specifications: Any) -> None:
    """Refuse file specifications without a name, or with that of another one."""
    is_list = isinstance(specifications, (list, tuple))
    names = [
        item.get('name') if isinstance(item, Mapping) else None
        for item in (specifications if is_list else ())
    ]
    if not is_list or not all(name and isinstance(name, str) for name in names):
        raise ParamsError('Every file specification of a data collection needs a name, which is a text.')
    for item in specifications:
        text_field(item, 'file_type', 'a file specification')
    if twice := {name for name in names if names.count(name) > 1}:
        raise ParamsError(
            f'The file specification {min(map(str, twice))!r} is there twice; a unit has one file of each.'
        )


def _parts_of(unit: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any], list[Any]]:
    """Return the files, the metadata and the groups of a unit."""
    files, meta = object_field(unit, 'files', 'a data unit'), object_field(unit, 'meta', 'a data unit')
    groups = [] if unit.get('groups') is None else unit['groups']
    if not isinstance(groups, (list, tuple)) or not all(isinstance(group, str) for group in groups):
        raise ParamsError('The groups of a data unit are a list of names, outer first.')
    return {text(name): file for name, file in files.items()}, meta, list(groups)


def _checksum(value: Any) -> str:
    checksum = value.get('checksum') if isinstance(value, Mapping) else value
    if not isinstance(checksum, str) or not _CHECKSUM.fullmatch(checksum):
        raise ParamsError(
            f"{value!r:.80} is no file of a data unit; give {{'checksum': ...}} as create_data_file returned it."
        )
    return checksum


def _name(value: Any) -> str:
    """Return what a unit calls a file: the last part of the path that it gives."""
    path = text_field(value, 'path', 'a file of a data unit') if isinstance(value, Mapping) else ''
    return re.split(r'[/\\]', path)[-1]


def _check_specifications(collection: Mapping[str, Any], files: Mapping[str, Any]) -> None:
    known = {item['name']: item for item in collection['file_specifications']}
    unknown = sorted(set(files) - set(known)) if known else []
    missing = sorted(name for name, item in known.items() if item.get('is_required') and name not in files)
    if unknown or missing or not files:
        what = [f'has no specification {name!r}' for name in unknown] + [
            f'requires a file {name!r}' for name in missing
        ]
        raise ParamsError(
            f'The data collection {collection["name"]!r} {" and ".join(what) or "takes no unit without files"}. '
            f'It has: {", ".join(known) or "none"}.'
        )


def _shape_collection(row: Row) -> dict[str, Any]:
    return {**dict(row), 'file_specifications': json.loads(row['file_specifications'])}
