"""The lines of a YOLO label file, task by task; every number a share of the picture's width or height.

========  =========================================================================================
detect    ``class x_center y_center width height``
segment   ``class x1 y1 x2 y2 ...``, one ring
obb       ``class x1 y1 x2 y2 x3 y3 x4 y4``, the corners in the order of `turned`
pose      ``class x_center y_center width height`` and ``x y visibility`` for every joint of the skeleton
========  =========================================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..fields import JointGroups, count_attributes
from ..geometry import plain_box, plain_ring
from ..options import one_of
from ..parts import PARTS, one_ring_each
from ..poses import NO_GROUP, count_group, count_joint_attributes, joints_of, poses_of, tight_box
from ..sample import MISSING
from ..shapes import HOLES_FILLED, SHAPES
from .shares import OFFSET, SCALE, WIDTH, as_text, points_as_text

if TYPE_CHECKING:
    from ..geometry import Box, Ring
    from ..poses import Joint, Pose
    from ..sample import Annotation, Sample
    from ..skeletons import Skeleton
    from ..writer import Writer

__all__ = ['LINES', 'Lines']

_CROWD = 'it is a crowd, which yolo would take for one object'
_BOX = 4 * WIDTH
_HOLES_JOINED = 'its holes were joined to it by lines without width'


class Lines:
    """Turns the annotations of a sample into lines, and counts each.

    Args:
        writer: Whose classes, report and shaper to use.
        parts: One of `parts.PARTS`: what becomes of objects of several parts.
        skeleton: The joints of poses.
        tolerance: Pixels by which a joint may lie outside its picture.
    """

    task: str

    def __init__(self, writer: Writer, *, parts: str, skeleton: Skeleton | None, tolerance: float) -> None:
        one_of('parts', parts, PARTS)
        self.writer = writer
        self.report = writer.report
        self.parts = parts
        self.skeleton = skeleton
        self.tolerance = tolerance
        self.groups = JointGroups()
        holes = _HOLES_JOINED if parts == 'bridge' else HOLES_FILLED
        self.shaper = writer.shaper(parts=PARTS[parts], holes=holes)

    def of(self, sample: Sample) -> list[bytes]:
        """Return the lines of a sample."""
        lines: list[bytes] = []
        for annotation in sample.annotations:
            number = self.number(annotation, sample.key)
            if number is not None and self.add(annotation, number, sample, lines):
                used = self.groups.used(annotation, sample.annotations)
                self.drop_attributes(annotation, sample.key, used)
        return lines

    def number(self, annotation: Annotation, where: str) -> int | None:
        """Return the class number of an annotation; None, and counted, if it cannot become a line."""
        if annotation.tool not in SHAPES:
            reason = f'yolo cannot hold it under task {self.task}'
        elif annotation.extra and annotation.extra.get('iscrowd'):
            reason = _CROWD
        else:
            return self.writer.number_of(annotation, where)
        self.report.drop(annotation.tool, reason, where)
        return None

    def add(self, annotation: Annotation, number: int, sample: Sample, lines: list[bytes]) -> bool:
        """Add the lines of an annotation; False if it has none."""
        raise NotImplementedError

    def drop_attributes(self, annotation: Annotation, where: str, used: tuple[str, ...] = ()) -> None:
        """Count the attributes of an annotation, and its fields but those *used*, which no line can hold."""
        if annotation.attrs or annotation.extra:
            count_attributes(annotation, self.report, where, 'yolo', used=used)


class Boxes(Lines):
    """Lines of detect."""

    task = 'detect'

    def of(self, sample: Sample) -> list[bytes]:
        """Return the lines of a sample."""
        image = sample.image
        numbers = {} if self.report.expects else self.writer.number  # of none: each is looked at
        width, height = image.width, image.height
        x_scale, y_scale = SCALE / width, SCALE / height
        found: list[int] = []
        values: list[float] = []
        plain = 0
        for annotation in sample.annotations:
            number = numbers.get(annotation.label) if annotation.label else None
            box: Box | None = None
            if (
                number is not None
                and annotation.tool == 'bounding_box'
                and not (annotation.attrs or annotation.extra)
            ):
                box = plain_box(annotation.data, width, height)
            if box is not None and number is not None:
                plain += 1
            else:
                number = self.number(annotation, sample.key)
                box = None if number is None else self.shaper.box(annotation, image, sample.key)
                if box is None or number is None:
                    continue
                used = self.groups.used(annotation, sample.annotations)
                self.drop_attributes(annotation, sample.key, used)
            left, top, right, bottom = box
            found.append(number)
            values += (
                (left + right) * x_scale / 2 + OFFSET,
                (top + bottom) * y_scale / 2 + OFFSET,
                (right - left) * x_scale + OFFSET,
                (bottom - top) * y_scale + OFFSET,
            )
        if plain:
            self.report.keep('bounding_box', plain)
        text = as_text(values)
        return [
            b'%d%b\n' % (number, text[place : place + _BOX])
            for number, place in zip(found, range(0, len(text), _BOX), strict=True)
        ]


class Polygons(Lines):
    """Lines of segment."""

    task = 'segment'

    def add(self, annotation: Annotation, number: int, sample: Sample, lines: list[bytes]) -> bool:
        """Add the rings of an annotation."""
        width, height = sample.image.width, sample.image.height
        plain = plain_ring(annotation.data, width, height) if _is_one_polygon(annotation) else None
        if plain is not None:
            self.report.come_through(annotation, sample.key)
            lines.append(b'%d%b\n' % (number, points_as_text(*plain, width, height)))
            return True
        found = self.shaper.outline(annotation, sample.image, sample.key)
        if found is None:
            return False
        rings = one_ring_each(*found, self.parts)
        lines += [ring_line(number, ring, width, height) for ring in rings]
        return True


class Turned(Lines):
    """Lines of obb."""

    task = 'obb'

    def add(self, annotation: Annotation, number: int, sample: Sample, lines: list[bytes]) -> bool:
        """Add the corners of an annotation."""
        ring = self.shaper.corners(annotation, sample.image, sample.key)
        if ring is None:
            return False
        lines.append(ring_line(number, ring, sample.image.width, sample.image.height))
        return True


class Poses(Lines):
    """Lines of pose."""

    task = 'pose'

    def of(self, sample: Sample) -> list[bytes]:
        """Return a line for every pose, then one without joints for every other box."""
        assert self.skeleton is not None
        poses, rest = poses_of(sample.annotations)
        lines: list[bytes] = []
        for pose in poses:
            is_written = self._add_pose(pose, self.skeleton, sample, lines)
            count_group(pose, sample, self.report, 'yolo', is_written=is_written)
        for annotation in rest:
            if annotation.tool == 'keypoint':
                self.report.drop('keypoint', NO_GROUP, sample.key)
                continue
            number = self.number(annotation, sample.key)
            if number is not None and self.add(annotation, number, sample, lines):
                self.drop_attributes(annotation, sample.key)
        return lines

    def number(self, annotation: Annotation, where: str) -> int | None:
        """Return the class number of a box; polygons and masks without joints are no poses."""
        if annotation.tool in ('polygon', 'segmentation') and 'group_id' not in annotation.extra:
            self.report.drop(annotation.tool, 'yolo cannot hold it under task pose', where)
            return None
        return super().number(annotation, where)

    def add(self, annotation: Annotation, number: int, sample: Sample, lines: list[bytes]) -> bool:
        """Add a box none of whose joints is annotated."""
        assert self.skeleton is not None
        box = self.shaper.box(annotation, sample.image, sample.key)
        if box is None:
            return False
        joints = [(0.0, 0.0, MISSING)] * len(self.skeleton.joints)
        lines.append(pose_line(number, box, joints, sample.image.width, sample.image.height))
        return True

    def _add_pose(self, pose: Pose, skeleton: Skeleton, sample: Sample, lines: list[bytes]) -> bool:
        """Add the line of a pose; False, and counted, if it has none."""
        image, where = sample.image, sample.key
        number, box = self._number_and_box(pose, sample)
        if number is None:
            self.report.drop('keypoint', 'its object has no class', where, len(pose.points))
            return False
        counted = self.report.apart()
        joints = joints_of(pose, skeleton, image, counted, where, tolerance=self.tolerance)
        if box is None:
            box = tight_box(joints, image.width, image.height)
            if box is None:
                reason = 'its object has neither a box nor a joint in the image'
                self.report.drop('keypoint', reason, where, len(pose.points))
                return False
            self.report.note('keypoint', 'its object got the box around its joints', where)
        self.report.merge(counted.take())
        count_joint_attributes(pose.points, self.report, where, 'yolo')
        lines.append(pose_line(number, box, joints, image.width, image.height))
        return True

    def _number_and_box(self, pose: Pose, sample: Sample) -> tuple[int | None, Box | None]:
        shape = pose.shape
        if shape is None:
            label = pose.label or self.writer.bare_class
            return (None if label is None else self.writer.number.get(label)), None
        number = super().number(shape, sample.key)
        box = None if number is None else self.shaper.box(shape, sample.image, sample.key)
        if box is not None:
            self.drop_attributes(shape, sample.key, ('group_id',))
        return number, box


LINES: dict[str, type[Lines]] = {one.task: one for one in (Boxes, Polygons, Turned, Poses)}
"""Task -> what makes its lines."""


def _is_one_polygon(annotation: Annotation) -> bool:
    return annotation.tool == 'polygon' and not annotation.extra


def ring_line(number: int, ring: Ring, width: int, height: int) -> bytes:
    """Return a line of segment or obb."""
    xs, ys = zip(*ring, strict=True)
    return b'%d%b\n' % (number, points_as_text(xs, ys, width, height))


def pose_line(number: int, box: Box, joints: list[Joint], width: int, height: int) -> bytes:
    """Return a line of pose."""
    left, top, right, bottom = box
    middle = ((left + right) / (2 * width), (top + bottom) / (2 * height))
    shares = (*middle, (right - left) / width, (bottom - top) / height)
    start = b'%d %.8f %.8f %.8f %.8f' % (number, *shares)
    places = [(x / width + 0.0, y / height + 0.0, seen) for x, y, seen in joints]  # plus nothing: no -0.0
    return start + b''.join([b' %.8f %.8f %d' % place for place in places]) + b'\n'
