"""The console on a terminal: a bar for each step and one for the run, with messages above them."""

from __future__ import annotations

import atexit
import sys
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from rich.cells import cell_len
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .console_text import duration, outcome_of, text_of, time_left

if TYPE_CHECKING:
    from rich.console import RenderableType

    from .console import SafeStream
    from .records import LogRecord

__all__ = ['BarsView']

_State = Literal['waiting', 'running', 'done', 'failed', 'undone']
_ICONS: dict[str, tuple[str, str, str]] = {  # state -> on a terminal with Unicode, without, style
    'waiting': ('·', '.', 'dim'),
    'done': ('✓', '+', 'green'),
    'failed': ('✗', 'x', 'bold red'),
    'undone': ('↺', '<', 'yellow'),
}
_SPINNER, _ASCII_SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏', '|/-\\'
_STYLES = {
    'debug': 'dim',
    'success': 'green',
    'warning': 'yellow',
    'danger': 'red',
    'error': 'red',
    'critical': 'bold red',
}
_WIDEST_BAR = 48
_TIMES = 13
"""Cells for the time at the end of a row: ``10:00:00 left``."""


@dataclass
class _Row:
    """What a row shows; drawn by the refresh thread as it stands."""

    name: str
    state: _State = 'waiting'
    percent: float | None = None
    left: float | None = None
    left_since: float = 0.0
    begun: float = 0.0
    took: float | None = None

    def begin(self) -> None:
        self.state, self.percent, self.left, self.took = 'running', None, None, None
        self.begun = monotonic()

    def advance(self, percent: float, left: float | None) -> None:
        self.percent, self.left, self.left_since = percent, left, monotonic()

    def end(self, state: _State) -> None:
        if self.took is None and self.begun:
            self.took = monotonic() - self.begun
        self.state, self.left = state, None
        if state == 'done':
            self.percent = 100.0

    def time(self) -> str:
        if self.state == 'waiting' or not self.begun:
            return ''
        if self.left is not None and self.state == 'running':
            # An estimate that has run out is still not the end.
            return time_left(max(1.0, self.left - (monotonic() - self.left_since)))
        return duration(self.took if self.took is not None else monotonic() - self.begun)


class BarsView:
    """Draws the run anew some ten times a second, in a thread of its own.

    A report only changes a row, so reports by the hundred thousand cost no drawing.
    """

    def __init__(self, stream: SafeStream, **console_options: Any) -> None:
        options: dict[str, Any] = {
            'force_terminal': True,
            'highlight': False,
            'markup': False,
            'emoji': False,
        }
        self._console = Console(file=stream, **{**options, **console_options})  # type: ignore[arg-type]
        self._live: Live | None = None
        self._rows: dict[str, _Row] = {}
        self._others: dict[str, _Row] = {}
        self._run: _Row | None = None
        self._furthest = -1

    def show(self, record: LogRecord) -> None:
        """Change the rows, or print a message above them."""
        if record.kind == 'progress':
            self._show_progress(record)
        elif record.kind == 'steps':
            self._begin([name for name, _ in record.data['steps']])
        elif record.kind == 'step':
            if 'finished' in record.data:
                self._end(record.data['finished'])
            elif (outcome := outcome_of(record)) is not None:
                self._tell_outcome(record, outcome)
            elif record.step is not None:
                self._enter(record.step)
        elif (text := text_of(record)) is not None:
            self._print(text, _STYLES.get(record.level, 'dim' if record.kind == 'event' else ''))

    def close(self) -> None:
        """Leave the bars as they are, and the terminal as it was."""
        if self._live is not None:
            atexit.unregister(self.close)
            live, self._live = self._live, None
            live.stop()

    def _print(self, text: str, style: str) -> None:
        self._console.print(Text.from_ansi(text, style=style), overflow='ignore', crop=False)

    # -- the run --------------------------------------------------------------------------------------

    def _begin(self, names: list[str]) -> None:
        self.close()
        self._rows = {name: _Row(name) for name in names}
        self._others = {}
        self._furthest = -1
        self._run = None
        if names:
            self._run = _Row('whole run')
            self._run.begin()
            self._open()

    def _end(self, success: bool) -> None:
        state: _State = 'done' if success else 'failed'
        for place, row in enumerate(self._rows.values()):
            if row.state == 'running' or (success and place <= self._furthest):
                row.end(state)
        if self._run is not None:
            self._run.end(state)
        self._others = {}
        self.close()
        self._rows, self._run = {}, None

    def _enter(self, step: str) -> None:
        names = list(self._rows)
        if step not in self._rows:
            return
        place, row = names.index(step), self._rows[step]
        self._others = {}
        if place < self._furthest:
            row.end('undone')
        elif place > self._furthest:
            for name in names[max(0, self._furthest) : place]:
                self._rows[name].end('done')
            self._furthest = place
            row.begin()

    def _tell_outcome(self, record: LogRecord, outcome: str) -> None:
        """Mark the row of a step that failed or was undone, and say so above the bars."""
        row = self._rows.get(record.step or '')
        undone = bool(record.data.get('rolled_back'))
        if row is not None and 'failed' in record.data:
            row.end('failed')
        self._print(f'{record.step}: {outcome}', 'yellow' if undone else 'red')

    def _show_progress(self, record: LogRecord) -> None:
        data = record.data
        if self._run is not None and data['overall'] is not None:
            self._run.advance(data['overall'], data['overall_time_remaining'])
        if record.step is None and self._run is not None:
            names = list(self._rows)
            if self._furthest >= 0:  # the run reports between its steps
                self._rows[names[self._furthest]].end('done')
            return
        row = self._rows.get(record.step or '') or self._other(record.step)
        row.advance(data['percent'], data['time_remaining'])
        if row.name not in self._rows and data['percent'] >= 100:
            row.end('done')
            self._close_when_done()

    def _other(self, step: str | None) -> _Row:
        """Return the row of a step that no plan names: there is no plan, or it is a run within a step."""
        name = step or 'progress'
        if name not in self._others or (self._run is None and self._live is None):
            row = self._others[name] = _Row(name)
            row.begin()
            self._open()
        return self._others[name]

    def _close_when_done(self) -> None:
        if self._run is None and all(row.state == 'done' for row in self._others.values()):
            self.close()
            self._others = {}

    # -- drawing --------------------------------------------------------------------------------------

    def _open(self) -> None:
        if self._live is None:
            # What a step prints goes above the bars, but what goes into a pipe stays out of the picture.
            self._live = Live(
                get_renderable=self._draw,
                console=self._console,
                refresh_per_second=10,
                redirect_stdout=sys.stdout is not None and sys.stdout.isatty(),
                redirect_stderr=True,
            )
            self._live.start()
            atexit.register(self.close)  # a script that forgets `finish()` gets its cursor back

    def _draw(self) -> RenderableType:
        rows = [*self._rows.values(), *self._others.values()]
        if self._run is not None:
            rows.append(self._run)
        width = self._console.width
        names = min(max((cell_len(row.name) for row in rows), default=0), max(8, width // 3))
        bar = max(4, min(_WIDEST_BAR, width - names - _TIMES - 12))
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(width=1)
        table.add_column(width=names, no_wrap=True, overflow='ellipsis')
        table.add_column(width=bar)
        table.add_column(width=4, justify='right')
        table.add_column(width=_TIMES, no_wrap=True)
        for row in rows:
            table.add_row(*self._cells(row, bar))
        return Group(table)

    def _cells(self, row: _Row, width: int) -> tuple[RenderableType, ...]:
        style = {'waiting': 'dim', 'failed': 'red'}.get(row.state, '')
        if row is self._run:
            style = f'bold {style}'.strip()
        percent = '' if row.percent is None else f'{row.percent:.0f}%'
        return (
            self._icon(row),
            Text(row.name, style=style),
            self._bar(row, width),
            Text(percent, style=style),
            Text(row.time(), style='cyan' if row.state == 'running' else 'dim'),
        )

    def _bar(self, row: _Row, width: int) -> RenderableType:
        if row.state == 'running' and row.percent is None and row is not self._run:
            return ProgressBar(total=None, pulse=True, width=width, animation_time=monotonic())
        completed = {'failed': 'red', 'undone': 'yellow'}.get(row.state, 'bar.complete')
        done = row.percent or 0.0
        return ProgressBar(
            total=100, completed=done, width=width, complete_style=completed, finished_style='green'
        )

    def _icon(self, row: _Row) -> Text:
        ascii_only = self._console.options.ascii_only
        if row.state == 'running':
            frames = _ASCII_SPINNER if ascii_only else _SPINNER
            return Text(frames[int(monotonic() * 10) % len(frames)], style='cyan')
        unicode_icon, ascii_icon, style = _ICONS[row.state]
        return Text(ascii_icon if ascii_only else unicode_icon, style=style)
