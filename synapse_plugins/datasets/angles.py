"""By how much a box is turned: an attribute says it."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from .geometry import rotated

if TYPE_CHECKING:
    from .geometry import Box, Ring
    from .sample import Annotation

__all__ = ['corners_if_turned', 'is_angle', 'rotation', 'turn_attribute']


def turn_attribute(annotation: Annotation) -> dict[str, Any] | None:
    """Return the attribute that turns a box: the first ``rotation`` that is a number; None if nothing does."""
    if annotation.tool == 'bounding_box':
        for attribute in annotation.attrs:
            if attribute.get('name') == 'rotation' and is_angle(attribute.get('value')):
                return attribute
    return None


def is_angle(value: Any) -> bool:
    """Tell whether the value of an attribute can turn a box."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    except OverflowError:  # more digits than any angle has
        return False


def rotation(annotation: Annotation) -> float:
    """Return the rotation of a box in radians, 0.0 if it has none."""
    attribute = turn_attribute(annotation) if annotation.attrs else None
    return 0.0 if attribute is None else float(attribute['value'])


def corners_if_turned(annotation: Annotation, box: Box) -> Ring | None:
    """Return the corners of a box that its annotation turns, in the order of `rotated`; None if it stays upright.

    Raises:
        ValueError: If it is so large that its corners are no finite numbers.
    """
    angle = rotation(annotation) if annotation.attrs else 0.0
    if not angle:
        return None
    corners = rotated(box, angle)
    if not isfinite(sum(map(sum, corners))):
        raise ValueError('it is too large to be turned')
    return corners
