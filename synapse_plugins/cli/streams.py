"""The standard streams: any script in them, and a reader that leaves early."""

from __future__ import annotations

import os
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ['divert_prints', 'prepared', 'silence_stdout', 'stdout']

_PACKAGE = Path(__file__).resolve().parents[1]
_others: list[Any] = []
"""What showed warnings before."""
_kept: list[Any] = []
"""Stdout, for each command at work in this process: one may run within another's, as in a notebook or a test."""


@contextmanager
def prepared() -> Iterator[None]:
    """Make stdout and stderr take any text.

    A file or a pipe gets UTF-8; a terminal keeps its encoding, and what that cannot show appears escaped. What we
    warn of ourselves is one line on stderr, without the place in our code that it comes from.
    """
    with _opened('stdout'), _opened('stderr'):
        for stream in (sys.stdout, sys.stderr):
            _reconfigure(stream)
        shown, warnings.showwarning = warnings.showwarning, _show_warning
        _others.append(shown)
        _kept.append(sys.stdout)
        try:
            yield
        finally:
            warnings.showwarning = _others.pop()
            sys.stdout = _kept.pop()


@contextmanager
def _opened(name: str) -> Iterator[None]:
    """Put a stream that writes nowhere in place of one that was closed before the program began: Python has None."""
    if getattr(sys, name) is not None:
        yield
        return
    with open(os.devnull, 'w', encoding='utf-8') as nowhere:  # noqa: PTH123 - it is no path
        if nowhere.fileno() <= 2:  # it took the number of the closed one: other processes shall have it, too
            os.set_inheritable(nowhere.fileno(), True)
        setattr(sys, name, nowhere)
        try:
            yield
        finally:
            setattr(sys, name, None)


def stdout() -> Any:
    """Return what results are written on, whatever became of prints."""
    return _kept[-1] if _kept else sys.stdout


def divert_prints() -> None:
    """Send to stderr what is printed until the command ends: by functions of users, readers and packs, as they load.

    Stdout is then for one document, `stdout`. It concerns all threads, as the process is the command's own.
    """
    if _kept:
        sys.stdout = sys.stderr


def _show_warning(
    message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: str | None = None
) -> None:
    if issubclass(category, UserWarning) and Path(filename).resolve().is_relative_to(_PACKAGE):
        print(f'Warning: {message}', file=file or sys.stderr)
    else:
        _others[-1](message, category, filename, lineno, file, line)


def _reconfigure(stream: Any) -> None:
    reconfigure = getattr(stream, 'reconfigure', None)
    if reconfigure is None:  # replaced, as tests do, or absent
        return
    if stream.isatty() or os.environ.get('PYTHONIOENCODING'):
        reconfigure(errors='backslashreplace')
    else:
        reconfigure(encoding='utf-8', errors='backslashreplace')


def silence_stdout() -> None:
    """Send the rest of stdout nowhere, so that the interpreter's last flush meets no closed pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stdout().fileno())
    finally:
        os.close(nowhere)
