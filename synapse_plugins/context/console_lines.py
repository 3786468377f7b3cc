"""The console without bars: a log file, a pipe, a notebook."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from .console_text import duration, outcome_of, text_of, time_left, without_escapes

if TYPE_CHECKING:
    from collections.abc import Callable

    from .console import SafeStream
    from .records import LogRecord

__all__ = ['LinesView']

_SOON = 1.0
"""Seconds until a tenth of a step's progress is worth a line."""
_LATE = 10.0
"""Seconds until any progress is."""


class LinesView:
    """Writes one line for what is worth one."""

    def __init__(self, stream: SafeStream, clock: Callable[[], float] = monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._names: list[str] = []
        self._furthest = -1
        self._begun = 0.0
        self._shown: dict[str | None, tuple[float, float]] = {}

    def show(self, record: LogRecord) -> None:
        """Write a line, or not."""
        if record.kind == 'progress':
            self._show_progress(record)
        elif record.kind == 'steps':
            self._names, self._furthest = [name for name, _ in record.data['steps']], -1
        elif record.kind == 'step':
            self._show_step(record)
        elif (text := text_of(record)) is not None:
            prefix = f'[{record.step}] ' if record.step else ''
            for line in without_escapes(text).rstrip().split('\n'):
                # A bar drawn over itself by returns is its last state.
                self._write(prefix + line.rstrip('\r').rpartition('\r')[2])

    def close(self) -> None:
        """Do nothing: every line is out already."""

    def _show_step(self, record: LogRecord) -> None:
        if 'finished' in record.data:
            self._names = []
        if record.step not in self._names:
            return
        place = self._names.index(record.step)
        if (outcome := outcome_of(record)) is not None:
            self._write(f'{self._title(record.step)}: {without_escapes(outcome)}')
        elif place > self._furthest:
            self._furthest = place
            self._begun = self._clock()
            self._shown.pop(record.step, None)
            self._write(self._title(record.step))

    def _show_progress(self, record: LogRecord) -> None:
        data = record.data
        if record.step is None and self._names:
            self._show_done(data)
        elif self._due(record):
            text = (
                f'{data["percent"]:.0f}% ({data["current"]}/{data["total"]}){_left(data["time_remaining"])}'
            )
            if record.step is not None and data['overall'] is not None:
                text += f'; run {data["overall"]:.0f}%{_left(data["overall_time_remaining"])}'
            self._write(f'{self._title(record.step)}: {text}' if record.step else text)

    def _show_done(self, data: dict[str, Any]) -> None:
        """Write that the step before this report is done: the run reports between its steps."""
        if self._furthest < 0:
            return
        title = self._title(self._names[self._furthest])
        took = duration(self._clock() - self._begun)
        run = f'run {data["overall"]:.0f}%{_left(data["overall_time_remaining"])}'
        self._write(f'{title}: done in {took}; {run}')

    def _due(self, record: LogRecord) -> bool:
        percent, now = record.data['percent'], self._clock()
        if percent == 0:
            self._shown[record.step] = (now, 0.0)
            return False
        last, before = self._shown.setdefault(record.step, (now, 0.0))
        if percent >= 100:
            # A planned step ends with the line that says that it is done.
            due = before < 100 and record.step not in self._names
        else:
            due = now - last >= _LATE or (now - last >= _SOON and percent - before >= 10)
        if due:
            self._shown[record.step] = (now, percent)
        return due

    def _title(self, step: str | None) -> str:
        if step in self._names:
            return f'[{self._names.index(step) + 1}/{len(self._names)}] {step}'
        return f'[{step}]'

    def _write(self, line: str) -> None:
        self._stream.write(line + '\n')
        self._stream.flush()


def _left(seconds: float | None) -> str:
    return f', {time_left(seconds)}' if seconds else ''
