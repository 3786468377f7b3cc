"""A SQLite database that several processes and threads use at once."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

from .._version import __version__
from ..errors import StoreError, StoreVersionError
from ..units import human_size
from .space import free_space

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ['Database']

BUSY_SECONDS = 60.0
"""How long a write waits for the write of another process."""


_FULL = 256 * 1024
"""Bytes free below which a disk counts as full: the write-ahead log and its index need room."""
_CREATION = threading.Lock()


class _Connection(sqlite3.Connection):
    """Closes itself with its thread, in silence."""

    def __del__(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # it could not be opened, so there is nothing to close
            self.close()


class Database:
    """One database file of the store: a connection a thread, write-ahead log, every write a transaction.

    Args:
        path: The file; made when absent, readable by its owner only.
        migrations: The scripts that lead from one schema version to the next.

    Raises:
        StoreVersionError: If a newer version of this package wrote it.
        StoreError: If it is damaged or cannot be opened.
    """

    def __init__(self, path: Path, migrations: Sequence[str]) -> None:
        self.path = path
        self._migrations = tuple(migrations)
        self._local = threading.local()
        self._open: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._migrate()

    @property
    def connection(self) -> sqlite3.Connection:
        """The calling thread's connection, for reading; statements outside a transaction commit by themselves."""
        mine: tuple[int, _Connection] | None = getattr(self._local, 'mine', None)
        # A connection must not cross a fork, so it is bound to the process too.
        if mine is None or mine[0] != os.getpid():
            with self._readable():
                mine = self._local.mine = (os.getpid(), self._connect())
        return mine[1]

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Return the rows of a query; inside a transaction of this thread it sees what that has written."""
        with self._readable():
            return self.connection.execute(query, values).fetchall()

    @contextmanager
    def transaction(self, synchronous: Literal['NORMAL', 'FULL'] = 'FULL') -> Iterator[sqlite3.Connection]:
        """Give a connection in a write transaction: committed at the end, undone by any exception.

        Inside another transaction of the same thread it is a part of that one. No other process writes
        meanwhile, so nothing slow belongs inside.

        Args:
            synchronous: ``FULL`` survives a power cut once it returned, ``NORMAL`` the death of the process.

        Raises:
            StoreError: If other processes keep the database busy, or the disk is full.
        """
        connection = self.connection
        if connection.in_transaction:
            yield connection
            return
        with self._readable():
            try:
                connection.execute(f'PRAGMA synchronous = {synchronous}')
                connection.execute('BEGIN IMMEDIATE')
                yield connection
                connection.execute('COMMIT')
            except BaseException:
                _roll_back(connection)
                raise

    def close(self) -> None:
        """Close the connections of all threads. The database opens again when it is used."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            connection.close()
        self._local = threading.local()

    def _connect(self) -> _Connection:
        _make_private_file(self.path)
        connection = sqlite3.connect(
            self.path,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            factory=_Connection,
        )
        connection.row_factory = sqlite3.Row
        _use_write_ahead_log(connection)
        connection.execute('PRAGMA foreign_keys = ON')
        with self._lock:
            self._open.add(connection)
        return connection

    def _migrate(self) -> None:
        known = len(self._migrations)
        version = self._version()
        if version > known:
            raise StoreVersionError(self._too_new(version))
        if version == known:
            return
        with self.transaction() as connection:
            version = self._version()  # another process may have been quicker
            for script in self._migrations[version:]:
                _run_script(connection, script)
            connection.execute(
                'CREATE TABLE IF NOT EXISTS store_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)'
            )
            connection.execute("INSERT OR REPLACE INTO store_meta VALUES ('written_by', ?)", (__version__,))
            connection.execute(f'PRAGMA user_version = {max(version, known)}')

    def _version(self) -> int:
        return int(self.rows('PRAGMA user_version')[0][0])

    def _too_new(self, version: int) -> str:
        rows = self.rows("SELECT value FROM store_meta WHERE key = 'written_by'")
        writer = f'synapse-plugins {rows[0][0]}' if rows else 'a newer synapse-plugins'
        return (
            f'{self.path} was written by {writer} and has schema version {version}; this is synapse-plugins '
            f'{__version__}, which knows versions up to {len(self._migrations)}. Install the newer one '
            '(pip install --upgrade synapse-plugins), or use another home (--home DIR).'
        )

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Say what SQLite says in words that lead somewhere."""
        try:
            yield
        except sqlite3.OperationalError as exc:
            if 'locked' in str(exc) or 'busy' in str(exc):
                raise StoreError(
                    f'{self.path} was kept busy by other processes for {BUSY_SECONDS:.0f} s. '
                    'Try again when they are done.'
                ) from exc
            raise StoreError(f'{self.path} cannot be used: {exc}. {_advice(self.path, exc)}') from exc
        except sqlite3.DatabaseError as exc:
            if type(exc) is not sqlite3.DatabaseError:
                raise  # a broken rule of the schema: our bug, not the file's state
            raise StoreError(
                f'{self.path} is damaged or is not a database: {exc}. Move it away to start with an empty one, '
                'or use another home (--home DIR).'
            ) from exc


def _advice(path: Path, error: sqlite3.OperationalError) -> str:
    """Return what to do about a database that SQLite cannot use; it calls many a full disk an I/O error."""
    free = free_space(path)
    if 'full' in str(error) or free < _FULL:
        return (
            f'There is no room for it ({human_size(free)} free): free some space and run the command again.'
        )
    return f'Check who owns {path.parent} and its files, or use another home (--home DIR).'


def _make_private_file(path: Path) -> None:
    """Make the file of a database that is not there yet.

    SQLite would make it readable to whom the umask lets, and its side files take the mode of this one. A file
    that is there is never opened: with *any* descriptor of it that this process closes, POSIX takes away the
    locks of all of the process's connections, and another process would then remove the write-ahead log under
    them. So it is made exclusively, and no connection of ours is made before the descriptor is closed.
    """
    with _CREATION, suppress(OSError):  # there already; what else is wrong, SQLite meets too, and says so
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log; SQLite does not wait for others who do so at the same time, so we do."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute('PRAGMA journal_mode = WAL')
        except sqlite3.OperationalError as exc:
            if 'locked' not in str(exc) or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:  # a full disk makes SQLite do it by itself
        connection.execute('ROLLBACK')


def _run_script(connection: sqlite3.Connection, script: str) -> None:
    """Run the statements one by one: `executescript` would commit what came before."""
    statement = ''
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ''
    if statement.strip():
        raise ValueError(f'a migration ends within a statement: {statement.strip()[:60]!r}')
