"""Pictures of a dataset with their annotations, to look at."""

from __future__ import annotations

from .choice import Choice, Chosen
from .colours import class_colours, hexadecimal
from .fonts import FONT_VARIABLE, Lettering
from .painter import Painter
from .sheet import contact_sheet, described, parts_of
from .writing import write_preview

__all__ = [
    'FONT_VARIABLE',
    'Choice',
    'Chosen',
    'Lettering',
    'Painter',
    'class_colours',
    'contact_sheet',
    'described',
    'hexadecimal',
    'parts_of',
    'write_preview',
]
