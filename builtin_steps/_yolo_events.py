"""How the training process tells the one that started it what happens: a file of JSON lines.

A line is written by one call and flushed, so a reader sees whole lines or the beginning of one, which it
keeps until the rest is there.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ['EventWriter', 'JsonTail', 'LineTail']


class EventWriter:
    """Appends events.

    Args:
        path: The file; it is made when it is not there.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)

    def __call__(self, kind: str, **data: Any) -> None:
        """Append one event."""
        line = json.dumps({'kind': kind, **data}, ensure_ascii=False, default=_plain) + '\n'
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode('utf-8'))
        finally:
            os.close(descriptor)


def _plain(value: Any) -> Any:
    """Turn what JSON has no word for into what it has: numpy's and torch's numbers, paths."""
    return value.item() if hasattr(value, 'item') else str(value)


class LineTail:
    """Reads the lines that a growing file has got since the last look.

    Args:
        path: The file; while it is not there it has no lines.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._rest = b''

    def lines(self) -> Iterator[str]:
        """Yield the lines that are complete by now."""
        try:
            with self._path.open('rb') as file:
                file.seek(self._offset)
                found = file.read()
        except FileNotFoundError:
            return
        self._offset += len(found)
        *whole, self._rest = (self._rest + found).split(b'\n')
        for line in whole:
            yield line.decode('utf-8', 'replace')

    def rest(self) -> str:
        """Return what the file ends on without a line's end."""
        return self._rest.decode('utf-8', 'replace')


class JsonTail(LineTail):
    """Reads the events that `EventWriter` has appended since the last look."""

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield them in order."""
        for line in self.lines():
            yield json.loads(line)
