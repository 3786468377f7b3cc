"""A queue on disk: as long as it has to be, in hardly any memory."""

from __future__ import annotations

import json
import shutil
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['Spool']

_NAME = 'reports.jsonl'


class Spool:
    """Entries that wait to be sent, in their order. One thread may put while another one takes.

    Args:
        folder: Where they lie, with copies of their files; made when absent.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / _NAME
        self._folder = folder
        self._lock = Lock()
        self._writing = self.path.open('ab', buffering=0)
        self._end = self._writing.tell()
        self._reading = self.path.open('rb')
        self._reading.seek(0, 2)  # what an earlier process left is told by that one
        self._shown: deque[dict[str, Any]] = deque()
        self._waiting = self._files = 0

    def __len__(self) -> int:
        return self._waiting

    def put(self, entry: dict[str, Any]) -> None:
        """Add an entry; it lies on disk when this returns.

        Raises:
            OSError: If there is no room for it; the others stay as they are.
        """
        line = json.dumps(entry, ensure_ascii=True, allow_nan=False).encode('ascii') + b'\n'
        with self._lock:
            left = memoryview(line)
            try:
                while left:
                    left = left[self._writing.write(left) or 0 :]
            except OSError:
                self._writing.truncate(self._end)  # half a line would stand before all that follow
                raise
            self._end += len(line)
            self._waiting += 1

    def keep_file(self, path: Path) -> Path:
        """Copy a file that an entry tells of: its owner may write over it before it is sent.

        Raises:
            OSError: If it cannot be read.
        """
        with self._lock:
            self._files += 1
            kept = self._folder / f'{self._files}{path.suffix}'
        shutil.copyfile(path, kept)
        return kept

    def peek(self, count: int) -> list[dict[str, Any]]:
        """Return the first entries, at most so many; they stay until `drop`."""
        with self._lock:
            while len(self._shown) < min(count, self._waiting):
                self._shown.append(json.loads(self._reading.readline()))
            return list(self._shown)[:count]

    def drop(self, count: int) -> None:
        """Take the first entries out, and the copies of their files."""
        from pathlib import Path

        with self._lock:
            for _ in range(count):
                entry = self._shown.popleft()
                self._waiting -= 1
                if kept := entry.get('kept_file'):
                    Path(kept).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the files; those of a spool in which nothing waits are removed."""
        self._writing.close()
        self._reading.close()
        if not self._waiting:
            shutil.rmtree(self._folder, ignore_errors=True)
