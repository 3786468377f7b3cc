"""Migrates a project: reads all of it, then changes all of it, or tells what it would change."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError, MissingExtraError
from .names import VENDOR
from .records import FileChange, Migration, Note
from .requirements import change_pyproject, change_requirements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ['migrate']

_NOT_CODE = frozenset(
    {'__pycache__', 'build', 'dist', 'env', 'node_modules', 'site-packages', 'venv', 'wheels'}
)


def migrate(path: str | Path, *, write: bool = False) -> Migration:
    """Rewrite a plugin that is built on the vendor's SDK so that it runs here.

    Args:
        path: The folder of the project, or one Python file.
        write: Change the files; without it they are only read.

    Returns:
        The changes, what stays on the vendor's SDK, and what could not be done, each with its place.

    Raises:
        MissingExtraError: If libcst is not installed.
        ConfigError: If there is no such file or folder, or the file is not Python.
    """
    try:
        import libcst  # noqa: F401
    except ImportError as exc:
        raise MissingExtraError(
            "Migrating needs libcst, which is not installed. Type: pip install 'synapse-plugins[migrate]'"
        ) from exc
    place = Path(path)
    if not place.exists():
        raise ConfigError(f'{place} does not exist; name the folder of a plugin project, or a Python file.')
    if not place.is_dir() and place.suffix != '.py':
        raise ConfigError(f'{place} is no Python file; name one, or the folder of a plugin project.')
    root = place if place.is_dir() else place.parent
    migration = Migration(root)
    for file in _python_files(place):
        migration.files += 1
        _migrate_file(file, migration)
    if place.is_dir():
        from .entrypoints import apply_wrapping, wrap_entrypoints

        apply_wrapping(migration, wrap_entrypoints(root, migration))
    _tell_notebooks(place, migration)
    if place.is_dir() and migration.changes:
        _name_dependency(root, migration)
    if write:
        _write(root, migration.changes)
        migration.written = True
    return migration


def _migrate_file(file: Path, migration: Migration) -> None:
    from .module import UnreadableError, migrate_module

    path = file.relative_to(migration.root).as_posix()
    try:
        before = file.read_bytes()
        after, what, notes = migrate_module(before, path)
    except UnreadableError as exc:
        migration.notes.append(Note('look', path, exc.line, f'it cannot be parsed: {exc}'))
        return
    migration.notes.extend(notes)
    if after != before:
        migration.changes.append(FileChange(path, before, after, tuple(what)))


def _name_dependency(root: Path, migration: Migration) -> None:
    for name, change in (
        ('requirements.txt', change_requirements),
        ('pyproject.toml', partial(change_pyproject, stays=bool(migration.of('stays')))),
    ):
        try:
            made = change(root)
        except ValueError as exc:  # not UTF-8, or no TOML
            text = f'it cannot be read ({exc}); add synapse-plugins to the dependencies'
            migration.notes.append(Note('look', name, 1, text))
            continue
        if isinstance(made, Note):
            migration.notes.append(made)
        elif made is not None:
            migration.changes.append(made)


def _python_files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
        return
    yield from _files(place, '.py')


def _files(root: Path, suffix: str) -> Iterator[Path]:
    """Yield the files of a project that are its own code, in a stable order."""
    for folder, below, names in os.walk(root):
        below[:] = sorted(
            name
            for name in below
            if name not in _NOT_CODE
            and not name.startswith('.')
            and not (Path(folder, name) / 'pyvenv.cfg').exists()
        )
        paths = (Path(folder, name) for name in sorted(names) if name.endswith(suffix))
        yield from (
            path for path in paths if not path.is_symlink()
        )  # what it leads to may be somebody else's


def _tell_notebooks(place: Path, migration: Migration) -> None:
    if place.is_file():
        return
    for file in _files(place, '.ipynb'):
        if VENDOR.encode() in file.read_bytes():
            text = 'a notebook that names synapse_sdk; notebooks are not changed'
            migration.notes.append(Note('look', file.relative_to(place).as_posix(), 1, text))


def _write(root: Path, changes: Iterable[FileChange]) -> None:
    """Write each file beside its place, then put all of them there."""
    ready: list[tuple[Path, Path]] = []
    try:
        for change in changes:
            final = (root / change.path).resolve()
            temporary = final.with_name(f'.{final.name}.migrating')
            temporary.write_bytes(change.after)
            temporary.chmod(final.stat().st_mode)
            ready.append((temporary, final))
        for temporary, final in ready:
            temporary.replace(final)
    finally:
        for temporary, _ in ready:
            temporary.unlink(missing_ok=True)
