"""What is wrong with an annotation that has an area, seen as it stands in its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..geometry import EPSILON, area

if TYPE_CHECKING:
    from ..figures import Figure

__all__ = [
    'LEAVES_PICTURE_OUT',
    'SMALLEST_PICTURE',
    'TINY',
    'TRAINING_SIZE',
    'leaves_picture_out',
    'place',
    'trouble',
]

TRAINING_SIZE = 640
"""The longer side of a picture as trainers usually scale it, in pixels."""

TINY = 2.0
"""An object whose shorter side is below this many pixels at `TRAINING_SIZE` is as good as not there."""

SMALLEST_PICTURE = 10
"""A trainer skips a picture with a side below this many pixels."""

LEAVES_PICTURE_OUT = 'leaves_picture_out'
"""The code of pictures that a YOLO trainer skips for where their annotations lie."""

_TOLERANCE = 0.01
"""A YOLO trainer skips a whole picture if a number of a label is outside 0 to 1 by more than this."""


def trouble(figure: Figure, width: int, height: int) -> str | None:
    """Return the code of what is wrong with a figure, None if nothing is.

    ``degenerate``: it has no area; ``outside``: all of it lies outside the picture; ``partly_outside``: it reaches
    out by more than a thousandth of a pixel; ``tiny``: a trainer would hardly see it.
    """
    left, top, right, bottom = figure.box
    across, down = right - left, bottom - top
    if figure.outside:
        return 'partly_outside' if figure.area else 'outside'
    if across <= EPSILON or down <= EPSILON or figure.area <= EPSILON:
        return 'degenerate'
    if figure.rings and sum(map(area, figure.rings)) <= EPSILON:
        return 'degenerate'
    if left >= width - EPSILON or top >= height - EPSILON or right <= EPSILON or bottom <= EPSILON:
        return 'outside'
    if left < -EPSILON or top < -EPSILON or right > width + EPSILON or bottom > height + EPSILON:
        return 'partly_outside'
    if min(across, down) * TRAINING_SIZE < TINY * max(width, height):
        return 'tiny'
    return None


def leaves_picture_out(figure: Figure, width: int, height: int) -> bool:
    """Tell whether a YOLO trainer would skip the whole picture for where this lies.

    It does if a label's centre or size, as shares of the picture, is below 0 or above 1 by more than a hundredth, or a
    size is negative.
    """
    left, top, right, bottom = figure.box
    shares = (
        (left + right) / 2 / width,
        (top + bottom) / 2 / height,
        (right - left) / width,
        (bottom - top) / height,
    )
    return min(shares) < -_TOLERANCE or max(shares) > 1 + _TOLERANCE or min(shares[2:]) < 0


def place(figure: Figure) -> str:
    """Return where a figure lies, for a person: ``(12, 30.5, 80, 44)``, left, top, width, height."""
    left, top, right, bottom = figure.box
    return f'({left:.6g}, {top:.6g}, {right - left:.6g}, {bottom - top:.6g})'
