"""What the trainer of YOLO refuses: a label file with one line that it cannot take, and the picture with it.

That is more than `yolo_rows` refuses, which reads every line for itself.
"""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from ..files import read_bytes

if TYPE_CHECKING:
    from .yolo_config import Joints

__all__ = ['OUTSIDE', 'REFUSED', 'TOLERANCE', 'label_file_trouble']

REFUSED, OUTSIDE = 'refused_labels', 'leaves_picture_out'
"""Why: a line is not what the task asks for, or of no class; a number lies outside 0 to 1."""

TOLERANCE = 0.01
"""How far outside a number may lie."""

_BOX = 5  # columns: the class, and four numbers
_MOST_OF_A_BOX = 6  # with more columns in any line all are taken for polygons


def label_file_trouble(label: str, joints: Joints | None, task: object, classes: int) -> str:
    """Return why a trainer would skip the picture of a label file: `REFUSED` or `OUTSIDE`; empty if it would not.

    Args:
        label: The file; one that is not there is that of a background.
        joints: The keypoints that the dataset declares.
        task: What the dataset says that it is for.
        classes: How many classes it has.
    """
    try:
        text = read_bytes(label).decode('utf-8-sig')
    except OSError:
        return ''
    except UnicodeDecodeError:
        return REFUSED
    lines = [columns for line in text.splitlines() if (columns := line.split())]
    if not lines:
        return ''
    pose = 0 if joints is None else _BOX + joints.columns
    is_pose = bool(pose) and task in (None, 'pose')
    if pose and not is_pose:
        lines = [line[:_BOX] if len(line) == pose else line for line in lines]
    try:
        rows = [list(map(float, line)) for line in lines]
    except ValueError:
        return REFUSED
    if not all(row[0].is_integer() for row in rows) or any(isnan(number) for row in rows for number in row):
        return REFUSED
    unknown = REFUSED if max(row[0] for row in rows) >= classes else ''
    if is_pose:
        assert joints is not None
        return _trouble_of_poses(rows, pose, joints.dimensions) or unknown
    if max(map(len, rows)) > _MOST_OF_A_BOX:
        if any(len(row) == _BOX or len(row) == 1 or not len(row) % 2 for row in rows):
            return REFUSED
        rows = [_box_around(row) for row in rows]
    elif any(len(row) != _BOX for row in rows):
        return REFUSED
    return OUTSIDE if any(max(row[1:]) > 1 + TOLERANCE or _is_negative(row) for row in rows) else unknown


def _trouble_of_poses(rows: list[list[float]], columns: int, step: int) -> str:
    """Return why poses are refused. Of them the joints alone must not lie beyond 1, so a box may be without end."""
    if any(len(row) != columns for row in rows):
        return REFUSED
    most = 1 + TOLERANCE
    for row in rows:
        if max(row[_BOX::step]) > most or max(row[_BOX + 1 :: step]) > most or _is_negative(row):
            return OUTSIDE
    return ''


def _is_negative(row: list[float]) -> bool:
    """Tell whether a number is below 0 by more than is let pass; a width or a height must not be at all."""
    return min(row) < -TOLERANCE or min(row[3:_BOX]) < 0


def _box_around(row: list[float]) -> list[float]:
    left, top, right, bottom = min(row[1::2]), min(row[2::2]), max(row[1::2]), max(row[2::2])
    return [row[0], (left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
