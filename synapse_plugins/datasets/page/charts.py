"""Charts as inline SVG: no script, the colours of the page, and a sentence for who cannot see them.

They are 360 units wide, the width of a phone, and grow a little on wider screens; text stays readable either way.
"""

from __future__ import annotations

from html import escape
from math import log10
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ['Bar', 'bars', 'columns', 'grid', 'shares']

_WIDTH = 360
_ROW, _BAR = 38, 14
_COLUMN_HEIGHT = 150
_MOST_LETTERS = 40


class Bar(NamedTuple):
    """A bar of a chart.

    Attributes:
        label: What it is.
        value: How long it is.
        colour: As pages write it; empty for the page's own.
    """

    label: str
    value: float
    colour: str = ''


def bars(rows: Sequence[Bar], said: str) -> str:
    """Return horizontal bars, each under its label, with its number behind it.

    Args:
        rows: The bars.
        said: What the chart shows, for who cannot see it.
    """
    most = max((row.value for row in rows), default=0) or 1
    parts = []
    for place, row in enumerate(rows):
        top = place * _ROW
        number = f'{row.value:,.0f}'
        room = _WIDTH - 8 - 7.5 * len(number)
        length = max(row.value / most * room, 1.5 if row.value else 0)
        fill = f'style="fill:{row.colour}"' if row.colour else 'class="fill"'
        parts.append(
            f'<text x="0" y="{top + 13}">{_shortened(row.label)}</text>'
            f'<rect x="0" y="{top + 18}" width="{length:.1f}" height="{_BAR}" rx="3" {fill}/>'
            f'<text x="{length + 6:.1f}" y="{top + 30}" class="number">{number}</text>'
        )
    return _svg(''.join(parts), len(rows) * _ROW, said)


def columns(edges: Sequence[int | None], counts: Sequence[int], said: str) -> str:
    """Return columns of a histogram, the edges of its ranges between them.

    Args:
        edges: One more than counts; None where the last range is open.
        counts: How many in each range.
        said: What the chart shows, for who cannot see it.
    """
    most = max(counts, default=0) or 1
    step = (_WIDTH - 24) / max(1, len(counts))
    parts = [
        f'<line x1="0" x2="{_WIDTH}" y1="{_COLUMN_HEIGHT + 18}" y2="{_COLUMN_HEIGHT + 18}" class="axis"/>'
    ]
    for place, count in enumerate(counts):
        height = max(count / most * _COLUMN_HEIGHT, 1.5 if count else 0)
        left = 12 + place * step
        top = _COLUMN_HEIGHT + 18 - height
        shape = f'x="{left + 1.5:.1f}" y="{top:.1f}" width="{step - 3:.1f}" height="{height:.1f}"'
        parts.append(f'<rect {shape} rx="2" class="fill"/>')
        if count:
            parts.append(
                f'<text x="{left + step / 2:.1f}" y="{top - 4:.1f}" class="number middle small">{_brief(count)}</text>'
            )
    for place, edge in enumerate(edges):
        text = '' if edge is None else f'{edge:,}'
        parts.append(
            f'<text x="{12 + place * step:.1f}" y="{_COLUMN_HEIGHT + 33}" class="middle small">{text}</text>'
        )
    return _svg(''.join(parts), _COLUMN_HEIGHT + 40, said)


def shares(rows: Sequence[tuple[str, Sequence[Bar]]], said: str) -> str:
    """Return one full bar a row, parted by shares.

    Args:
        rows: Label of each row, and its parts.
        said: What the chart shows, for who cannot see it.
    """
    drawn = []
    for place, (label, parts) in enumerate(rows):
        top = place * _ROW
        total = sum(part.value for part in parts) or 1
        drawn.append(f'<text x="0" y="{top + 13}">{_shortened(label)}</text>')
        left = 0.0
        for part in parts:
            width = part.value / total * _WIDTH
            fill = f'style="fill:{part.colour}"' if part.colour else 'class="soft"'
            title = f'<title>{escape(part.label)}: {part.value / total:.1%}</title>'
            shape = f'x="{left:.2f}" y="{top + 18}" width="{max(width - 0.5, 0):.2f}" height="{_BAR}"'
            drawn.append(f'<rect {shape} {fill}>{title}</rect>')
            left += width
    return _svg(''.join(drawn), len(rows) * _ROW, said)


def grid(rows: Sequence[Sequence[int]], said: str) -> str:
    """Return a map of how often each field of a grid was met, on the shape of a picture.

    Args:
        rows: Counts, from the top.
        said: What the chart shows, for who cannot see it.
    """
    most = max((count for row in rows for count in row), default=0) or 1
    across, down = _WIDTH / max(1, len(rows[0]) if rows else 1), 260 / max(1, len(rows))
    parts = ['<rect width="360" height="260" class="ground"/>']
    parts += [
        f'<rect x="{column * across:.1f}" y="{row * down:.1f}" width="{across + 0.2:.1f}" height="{down + 0.2:.1f}" '
        f'class="fill" fill-opacity="{count / most:.3f}"/>'
        for row, counts in enumerate(rows)
        for column, count in enumerate(counts)
        if count
    ]
    return _svg(''.join(parts), 260, said)


def _svg(body: str, height: float, said: str) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height:g}" role="img" aria-label="{escape(said)}">{body}</svg>'


def _shortened(label: str) -> str:
    return escape(label if len(label) <= _MOST_LETTERS else f'{label[:_MOST_LETTERS]}…')


def _brief(count: int) -> str:
    """Return a count that fits over a column: ``950``, ``12k``, ``3.4M``."""
    if count < 10_000:
        return str(count)
    unit, name = (1_000_000, 'M') if count >= 1_000_000 else (1_000, 'k')
    amount = count / unit
    return f'{amount:.1f}{name}' if log10(amount) < 1 else f'{amount:.0f}{name}'
