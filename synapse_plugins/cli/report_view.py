"""What a conversion or an import did with the data, for people."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from . import output
from .pairs import in_quotes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..datasets import Conversion

__all__ = ['say_contents', 'say_lines', 'say_report']

_EXAMPLES = 2
_MOST_CLASSES = 10
_MOST = 12
"""Lines that a terminal gets; a dataset of eighty classes can have as many warnings."""


def say_contents(conversion: Conversion) -> None:
    """Print how many pictures each split has, and the classes with their numbers."""
    splits = [f'{name} {count:,}' for name, count in conversion.splits.items()]
    names = [f'{number} {in_quotes(name)}' for number, name in enumerate(conversion.classes[:_MOST_CLASSES])]
    rest = len(conversion.classes) - len(names)
    if splits:
        output.say(output.shown(f'Splits: {", ".join(splits)}'))
    if names:
        output.say(output.shown(f'Classes: {", ".join(names)}{f" and {rest:,} more" if rest else ""}'))


def say_report(conversion: Conversion) -> None:
    """Print a conversion's report; with ``on_loss='ignore'`` its file is all that has it."""
    if conversion.on_loss == 'ignore':
        return
    is_short = sys.stdout.isatty()
    lines = conversion.report.lines(_EXAMPLES) if is_short else conversion.report.lines()
    say_lines(lines, f'see {conversion.report_path}')


def say_lines(lines: Sequence[str], rest: str) -> None:
    """Print lines: a pipe gets all, each as it is; a terminal the first ones, wrapped, and where the *rest* is."""
    if not sys.stdout.isatty():
        output.say(*map(output.shown, lines))
        return
    for line in lines[:_MOST]:
        output.prose(output.shown(line), sys.stdout)
    if len(lines) > _MOST:
        output.prose(f'... and {len(lines) - _MOST} more lines; {rest}', sys.stdout)
