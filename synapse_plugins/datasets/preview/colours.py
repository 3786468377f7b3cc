"""A colour for each class, the same in every picture, page and run."""

from __future__ import annotations

from colorsys import hls_to_rgb
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ['NO_CLASS', 'Colour', 'class_colours', 'group_colour', 'hexadecimal', 'ink_on']

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

NO_CLASS: Colour = (148, 156, 168)

_PALETTE: tuple[Colour, ...] = (
    (229, 57, 53), (30, 136, 229), (67, 160, 71), (251, 192, 45), (142, 36, 170), (0, 172, 193), (245, 124, 0),
    (216, 27, 96), (124, 179, 66), (94, 53, 177), (0, 137, 123), (255, 138, 101), (57, 73, 171), (192, 202, 51),
    (171, 71, 188), (109, 76, 65),
)  # fmt: skip
"""Colours that differ from each other, on photographs and on white and black ground."""


def class_colours(classes: Sequence[str]) -> dict[str, Colour]:
    """Return a colour for each class.

    A class takes the colour that its name stands for, or the next that is free; so it mostly keeps it when others come
    and go. Where there are more classes than well told apart colours, further ones are mixed.
    """
    colours = [*_PALETTE, *(_mixed(number) for number in range(len(classes) - len(_PALETTE)))]
    taken: set[int] = set()
    found = {}
    for name in classes:
        place = crc32(name.encode('utf-8', 'surrogatepass')) % len(_PALETTE)
        while place in taken:
            place = (place + 1) % len(colours)
        taken.add(place)
        found[name] = colours[place]
    return found


def group_colour(number: int) -> Colour:
    """Return a colour for a group without a class, by its place among the groups of its picture."""
    return _PALETTE[number % len(_PALETTE)]


def _mixed(number: int) -> Colour:
    """Return the colour behind the palette with that number: hues by the golden angle, in turn light and dark."""
    red, green, blue = hls_to_rgb(
        number * 0.61803398875 % 1.0, (0.42, 0.6, 0.5)[number % 3], (0.75, 0.6, 0.9)[number % 3]
    )
    return round(red * 255), round(green * 255), round(blue * 255)


def ink_on(colour: Colour) -> Colour:
    """Return black or white, whichever is read better on a colour."""
    red, green, blue = ((value / 255) ** 2.2 for value in colour)
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    # white is read better on strong colours than the plain ratio of contrasts says
    return (17, 20, 24) if light > 0.32 else (255, 255, 255)


def hexadecimal(colour: Colour) -> str:
    """Return a colour as pages write it: ``#e53935``."""
    return '#{:02x}{:02x}{:02x}'.format(*colour)
