"""Moves a home folder to another place, whole or not at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

from ..errors import StoreError
from .files import file_digest
from .mounts import network_file_system
from .schema import MIGRATIONS
from .space import require_space
from .temporary import sync_folder
from .usage import runs_at_work

__all__ = ['folder_size', 'move_store']

_MARK = '.moving'


def folder_size(folder: Path) -> int:
    """Return the bytes of all files below a folder; one with several names counts once."""
    seen: dict[tuple[int, int], int] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                status = Path(parent, name).lstat()
            except FileNotFoundError:  # another process removed it meanwhile
                continue
            seen[status.st_dev, status.st_ino] = status.st_size
    return sum(seen.values())


def move_store(home: Path, destination: Path) -> Path:
    """Move the home folder *home*.

    On one file system it is renamed; else it is copied, compared file by file, and only then removed.

    Returns:
        The new home.

    Raises:
        StoreError: If there is no store, a run is at work in it, another process holds it, the place is taken or no
            place for a store, or the disk has no room.
    """
    from .home import open_store

    source, target = home.expanduser().absolute(), destination.expanduser().absolute()
    _check_places(source, target)
    with open_store(source, create=False) as store:
        if at_work := runs_at_work(store):
            names = ', '.join(run.id for run in at_work)
            raise StoreError(f'The store is in use by run {names}. Move it when that has ended.')
    _take_alone(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        target.rmdir()
    try:
        source.rename(target)
    except OSError:  # another file system
        _copy(source, target)
    _repoint(target, source)
    return target


def _check_places(source: Path, target: Path) -> None:
    if not (source / 'backend.db').is_file():
        raise StoreError(f'There is no store in {source}.')
    if target == source or target.is_relative_to(source) or source.is_relative_to(target):
        raise StoreError(f'{target} and {source} overlap; choose another place.')
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise StoreError(f'{target} is there already; name a folder that is new or empty.')
    if kind := network_file_system(target):
        raise StoreError(f'{target} is on a network file system ({kind}), where databases get damaged.')


def _take_alone(home: Path) -> None:
    """See that nobody else has the databases open: the write-ahead log goes into each, and stays gone."""
    for name in MIGRATIONS:
        connection = sqlite3.connect(home / f'{name}.db', timeout=1.0, isolation_level=None)
        try:
            mode = connection.execute('PRAGMA journal_mode = DELETE').fetchone()[0]
        except sqlite3.OperationalError as exc:
            raise StoreError(
                f'Another process uses the store in {home} ({exc}). Stop it, e.g. `synapse-plugins serve`, first.'
            ) from exc
        finally:
            connection.close()
        if mode != 'delete':
            raise StoreError(f'Another process uses the store in {home}. Stop it, then try again.')


def _copy(source: Path, target: Path) -> None:
    require_space(target.parent, folder_size(source), f'Moving the store to {target}')
    part = target.with_name(f'.{target.name}{_MARK}')
    if part.exists():
        shutil.rmtree(part)
    try:
        shutil.copytree(source, part, symlinks=True)
        _compare(source, part)
    except (OSError, shutil.Error) as exc:
        shutil.rmtree(part, ignore_errors=True)
        raise StoreError(f'The store cannot be copied to {target}: {exc}. It is where it was.') from exc
    part.rename(target)
    sync_folder(target.parent)
    shutil.rmtree(source)


def _compare(source: Path, copy: Path) -> None:
    for parent, _, names in os.walk(source):
        for name in names:
            one = Path(parent, name)
            other = copy / one.relative_to(source)
            if not one.is_symlink() and file_digest(one) != file_digest(other):
                raise OSError(f'{other} is not what {one} is')


def _repoint(home: Path, before: Path) -> None:
    """Let the records of runs name their files where they are now."""
    old, new = f'{before}{os.sep}', f'{home}{os.sep}'
    connection = sqlite3.connect(home / 'runs.db')
    try:
        with connection:
            connection.execute(
                'UPDATE run_event SET file = ? || substr(file, ?) WHERE substr(file, 1, ?) = ?',
                (new, len(old) + 1, len(old), old),
            )
    finally:
        connection.close()
