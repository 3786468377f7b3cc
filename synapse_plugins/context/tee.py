"""One logger in front of several."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from .base_logger import BaseLogger, warn_off
from .records import LogRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ['Sink', 'TeeLogger']


class Sink(Protocol):
    """What a `TeeLogger` hands records to. A ``finish()`` is called at the end if there is one."""

    def emit(self, record: LogRecord) -> None:
        """Show, keep or pass on one record."""


class TeeLogger(BaseLogger):
    """Makes each record once and hands it to every sink.

    A sink that raises is switched off; the others are told so, once.

    Args:
        sinks: Loggers, or any objects with ``emit(record)``.
    """

    def __init__(self, sinks: Iterable[Sink]) -> None:
        super().__init__()
        self._sinks: list[Sink] = list(sinks)
        self._failures: list[tuple[Sink, Exception]] = []

    @property
    def sinks(self) -> tuple[Sink, ...]:
        """The sinks that still work."""
        return tuple(self._sinks)

    def emit(self, record: LogRecord) -> None:
        """Hand the record to every sink."""
        for sink in tuple(self._sinks):
            if self._works(sink):  # else switched off meanwhile, by the news of another one's failure
                try:
                    sink.emit(record)
                except Exception as exc:  # noqa: BLE001 - by contract
                    self._switch_off(sink, exc)

    def _works(self, sink: Sink) -> bool:
        return any(other is sink for other in self._sinks)

    def _switch_off(self, sink: Sink, exc: Exception) -> None:
        # The news may fail the others in turn; each is off before its failure is told, so this ends.
        self._sinks = [other for other in self._sinks if other is not sink]
        self._failures.append((sink, exc))
        if not self._sinks:
            for failed, reason in self._failures:
                warn_off(failed, reason)
            return
        content = f'The logger {type(sink).__name__} failed and is switched off: {type(exc).__name__}: {exc}'
        now = datetime.now(UTC)
        self.emit(
            LogRecord('message', now, self._step, self._order, 'warning', 'message', {'content': content})
        )

    def _on_finish(self) -> None:
        for sink in tuple(self._sinks):
            finish = getattr(sink, 'finish', None)
            try:
                if finish is not None:
                    finish()
            except Exception as exc:  # noqa: BLE001 - by contract
                self._switch_off(sink, exc)
