"""The standard streams: any script in them, and a reader that leaves early."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ['prepared', 'silence_stdout']


@contextmanager
def prepared() -> Iterator[None]:
    """Make stdout and stderr take any text.

    A file or a pipe gets UTF-8; a terminal keeps its encoding, and what that cannot show appears escaped.
    """
    for stream in (sys.stdout, sys.stderr):
        _reconfigure(stream)
    yield


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
        os.dup2(nowhere, sys.stdout.fileno())
    finally:
        os.close(nowhere)
