"""What people and programs read: tables, fields, JSON and sizes on stdout, notes and bars on stderr.

A terminal gets tables fitted to its width; a pipe gets every cell whole on one line, without colours, unless
$COLUMNS says how wide it is.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import IO, TYPE_CHECKING, Any

from ..units import human_size
from .streams import silence_stdout, stdout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import Console

__all__ = [
    'TOGETHER',
    'Column',
    'commands',
    'duration',
    'emit_json',
    'fields',
    'moment',
    'note',
    'pace',
    'progress_bar',
    'prose',
    'say',
    'shown',
    'size',
    'table',
    'when',
]

_NOTHING: tuple[Any, ...] = (None, '', [], {}, ())
TOGETHER = '\ue000'
"""A space in a cell at which a line is not broken (rich breaks at U+00A0 too); it is printed as any other."""
_FOLDED = 12
"""Columns of the terminal that a cell has at least when it is folded."""
_NO_LIMIT = 100_000
"""Columns of a pipe that nobody has given a width."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: Its heading.
        right: Numbers stand to the right.
        folds: May be folded over several lines when the terminal is narrow; the others stay whole.
        spare: Is left out when the terminal is too narrow even so: the highest go first, all of one number together, 0
            never.
    """

    title: str
    right: bool = False
    folds: bool = False
    spare: int = 0


def say(*lines: str) -> None:
    """Print lines on stdout; a terminal may wrap them, we do not, so that commands can be pasted."""
    for line in lines:
        _write(f'{line}\n')


def commands(title: str, lines: Sequence[str]) -> None:
    """Print command lines to paste; a terminal gets the long ones folded in a way that still can be pasted."""
    from .hints import folded

    width = stdout_console().width - 4
    say(title, *(f'  {part}' for line in lines for part in folded(line, width)))


def note(*lines: str) -> None:
    """Print lines on stderr: what is said beside the result."""
    for line in lines:
        sys.stderr.write(f'{line}\n')


def emit_json(document: Any) -> None:
    """Print one JSON document on stdout."""
    text = json.dumps(_jsonable(document), ensure_ascii=False, indent=2, allow_nan=False)
    _write(f'{text}\n', stdout())


def _write(text: str, stream: IO[str] | None = None) -> None:
    """Write on stdout; a reader that has left early, as ``head`` does, is no failure of the command."""
    try:
        (stream or sys.stdout).write(text)
    except BrokenPipeError:
        silence_stdout()


def table(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table on stdout, and which columns there was no room for."""
    from rich.table import Table
    from rich.text import Text

    cells = [[_cell(value) for value in row] for row in rows]
    there = _fitting(columns, cells, stdout_console().width)
    missing = [column.title for place, column in enumerate(columns) if place not in there]
    columns = [columns[place] for place in there]
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style='bold')
    for column in columns:
        grid.add_column(
            Text(column.title),
            justify='right' if column.right else 'left',
            no_wrap=not column.folds,
            overflow='fold',
        )
    for row in cells:
        grid.add_row(*(Text(row[place]) for place in there))
    _print(grid)
    if missing:
        prose(f'(no room here for {", ".join(missing)}; a wider terminal has them, and --json)', sys.stdout)


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return the places of the columns for which a terminal has room."""
    from rich.cells import cell_len

    needs = []
    for place, column in enumerate(columns):
        lines = (line for row in rows for line in row[place].splitlines())
        widest = max(map(cell_len, (column.title, *lines)))
        needs.append(min(widest, _FOLDED) if column.folds else widest)
    there = list(range(len(columns)))
    while sum(needs[place] + 2 for place in there) - 2 > width:
        most = max(columns[place].spare for place in there)
        if not most:
            break
        there = [place for place in there if columns[place].spare < most]
    return there


def fields(pairs: Iterable[tuple[str, Any]]) -> None:
    """Print names with their values on stdout, one a line; those without a value are left out."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    grid.add_column(no_wrap=True, style='bold')
    grid.add_column(overflow='fold')
    for name, value in pairs:
        if value not in _NOTHING:
            grid.add_row(Text(name), Text(_cell(value)))
    _print(grid)


def _print(renderable: Any) -> None:
    console = stdout_console()
    with console.capture() as capture:
        console.print(renderable)
    _write(_plain_lines(capture.get()))


def _plain_lines(text: str) -> str:
    return ''.join(f'{line.rstrip()}\n' for line in text.replace(TOGETHER, ' ').splitlines())


def prose(text: str, stream: IO[str]) -> None:
    """Print sentences: a terminal gets them broken between words, though never within a `command` in backticks."""
    if not stream.isatty():
        stream.write(f'{text}\n')
        return
    from rich.text import Text

    console = _console(stream)
    together = re.sub(r'`[^`]*`', lambda found: found[0].replace(' ', TOGETHER), text)
    with console.capture() as capture:
        console.print(Text(together), overflow='fold')
    stream.write(_plain_lines(capture.get()))


def stdout_console() -> Console:
    """Return a console on stdout that invents nothing: no markup, no highlighting, no emoji."""
    return _console(sys.stdout)


def _console(stream: IO[str]) -> Console:
    from rich.console import Console

    width = None if stream.isatty() else _columns_of_a_pipe()
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def _columns_of_a_pipe() -> int:
    """Return $COLUMNS where somebody has set it, else no limit."""
    asked = os.environ.get('COLUMNS', '')
    return int(asked) if asked.isdecimal() and int(asked) > 0 else _NO_LIMIT


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar with the rate and the time left on stderr while the block runs.

    Yields what takes ``(done, total)``, or None without a terminal.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
    from rich.text import Text

    class Pace(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(pace(task.finished_speed or task.speed, task.time_remaining), no_wrap=True)

    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), Pace())
    with Progress(*columns, console=_console(sys.stderr), transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def pace(rate: float | None, left: float | None) -> str:
    """Return how fast work goes on and how long it will: ``5,400/s, 12 s left``; nothing before that is known."""
    if not rate:
        return ''
    many = f'{rate:,.0f}/s' if rate >= 9.95 else f'{rate:.1f}/s' if rate >= 0.1 else f'{60 * rate:.1f}/min'
    if not left:
        return many
    return f'{many}, {f"{left:.0f} s" if left < 59.5 else duration(round(left))} left'


# -- values as people read them -----------------------------------------------------------------------------


def size(count: int | None) -> str:
    """Return a number of bytes for people: ``5.4 MB``."""
    return '' if count is None else human_size(count)


def duration(seconds: float | None) -> str:
    """Return a time span for people: ``0.4 s``, ``1 min 23 s``, ``2 h 05 min``."""
    if seconds is None:
        return ''
    if seconds < 59.95:
        return f'{seconds:.1f} s'
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f'{minutes} min {rest:02} s'
    hours, minutes = divmod(minutes, 60)
    return f'{hours} h {minutes:02} min'


def when(time: str | datetime | None) -> str:
    """Return a moment in the local time: ``2026-11-02 14:03``."""
    return moment(time).astimezone().strftime('%Y-%m-%d %H:%M') if time else ''


def moment(time: str | datetime) -> datetime:
    """Return a moment that may be written in ISO form."""
    return datetime.fromisoformat(time) if isinstance(time, str) else time


def _cell(value: Any) -> str:
    if value is None:
        return ''
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    if isinstance(value, float):
        return f'{value:.4g}'
    if isinstance(value, Mapping):
        return ', '.join(f'{name} {_cell(item)}' for name, item in value.items() if item not in _NOTHING)
    if isinstance(value, list | tuple):
        return ', '.join(_cell(item) for item in value)
    return shown(str(value))


def shown(text: str) -> str:
    """Return *text* with its control characters escaped: a name must not drive the terminal."""
    kept = {'\n', TOGETHER}
    return ''.join(c if c.isprintable() or c in kept else c.encode('unicode_escape').decode() for c in text)


def _jsonable(value: Any) -> Any:
    """Turn what JSON does not know into what it does; a number that is none becomes null."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): _jsonable(item) for name, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(map(_jsonable, value))
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else str(value)
