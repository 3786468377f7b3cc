"""A runtime that remembers what it was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..context import BaseLogger, RuntimeContext

if TYPE_CHECKING:
    from pathlib import Path

    from ..context import LogRecord

__all__ = ['RecordingLogger', 'recording_runtime']


class RecordingLogger(BaseLogger):
    """Keeps every record.

    Attributes:
        records: Everything that was reported, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.records: list[LogRecord] = []

    def emit(self, record: LogRecord) -> None:
        """Keep the record."""
        self.records.append(record)

    @property
    def messages(self) -> list[str]:
        """The texts that a person would have read."""
        return [str(record.data['content']) for record in self.of('message')]

    def of(self, kind: str) -> list[LogRecord]:
        """Return the records of a kind: ``event``, ``message``, ``progress``, ``metrics``, ``artifact`` ..."""
        return [record for record in self.records if record.kind == kind]

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the data of every event of this name."""
        return [record.data for record in self.of('event') if record.event == name]


def recording_runtime(folder: Path | None = None, *, client: Any = None) -> RuntimeContext:
    """Make a runtime context whose `logger` is a `RecordingLogger`.

    Args:
        folder: Where its `work_dir` and `cache_dir` are made; None: it has neither.
        client: The backend.
    """
    runtime = RuntimeContext(logger=RecordingLogger(), client=client)
    if folder is not None:
        runtime.work_dir, runtime.cache_dir = folder / 'work', folder / 'cache'
        for place in (runtime.work_dir, runtime.cache_dir):
            place.mkdir(parents=True, exist_ok=True)
    return runtime
