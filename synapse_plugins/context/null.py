"""A logger for when nobody listens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base_logger import BaseLogger

if TYPE_CHECKING:
    from .records import Kind, LogRecord

__all__ = ['NullLogger']


class NullLogger(BaseLogger):
    """Checks what it is given and keeps the current step and the metrics, and shows nothing to nobody.

    It makes no records and counts no times, so that it costs next to nothing.
    """

    def emit(self, record: LogRecord) -> None:
        """Do nothing."""

    def set_step(self, step: str | None, order: int | None = None) -> None:
        """Say which step is at work; None: none is."""
        self._step = step
        self._order = order if step is not None else None

    def set_progress(self, current: float, total: float, step: str | None = None) -> None:
        """Check the progress and keep the last one of each step."""
        self._check_progress(current, total)
        self._progress[step or self._step] = {
            'current': current,
            'total': total,
            'percent': 100 * current / total,
        }

    def _send(
        self,
        kind: Kind,
        step: str | None,
        data: dict[str, Any],
        level: str = 'info',
        event: str = '',
        file: str | None = None,
        order: int | None = None,
    ) -> None:
        """Make no record: there is nobody to give it to."""
