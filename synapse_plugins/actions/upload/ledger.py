"""What a run made on the backend, written down as it is made, so that a rollback after a crash finds it too."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ['Ledger']


class Ledger:
    """A file of one JSON value a line, open for appending. Several threads may add.

    Args:
        path: The file; made when absent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open('a', encoding='utf-8')
        self._lock = Lock()

    def add(self, entry: Any) -> None:
        """Write an entry; it survives the death of the process."""
        with self._lock:
            self._file.write(json.dumps(entry) + '\n')
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @staticmethod
    def read(path: str | Path) -> list[Any]:
        """Return the entries; none if there is no such file, and not the last one if it was cut off."""
        try:
            lines = Path(path).read_text(encoding='utf-8').splitlines()
        except FileNotFoundError:
            return []
        entries = []
        for line in lines:
            try:
                entries.append(json.loads(line))
            except ValueError:
                break
        return entries
