"""What was there already: small while it is few, and on disk when it is many."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b

from ..errors import BackendError

__all__ = ['Seen']

_FEW = 4096
_CACHE_KIB = 512
_PLACE = 'What was there already cannot be kept in the folder for temporary files'


class Seen:
    """Texts, each told once; the memory does not grow with their number.

    From some thousands on they are kept as digests of 128 bits in a temporary database.

    Args:
        few: How many are kept in memory.
    """

    def __init__(self, few: int = _FEW) -> None:
        self._few = few
        self._here: set[str] = set()
        self._there: sqlite3.Connection | None = None

    def add(self, text: str) -> bool:
        """Keep a text, and tell whether it is new.

        Raises:
            BackendError: If the temporary folder cannot be written.
        """
        if self._there is None:
            if text in self._here:
                return False
            self._here.add(text)
            if len(self._here) <= self._few:
                return True
        try:
            if self._there is None:
                self._move()
                return True
            return self._insert(self._there, text)
        except sqlite3.Error as exc:
            raise BackendError(f'{_PLACE}: {exc}. Make room there, or set TMPDIR to another.') from exc

    def __contains__(self, text: str) -> bool:
        if self._there is None:
            return text in self._here
        found = self._there.execute('SELECT 1 FROM seen WHERE digest = ?', (_digest(text),))
        return found.fetchone() is not None

    def close(self) -> None:
        """Let go of the database; whoever drops this object may leave it out."""
        if self._there is not None:
            self._there.close()

    def __del__(self) -> None:
        self.close()

    def _move(self) -> None:
        """Move what is kept to a database that has no name, and goes with the connection."""
        there = sqlite3.connect('', isolation_level=None, check_same_thread=False)
        there.execute('PRAGMA journal_mode = OFF')
        there.execute('PRAGMA synchronous = OFF')
        there.execute(f'PRAGMA cache_size = -{_CACHE_KIB}')
        there.execute('CREATE TABLE seen (digest BLOB PRIMARY KEY) WITHOUT ROWID')
        there.execute('BEGIN')
        for text in self._here:
            self._insert(there, text)
        self._here, self._there = set(), there

    @staticmethod
    def _insert(there: sqlite3.Connection, text: str) -> bool:
        return there.execute('INSERT OR IGNORE INTO seen VALUES (?)', (_digest(text),)).rowcount == 1


def _digest(text: str) -> bytes:
    return blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=16).digest()
