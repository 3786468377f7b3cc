"""Annotations as boxes or polygons within the image, everything that changes on the way counted."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, TypeAlias

from ..errors import DatasetError
from .geometry import (
    EPSILON,
    Box,
    Ring,
    area,
    clip_box,
    clip_ring,
    extent,
    read_box,
    read_ring,
    rotated,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .masks import Mask
    from .report import Report
    from .sample import Annotation, ImageFile

__all__ = ['BOUNDS', 'HOLES_FILLED', 'SHAPES', 'TOLERANCE', 'Shaper', 'rotation']

SHAPES = frozenset(('bounding_box', 'polygon', 'segmentation'))
"""The tools that have an area."""

BOUNDS = ('clip', 'drop', 'error')
"""What may become of geometry that lies outside its picture."""

TOLERANCE = 1.0
"""Pixels by which geometry may reach out of its picture: a slip of the mouse, which is clipped."""

HOLES_FILLED = 'its holes were filled'
"""What most formats do to the holes of a mask."""

Measured: TypeAlias = tuple[list[Ring], Box, float]
"""Rings, their extent, and their area in square pixels."""

_CLIPPED = 'it was clipped to the image'
_REACHES_OUT = 'it reaches out of the image'
_OUTSIDE = 'it lies outside the image'
_NO_AREA = 'it has no area'
_MALFORMED = 'its data is malformed'


class Shaper:
    """Turns annotations into shapes that lie in the image and have an area.

    Each annotation is counted: kept; or changed, once a reason; or dropped, and then the answer is None.

    Args:
        report: Where.
        parts: What the format does to an object of several rings; empty: it holds them.
        holes: What the format does to the holes of a mask that becomes a polygon.
        bounds: One of `BOUNDS`: what to do with what reaches out of its picture further than *tolerance*.
        tolerance: In pixels.
    """

    def __init__(
        self,
        report: Report,
        *,
        parts: str = '',
        holes: str = HOLES_FILLED,
        bounds: str = BOUNDS[0],
        tolerance: float = TOLERANCE,
    ) -> None:
        if bounds not in BOUNDS:
            raise DatasetError(f'bounds={bounds!r} is none of {", ".join(BOUNDS)}.')
        self._report = report
        self._parts = parts
        self._holes = holes
        self._bounds = bounds
        self._tolerance = tolerance

    def refuses(self, tool: str, box: Box, image: ImageFile, where: str) -> bool:
        """Tell whether something that takes this much space reaches out too far; it is then counted as dropped.

        Raises:
            DatasetError: If that is to be an error.
        """
        if self._bounds == 'clip':
            return False
        left, top, right, bottom = box
        out = max(-left, -top, right - image.width, bottom - image.height)
        if out <= self._tolerance:
            return False
        if self._bounds == 'error':
            raise DatasetError(
                f'{where}: a {tool} reaches {out:.6g} pixels out of its picture, which is {image.width} x '
                f'{image.height}. Correct it, or choose to clip or drop such annotations (bounds).'
            )
        self._report.drop(tool, _REACHES_OUT, where)
        return True

    # -- boxes ----------------------------------------------------------------------------------------

    def box(
        self, annotation: Annotation, image: ImageFile, where: str, *, keeps_rotation: bool = False
    ) -> Box | None:
        """Return the box of an annotation; polygons and masks become their extent.

        Args:
            annotation: The annotation.
            image: Its picture.
            where: What the report names.
            keeps_rotation: The writer keeps a box's rotation beside it, so that it is not ignored.
        """
        if annotation.tool != 'bounding_box':
            return self._extent(annotation, image, where)
        try:
            box = read_box(annotation.data)
        except ValueError:
            self._report.drop('bounding_box', _MALFORMED, where)
            return None
        clipped = self.clipped_box('bounding_box', box, image, where)
        if clipped is None:
            return None
        changed = clipped is not box and not within(box, image.width, image.height)
        if annotation.attrs and not keeps_rotation and rotation(annotation):
            self._report.change('bounding_box', 'its rotation was ignored', where)
            changed = True
        if not changed:
            self._report.keep('bounding_box')
        return clipped

    def clipped_box(self, tool: str, box: Box, image: ImageFile, where: str) -> Box | None:
        """Return the part of *box* in the image; the same object if that is all of it."""
        left, top, right, bottom = box
        if right - left <= EPSILON or bottom - top <= EPSILON:
            self._report.drop(tool, _NO_AREA, where)
            return None
        if left >= 0 and top >= 0 and right <= image.width and bottom <= image.height:
            return box
        if self.refuses(tool, box, image, where):
            return None
        clipped = clip_box(box, image.width, image.height)
        if clipped is None:
            self._report.drop(tool, _OUTSIDE, where)
        elif not within(box, image.width, image.height):
            self._report.change(tool, _CLIPPED, where)
        return clipped

    def _extent(self, annotation: Annotation, image: ImageFile, where: str) -> Box | None:
        tool = annotation.tool
        if tool == 'segmentation':
            mask = self._mask(annotation, image, where)
            box = None if mask is None else mask[0].box
        else:
            rings = self._read_rings(annotation, where)
            box = None if rings is None else extent(rings)
            if box is not None:
                box = self.clipped_box(tool, box, image, where)
        if box is not None:
            self._report.change(tool, 'it became a box', where)
        return box

    # -- polygons -------------------------------------------------------------------------------------

    def rings(self, annotation: Annotation, image: ImageFile, where: str) -> list[Ring] | None:
        """Return the polygon of an annotation, a ring for every part; boxes get four corners, masks an outline."""
        found = self.outline(annotation, image, where)
        return None if found is None else found[0]

    def outline(
        self, annotation: Annotation, image: ImageFile, where: str
    ) -> tuple[list[Ring], Sequence[Ring]] | None:
        """Return what `rings` does, and the holes of a mask."""
        if annotation.tool == 'segmentation':
            return self._outlines(annotation, image, where)
        found = self.polygon(annotation, image, where)
        return None if found is None else (found[0], ())

    def polygon(self, annotation: Annotation, image: ImageFile, where: str) -> Measured | None:
        """Return what `rings` does of a polygon or a box, with its extent and its area in square pixels."""
        tool = annotation.tool
        rings = (
            self._corners(annotation, where)
            if tool == 'bounding_box'
            else self._read_rings(annotation, where)
        )
        if rings is None:
            return None
        box, size = extent(rings), area(rings[0]) if len(rings) == 1 else sum(map(area, rings))
        if size <= EPSILON:
            self._report.drop(tool, _NO_AREA, where)
            return None
        clipped, whole = rings, True
        if box[0] < 0 or box[1] < 0 or box[2] > image.width or box[3] > image.height:
            if self.refuses(tool, box, image, where):
                return None
            clipped = self._clipped_rings(tool, rings, image, where)
            if not clipped:
                return None
            whole = within(
                box, image.width, image.height
            )  # what is no more than rounding is not worth a word
            if not whole:
                self._report.change(tool, _CLIPPED, where)
            box, size = extent(clipped), sum(map(area, clipped))
        if tool == 'bounding_box':
            self._report.change(tool, 'it became a polygon of four corners', where)
        elif self._parts and len(clipped) > 1:
            self._report.change(tool, self._parts, where)
        elif whole:
            self._report.keep(tool)
        return clipped, box, size

    def _clipped_rings(self, tool: str, rings: list[Ring], image: ImageFile, where: str) -> list[Ring]:
        """Return the part of *rings* in the image; empty, and counted, if there is none."""
        clipped = [clip_ring(ring, image.width, image.height) for ring in rings]
        clipped = [ring for ring in clipped if area(ring) > EPSILON]
        if not clipped:
            self._report.drop(tool, _OUTSIDE, where)
        return clipped

    def _corners(self, annotation: Annotation, where: str) -> list[Ring] | None:
        try:
            box = read_box(annotation.data)
        except ValueError:
            self._report.drop('bounding_box', _MALFORMED, where)
            return None
        return [rotated(box, rotation(annotation))]

    def _read_rings(self, annotation: Annotation, where: str) -> list[Ring] | None:
        try:
            rings = [read_ring(annotation.data)]
            if annotation.extra:
                rings += [read_ring(ring) for ring in annotation.extra.get('parts', ())]
        except (ValueError, TypeError):
            self._report.drop(annotation.tool, _MALFORMED, where)
            return None
        rings = [ring for ring in rings if len(ring) > 2]
        if not rings:
            self._report.drop(annotation.tool, 'it has fewer than three corners', where)
            return None
        return rings

    # -- masks ----------------------------------------------------------------------------------------

    def mask(self, annotation: Annotation, image: ImageFile, where: str) -> Mask | None:
        """Return the mask of an annotation, counted."""
        mask = self._mask(annotation, image, where)
        if mask is not None and not mask[1]:
            self._report.keep(annotation.tool)
        return None if mask is None else mask[0]

    def _mask(self, annotation: Annotation, image: ImageFile, where: str) -> tuple[Mask, bool] | None:
        """Return the mask of an annotation and whether it was clipped, which is counted."""
        from .masks import Mask, rows_of  # needs numpy

        try:
            mask, outside = Mask.from_dm(annotation.data, image.width, image.height)
        except ValueError:
            self._report.drop(annotation.tool, _MALFORMED, where)
            return None
        if outside:
            rows = rows_of(annotation.data, image.width)
            if self.refuses(annotation.tool, (0, 0, image.width, rows), image, where):
                return None
        if not mask.bits.size:
            self._report.drop(annotation.tool, _OUTSIDE if outside else _NO_AREA, where)
            return None
        if outside:
            self._report.change(annotation.tool, _CLIPPED, where)
        return mask, bool(outside)

    def _outlines(
        self, annotation: Annotation, image: ImageFile, where: str
    ) -> tuple[list[Ring], list[Ring]] | None:
        mask = self._mask(annotation, image, where)
        if mask is None:
            return None
        rings, holes = mask[0].outlines()
        self._report.change('segmentation', 'it became a polygon', where)
        if holes:
            self._report.change('segmentation', self._holes, where)
        if self._parts and len(rings) > 1:
            self._report.change('segmentation', self._parts, where)
        return rings, holes

    # -- rotated boxes --------------------------------------------------------------------------------

    def corners(self, annotation: Annotation, image: ImageFile, where: str) -> Ring | None:
        """Return the four corners of a rotated box, in the order of `turned`; others become the smallest around them.

        What reaches out of the image has its corners moved to the border.
        """
        from .turned import as_rectangle, smallest_around

        tool = annotation.tool
        if tool == 'segmentation':
            mask = self._mask(annotation, image, where)
            rings = None if mask is None else mask[0].outlines()[0]
        elif tool == 'bounding_box':
            rings = self._corners(annotation, where)
        else:
            rings = self._read_rings(annotation, where)
        if rings is None:
            return None
        ring = rings[0]
        if tool != 'bounding_box':
            found = as_rectangle(ring) if len(rings) == 1 else None
            turned = found or smallest_around([point for part in rings for point in part])
            ring = rotated(turned.box, turned.angle)
        moved = self._moved_inside(tool, ring, image, where)
        if moved is None:
            return None
        if tool != 'bounding_box':
            self._report.change(tool, 'it became a rotated box', where)
        elif moved is ring or within(extent([ring]), image.width, image.height):
            self._report.keep(tool)
        return moved

    def _moved_inside(self, tool: str, ring: Ring, image: ImageFile, where: str) -> Ring | None:
        box, width, height = extent([ring]), image.width, image.height
        if area(ring) <= EPSILON:
            self._report.drop(tool, _NO_AREA, where)
            return None
        if box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height:
            return ring
        if self.refuses(tool, box, image, where):
            return None
        moved = [(min(max(x, 0.0), width), min(max(y, 0.0), height)) for x, y in ring]
        if area(clip_ring(ring, width, height)) <= EPSILON or area(moved) <= EPSILON:
            self._report.drop(tool, _OUTSIDE, where)
            return None
        if not within(box, width, height):
            self._report.change(tool, _CLIPPED, where)
        return moved


def rotation(annotation: Annotation) -> float:
    """Return the rotation of a box in radians, 0.0 if it has none."""
    for attribute in annotation.attrs:
        if attribute.get('name') == 'rotation':
            value = attribute.get('value')
            if isinstance(value, int | float) and isfinite(value):
                return float(value)
    return 0.0
