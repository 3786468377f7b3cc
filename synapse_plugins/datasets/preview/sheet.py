"""A contact sheet: pictures of a dataset with their annotations, and what the colours mean."""

from __future__ import annotations

from collections import Counter
from math import ceil, sqrt
from typing import TYPE_CHECKING

from .colours import NO_CLASS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

    from .choice import Chosen
    from .fonts import Lettering
    from .painter import Painter

__all__ = ['contact_sheet', 'described', 'parts_of']

_TILE = (420, 320)
_GAP, _EDGE, _CAPTION, _HEAD, _ROW = 16, 28, 44, 74, 26
_COLUMN = 236
_PAPER, _INK, _SOFT, _MAT = (250, 250, 251), (24, 28, 34), (104, 112, 124), (236, 238, 241)
_MOST_COLUMNS = 4
_MOST_NAMES = 6
_MOST_ROWS_OF_CLASSES = 30


def contact_sheet(
    chosen: Sequence[Chosen],
    painter: Painter,
    lettering: Lettering,
    title: str,
    subtitle: str,
    classes: Sequence[tuple[str, int]],
) -> Image:
    """Return a contact sheet.

    Args:
        chosen: The samples to show.
        painter: Draws each.
        lettering: Draws the text.
        title: The first line.
        subtitle: The second line.
        classes: Names of the classes with the number of their annotations, in order; those without are left out.
    """
    from PIL import Image, ImageDraw

    columns = min(_MOST_COLUMNS, max(1, ceil(sqrt(len(chosen) * 1.2))))
    rows = ceil(len(chosen) / columns)
    tiles = rows * (_TILE[1] + _CAPTION + _GAP)
    width = max(2, columns) * (_TILE[0] + _GAP) - _GAP + 2 * _EDGE
    legend = [(name, count) for name, count in classes if count]
    across = max(1, (width - 2 * _EDGE) // _COLUMN)
    lines = min(ceil(len(legend) / across), _MOST_ROWS_OF_CLASSES)
    height = (
        _HEAD
        + _EDGE
        + tiles
        + (lines * _ROW + _ROW if lines else 0)
        + _EDGE
        + (_ROW if painter.numbered else 0)
    )
    sheet = Image.new('RGB', (width, height), _PAPER)
    pen = ImageDraw.Draw(sheet)
    lettering.draw(pen, (_EDGE, _EDGE + 20), lettering.shortened(title, 26, width - 2 * _EDGE), 26, _INK)
    lettering.draw(pen, (_EDGE, _EDGE + 46), lettering.shortened(subtitle, 16, width - 2 * _EDGE), 16, _SOFT)
    for number, item in enumerate(chosen):
        left = _EDGE + number % columns * (_TILE[0] + _GAP)
        top = _EDGE + _HEAD + number // columns * (_TILE[1] + _CAPTION + _GAP)
        _put_tile(sheet, pen, (left, top), item, painter, lettering)
    top = _EDGE + _HEAD + tiles
    if painter.numbered:
        note = 'Numbers stand for class names that no font here can draw; the command prints what they mean.'
        lettering.draw(
            pen, (_EDGE, height - _EDGE), lettering.shortened(note, 14, width - 2 * _EDGE), 14, _SOFT
        )
    _put_legend(pen, (top, across, lines), legend, painter, lettering)
    return sheet


def _put_tile(
    sheet: Image, pen: ImageDraw, place: tuple[int, int], item: Chosen, painter: Painter, lettering: Lettering
) -> None:
    left, top = place
    pen.rectangle((left, top, left + _TILE[0] - 1, top + _TILE[1] - 1), fill=_MAT)
    picture = painter.paint(item.sample, _TILE)
    sheet.paste(picture, (left + (_TILE[0] - picture.width) // 2, top + (_TILE[1] - picture.height) // 2))
    name = lettering.shortened(item.sample.key, 15, _TILE[0])
    lettering.draw(pen, (left, top + _TILE[1] + 19), name, 15, _INK)
    _put_parts(pen, (left, top + _TILE[1] + 37), parts_of(item, painter), lettering)


def _put_parts(
    pen: ImageDraw, place: tuple[int, int], parts: list[tuple[str, str]], lettering: Lettering
) -> None:
    """Write counts with names, each by itself: a name that is read from right to left would turn the others around."""
    left, top = place
    end = left + _TILE[0]
    for number, (count, name) in enumerate(parts):
        comma = ',  ' if number + 1 < len(parts) else ''
        for piece in (f'{count} ' if count else '', name, comma):
            shown = lettering.shortened(piece, 13, end - left) if piece.strip() else piece
            lettering.draw(pen, (left, top), shown, 13, _SOFT)
            left += lettering.width(piece, 13)
            if left > end - 24:
                return


def _put_legend(
    pen: ImageDraw,
    place: tuple[int, int, int],
    legend: list[tuple[str, int]],
    painter: Painter,
    lettering: Lettering,
) -> None:
    top, across, lines = place
    room = lines * across
    shown = legend if len(legend) <= room else legend[: room - 1]
    for number, (name, count) in enumerate(shown):
        x, y = _EDGE + number % across * _COLUMN, top + _ROW + number // across * _ROW
        pen.rounded_rectangle((x, y - 13, x + 14, y + 1), 3, fill=painter.colours.get(name, NO_CLASS))
        figure = f'{count:,}'
        wide = lettering.width(figure, 15)
        text = lettering.shortened(painter.name(name), 15, _COLUMN - 22 - 20 - wide)
        lettering.draw(pen, (x + 22, y), text, 15, _INK)
        lettering.draw(pen, (x + 22 + lettering.width(text, 15) + 8, y), figure, 15, _SOFT)
    if len(shown) < len(legend):
        number = len(shown)
        x, y = _EDGE + number % across * _COLUMN, top + _ROW + number // across * _ROW
        lettering.draw(pen, (x, y), f'and {len(legend) - number:,} more classes', 15, _SOFT)


def described(item: Chosen, painter: Painter | None = None) -> str:
    """Return what is on a picture: ``12 RBC, 1 WBC, 17 keypoints``.

    Args:
        item: The picture.
        painter: Whose names for the classes to use; by default their own.
    """
    return ', '.join(f'{count} {name}'.lstrip() for count, name in parts_of(item, painter))


def parts_of(item: Chosen, painter: Painter | None = None) -> list[tuple[str, str]]:
    """Return what is on a picture, as counts with names; the count may be empty."""
    counts: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for annotation in item.sample.annotations:
        if annotation.tool == 'keypoint':
            others['keypoints'] += 1
        elif annotation.label:
            counts[annotation.label] += 1
        else:
            others['without a class'] += 1
    parts = [
        (f'{count:,}', name if painter is None else painter.name(name))
        for name, count in counts.most_common(_MOST_NAMES)
    ]
    rest = counts.total() - sum(count for _, count in counts.most_common(_MOST_NAMES))
    if rest:
        parts.append((f'{rest:,}', f'of {len(counts) - _MOST_NAMES} other classes'))
    parts += [(f'{count:,}', name) for name, count in others.items()]
    more = item.annotations - len(item.sample.annotations)
    if more:
        parts.append((f'{more:,}', 'more, not drawn'))
    return parts or [('', 'no annotations')]
