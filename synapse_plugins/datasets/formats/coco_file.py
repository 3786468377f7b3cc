"""One COCO file: its images, its categories, and the annotations of each image, never all of it as objects.

The annotations of an image are kept as the bytes of a JSON list, in memory for small files, else in a temporary
database without a name, which the system removes whatever happens to this process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from ...errors import FormatError
from ..declared import declared_size
from ..json_stream import lists_of, parts_of
from .coco_records import seen_in
from .coco_window import Id, InexactIdError, by_image, field_of, id_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..pool import Pool
    from .coco_records import Seen
    from .coco_window import Groups

__all__ = ['CocoFile', 'ImageRecord', 'Size']

SPILL = 64 << 20
"""Bytes of a file whose annotations are not kept in memory."""

_LISTS = frozenset(('images', 'annotations', 'categories'))

SHARED = 4 << 20
"""Bytes of a file from which on several processes read its annotations."""


Size = tuple[int, int]
"""Width and height in pixels."""


class ImageRecord(NamedTuple):
    """What is kept of an image record.

    Attributes:
        number: Its id.
        name: Its file name.
        size: The size that it declares; None if it declares none.
    """

    number: Id
    name: str
    size: Size | None


class CocoFile:
    """A COCO file that was gone through once.

    Args:
        path: The file.
        seen: Where to add what a survey has to know of the annotation records.
        pool: Processes that can read records; without, or where the file is small, it is done here.

    Attributes:
        images: Every image record, in order.
        categories: The category records.

    Raises:
        FormatError: If it is no COCO file.
    """

    def __init__(self, path: Path, seen: set[Seen], pool: Pool | None = None) -> None:
        self.path = path
        size = path.stat().st_size
        try:
            if pool is None or size < SHARED or not self._read_apart(seen, pool, size):
                self._read(seen, size)
            self._check_lists()
            self._store.ready()
            self._check_ids()
        except BaseException:
            self.close()
            raise

    def _start(self, size: int) -> None:
        self.images: list[ImageRecord] = []
        self._sizes: dict[tuple[Any, Any], Size | None] = {}
        self.categories: list[dict[str, Any]] = []
        self._found: set[str] = set()
        self._store: _Memory | _Database = _Database() if size > SPILL else _Memory()

    def _read(self, seen: set[Seen], size: int) -> None:
        self._start(size)
        try:
            self._read_all(seen, exact=False)
        except InexactIdError:  # such ids are rare, and telling them apart takes a slower reader
            self.close()
            self._start(size)
            self._read_all(seen, exact=True)

    def _read_all(self, seen: set[Seen], *, exact: bool) -> None:
        for name, records in lists_of(self.path, _LISTS, exact=exact):
            if self._take(name, records, exact=exact):
                seen |= seen_in(records)
                self._store.add(by_image(records, self.path, exact=exact))

    def _read_apart(self, seen: set[Seen], pool: Pool, size: int) -> bool:
        """Have the annotations read by other processes; False if that cannot be done with this file."""
        self._start(size)
        saw: set[Seen] = set()
        try:
            for found in pool.apply(
                'synapse_plugins.datasets.formats.coco_window:read_window', self._windows()
            ):
                if found is None:
                    self.close()
                    return False
                saw |= found[0]
                self._store.add(found[1])
        except FormatError:  # or it is no COCO file, and going through it once more tells why
            self.close()
            return False
        seen |= saw
        return True

    def _windows(self) -> Iterator[bytes]:
        for name, records in parts_of(self.path, _LISTS, frozenset(('annotations',))):
            if isinstance(records, bytes):
                self._found.add(name)
                yield records
            else:
                self._take(name, records)

    def _take(self, name: str, records: list[Any], *, exact: bool = False) -> bool:
        """Take images and categories; True for annotations."""
        self._found.add(name)
        if not all(type(record) is dict for record in records):
            raise self._no_list(name)
        if name == 'images':
            self.images += [self._image(one, exact=exact) for one in records]
        elif name == 'categories':
            self.categories += records
        return name == 'annotations'

    def _image(self, record: dict[str, Any], *, exact: bool) -> ImageRecord:
        number = id_of(record, 'id', self.path, exact=exact)
        said = record.get('width'), record.get('height')
        try:
            size = self._sizes[said]  # most pictures of a dataset share a few sizes
        except KeyError:
            size = self._sizes[said] = declared_size(*said)
        except TypeError:  # of lists, which are no size
            size = None
        return ImageRecord(number, str(field_of(record, 'file_name', self.path)), size)

    def _check_lists(self) -> None:
        for name in ('images', 'categories'):
            if name not in self._found:
                raise self._no_list(name)

    def _check_ids(self) -> None:
        if len({record.number for record in self.images}) == len(self.images):
            return
        seen: dict[Id, str] = {}
        for number, name, _ in self.images:
            other = seen.setdefault(number, name)
            if other is not name:
                raise FormatError(
                    f'{self.path}: the images {other!r} and {name!r} both have the id {number!r}, so nobody can tell '
                    'whose an annotation is. Give every image an id of its own.'
                )

    def _no_list(self, name: str) -> FormatError:
        return FormatError(f'{self.path} is no COCO file: {name!r} should be a list of objects.')

    # -- what is asked for ----------------------------------------------------------------------------

    def annotations_of(self, *numbers: Id) -> bytes:
        """Return the annotation records of the images of some ids as a JSON list."""
        if len(numbers) == 1:
            return _joined(self._store.get(numbers[0]))
        return _joined([part for number in numbers for part in self._store.get(number)])

    def orphans(self) -> Iterator[tuple[Id, list[dict[str, Any]]]]:
        """Yield (image id, records) of annotations that belong to no image, those of one image in several parts."""
        known = {record.number for record in self.images}
        for number in self._store.ids():
            if number not in known:
                for part in self._store.get(number):
                    yield number, orjson.loads(part)

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()


def _joined(parts: list[bytes]) -> bytes:
    if len(parts) == 1:
        return parts[0]
    return b'[%b]' % b','.join([part[1:-1] for part in parts])


class _Memory:
    """The annotations of each image, in memory."""

    def __init__(self) -> None:
        self._texts: list[bytes] = []
        self._places: dict[Id, list[tuple[int, int, int]]] = {}

    def add(self, groups: Groups) -> None:
        text = len(self._texts)
        self._texts.append(groups.content)
        for number, start, end in groups.places():
            self._places.setdefault(number, []).append((text, start, end))

    def ready(self) -> None:
        pass

    def get(self, number: Id) -> list[bytes]:
        return [self._texts[text][start:end] for text, start, end in self._places.get(number, ())]

    def ids(self) -> Iterator[Id]:
        yield from self._places

    def close(self) -> None:
        pass


class _Database:
    """The annotations of each image, in a temporary database."""

    def __init__(self) -> None:
        import sqlite3  # only files that are too long for the memory need it

        self._connection = sqlite3.connect('', isolation_level=None)  # no name: gone when it is closed
        for setting in ('journal_mode=OFF', 'synchronous=OFF', 'cache_size=-16384', 'temp_store=FILE'):
            self._connection.execute(f'PRAGMA {setting}')
        self._connection.execute('CREATE TABLE part (image, content BLOB)')

    def add(self, groups: Groups) -> None:
        rows = ((number, groups.content[start:end]) for number, start, end in groups.places())
        self._connection.execute('BEGIN')
        self._connection.executemany('INSERT INTO part VALUES (?, ?)', rows)
        self._connection.execute('COMMIT')

    def ready(self) -> None:
        self._connection.execute('CREATE INDEX of_image ON part (image)')

    def get(self, number: Id) -> list[bytes]:
        query = 'SELECT content FROM part WHERE image = ? ORDER BY rowid'
        return [content for (content,) in self._connection.execute(query, (number,))] or []

    def ids(self) -> Iterator[Id]:
        query = 'SELECT image FROM part GROUP BY image ORDER BY min(rowid)'
        for (number,) in self._connection.execute(query).fetchall():
            yield number

    def close(self) -> None:
        self._connection.close()
