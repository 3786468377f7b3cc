"""Annotations as figures to look at: their boxes, rings and masks as they stand, neither clipped nor mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .angles import corners_if_turned, rotation
from .geometry import extent, read_box, read_ring
from .sample import MISSING, OCCLUDED, VISIBLE

if TYPE_CHECKING:
    from .geometry import Box, Ring
    from .masks import Mask
    from .poses import Pose
    from .sample import Annotation

__all__ = ['Figure', 'figure_of', 'label_of', 'mask_of', 'read_point', 'turn_of', 'visibility_of']


class Figure(NamedTuple):
    """What an annotation with an area looks like.

    Attributes:
        box: The smallest upright box around it, pixels.
        rings: The corners of a rotated box; the rings of a polygon; nothing for an upright box and a mask.
        mask: The mask, if it is one.
        area: Of the box before it was turned, or of `box`, in square pixels; of a mask, its pixels.
        outside: Pixels of a mask that lie outside the picture.
    """

    box: Box
    rings: list[Ring]
    mask: Mask | None
    area: float
    outside: int = 0


def figure_of(annotation: Annotation, width: int, height: int) -> Figure:
    """Return the figure of a box, a polygon, a polyline or a mask.

    Args:
        annotation: The annotation.
        width: Of its picture, in pixels.
        height: Of its picture, in pixels.

    Raises:
        ValueError: If its data is malformed.
    """
    if annotation.tool == 'bounding_box':
        box = read_box(annotation.data)
        area = (box[2] - box[0]) * (box[3] - box[1])
        corners = corners_if_turned(annotation, box)
        if corners is None:
            return Figure(box, [], None, area)
        return Figure(extent([corners]), [corners], None, area)
    if annotation.tool == 'segmentation':
        mask, outside = mask_of(annotation, width, height)
        return Figure(mask.box, [], mask, float(mask.area), outside)
    parts = annotation.extra.get('parts', ())
    if not isinstance(parts, list | tuple):
        raise ValueError('no list of rings')  # noqa: TRY004 - it is data of a file, not an argument
    rings = [ring for ring in map(read_ring, (annotation.data, *parts)) if ring]
    if not rings:
        raise ValueError('no points')
    box = extent(rings)
    return Figure(box, rings, None, (box[2] - box[0]) * (box[3] - box[1]))


def turn_of(annotation: Annotation) -> float:
    """Return by how much a box is turned, in radians, clockwise on the screen."""
    try:
        return rotation(annotation) if annotation.attrs else 0.0
    except OverflowError:  # a number with more digits than any angle
        return 0.0


def visibility_of(point: Annotation) -> int:
    """Return the visibility of a keypoint; it is seen where nothing, or nothing that makes sense, is said."""
    said = point.extra.get('visibility')
    return int(said) if isinstance(said, int | float) and said in {MISSING, OCCLUDED, VISIBLE} else VISIBLE


def label_of(pose: Pose) -> str | None:
    """Return the class of the object that a pose is of; None if nothing tells it."""
    return (pose.shape.label if pose.shape is not None else None) or pose.label


def mask_of(annotation: Annotation, width: int, height: int) -> tuple[Mask, int]:
    """Return the mask of an annotation, and how many of its pixels lie outside the picture.

    Raises:
        ValueError: If its data is malformed.
    """
    from .masks import Mask  # needs numpy

    return Mask.from_dm(annotation.data, width, height)


def read_point(data: Any) -> tuple[float, float]:
    """Return the point that DM v2 data ``[x, y]`` holds.

    Raises:
        ValueError: If it is not that, or a number is not finite.
    """
    try:
        ((x, y),) = read_ring([data])
    except ValueError as exc:
        raise ValueError('no point') from exc
    return x, y
