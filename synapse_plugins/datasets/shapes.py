"""Annotations as boxes or polygons within the image, everything that changes on the way counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import DatasetError
from .angles import corners_if_turned
from .crossing import size_of
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
    widened,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .masks import Mask
    from .report import Report
    from .sample import Annotation, ImageFile

__all__ = ['BOUNDS', 'HOLES_FILLED', 'SHAPES', 'TOLERANCE', 'Shaper']

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
_UPRIGHT = 'its rotation was lost, it became the upright box around it'
_NO_RING = 'a part of fewer than three corners was left out'
_NO_PIXELS = 'a part without an area in the image was left out'
_WIDENED = 'it was narrower than a pixel, and became a pixel wide'
_ONE_PIXEL = 'it is no larger than a pixel, which nobody could tell from a box without area'


class Shaper:
    """Turns annotations into shapes that lie in the image and have an area.

    Each annotation is counted: kept; or changed, once a reason; or dropped, and then the answer is None.

    Args:
        report: Where.
        parts: What the format does to an object of several rings; empty: it holds them.
        holes: What the format does to the holes of a mask that becomes a polygon.
        bounds: One of `BOUNDS`: what to do with what reaches out of its picture further than *tolerance*.
        tolerance: In pixels.
        pixels: Boxes of the format are at least a pixel wide and high, and not a single one.
    """

    def __init__(
        self,
        report: Report,
        *,
        parts: str = '',
        holes: str = HOLES_FILLED,
        bounds: str = BOUNDS[0],
        tolerance: float = TOLERANCE,
        pixels: bool = False,
    ) -> None:
        if bounds not in BOUNDS:
            raise DatasetError(f'bounds={bounds!r} is none of {", ".join(BOUNDS)}.')
        self._report = report
        self._parts = parts
        self._holes = holes
        self._bounds = bounds
        self._tolerance = tolerance
        self._pixels = pixels

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

    def box(self, annotation: Annotation, image: ImageFile, where: str) -> Box | None:
        """Return the upright box of an annotation; rotated boxes, polygons and masks become their extent.

        Args:
            annotation: The annotation.
            image: Its picture.
            where: What the report names.
        """
        tool = annotation.tool
        changes: list[str] = []
        if tool == 'segmentation':
            mask = self._mask(annotation, image, where, changes)
            box = None if mask is None else mask.box
            if box is not None and self._pixels:
                box = self._of_pixels(tool, box, image, where, changes)
        elif tool == 'bounding_box':
            box = self._read_upright(annotation, where, changes)
            box = None if box is None else self._clipped_box(tool, box, image, where, changes)
        else:
            rings = self._read_area(annotation, where, changes)
            box = None if rings is None else self._clipped_box(tool, extent(rings), image, where, changes)
        if box is None:
            return None
        if tool != 'bounding_box':
            changes.append('it became a box')
        self._report.come_through(annotation, where, changes)
        return box

    def _read_box(self, annotation: Annotation, where: str) -> tuple[Box, Ring | None] | None:
        """Return a box before it is turned, and its corners if it is."""
        try:
            box = read_box(annotation.data)
            return box, corners_if_turned(annotation, box)
        except ValueError:
            self._report.drop('bounding_box', _MALFORMED, where)
            return None

    def _read_upright(self, annotation: Annotation, where: str, changes: list[str]) -> Box | None:
        box, corners = self._read_box(annotation, where) or (None, None)
        if box is None or corners is None:
            return box
        if min(box[2] - box[0], box[3] - box[1]) <= EPSILON:
            return box  # without area, which the box around a slanting line would have
        changes.append(_UPRIGHT)
        return extent([corners])

    def _clipped_box(
        self, tool: str, box: Box, image: ImageFile, where: str, changes: list[str]
    ) -> Box | None:
        """Return the part of *box* in the image; the same object if that is all of it."""
        left, top, right, bottom = box
        if right - left <= EPSILON or bottom - top <= EPSILON:
            self._report.drop(tool, _NO_AREA, where)
            return None
        part = box
        if not (left >= 0 and top >= 0 and right <= image.width and bottom <= image.height):
            if self.refuses(tool, box, image, where):
                return None
            clipped = clip_box(box, image.width, image.height)
            if clipped is None:
                self._report.drop(tool, _OUTSIDE, where)
                return None
            part = clipped
            if not within(box, image.width, image.height):
                changes.append(_CLIPPED)
        return self._of_pixels(tool, part, image, where, changes) if self._pixels else part

    def _of_pixels(self, tool: str, box: Box, image: ImageFile, where: str, changes: list[str]) -> Box | None:
        """Return a box at least a pixel wide and high; None, and counted, if it were a single pixel."""
        left, top, right, bottom = box
        width, height = right - left, bottom - top
        if min(width, height) >= 1 and max(width, height) > 1 + EPSILON:
            return box
        if max(width, height) <= 1 + EPSILON:
            self._report.drop(tool, _ONE_PIXEL, where)
            return None
        if min(width, height) < 1 - EPSILON:
            changes.append(_WIDENED)
        left, right = widened(left, right, image.width)
        top, bottom = widened(top, bottom, image.height)
        return left, top, right, bottom

    # -- polygons -------------------------------------------------------------------------------------

    def outline(
        self, annotation: Annotation, image: ImageFile, where: str
    ) -> tuple[list[Ring], Sequence[Ring]] | None:
        """Return the rings of an annotation, four corners of a box, an outline of a mask, and the holes of a mask."""
        if annotation.tool == 'segmentation':
            return self._outlines(annotation, image, where)
        found = self.polygon(annotation, image, where)
        return None if found is None else (found[0], ())

    def polygon(self, annotation: Annotation, image: ImageFile, where: str) -> Measured | None:
        """Return the rings of a polygon, or the corners of a box, with their extent and area in square pixels."""
        tool = annotation.tool
        changes: list[str] = []
        rings = self._read_rings(annotation, where, changes)
        if rings is None:
            return None
        box, size = extent(rings), size_of(rings[0]) if len(rings) == 1 else sum(map(size_of, rings))
        if size <= EPSILON:
            self._report.drop(tool, _NO_AREA, where)
            return None
        clipped = rings
        if box[0] < 0 or box[1] < 0 or box[2] > image.width or box[3] > image.height:
            if self.refuses(tool, box, image, where):
                return None
            clipped = self._clipped_rings(tool, rings, image, where)
            if not clipped:
                return None
            if not within(box, image.width, image.height):  # what is mere rounding is not worth a word
                changes.append(_CLIPPED)
            elif len(clipped) < len(rings):
                changes.append(_NO_PIXELS)
            box, size = extent(clipped), sum(map(size_of, clipped))
        if tool == 'bounding_box':
            changes.append('it became a polygon of four corners')
        elif self._parts and len(clipped) > 1:
            changes.append(self._parts)
        self._report.come_through(annotation, where, changes)
        return clipped, box, size

    def _clipped_rings(self, tool: str, rings: list[Ring], image: ImageFile, where: str) -> list[Ring]:
        """Return the part of *rings* in the image; empty, and counted, if there is none."""
        clipped = [clip_ring(ring, image.width, image.height) for ring in rings]
        clipped = [ring for ring in clipped if size_of(ring) > EPSILON]
        if not clipped:
            self._report.drop(tool, _OUTSIDE, where)
        return clipped

    def _read_rings(self, annotation: Annotation, where: str, changes: list[str]) -> list[Ring] | None:
        """Return the corners of a box, or the rings that have three corners."""
        if annotation.tool == 'bounding_box':
            found = self._read_box(annotation, where)
            return None if found is None else [found[1] or rotated(found[0], 0.0)]
        try:
            rings = [read_ring(annotation.data)]
            if annotation.extra:
                rings += [read_ring(ring) for ring in annotation.extra.get('parts', ())]
        except (ValueError, TypeError):
            self._report.drop(annotation.tool, _MALFORMED, where)
            return None
        whole = [ring for ring in rings if len(ring) > 2]
        if not whole:
            self._report.drop(annotation.tool, 'it has fewer than three corners', where)
            return None
        if len(whole) < len(rings):
            changes.append(_NO_RING)
        return whole

    def _read_area(self, annotation: Annotation, where: str, changes: list[str]) -> list[Ring] | None:
        """Return the same of what covers anything."""
        rings = self._read_rings(annotation, where, changes)
        if rings is not None and not any(size_of(ring) > EPSILON for ring in rings):
            self._report.drop(annotation.tool, _NO_AREA, where)
            return None
        return rings

    # -- masks ----------------------------------------------------------------------------------------

    def mask(
        self, annotation: Annotation, image: ImageFile, where: str
    ) -> tuple[Mask, dict[str, Any]] | None:
        """Return the mask of an annotation, counted, and the run-length code of COCO of it in the image."""
        from .masks import TooLargeMaskError

        changes: list[str] = []
        mask = self._mask(annotation, image, where, changes)
        if mask is None:
            return None
        try:
            code = mask.to_coco(image.width, image.height)
        except TooLargeMaskError as exc:
            self._report.drop(annotation.tool, str(exc), where)
            return None
        self._report.come_through(annotation, where, changes)
        return mask, code

    def _mask(self, annotation: Annotation, image: ImageFile, where: str, changes: list[str]) -> Mask | None:
        """Return the part of a mask in the image."""
        from .masks import Mask, TooLargeMaskError, rows_of  # needs numpy

        try:
            mask, outside = Mask.from_dm(annotation.data, image.width, image.height)
        except ValueError as exc:
            reason = str(exc) if isinstance(exc, TooLargeMaskError) else _MALFORMED
            self._report.drop(annotation.tool, reason, where)
            return None
        if outside:
            rows = rows_of(annotation.data, image.width)
            if self.refuses(annotation.tool, (0, 0, image.width, rows), image, where):
                return None
        if not mask.bits.size:
            self._report.drop(annotation.tool, _OUTSIDE if outside else _NO_AREA, where)
            return None
        if outside:
            changes.append(_CLIPPED)
        return mask

    def _outlines(
        self, annotation: Annotation, image: ImageFile, where: str
    ) -> tuple[list[Ring], list[Ring]] | None:
        changes: list[str] = []
        found = self._traced(annotation, image, where, changes)
        if found is None:
            return None
        rings, holes = found
        changes.append('it became a polygon')
        if holes:
            changes.append(self._holes)
        if self._parts and len(rings) > 1:
            changes.append(self._parts)
        self._report.come_through(annotation, where, changes)
        return rings, holes

    def _traced(
        self, annotation: Annotation, image: ImageFile, where: str, changes: list[str]
    ) -> tuple[list[Ring], list[Ring]] | None:
        from .masks import TooLargeMaskError

        mask = self._mask(annotation, image, where, changes)
        try:
            return None if mask is None else mask.outlines()
        except TooLargeMaskError as exc:
            self._report.drop(annotation.tool, str(exc), where)
            return None

    # -- rotated boxes --------------------------------------------------------------------------------

    def corners(self, annotation: Annotation, image: ImageFile, where: str) -> Ring | None:
        """Return the four corners of a rotated box, in the order of `turned`; others become the smallest around them.

        What reaches out of the image has its corners moved to the border.
        """
        from .turned import as_rectangle, smallest_around

        tool = annotation.tool
        changes: list[str] = []
        if tool == 'segmentation':
            found = self._traced(annotation, image, where, changes)
            rings = None if found is None else found[0]
        else:
            rings = self._read_area(annotation, where, changes)
        if rings is None:
            return None
        ring = rings[0]
        if tool != 'bounding_box':
            turned = as_rectangle(ring) if len(rings) == 1 else None
            turned = turned or smallest_around([point for part in rings for point in part])
            ring = rotated(turned.box, turned.angle)
            changes.append('it became a rotated box')
        moved = self._moved_inside(tool, ring, image, where, changes)
        if moved is not None:
            self._report.come_through(annotation, where, changes)
        return moved

    def _moved_inside(
        self, tool: str, ring: Ring, image: ImageFile, where: str, changes: list[str]
    ) -> Ring | None:
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
            changes.append(_CLIPPED)
        return moved
