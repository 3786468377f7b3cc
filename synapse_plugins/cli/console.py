"""What of a run is shown while it lasts; its record keeps everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..context import LogRecord

__all__ = ['RunConsole']

_ALWAYS = {'steps', 'step', 'progress'}
_TOLD_EVENTS = {'step_start', 'step_end', 'step_rollback', 'step_attempt', 'step_overrun'}
"""What the wrappers of steps log: whoever wraps a step so wants to see it."""
_SEVERE = {'danger', 'error', 'critical'}


class RunConsole:
    """The console without what would bury the rest: files and pictures by the dozen, figures told twice.

    A step that tells in messages how it goes has its metrics left out; one that does not has them shown.

    Args:
        quiet: Show only progress and errors.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        from ..context import ConsoleLogger

        self._console = ConsoleLogger()
        self._quiet = quiet
        self._talking: set[str | None] = set()

    def emit(self, record: LogRecord) -> None:
        """Show a record, or leave it to the run's record."""
        if record.kind == 'message' and record.level == 'info':
            self._talking.add(record.step)
        if self._is_shown(record):
            self._console.emit(record)

    def finish(self) -> None:
        """Leave the terminal as it was."""
        self._console.finish()

    def _is_shown(self, record: LogRecord) -> bool:
        if record.kind in _ALWAYS or record.level in _SEVERE:
            return True
        if self._quiet:
            return False
        return (
            record.kind == 'message'
            or record.level == 'warning'
            or (record.kind == 'event' and record.event in _TOLD_EVENTS)
            or (record.kind in {'metric', 'metrics'} and record.step not in self._talking)
        )
