"""An output folder that appears whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Self

from ..errors import DatasetError, OutputExistsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ['Output', 'refuse_others', 'refuse_overlap']

_STALE_AFTER = 60.0  # seconds, in which the owner of a new folder has locked it and given it its name
_SHOWN = 5
_KEYS = re.compile(r'[0-9a-f]{8}(\.(part|new)-[0-9a-f]{8})?')
"""What the names of work folders end with: a key, and another one where the place is itself a work folder."""


class Output:
    """A folder made beside its final place and moved there when it is whole.

    Use it as a context: without `commit`, nothing is left behind. A work folder that a killed process left is
    removed by the next one that is to write to the same place.

    Args:
        final: Where the folder shall be.
        marker: A file that every folder of this kind has; only such a folder is ever replaced.
        overwrite: Replace what is there, in one step where the file system can exchange two folders.
        replaceable: What a person has to say to replace a folder of this kind; empty where that cannot be said.
        doubts: Returns why a folder that has the marker may be none of this kind, as the end of a sentence; empty if it
            is one.
        strangers: Returns how many files in a folder of this kind are not its own, and some of them; such a folder is
            not replaced.
        owned: Nobody but this package keeps folders at the place (a cache): one that does not tell whose it is, because
            what it tells that by is missing or damaged, is replaced all the same.
        alone: Refuse to start while another one is writing to the same place; else the first to finish wins.
    """

    def __init__(
        self,
        final: Path,
        *,
        marker: str,
        overwrite: bool = False,
        replaceable: str = '',
        doubts: Callable[[Path], str] | None = None,
        strangers: Callable[[Path], tuple[int, list[str]]] | None = None,
        owned: bool = False,
        alone: bool = False,
    ) -> None:
        self.final = Path(os.path.abspath(final))  # noqa: PTH100 - resolve() would follow a link at the place
        self.path = self.final.with_name(f'.{self.final.name}.part-{token_hex(4)}')
        self._marker = marker
        self.overwrite = overwrite
        self._replaceable = replaceable
        self._doubts = doubts
        self._strangers = strangers
        self._owned = owned
        self._alone = alone
        self._lock = -1

    def check(self) -> None:
        """Refuse a taken place.

        Raises:
            OutputExistsError: If something is there that may not be replaced.
        """
        if not os.path.lexists(self.final) or _is_empty(self.final):
            return
        _remove_stale(self.final.parent, self._prefix)
        doubts = '' if self._is_owned() else self._doubts_about_final()
        if not self.overwrite:
            raise OutputExistsError(
                f'{self.final} exists already. Choose another place, or remove it'
                f'{f"; {self._replaceable} replaces it" if self._replaceable and not doubts else ""}.'
            )
        if doubts:
            raise OutputExistsError(
                f'{self.final} {doubts}, so it is not replaced.{_held_by(self.final)} Move what you need to another '
                'place and remove it yourself, or choose another place for the output.'
            )

    def _is_owned(self) -> bool:
        return self._owned and self.final.is_dir() and not self.final.is_symlink()

    def _doubts_about_final(self) -> str:
        """Return why what is there may not be replaced, as the end of a sentence; empty if it may."""
        if self.final.is_symlink() or not (self.final / self._marker).is_file():
            return f'was not written by synapse-plugins (it has no {self._marker})'
        return '' if self._doubts is None else self._doubts(self.final)

    def refuse_strangers(self) -> None:
        """Refuse to replace a folder that holds files of somebody else.

        Raises:
            OutputExistsError: If it does.
        """
        if self._strangers is None or not self.overwrite or not (self.final / self._marker).is_file():
            return
        if self._is_owned() and self._doubts_about_final():  # it cannot be told which files are whose
            return
        count, first = self._strangers(self.final)
        if count:
            more = ', ...' if count > len(first) else ''
            raise OutputExistsError(
                f'{self.final} is not replaced, because it holds files that no conversion wrote ({count}: '
                f'{", ".join(first)}{more}), and they would be gone. Move them to another place or remove them, or '
                'choose another place for the output.'
            )

    def refuse_others(self) -> None:
        """Refuse a place to which another one is writing.

        Raises:
            OutputExistsError: If it is so.
        """
        refuse_others(self.final, self._prefix)

    def __enter__(self) -> Self:
        """Make the work folder."""
        self.check()
        self.make_parent()
        fresh = self.path.with_name(f'.{self.final.name}.new-{token_hex(4)}')
        try:
            if self._alone:
                self.refuse_others()
            fresh.mkdir()
            self._lock = _lock(fresh)
            fresh.rename(self.path)  # it is locked by the time that anybody knows it
        except OutputExistsError:
            raise
        except OSError as exc:
            raise DatasetError(_cannot_be_made(self.path.parent, 'written to', exc)) from exc
        _remove_stale(self.final.parent, self._prefix)
        return self

    @property
    def _prefix(self) -> str:
        """What the names of all work folders for this place begin with."""
        return f'.{self.final.name}.part-'

    def make_parent(self) -> None:
        """Make the folder in which the output will lie.

        Raises:
            DatasetError: If that cannot be.
        """
        try:
            self.final.parent.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise DatasetError(_cannot_be_made(self.final.parent, 'made', exc)) from exc

    def commit(self) -> Path:
        """Move the folder to its final place, durably, and return that."""
        _sync(self.path / self._marker)
        _sync(self.path)
        self.check()
        self.refuse_strangers()
        if not os.path.lexists(self.final):
            self._rename()
        elif _is_empty(self.final):
            self.final.rmdir()
            self._rename()
        elif not _exchange(self.path, self.final):
            self._replace()
        _sync(self.final.parent)
        return self.final

    def _rename(self) -> None:
        try:
            self.path.rename(self.final)
        except OSError as exc:
            if not os.path.lexists(self.final):
                raise
            raise OutputExistsError(
                f'{self.final} appeared while it was being written; it was left as is.'
            ) from exc

    def _replace(self) -> None:
        """Put the old folder aside, then the new one in its place; back again if that fails."""
        old = self.final.with_name(f'.{self.final.name}.old-{token_hex(4)}')
        self.final.rename(old)
        try:
            self.path.rename(self.final)
        except OSError:
            old.rename(self.final)
            raise
        shutil.rmtree(old, ignore_errors=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the work folder, or what the exchange put in its place."""
        if self.path.exists():
            shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)


def _cannot_be_made(folder: Path, verb: str, error: OSError) -> str:
    """Say why there can be no output, naming the file in the way if there is one."""
    above = next((path for path in (folder, *folder.parents) if os.path.lexists(path)), folder)
    why = f'{above} is not a folder' if not above.is_dir() else error.strerror or str(error)
    return f'The folder {folder} cannot be {verb}: {why}. Nothing was written; choose another place.'


def _held_by(folder: Path) -> str:
    """Return a sentence, after a blank, that names the first of what lies in a folder; empty if there is none."""
    try:
        names = sorted(name.encode('utf-8', 'backslashreplace').decode() for name in os.listdir(folder))  # noqa: PTH208
    except OSError:
        return ''
    if not names:  # behind a link; an empty folder would be used
        return ' It leads to an empty folder.' if folder.is_symlink() else ''
    return f' It holds {", ".join(names[:_SHOWN])}{", ..." if len(names) > _SHOWN else ""}.'


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and next(path.iterdir(), None) is None


def _sync(path: Path) -> None:
    if os.name == 'nt' and path.is_dir():  # Windows has no way to sync a folder
        return
    fd = os.open(path, os.O_RDWR if os.name == 'nt' else os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _lock(folder: Path) -> int:
    """Hold *folder* as long as this process lives; -1 where folders cannot be locked.

    Raises:
        BlockingIOError: If somebody holds it.
        OSError: If it cannot be opened.
    """
    if sys.platform == 'win32':
        return -1
    import fcntl

    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise
    except OSError:
        os.close(fd)
        return -1
    return fd


def _remove_stale(parent: Path, prefix: str) -> list[Path]:
    """Remove work folders whose process is gone, and return those that somebody holds."""
    names = (prefix, prefix.replace('.part-', '.new-'))
    try:
        with os.scandir(parent) as entries:
            found = [Path(entry.path) for entry in entries if any(_is_work(entry.name, one) for one in names)]
    except OSError:
        return []
    held = []
    for path in found:
        try:
            if (
                path.name.rpartition('-')[0].endswith('.new')
                and time.time() - path.stat().st_mtime < _STALE_AFTER
            ):
                continue  # somebody may be about to lock it
            fd = _lock(path)
        except BlockingIOError:
            held.append(path)
            continue
        except OSError:
            continue
        if fd >= 0:
            shutil.rmtree(path, ignore_errors=True)
            os.close(fd)
    return held


def _is_work(name: str, prefix: str) -> bool:
    """Tell whether a name is that of a work folder, not only begins as one."""
    return name.startswith(prefix) and _KEYS.fullmatch(name, len(prefix)) is not None


def refuse_others(final: Path, *prefixes: str) -> None:
    """Refuse to write to a place to which another one is writing; what killed processes left there is removed.

    Args:
        final: The place.
        prefixes: What the names of work folders for it begin with, beside it.

    Raises:
        OutputExistsError: If a process holds such a folder.
    """
    for prefix in prefixes:
        if _remove_stale(final.parent, prefix):
            raise OutputExistsError(
                f'{final} is being written by another process, or by another part of this one. Wait until it is '
                'done, or choose another place.'
            )


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where the system cannot."""
    if sys.platform != 'linux':
        return False
    import ctypes

    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0)


def refuse_overlap(source: Path, destination: Path) -> None:
    """Refuse to write a dataset into its own source, or over it.

    Raises:
        DatasetError: If one lies in the other.
    """
    inner, outer = destination.resolve(), source.resolve()
    if inner == outer or inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise DatasetError(f'{destination} and the source {source} overlap; write the output somewhere else.')
