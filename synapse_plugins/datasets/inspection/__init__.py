"""What a dataset holds and what is wrong with it, found out in one pass over its samples."""

from __future__ import annotations

from .findings import REASONS
from .inspecting import inspect
from .record import (
    AttributeFigures,
    ClassFigures,
    DuplicateGroup,
    Finding,
    Histogram,
    Inspection,
    Sizes,
    SplitFigures,
    Trainer,
)

__all__ = [
    'REASONS',
    'AttributeFigures',
    'ClassFigures',
    'DuplicateGroup',
    'Finding',
    'Histogram',
    'Inspection',
    'Sizes',
    'SplitFigures',
    'Trainer',
    'inspect',
]
