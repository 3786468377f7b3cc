"""The home folder itself: where it is, whether it can be used, what lies where in it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from ..errors import StoreError
from .database import Database
from .files import FileStore
from .mounts import network_file_system
from .schema import MIGRATIONS

if TYPE_CHECKING:
    from types import TracebackType

    from .schema import DatabaseName

__all__ = ['HOME_VARIABLE', 'Store', 'default_home', 'open_store']

HOME_VARIABLE = 'SYNAPSE_PLUGINS_HOME'


def default_home() -> Path:
    """Return the home that is used when none is given: ``$SYNAPSE_PLUGINS_HOME``, else the user's data folder."""
    if named := os.environ.get(HOME_VARIABLE):
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path('synapse-plugins', appauthor=False)


def open_store(home: Path | str | None = None, *, create: bool = True) -> Store:
    """Open the store in *home*, or make one there.

    Args:
        home: The folder; None: see `default_home`.
        create: Whether to make it when it is absent.

    Raises:
        StoreVersionError: If a newer version of this package wrote it.
        StoreError: If the folder is on a network file system, cannot be written, is not a folder, or is absent
            and must not be made.
    """
    path = (default_home() if home is None else Path(home).expanduser()).absolute()
    if kind := network_file_system(path):
        raise StoreError(
            f'The home folder {path} is on a network file system ({kind}), where databases get damaged when '
            'two machines write. Choose a home on a disk of this machine (--home DIR or '
            f'${HOME_VARIABLE}), and serve it from this one host to the others.'
        )
    if not create and not (path / 'backend.db').is_file():
        raise StoreError(f'There is no store in {path}.')
    _make_private(path)
    return Store(path)


class Store:
    """An open home folder; `open_store` makes one.

    Attributes:
        home: The folder.
        files: The files that the store holds, by content.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._databases = {
            name: Database(home / f'{name}.db', migrations) for name, migrations in MIGRATIONS.items()
        }
        self.files = FileStore(home / 'files')
        self.id = self._own_id()

    @property
    def cache_dir(self) -> Path:
        """Where things lie that can be made again."""
        return self._folder('cache')

    @property
    def runs_dir(self) -> Path:
        """Where the runs have their work folders."""
        return self._folder('runs')

    @property
    def uploads_dir(self) -> Path:
        """Where a served backend keeps what is on its way in."""
        return self._folder('uploads')

    def database(self, name: DatabaseName) -> Database:
        """Return the database ``backend`` or ``runs``."""
        return self._databases[name]

    def close(self) -> None:
        """Close the databases."""
        for database in self._databases.values():
            database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _folder(self, name: str) -> Path:
        folder = self.home / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _own_id(self) -> str:
        """Return the id that this store got when it was made, whatever its folder is called now."""
        database = self._databases['backend']
        query = "SELECT value FROM store_meta WHERE key = 'id'"
        if not (rows := database.rows(query)):
            with database.transaction() as connection:
                connection.execute("INSERT OR IGNORE INTO store_meta VALUES ('id', ?)", (uuid4().hex,))
            rows = database.rows(query)
        return str(rows[0][0])


def _make_private(path: Path) -> None:
    """Make the folder if it is absent, nobody else's business if it is new or empty, and see that it can be written."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(path.iterdir()):
            path.chmod(0o700)
        with tempfile.TemporaryFile(dir=path):
            pass
    except FileExistsError as exc:
        raise StoreError(
            f'The home {path} is a file, not a folder. Choose another one with --home DIR.'
        ) from exc
    except OSError as exc:
        raise StoreError(
            f'The home folder {path} cannot be written: {exc.strerror or exc}. Make it writable, or choose another '
            f'one with --home DIR or ${HOME_VARIABLE}.'
        ) from exc
