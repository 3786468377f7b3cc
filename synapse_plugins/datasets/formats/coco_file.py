"""One COCO file: its images, its categories, and the annotations of each image, never all of it as objects.

The annotations of an image are kept as the bytes of a JSON list, in memory for small files, else in a temporary
database without a name, which the system removes whatever happens to this process.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import orjson

from ...errors import FormatError
from ..json_stream import lists_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ['CocoFile']

SPILL = 64 << 20
"""Bytes of a file whose annotations are not kept in memory."""

_LISTS = frozenset(('images', 'annotations', 'categories'))
_Id = int | float | str | None


class CocoFile:
    """A COCO file that was gone through once.

    Args:
        path: The file.
        look: Is given the annotation records, some at a time, in order.

    Attributes:
        images: (id, file name) of every image record, in order.
        categories: The category records.

    Raises:
        FormatError: If it is no COCO file.
    """

    def __init__(self, path: Path, look: Callable[[list[dict[str, Any]]], None]) -> None:
        self.path = path
        self.images: list[tuple[_Id, str]] = []
        self.categories: list[dict[str, Any]] = []
        large = path.stat().st_size > SPILL
        self._store: _Memory | _Database = _Database() if large else _Memory()
        try:
            self._read(look)
        except BaseException:
            self.close()
            raise

    def _read(self, look: Callable[[list[dict[str, Any]]], None]) -> None:
        found = set()
        for name, records in lists_of(self.path, _LISTS):
            found.add(name)
            if not all(type(record) is dict for record in records):
                raise self._no_list(name)
            if name == 'images':
                self.images += [(self._id(one, 'id'), str(self._get(one, 'file_name'))) for one in records]
            elif name == 'categories':
                self.categories += records
            else:
                look(records)
                self._store.add(self._by_image(records))
        for name in ('images', 'categories'):
            if name not in found:
                raise self._no_list(name)
        self._store.ready()
        self._check_ids()

    def _by_image(self, records: list[dict[str, Any]]) -> dict[_Id, list[dict[str, Any]]]:
        groups: dict[_Id, list[dict[str, Any]]] = {}
        for record in records:
            number = record.get('image_id')
            if type(number) is not int or number > _MOST:
                number = self._id(record, 'image_id')
            group = groups.get(number)
            if group is None:
                groups[number] = [record]
            else:
                group.append(record)
        return groups

    def _check_ids(self) -> None:
        names = dict(self.images)
        if len(names) == len(self.images):
            return
        seen: dict[_Id, str] = {}
        for number, name in self.images:
            other = seen.setdefault(number, name)
            if other is not name:
                raise FormatError(
                    f'{self.path}: the images {other!r} and {name!r} both have the id {number!r}, so nobody can tell '
                    'whose an annotation is. Give every image an id of its own.'
                )

    # -- fields ---------------------------------------------------------------------------------------

    def _no_list(self, name: str) -> FormatError:
        return FormatError(f'{self.path} is no COCO file: {name!r} should be a list of objects.')

    def _get(self, record: dict[str, Any], field: str) -> Any:
        value = record.get(field)
        if value is None or isinstance(value, list | dict):
            raise FormatError(f'{self.path}: a record has no usable {field!r}: {str(record)[:120]}.')
        return value

    def _id(self, record: dict[str, Any], field: str) -> _Id:
        """Return an id such that equal ones are equal in memory and in a database."""
        value = self._get(record, field)
        if (isinstance(value, float) and value.is_integer()) or isinstance(value, bool):
            value = int(value)
        return f'{value}!' if isinstance(value, int) and abs(value) > _MOST else value

    # -- what is asked for ----------------------------------------------------------------------------

    def annotations_of(self, number: _Id) -> bytes:
        """Return the annotation records of an image as a JSON list."""
        return _joined(self._store.get(number))

    def orphans(self) -> Iterator[tuple[_Id, list[dict[str, Any]]]]:
        """Yield (image id, records) of annotations that belong to no image, those of one image in several parts."""
        known = {number for number, _ in self.images}
        for number in self._store.ids():
            if number not in known:
                for part in self._store.get(number):
                    yield number, orjson.loads(part)

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()


_MOST = (1 << 63) - 1


def _joined(parts: list[bytes]) -> bytes:
    if len(parts) == 1:
        return parts[0]
    return b'[%b]' % b','.join([part[1:-1] for part in parts])


class _Memory:
    """The annotations of each image, in memory."""

    def __init__(self) -> None:
        self._parts: dict[_Id, bytes | list[bytes]] = {}

    def add(self, groups: dict[_Id, list[dict[str, Any]]]) -> None:
        for number, records in groups.items():
            content = orjson.dumps(records)
            known = self._parts.setdefault(number, content)
            if known is not content:
                self._parts[number] = [*known, content] if isinstance(known, list) else [known, content]

    def ready(self) -> None:
        pass

    def get(self, number: _Id) -> list[bytes]:
        found = self._parts.get(number, [])
        return found if isinstance(found, list) else [found]

    def ids(self) -> Iterator[_Id]:
        yield from self._parts

    def close(self) -> None:
        pass


class _Database:
    """The annotations of each image, in a temporary database."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect('', isolation_level=None)  # no name: gone when it is closed
        for setting in ('journal_mode=OFF', 'synchronous=OFF', 'cache_size=-16384', 'temp_store=FILE'):
            self._connection.execute(f'PRAGMA {setting}')
        self._connection.execute('CREATE TABLE part (image, content BLOB)')

    def add(self, groups: dict[_Id, list[dict[str, Any]]]) -> None:
        rows = [(number, orjson.dumps(records)) for number, records in groups.items()]
        self._connection.execute('BEGIN')
        self._connection.executemany('INSERT INTO part VALUES (?, ?)', rows)
        self._connection.execute('COMMIT')

    def ready(self) -> None:
        self._connection.execute('CREATE INDEX of_image ON part (image)')

    def get(self, number: _Id) -> list[bytes]:
        query = 'SELECT content FROM part WHERE image = ? ORDER BY rowid'
        return [content for (content,) in self._connection.execute(query, (number,))] or []

    def ids(self) -> Iterator[_Id]:
        query = 'SELECT image FROM part GROUP BY image ORDER BY min(rowid)'
        for (number,) in self._connection.execute(query).fetchall():
            yield number

    def close(self) -> None:
        self._connection.close()
