"""One annotation record of COCO as annotations."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from ..declared import OTHER_MASK
from ..names import nfc
from ..poses import pose_annotations
from ..sample import Annotation
from ..skeletons import PERSON_17, Skeleton
from ..turned import NO_RECTANGLE
from .coco_attributes import attributes_of
from .coco_turned import turned_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..marks import Mark
    from ..report import Report
    from .coco_turned import Turned

__all__ = [
    'annotations_of_record',
    'drop_record',
    'has_joints',
    'joint_names',
    'plain_box',
    'seen_in',
    'skeleton_of_category',
    'tool_of',
]

_OF_BOXES = frozenset(('id', 'image_id', 'category_id', 'bbox', 'area', 'segmentation', 'iscrowd'))
"""The fields of a record of a plain box."""

Seen = tuple[str, int | None, int, bool]
"""The tool of a record, its category, how many joints it may have, and whether it is a turned box."""


def tool_of(record: Mapping[str, Any]) -> str:
    """Return the tool of what a record says, apart from joints."""
    return _tool_and_turn(record)[0]


def _tool_and_turn(record: Mapping[str, Any]) -> tuple[str, Turned | None]:
    if ('attributes' in record or 'rotation' in record) and (turn := turned_of(record)) is not None:
        return 'bounding_box', turn
    segmentation = record.get('segmentation')
    if not segmentation:
        return 'bounding_box', None
    if isinstance(segmentation, dict):
        return 'segmentation', None
    if isinstance(segmentation, list) and (segmentation[0] or any(ring != [] for ring in segmentation)):
        return 'polygon', None
    return 'bounding_box', None


def has_joints(record: Mapping[str, Any]) -> bool:
    """Tell whether a record annotates any joint."""
    keypoints = record.get('keypoints')
    return isinstance(keypoints, list) and any(keypoints)


def seen_in(records: Iterable[Mapping[str, Any]]) -> set[Seen]:
    """Return what a survey has to know of records."""
    seen: set[Seen] = set()
    for record in records:
        number = record.get('category_id')
        posed = len(record['keypoints']) // 3 if 'keypoints' in record and has_joints(record) else 0
        tool, turn = _tool_and_turn(record)
        seen.add((tool, number if isinstance(number, int) else None, posed, turn is not None))
    return seen


def joint_names(named: Sequence[str], count: int) -> tuple[str, ...]:
    """Return the names of joints, and names for further ones up to *count*, as a pose with more of them gets."""
    return *named, *(f'joint_{place}' for place in range(len(named), count))


def drop_record(record: Mapping[str, Any], reason: str, report: Report, where: str, detail: str = '') -> None:
    """Count a record that is not used, and its joints."""
    report.drop(tool_of(record), reason, f'{where}{detail}')
    if has_joints(record):
        count = sum(1 for seen in record['keypoints'][2::3] if seen)
        report.drop('keypoint', reason, where, max(count, 1))


def plain_box(record: dict[str, Any], names: Mapping[Any, str]) -> Annotation | None:
    """Return a record that is a box of a class and says nothing else, as most are; None of another one.

    It is what `annotations_of_record` would return, in a third of the time.

    Args:
        record: The annotation record.
        names: Category id -> class.
    """
    if not _OF_BOXES.issuperset(record) or record.get('segmentation') or record.get('iscrowd'):
        return None
    category, number = record.get('category_id'), record.get('id')
    name = names.get(category) if type(category) is int else None
    if name is None:
        return None
    return Annotation('bounding_box', name, record.get('bbox'), None if number is None else str(number))


def annotations_of_record(
    record: dict[str, Any],
    place: int,
    name: str,
    joints: Sequence[str],
    report: Report,
    where: str,
    size: tuple[int, int] | None,
    marks: list[Mark],
) -> list[Annotation]:
    """Return a record as annotations: what has an area, and its joints.

    Args:
        record: The annotation record.
        place: Its place among those of its picture, after which a pose is named: ids need not tell them apart.
        name: Its class.
        joints: The joints' names.
        report: Where to count what cannot be read.
        where: What the report names.
        size: Of the picture, in pixels; a mask of another size is dropped. None: masks are not compared.
        marks: Where to put what was changed of them.
    """
    tool, turn = _tool_and_turn(record)
    if tool == 'segmentation' and size is not None and (said := _other_size(record['segmentation'], size)):
        drop_record(record, OTHER_MASK, report, where, f': {said}')
        return []
    attrs = attributes_of(record, report, where)
    extra: dict[str, Any] = {'iscrowd': 1} if record.get('iscrowd') else {}
    if record.get('stuff'):
        extra['stuff'] = 1
    if turn is None:
        try:
            data = _geometry(record, tool, extra)
        except ValueError as exc:
            drop_record(record, str(exc), report, where)
            return []
    else:
        data, angle, _ = turn
        for item in attrs:
            if item['name'] == 'rotation':
                item['value'] = angle
    number = record.get('id')
    shape = Annotation(tool, name, data, None if number is None else str(number), attrs, extra)
    if turn is not None and not turn[2]:
        marks.append((shape, NO_RECTANGLE))
    if 'keypoints' not in record:
        return [shape]
    if not has_joints(record):
        if record.get('keypoints') and not isinstance(record['keypoints'], list):
            report.drop('keypoint', 'its data is malformed', where)
        return [shape]
    points = _joints(record['keypoints'])
    if points is None:
        report.drop('keypoint', 'its data is malformed', where)
        return [shape]
    return pose_annotations(shape, joints, points, f'pose-{place}', marks)


def _joints(keypoints: list[Any]) -> list[tuple[float, float, float]] | None:
    """Return ``[x1, y1, v1, ...]`` as triples; None if it is none."""
    if len(keypoints) % 3 or not all(
        isinstance(value, int | float) and isfinite(value) for value in keypoints
    ):
        return None
    return list(zip(keypoints[::3], keypoints[1::3], keypoints[2::3], strict=True))


def _other_size(code: dict[str, Any], size: tuple[int, int]) -> str:
    """Return what to say of a mask that is of another size than its picture; empty if it is not."""
    match code.get('size'):
        case [int() | float() as height, int() | float() as width] if (width, height) != size:
            return f'{width} x {height}, but the picture is {size[0]} x {size[1]}'
    return ''  # the same; or malformed, which is told of elsewhere


def _geometry(record: dict[str, Any], tool: str, extra: dict[str, Any]) -> Any:
    """Return the data of a record; a ValueError says why a mask is dropped."""
    segmentation = record.get('segmentation')
    if tool == 'segmentation':
        from ..masks import Mask, TooLargeMaskError

        try:
            mask, width, _ = Mask.from_coco(segmentation)
            data = mask.to_runs(width)
        except TooLargeMaskError:
            raise
        except ValueError:
            return None  # the writer counts it as malformed
        extra.update(encoding='dm_rle', isCompressed=True, compressionFormat='rle')
        return data
    if tool == 'polygon' and isinstance(segmentation, list):
        if not isinstance(segmentation[0], list):  # one ring without the list around it
            segmentation = [segmentation]
        rings = [_points(ring) for ring in segmentation if ring != []]
        if len(rings) > 1:
            extra['parts'] = rings[1:]
        return rings[0]
    return record.get('bbox')


def _points(ring: Any) -> Any:
    """Return ``[x1, y1, x2, y2, ...]`` as pairs; anything else as it is, for the writer to count."""
    if not isinstance(ring, list) or len(ring) % 2:
        return None
    return [[x, y] for x, y in zip(ring[::2], ring[1::2], strict=True)]


def skeleton_of_category(category: Mapping[str, Any]) -> Skeleton | None:
    """Return the joints that a category declares; None if it declares none."""
    names = category.get('keypoints')
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        return None
    joints = tuple(nfc(name.strip()) for name in names)
    if joints == PERSON_17.joints:
        return PERSON_17
    edges = category.get('skeleton')
    found = []
    for edge in edges if isinstance(edges, list) else ():
        match edge:
            case [int(start), int(end)] if 0 < start <= len(joints) and 0 < end <= len(joints):
                found.append((start - 1, end - 1))
    return Skeleton(str(category.get('name') or 'object'), joints, tuple(found))
