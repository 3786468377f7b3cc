"""What becomes of geometry that reaches out of its picture, where a format would write it as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .figures import figure_of, read_point, visibility_of
from .geometry import Box, extent
from .sample import MISSING
from .shapes import BOUNDS, SHAPES, Shaper

if TYPE_CHECKING:
    from .report import Report
    from .sample import Annotation, ImageFile, Sample
    from .writer import Writer

__all__ = ['Bounds', 'bounds_for']

_PLACED = frozenset((*SHAPES, 'polyline', 'keypoint'))
"""The tools whose places in a picture are known."""

_POINTS = frozenset(('keypoint',))


class Bounds:
    """Refuses annotations that reach out of their picture, counted, or as an error.

    Args:
        shaper: What refuses them.
        tools: The tools to look at.
    """

    def __init__(self, shaper: Shaper, tools: frozenset[str]) -> None:
        self._shaper = shaper
        self._tools = tools

    def of(self, sample: Sample) -> list[Annotation]:
        """Return the annotations of a sample that stay.

        Raises:
            DatasetError: If one reaches out, and that is to be an error.
        """
        image, where = sample.image, sample.key
        if image.media != 'image':
            return sample.annotations
        return [one for one in sample.annotations if not self._refuses(one, image, where)]

    def _refuses(self, annotation: Annotation, image: ImageFile, where: str) -> bool:
        if annotation.tool not in self._tools:
            return False
        try:
            box = _box_of(annotation, image)
        except (ValueError, TypeError):  # what is malformed is told of elsewhere
            return False
        return box is not None and self._shaper.refuses(annotation.tool, box, image, where)


def _box_of(annotation: Annotation, image: ImageFile) -> Box | None:
    """Return the smallest box around an annotation; None for one that is nowhere."""
    if annotation.tool == 'segmentation':
        from .masks import rows_of  # needs numpy

        return 0, 0, image.width, rows_of(annotation.data, image.width)
    if annotation.tool == 'keypoint':
        if visibility_of(annotation) == MISSING:
            return None
        return extent([[read_point(annotation.data)]])
    return figure_of(annotation, image.width, image.height).box


def bounds_for(writer: Writer, report: Report) -> Bounds | None:
    """Return what a writer has to be spared; None if nothing, as by default.

    Raises:
        DatasetError: If its bounds are none of `BOUNDS`.
    """
    bounds, tolerance = writer.bounds
    if bounds == BOUNDS[0]:
        return None
    held = writer.holds(writer.task)
    tools = _POINTS if writer.keeps_bounds else _PLACED
    if held is not None:
        tools &= held
    return Bounds(Shaper(report, bounds=bounds, tolerance=tolerance), tools) if tools else None
