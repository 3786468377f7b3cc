"""The size of a picture that its annotation file declares, and what to say where the picture has another one.

Annotations are drawn on a picture as somebody's tool showed it. Where that was another size than a trainer sees, they
lie in the wrong place, and nothing else in the dataset tells of it: pictures were resized afterwards, or the tool paid
no heed to the EXIF orientation of a photo.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .report import Report
    from .sample import ImageFile

__all__ = ['OTHER_MASK', 'OTHER_SIZE', 'TURNED_SIZE', 'declared_size', 'note_size']

OTHER_SIZE = (
    'its annotation file declares another size than the picture has, so annotations may lie in the wrong place '
    '(was it resized?)'
)
"""Why a picture is noted whose annotation file speaks of another size."""

TURNED_SIZE = (
    'its annotation file declares its width as its height, so annotations may lie in the wrong place '
    '(were they drawn without its EXIF orientation?)'
)
"""The same, where the two sizes differ by a quarter of a turn."""

OTHER_MASK = 'its mask is of another size than its picture'
"""Why a mask is dropped whose pixels are counted in a picture of another size."""


def declared_size(width: Any, height: Any) -> tuple[int, int] | None:
    """Return a size as an annotation file declares it, in pixels; None if that is no size.

    Args:
        width: A number, or a text that is one.
        height: The same.
    """
    try:
        size = float(width), float(height)
    except (TypeError, ValueError, OverflowError):
        return None
    if not all(isfinite(side) and side >= 1 for side in size):  # many tools write 0 for what they do not know
        return None
    return int(size[0]), int(size[1])


def note_size(image: ImageFile, report: Report, where: str) -> None:
    """Note a picture that has another size than its annotation file declares.

    Args:
        image: The picture, measured.
        report: Where.
        where: What to call it.
    """
    if image.declared is None or image.declared == (image.width, image.height):
        return
    width, height = image.declared
    reason = TURNED_SIZE if (height, width) == (image.width, image.height) else OTHER_SIZE
    report.note('image', reason, f'{where}: {width} x {height}, but it is {image.width} x {image.height}')
