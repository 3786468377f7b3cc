"""Pictures of a dataset with their annotations, to look at."""

from __future__ import annotations

from .choice import Choice, Chosen, Suspects
from .colours import class_colours, hexadecimal
from .fonts import FONT_VARIABLE, Lettering
from .painter import Painter
from .sheet import contact_sheet, described, parts_of
from .strokes import decoded
from .writing import write_preview

__all__ = [
    'FONT_VARIABLE',
    'Choice',
    'Chosen',
    'Lettering',
    'Painter',
    'Suspects',
    'class_colours',
    'contact_sheet',
    'decoded',
    'described',
    'hexadecimal',
    'parts_of',
    'write_preview',
]
