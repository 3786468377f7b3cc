"""Files of a dataset: finding them, and putting pictures into an output without touching the source."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from ..errors import DatasetError
from .litter import is_litter
from .names import nfc, suffix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from .passed import Passed
    from .report import Report
    from .sample import ImageFile

__all__ = [
    'COPIED',
    'LINKS',
    'Placer',
    'by_stem',
    'copy_file',
    'disk_trouble',
    'hand_over',
    'open_regular',
    'overwrite_bytes',
    'read_bytes',
    'read_text',
    'refuse_irregular',
    'scan',
    'write_bytes',
]

COPIED = 'Pictures were copied, because links cannot be made here'
"""How a report begins to say that there are no links though they were asked for."""

LINKS = ('hard', 'symlink', 'copy')
"""The ways in which a picture comes into an output."""

_NO_FILE = 'it is a pipe or a device, not a file'
_TROUBLE = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG))
_SMALL, _LARGE, _HUGE = 1 << 15, 1 << 20, 1 << 30  # bytes read or copied at once
_SUSPICIOUS = frozenset((0, _SMALL))
"""Bytes that a pipe without a writer, and a device without an end, give at first; nothing else is asked what it is."""
_P = ParamSpec('_P')
_T = TypeVar('_T')
_READ = os.O_RDONLY | getattr(os, 'O_BINARY', 0) | getattr(os, 'O_CLOEXEC', 0) | getattr(os, 'O_NONBLOCK', 0)
"""Not blocking, for a pipe among the files would have us wait for somebody to write into it."""
_CREATE = os.O_WRONLY | os.O_CREAT | getattr(os, 'O_BINARY', 0) | getattr(os, 'O_CLOEXEC', 0)
_WRITE = _CREATE | os.O_EXCL


def read_bytes(path: str | Path) -> bytes:
    """Return the content of a file; half the cost of `Path.read_bytes`, which matters for small files.

    Raises:
        OSError: If it cannot be read, or is a pipe or a device, which may have no end.
    """
    fd = os.open(path, _READ)
    try:
        content = os.read(fd, _SMALL)
        if len(content) in _SUSPICIOUS:
            refuse_irregular(fd, path)
        if not content:
            return content
        rest, step = [content], _LARGE if len(content) == _SMALL else 1  # most end here: a large buffer costs
        while chunk := os.read(fd, step):
            rest.append(chunk)
            step = _LARGE
        return b''.join(rest) if len(rest) > 1 else content
    finally:
        os.close(fd)


def refuse_irregular(fd: int, path: str | os.PathLike[str]) -> None:
    """Refuse an open file that is none of a disk.

    Raises:
        OSError: If it is a pipe or a device.
    """
    mode = os.fstat(fd).st_mode
    if not (
        stat.S_ISREG(mode) or stat.S_ISDIR(mode)
    ):  # of a folder the system says better why it cannot be read
        raise OSError(errno.EINVAL, _NO_FILE, os.fspath(path))


def open_regular(path: str | Path) -> BinaryIO:
    """Open a file for reading, and nothing that only looks like one.

    Raises:
        OSError: If it cannot be opened, or is a pipe or a device.
    """
    fd = os.open(path, _READ)
    try:
        refuse_irregular(fd, path)
        return os.fdopen(fd, 'rb')
    except BaseException:
        os.close(fd)
        raise


def read_text(path: str | Path) -> str:
    """Return the text of a file in UTF-8, with or without a mark of the byte order; its lines end as Python ends them.

    Raises:
        OSError: If it cannot be read, or is a pipe or a device.
        UnicodeDecodeError: If it is no such text.
    """
    return read_bytes(path).decode('utf-8-sig').replace('\r\n', '\n').replace('\r', '\n')


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a new file; half the cost of `Path.write_bytes`, which matters for small files."""
    _put(os.open(path, _WRITE, 0o666), content)


def overwrite_bytes(path: str | Path, content: bytes) -> None:
    """Write a file, in place of what it held if it is there."""
    _put(os.open(path, _CREATE | os.O_TRUNC, 0o666), content)


def _put(fd: int, content: bytes) -> None:
    """Write all of *content*, and close the file."""
    try:
        written = os.write(fd, content)
        while written < len(content):  # a signal came between, or it is more than the system writes at once
            written += os.write(fd, memoryview(content)[written:])
    finally:
        os.close(fd)


def scan(
    folder: str | Path, suffixes: frozenset[str] | None = None, passed: Passed | None = None
) -> Iterator[str]:
    """Yield the files below *folder* with one of *suffixes*, or all, as POSIX paths relative to it, in any order.

    Litter, hidden files too, is not part of a dataset. A link to a folder is not followed.

    Args:
        folder: Where to look.
        suffixes: Those of the files to yield, in lower case.
        passed: What keeps what a person may miss of the rest.
    """
    pending = ['']
    asked: dict[str, bool] = {}  # last parts of names, of which there are few
    while pending:
        below = pending.pop()
        with os.scandir(f'{folder}{os.sep}{below}') as entries:
            for entry in entries:
                name = entry.name
                if name.startswith('.'):
                    continue
                is_file = not entry.is_dir(follow_symlinks=False)
                if suffixes is None:
                    wanted = is_file and not is_litter(name)
                else:
                    last = name.rpartition('.')[2]
                    found = asked.get(last) if len(last) < len(name) else False
                    wanted = asked.setdefault(last, suffix_of(name) in suffixes) if found is None else found
                if not is_file:
                    if not is_litter(name):
                        pending.append(f'{below}{name}/')
                elif wanted:
                    yield below + name if below else name
                elif passed is not None:
                    passed.look(entry, f'{below}{name}')


def by_stem(
    folder: str | Path, suffixes: frozenset[str], passed: Passed | None = None
) -> dict[str, tuple[str, ...]]:
    """Return the files below *folder* by their path without suffix (NFC), those of one stem sorted."""
    found: dict[str, tuple[str, ...]] = {}  # nearly all of one name, for which a list takes twice the memory
    for name in scan(folder, suffixes, passed):
        stem = nfc(name.rpartition('.')[0])
        others = found.get(stem)
        found[stem] = (name,) if others is None else tuple(sorted((*others, name)))
    return found


def disk_trouble(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Make a function tell a person what is wrong with the disk; other errors of the system are bugs of ours."""

    @wraps(function)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return function(*args, **kwargs)
        except OSError as exc:
            if isinstance(exc, DatasetError) or (exc.errno not in _TROUBLE and exc.strerror != _NO_FILE):
                raise
            place = f'{exc.filename}: ' if exc.filename else ''
            raise DatasetError(f'{place}{exc.strerror}. Nothing was written.') from exc

    return wrapper


def hand_over(old: str, new: str) -> None:
    """Make *new* the file that *old* is, which nobody needs much longer."""
    try:
        os.link(old, new)
    except FileExistsError:
        raise
    except OSError:  # no links here
        copy_file(old, new)


class Placer:
    """Puts pictures into an output: by hard link, symbolic link or copy.

    Args:
        link: One of `LINKS`. Where the file system cannot make the link, the picture is copied, and the
            report says so once.
        report: Where that is said.
    """

    def __init__(self, link: str, report: Report) -> None:
        if link not in LINKS:
            raise DatasetError(
                f'link={link!r} is not a way to place pictures; use one of {", ".join(LINKS)}.'
            )
        self._report = report
        self._way: Callable[[str, str], None] = {'hard': _hard, 'symlink': _symbolic, 'copy': copy_file}[link]

    def place(self, image: ImageFile, target: str, *, told: bool = False) -> None:
        """Make *target* a new file with the content of the picture.

        Args:
            image: The picture.
            target: The file.
            told: What is odd about the picture is in the report already.
        """
        source = image.file
        # Whoever measured it has seen whether it is a link.
        if image.is_link is not False and os.path.islink(source):  # noqa: PTH114 - a Path costs as much as the link
            source = os.path.realpath(source)  # the link need not outlive this dataset
        if not image.complete and self._way is not copy_file:
            if not told:
                self._report.note('image', 'a JPEG without its end marker was copied, not linked', image.name)
            copy_file(source, target)
            return
        try:
            self._way(source, target)
        except FileExistsError:
            raise
        except OSError as exc:
            if self._way is copy_file:
                raise
            self._report.warn(f'{COPIED} ({exc.strerror}).')
            self._way = copy_file
            copy_file(source, target)


def _hard(source: str, target: str) -> None:
    os.link(source, target)


def _symbolic(source: str, target: str) -> None:
    Path(target).symlink_to(os.path.realpath(source))


def copy_file(source: str, target: str) -> None:
    """Copy a file; without what `shutil.copyfile` looks at first, which costs as much as a small file."""
    here = os.open(source, _READ)
    try:
        there = os.open(target, _WRITE, 0o666)
        try:
            with suppress(OSError, AttributeError):  # where the system cannot do it by itself
                while os.copy_file_range(here, there, _HUGE):
                    pass
            while chunk := os.read(here, _LARGE):
                view = memoryview(chunk)
                while view:
                    view = view[os.write(there, view) :]
        finally:
            os.close(there)
    finally:
        os.close(here)
