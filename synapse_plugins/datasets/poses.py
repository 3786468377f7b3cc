"""Poses: keypoints of one object, with its box, as one thing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

from .fields import MadeGroup, count_attributes
from .figures import visibility_of
from .geometry import widened
from .sample import MISSING, OCCLUDED, VISIBLE, Annotation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from .geometry import Box
    from .marks import Mark
    from .report import Report
    from .sample import ImageFile, Sample
    from .skeletons import Skeleton

__all__ = [
    'NO_GROUP',
    'Joint',
    'Pose',
    'count_group',
    'count_joint_attributes',
    'group_named_by',
    'groups_of',
    'joints_of',
    'pose_annotations',
    'poses_of',
    'tight_box',
]

NO_GROUP = 'it belongs to no group, so nothing tells whose joint it is'
"""Why a keypoint is dropped that stands alone."""

_MISSING_OUTSIDE = 'it is missing, and where it would be lies outside the image'

_KNOWN = (MISSING, OCCLUDED, VISIBLE)

Joint = tuple[float, float, int]
"""x and y in pixels, and the visibility."""


@dataclass(slots=True)
class Pose:
    """One object of several keypoints.

    Attributes:
        group: Its group id.
        shape: The annotation that tells its class and where it is: a box, polygon or mask; None if it has none.
        points: Its keypoints.
        named_by: The annotation of tool ``group`` that names it, where there is one.
    """

    group: Any
    shape: Annotation | None = None
    points: list[Annotation] = field(default_factory=list)
    named_by: Annotation | None = None

    @property
    def label(self) -> str | None:
        """The class that its group tells, where that is an annotation of its own."""
        return None if self.named_by is None else self.named_by.label


def poses_of(annotations: Iterable[Annotation]) -> tuple[list[Pose], list[Annotation]]:
    """Return the poses among some annotations, in order, and the annotations that belong to none.

    Keypoints belong together by ``group_id``, or because an annotation of tool ``group`` names their ids.
    """
    annotations = list(annotations)
    poses: dict[Any, Pose] = {}
    rest: list[Annotation] = []
    shapes: list[tuple[Any, Annotation]] = []
    for annotation, group in zip(annotations, groups_of(annotations), strict=True):
        if annotation.tool == 'keypoint' and group is not None:
            poses.setdefault(group, Pose(group)).points.append(annotation)
        elif annotation.tool in ('bounding_box', 'polygon', 'segmentation') and group is not None:
            shapes.append((group, annotation))
        elif annotation.tool != 'group':
            rest.append(annotation)
    for group, shape in shapes:
        pose = poses.get(group)
        if pose is None or pose.shape is not None:
            rest.append(shape)
        else:
            pose.shape = shape
    for annotation in annotations:
        if annotation.tool == 'group':
            pose = poses.get(group_named_by(annotation))
            if pose is None or pose.named_by is not None:
                rest.append(annotation)
            else:
                pose.named_by = annotation
    for pose in poses.values():
        if pose.shape is not None and not pose.shape.label and pose.label:
            pose.shape = replace(pose.shape, label=pose.label)  # the class is that of the whole
    return list(poses.values()), rest


def groups_of(annotations: Collection[Annotation]) -> list[Any]:
    """Return the group id of each annotation: its own, or that of the ``group`` that names it; None if it has none."""
    members = _members(annotations)
    return [_group(annotation, members) for annotation in annotations]


def _members(annotations: Iterable[Annotation]) -> dict[Any, Any]:
    """Return annotation id -> group id, by the annotations of tool ``group``."""
    members: dict[Any, Any] = {}
    for annotation in annotations:
        group = group_named_by(annotation)
        if group is not None and isinstance(annotation.data, list):
            for member in annotation.data:
                if isinstance(member, str | int):
                    members.setdefault(member, group)
    return members


def group_named_by(annotation: Annotation) -> Any:
    """Return the group id that an annotation of tool ``group`` stands for; None for any other, or if it has none."""
    name: Any = annotation.id  # in a file it may be anything
    return name if annotation.tool == 'group' and isinstance(name, str | int) else None


def _group(annotation: Annotation, members: dict[Any, Any]) -> Any:
    group = annotation.extra.get('group_id') if annotation.extra else None
    if group is None and members and isinstance(annotation.id, str | int):
        group = members.get(annotation.id)
    return group if isinstance(group, str | int) else None


def count_group(pose: Pose, sample: Sample, report: Report, name: str, *, is_written: bool) -> None:
    """Count the annotation of tool ``group`` that names a pose, and what it says beside its class.

    Args:
        pose: The pose.
        sample: Whose pose it is.
        report: Where.
        name: The format.
        is_written: The pose came through.
    """
    if pose.named_by is None:
        return
    if not is_written:
        report.drop('group', 'its keypoints were dropped', sample.key)
        return
    loss = _loss_of_group(pose, pose.named_by, sample)
    report.come_through(pose.named_by, sample.key, () if loss is None else (loss,))
    count_attributes(pose.named_by, report, sample.key, name, of=' of a group')


def _loss_of_group(pose: Pose, group: Annotation, sample: Sample) -> str | None:
    """Return what an object with keypoints does not hold of the group that names it; None if it holds everything.

    Ids that no annotation has, as of those that were left out, bind nothing.
    """
    parts = pose.points if pose.shape is None else [*pose.points, pose.shape]
    members = group.data or []
    is_list = isinstance(members, list) and all(isinstance(member, str | int) for member in members)
    others = set(members).difference(map(_id_of, parts)) if is_list else set()
    if not is_list or (others and any(_id_of(one) in others for one in sample.annotations)):
        return 'it became an object with keypoints, which holds not all of its members'
    if group.label and pose.shape is not None and pose.shape.label != group.label:
        return 'it became an object with keypoints, whose class is another than its own'
    return None


def _id_of(annotation: Annotation) -> Any:
    return annotation.id if isinstance(annotation.id, str | int) else None  # in a file it may be anything


# -- from a pose to numbers -----------------------------------------------------------------------------------


def joints_of(
    pose: Pose, skeleton: Skeleton, image: ImageFile, report: Report, where: str, *, tolerance: float
) -> list[Joint]:
    """Return the joints of a pose in the order of a skeleton, ``(0, 0, 0)`` for those that are missing.

    Every keypoint is counted: kept; moved to the border, if it lies outside by no more than *tolerance*
    pixels; or dropped.
    """
    places = {joint: place for place, joint in enumerate(skeleton.joints)}
    joints: list[Joint] = [(0.0, 0.0, MISSING)] * len(skeleton.joints)
    taken: set[int] = set()
    for point in pose.points:
        place = places.get(point.label or '')
        xy = _xy(point.data)
        if place is None:
            report.drop('keypoint', 'the skeleton has no such joint', where)
        elif place in taken:
            report.drop('keypoint', 'its object has that joint already', where)
        elif xy is None:
            report.drop('keypoint', 'its data is malformed', where)
        else:
            joint = _inside(point, xy, image, report, where, tolerance)
            if joint is not None:
                joints[place] = joint
                taken.add(place)
    return joints


def _inside(
    point: Annotation, xy: tuple[float, float], image: ImageFile, report: Report, where: str, tolerance: float
) -> Joint | None:
    x, y = xy
    seen = visibility_of(point)
    out = max(-x, -y, x - image.width, y - image.height)
    if seen == MISSING:
        if (x, y) == (0, 0) or out <= 0:
            report.come_through(point, where)
            return (x, y, seen)
        report.come_through(point, where, (_MISSING_OUTSIDE,))
        return (0.0, 0.0, seen)
    if out > tolerance:
        report.drop('keypoint', 'it lies outside the image', where)
        return None
    if out > 0:
        report.come_through(point, where, ('it was clipped to the image',))
        return (min(max(x, 0.0), image.width), min(max(y, 0.0), image.height), seen)
    report.come_through(point, where)
    return (x, y, seen)


def _xy(data: Any) -> tuple[float, float] | None:
    try:
        x, y = (float(number) for number in data)
    except (TypeError, ValueError, OverflowError):
        return None
    return (x, y) if isfinite(x) and isfinite(y) else None


def count_joint_attributes(points: Iterable[Annotation], report: Report, where: str, name: str) -> None:
    """Count what the keypoints of a pose say beside their names and their visibility."""
    for point in points:
        if point.attrs or point.extra:
            is_held = visibility_of(point) == point.extra.get('visibility')
            used = ('group_id', 'visibility') if is_held else ('group_id',)
            count_attributes(point, report, where, name, used=used, of=' of a keypoint')


def tight_box(joints: Iterable[Joint], width: float, height: float) -> Box | None:
    """Return the box around the joints that are there, at least a pixel wide and high; None if none are."""
    points = [(x, y) for x, y, seen in joints if seen != MISSING]
    if not points:
        return None
    xs, ys = zip(*points, strict=True)
    left, right = widened(
        min(xs), max(xs), width
    )  # a box around one joint, or joints on a line, has to be something
    top, bottom = widened(min(ys), max(ys), height)
    return left, top, right, bottom


# -- from numbers to a pose -----------------------------------------------------------------------------------


def _known_visibility(said: float) -> int:
    """Return the visibility that a number of a file says; of another number the nearest.

    A joint with more than 0 is annotated, however little more: so trainers see it.
    """
    return MISSING if said < MISSING else min(max(round(said), OCCLUDED), VISIBLE)


def pose_annotations(
    shape: Annotation,
    names: Sequence[str],
    joints: Iterable[Sequence[float]],
    group: str,
    marks: list[Mark] | None = None,
) -> list[Annotation]:
    """Return a pose that was read as annotations: what tells its class, then its joints.

    Args:
        shape: The box, polygon or mask; it gets the group where there are joints.
        names: The joints' names.
        joints: ``[x, y]`` or ``[x, y, visibility]`` of each, pixels; of a visibility that is none the nearest is
            taken. A joint at 0, 0 that is missing is left out.
        group: The group id, unique within the picture.
        marks: Where to put the joints that got another visibility.
    """
    found, made = [shape], MadeGroup(group)
    for place, joint in enumerate(joints):
        x, y = joint[0], joint[1]
        said = joint[2] if len(joint) > 2 else VISIBLE
        seen = int(said) if said in _KNOWN else _known_visibility(said)
        if seen == MISSING and x == 0 and y == 0:
            continue
        name = names[place] if place < len(names) else f'joint_{place}'
        extra = {'group_id': made, 'visibility': seen}
        found.append(Annotation('keypoint', name, [x, y], f'{group}-{place}', extra=extra))
        if seen != said and marks is not None:
            marks.append((found[-1], f'its visibility is none of 0, 1 and 2; {seen} was taken'))
    if len(found) > 1:
        shape.extra['group_id'] = made
    return found
