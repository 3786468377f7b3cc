"""Looking after a store: what it holds, what nothing needs, what is damaged."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from ...errors import StoreError
from ...store import file_digest
from ...store.moving import folder_size
from ...store.schema import MIGRATIONS
from .part import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from sqlite3 import Row

__all__ = ['Upkeep']

_STORED = re.compile(r'([0-9a-f]{64})(\.[a-z0-9]{1,10})?')
_COUNTED = {
    'datasets': 'dataset',
    'versions': 'dataset_version',
    'events': 'event',
    'files': 'file',
    'models': 'model',
    'jobs': 'job',
    'collections': 'data_collection',
    'data_files': 'data_file',
    'data_units': 'data_unit',
}
_YOUNG = 3600.0
_CHUNK = 500
_HOLDERS = """
SELECT 'dataset ' || dataset.name || '@' || dataset_version.version AS holder FROM event_file
    JOIN event ON event.id = event_file.event JOIN dataset_version ON dataset_version.id = event.version
    JOIN dataset ON dataset.id = dataset_version.dataset WHERE event_file.file = ?
UNION SELECT 'model ' || name FROM model WHERE file = ?
UNION SELECT 'uploaded file ' || id || ' (' || name || ')' FROM data_file WHERE file = ?
LIMIT 5
"""


class Upkeep(Part):
    """What `synapse-plugins store` does."""

    def describe_store(self) -> dict[str, Any]:
        """Return where the store is, its schema versions, how much of what it holds, and the bytes of its parts."""
        home = self.store.home
        counts = {
            name: self._rows(f'SELECT count(*) FROM {table}')[0][0]  # noqa: S608 - our own names
            for name, table in _COUNTED.items()
        }
        runs = self.store.database('runs')
        counts['runs'] = runs.rows('SELECT count(*) FROM run')[0][0]
        parts = {
            path.name: folder_size(path) if path.is_dir() else path.stat().st_size for path in home.iterdir()
        }
        schema = {name: self.store.database(name).rows('PRAGMA user_version')[0][0] for name in MIGRATIONS}
        return {
            'home': str(home),
            'id': self.store.id,
            'schema': schema,
            'counts': counts,
            'sizes': dict(sorted(parts.items())),
            'size': sum(parts.values()),
        }

    def collect_all_garbage(self) -> dict[str, int]:
        """Remove what nothing needs: files that nothing refers to, and strays that no row tells of.

        Returns:
            How many ``unreferenced`` and ``stray`` files were removed, and the bytes that were ``freed``.
        """
        before = folder_size(self.store.files.root)
        unreferenced = self.collect_garbage()
        stray = 0
        with (
            self._db.transaction()
        ):  # what is moved in is moved in inside one, so nothing new is taken for a stray
            for path in self._strays():
                path.unlink(missing_ok=True)
                stray += 1
        freed = before - folder_size(self.store.files.root)
        return {'unreferenced': unreferenced, 'stray': stray, 'freed': max(freed, 0)}

    def check_store(self, progress: Callable[[int, int], object] | None = None) -> list[dict[str, Any]]:
        """Read everything, and return what is wrong: ``what``, ``why``, ``needed_by`` and ``path`` where it has one.

        Args:
            progress: Called with the files done, and how many there are.
        """
        problems = [*self._check_databases()]
        total = self._rows('SELECT count(*) FROM file')[0][0]
        for done, row in enumerate(self._all_files(), 1):
            why = self._file_problem(row)
            if why is not None:
                holders = [found['holder'] for found in self._rows(_HOLDERS, *3 * (row['id'],))]
                what = 'your file' if row['reference'] else 'stored file'
                problems.append(
                    {'what': what, 'path': str(self._file_path(row)), 'why': why, 'needed_by': holders}
                )
            if progress is not None:
                progress(done, total)
        problems.extend(
            {'what': 'stray file', 'path': str(path), 'why': '`store gc` removes it', 'needed_by': []}
            for path in self._strays()
        )
        return problems

    def _check_databases(self) -> Iterator[dict[str, Any]]:
        for name in MIGRATIONS:
            database = self.store.database(name)
            place = {'what': f'database {name}', 'path': str(database.path), 'needed_by': []}
            try:
                answers = [row[0] for row in database.rows('PRAGMA integrity_check(20)')]
                broken = database.rows('PRAGMA foreign_key_check')
            except StoreError as exc:
                yield {**place, 'why': str(exc)}
                continue
            if answers != ['ok']:
                yield {**place, 'why': '; '.join(answers)}
            if broken:
                yield {**place, 'why': f'{len(broken)} rows refer to what is not there'}

    def _all_files(self) -> Iterator[Row]:
        last = 0
        while rows := self._rows('SELECT * FROM file WHERE id > ? ORDER BY id LIMIT ?', last, _CHUNK):
            yield from rows
            last = rows[-1]['id']

    def _file_problem(self, row: Row) -> str | None:
        path = self._file_path(row)
        try:
            size = path.stat().st_size
            if size != row['size']:
                return f'it has {size} bytes, and had {row["size"]}'
            if file_digest(path)[0] != row['digest']:
                return 'its content has changed'
        except FileNotFoundError:
            return 'it is gone'
        except OSError as exc:
            return f'it cannot be read: {exc.strerror or exc}'
        return None

    def _strays(self) -> Iterator[Path]:
        """Yield the files in the store that no row tells of, as far as they are not quite new."""
        now = time.time()
        for folder in sorted(path for path in self.store.files.root.iterdir() if len(path.name) == 2):
            rows = self._rows(
                "SELECT digest, suffix FROM file WHERE reference = '' AND digest >= ? AND digest < ?",
                folder.name, folder.name + 'g',
            )  # fmt: skip
            known = {f'{row["digest"]}{row["suffix"]}' for row in rows}
            for path in sorted(folder.iterdir()):
                is_ours = _STORED.fullmatch(path.name) is not None
                if is_ours and path.name not in known and now - path.stat().st_mtime > _YOUNG:
                    yield path
