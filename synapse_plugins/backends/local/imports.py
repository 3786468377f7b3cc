"""Importing a dataset: everything is gathered aside, then appears in one transaction, or not at all."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from ...datasets.digest import fingerprint
from ...datasets.formats.dm_v2 import document
from ...errors import DatasetError
from ...store import StoredFile, file_digest, require_space, stored_suffix
from ..filters import category_of
from .part import Part, dump_exact, now
from .tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection
    from types import TracebackType

    from ...datasets.sample import Sample
    from ...store import Store

__all__ = ['Import', 'Link']

Link = Literal['copy', 'hard', 'reference']
SPECIFICATION = 'image_1'
"""The file specification of an event's picture."""

_DOCUMENT = 2048
"""Bytes that an event is taken to need in the database, before anything is read."""


class Import(Part):
    """One import on its way; a context manager, after which whatever was not committed is gone.

    Attributes:
        digest: Of everything in the dataset.
        fingerprint: What the folder looked like when it was read.
        is_new: False once the commit has found that the newest version is the same.

    Args:
        store: An open store.
        source: The folder.
        source_format: Its format; None: it is recognised.
        link: See `LocalBackend.import_dataset`.
        progress: Called with the pictures done, and how many there are.
    """

    def __init__(
        self,
        store: Store,
        source: Path,
        source_format: str | None,
        link: Link,
        progress: Callable[[int, int], object] | None,
    ) -> None:
        super().__init__(store)
        if link not in Link.__args__:  # type: ignore[attr-defined]
            raise DatasetError(f'link={link!r} is not known; it is copy, hard or reference.')
        self._source = source.expanduser().resolve()
        self._link = link
        self._progress = progress
        self._tally = Tally(self._source, source_format)
        self._copied = 0
        self._hash = sha256()
        self._batch = store.files.batch()
        self._spool = self._batch.folder / 'events.jsonl'
        self.fingerprint = ''
        self.is_new = True

    @property
    def digest(self) -> str:
        """The digest of everything in the dataset: pictures, documents, splits, in order, and its classes."""
        return self._hash.hexdigest()

    def __enter__(self) -> Self:
        try:
            self.fingerprint = fingerprint(self._source)
            self._require_space()
            self._gather()
            self._batch.sync()
        except BaseException:
            self._batch.discard()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._batch.discard()

    def commit(self, name: str) -> int:
        """Make it the newest version of the dataset *name*, unless that is the same; return the version's id."""
        with self._db.transaction() as connection:
            self._batch.settle()  # also what is there already: the store may hold it altered
            same = self._newest_if_same(name)
            self.is_new = same is None
            if same is not None:
                return same
            version_id = self._insert_version(connection, name)
            files: dict[tuple[str, str, str], int] = {}
            with self._spool.open(encoding='utf-8') as spool:
                for line in spool:
                    self._insert_event(connection, version_id, json.loads(line), files)
        return version_id

    # -- gathering ------------------------------------------------------------------------------------

    def _require_space(self) -> None:
        linked = self._link == 'hard' and self._source.stat().st_dev == self.store.home.stat().st_dev
        pictures = 0 if linked or self._link == 'reference' else _size(self._source)
        documents = self._tally.expected * _DOCUMENT
        require_space(self.store.home, pictures + documents, f'Importing {self._source}')

    def _gather(self) -> None:
        with self._spool.open('x', encoding='utf-8') as spool:
            for done, sample in enumerate(self._tally.samples(), 1):
                line = self._take(sample)
                self._hash.update(line.encode('ascii'))
                spool.write(line + '\n')
                if self._progress is not None:
                    self._progress(done, max(self._tally.expected, done))
        facts = self._tally.facts()
        self._hash.update(dump_exact([facts['classes'], facts['declared_classes']]).encode('ascii'))

    def _take(self, sample: Sample) -> str:
        """Return what the database shall know of a sample, as JSON, and take its picture in."""
        image = sample.image
        reference = ''
        if self._link == 'reference':
            reference = str(image.path.resolve())
            file = StoredFile(*file_digest(image.path), stored_suffix(image.path))
        else:
            file = self._batch.add(image.path, self._link)
            self._copied += self._link == 'hard' and file.link == 'copy'
        self._tally.size += file.size
        meta = {'width': image.width, 'height': image.height}
        name = image.name or image.path.name
        stored = (file.digest, file.suffix, file.size, reference)
        try:
            return dump_exact([category_of(sample.split), name, meta, document(sample), *stored])
        except ValueError as exc:
            raise DatasetError(f'{sample.key}: an annotation holds what JSON cannot: {exc}.') from exc

    # -- committing -----------------------------------------------------------------------------------

    def _newest_if_same(self, name: str) -> int | None:
        """Return the id of the newest version if it holds just this, in the same way."""
        rows = self._rows(
            'SELECT dataset_version.* FROM dataset_version JOIN dataset ON dataset.id = dataset '
            'WHERE name = ? ORDER BY version DESC LIMIT 1',
            name,
        )
        mine = (self.digest, self._link)
        return next((row['id'] for row in rows if (row['digest'], row['link']) == mine), None)

    def _insert_version(self, connection: Connection, name: str) -> int:
        connection.execute(
            'INSERT INTO dataset (name, created) VALUES (?, ?) ON CONFLICT DO NOTHING', (name, now())
        )
        query = 'UPDATE dataset SET last_version = last_version + 1 WHERE name = ? RETURNING id, last_version'
        dataset, number = connection.execute(query, (name,)).fetchone()
        facts = self._tally.facts()
        values = {
            **facts,
            'dataset': dataset,
            'version': number,
            'fingerprint': self.fingerprint,
            'digest': self.digest,
            'classes': dump_exact(facts['classes']),
            'declared_classes': dump_exact(facts['declared_classes']),
            'splits': dump_exact(facts['splits']),
            'link': self._link,
            'notes': dump_exact([*facts['notes'], *self._notes()]),
            'created': now(),
        }
        return self._insert(connection, 'dataset_version', values)

    def _insert_event(
        self, connection: Connection, version_id: int, line: list[Any], files: dict[tuple[str, str, str], int]
    ) -> None:
        category, name, meta, data, digest, suffix, size, reference = line
        key = (digest, suffix, reference)
        if key not in files:
            files[key] = self._file_id(connection, StoredFile(digest, size, suffix), reference)
        event = connection.execute(
            'INSERT INTO event (version, category, data) VALUES (?, ?, ?)',
            (version_id, category, dump_exact(data)),
        )
        connection.execute(
            'INSERT INTO event_file (event, specification, file, name, file_type, is_primary, meta) '
            "VALUES (?, ?, ?, ?, 'image', 1, ?)",
            (event.lastrowid, SPECIFICATION, files[key], name, dump_exact(meta)),
        )

    def _notes(self) -> list[str]:
        """Return what a person should know of how the pictures came in."""
        if not self._copied:
            return []
        into = f'from {self._source} into {self.store.home}'
        return [f'{self._copied} pictures were copied: hard links cannot be made {into}.']


def _size(folder: Path) -> int:
    """Return the bytes of all files in a folder; a link to nowhere has none."""
    found = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return sum(path.stat().st_size for path in found if path.is_file())
