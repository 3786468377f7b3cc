"""The lines of a YOLO label file as they are read."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from ..poses import pose_annotations
from ..sample import MISSING, VISIBLE, Annotation
from ..turned import NO_RECTANGLE, as_rectangle, smallest_around

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..marks import Mark
    from ..sample import ImageFile
    from .yolo_config import Joints

__all__ = ['Row', 'annotations_of_row', 'fault_of', 'parse_row', 'seen_joints']

BOX, POLYGON, TURNED, POSE = 'box', 'polygon', 'turned', 'pose'
_COMMAS = 'its values are not separated by spaces alone'
_PREDICTED = 6
_SHOWN = 20
_UPRIGHT = 1e-6  # radians: less than that is what rounding in files leaves


@dataclass(slots=True)
class Row:
    """A line of a label file.

    Attributes:
        number: The class.
        values: The numbers behind it.
        line: Which line it is, from 1.
        kind: What it is: box, polygon, rotated box or pose.
    """

    number: int
    values: list[float]
    line: int
    kind: str

    @property
    def tool(self) -> str:
        """The tool of what it says, apart from joints."""
        return 'polygon' if self.kind == POLYGON else 'bounding_box'

    def joints(self, joints: Joints | None) -> list[Sequence[float]]:
        """Return ``[x, y]`` or ``[x, y, visibility]`` of every joint, as shares; empty unless it is a pose."""
        if self.kind != POSE or joints is None:
            return []
        step = joints.dimensions
        return [self.values[place : place + step] for place in range(4, len(self.values), step)]


def parse_row(text: str, line: int, *, joints: Joints | None, turned: bool) -> Row | None:
    """Return a line as numbers; None if it is malformed, and `fault_of` says why.

    Args:
        text: The line.
        line: Which it is.
        joints: The keypoints of a pose dataset.
        turned: Whether eight numbers are the corners of a rotated box, rather than a polygon.
    """
    try:
        number, *values = map(float, text.split())
    except ValueError:
        return None
    if not number.is_integer() or not all(map(isfinite, values)):
        return None
    count = len(values)
    if count == 4:
        return Row(int(number), values, line, BOX)
    if joints is not None and count == 4 + joints.columns:
        return Row(int(number), values, line, POSE)
    if turned and count == 8:
        return Row(int(number), values, line, TURNED)
    return Row(int(number), values, line, POLYGON) if count >= 6 and not count % 2 else None


def fault_of(text: str, joints: Joints | None) -> tuple[str, str]:
    """Return what is wrong with a line that is malformed, and the value or number that shows it.

    Args:
        text: The line.
        joints: The keypoints of a pose dataset.
    """
    words = text.split()
    for place, word in enumerate(words):
        try:
            value = float(word)
        except ValueError:
            fault = _COMMAS if ',' in text or ';' in text else 'a value of it is no number'
            return fault, f': {word[:_SHOWN]!r}'
        if place == 0 and not value.is_integer():
            return 'its class, the first value, is no whole number', f': {word[:_SHOWN]!r}'
        if not isfinite(value):
            return 'a value of it is not finite', f': {word[:_SHOWN]!r}'
    wanted = 'a box has 5, a polygon an odd number from 7 on'
    if joints is not None:
        wanted = f'a box has 5, a pose {5 + joints.columns}'
    if len(words) == _PREDICTED:
        wanted += '; a sixth is the confidence in results of a prediction, which labels do not have'
    return f'it has the wrong number of values: {wanted}', f': {len(words)} values'


def annotations_of_row(
    row: Row, name: str, image: ImageFile, joints: Joints | None, marks: list[Mark]
) -> list[Annotation]:
    """Return what a line says of a picture; *marks* gets what was changed of it."""
    width, height = image.width, image.height
    if row.kind in (BOX, POSE):
        x, y, w, h = row.values[:4]
        data: list[Any] = [(x - w / 2) * width, (y - h / 2) * height, w * width, h * height]
        box = Annotation('bounding_box', name, data)
        if row.kind == BOX or joints is None:
            return [box]
        points = [(x * width, y * height, *seen) for x, y, *seen in row.joints(joints)]
        return pose_annotations(box, joints.skeleton.joints, points, f'pose-{row.line}', marks)
    ring = [(x * width, y * height) for x, y in zip(row.values[::2], row.values[1::2], strict=True)]
    if row.kind == POLYGON:
        return [Annotation('polygon', name, [[x, y] for x, y in ring])]
    whole = as_rectangle(ring)
    found = whole or smallest_around(ring)
    left, top, right, bottom = found.box
    attrs = [{'name': 'rotation', 'value': found.angle}] if abs(found.angle) > _UPRIGHT else []
    box = Annotation('bounding_box', name, [left, top, right - left, bottom - top], attrs=attrs)
    if whole is None:
        marks.append((box, NO_RECTANGLE))
    return [box]


def seen_joints(row: Row, joints: Joints | None) -> list[str]:
    """Return the names of the joints that a line annotates."""
    if joints is None:
        return []
    names = joints.skeleton.joints
    found = zip(names, row.joints(joints), strict=False)
    return [name for name, (x, y, *seen) in found if (seen[0] if seen else VISIBLE) != MISSING or x or y]
