"""What the items of an export are called: small while they are few, and on disk when they are many."""

from __future__ import annotations

import sqlite3
from typing import Any

from ...errors import DatasetError

__all__ = ['Stems']

_FEW = 4096
_CACHE_KIB = 512


class Stems:
    """The stem of each item by its id; the memory does not grow with their number.

    Args:
        few: How many are kept in memory.
    """

    def __init__(self, few: int = _FEW) -> None:
        self._few = few
        self._here: dict[str, str] = {}
        self._there: sqlite3.Connection | None = None

    def get(self, item_id: Any) -> str | None:
        """Return the stem of an item, None if it has none yet."""
        if self._there is None:
            return self._here.get(repr(item_id))
        row = self._there.execute('SELECT name FROM stem WHERE item = ?', (_bytes(repr(item_id)),)).fetchone()
        return None if row is None else row[0].decode('utf-8', 'surrogatepass')

    def keep(self, item_id: Any, stem: str) -> None:
        """Keep the stem of an item.

        Raises:
            DatasetError: If the temporary folder cannot be written.
        """
        if self._there is None:
            self._here[repr(item_id)] = stem
            if len(self._here) <= self._few:
                return
            stems, self._here = self._here, {}
        else:
            stems = {repr(item_id): stem}
        try:
            there = self._there = self._there or _made()
            rows = [(_bytes(item), _bytes(name)) for item, name in stems.items()]
            there.executemany('INSERT OR REPLACE INTO stem VALUES (?, ?)', rows)
        except sqlite3.Error as exc:
            raise DatasetError(
                f'The names of an export cannot be kept in the folder for temporary files: {exc}. Make room there, or '
                'set TMPDIR to another.'
            ) from exc

    def __del__(self) -> None:
        if self._there is not None:
            self._there.close()


def _made() -> sqlite3.Connection:
    """Make a database that has no name, and goes with the connection."""
    there = sqlite3.connect('', isolation_level=None, check_same_thread=False)
    for setting in ('journal_mode = OFF', 'synchronous = OFF', f'cache_size = -{_CACHE_KIB}'):
        there.execute(f'PRAGMA {setting}')
    there.execute('CREATE TABLE stem (item BLOB PRIMARY KEY, name BLOB) WITHOUT ROWID')
    there.execute('BEGIN')
    return there


def _bytes(text: str) -> bytes:
    return text.encode('utf-8', 'surrogatepass')
