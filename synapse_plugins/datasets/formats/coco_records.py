"""One annotation record of COCO as annotations."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from ..names import nfc
from ..poses import pose_annotations
from ..sample import MISSING, Annotation
from ..skeletons import PERSON_17, Skeleton

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..report import Report

__all__ = ['annotations_of_record', 'has_joints', 'seen_in', 'skeleton_of_category', 'tool_of']

Seen = tuple[str, int | None, int]
"""The tool of a record, its category, and how many joints it may have."""

_COUNTED = frozenset(('bounding_box', 'polygon', 'segmentation'))


def tool_of(record: Mapping[str, Any]) -> str:
    """Return the tool of what a record says, apart from joints."""
    segmentation = record.get('segmentation')
    if isinstance(segmentation, dict):
        return 'segmentation'
    return 'polygon' if isinstance(segmentation, list) and segmentation else 'bounding_box'


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
        seen.add((tool_of(record), number if isinstance(number, int) else None, posed))
    return seen


def annotations_of_record(
    record: dict[str, Any], name: str, joints: Sequence[str], report: Report, where: str
) -> list[Annotation]:
    """Return a record as annotations: what has an area, and its joints."""
    attributes = record.get('attributes')
    attrs = (
        [{'name': key, 'value': value} for key, value in attributes.items()]
        if isinstance(attributes, dict)
        else []
    )
    extra: dict[str, Any] = {'iscrowd': 1} if record.get('iscrowd') else {}
    if record.get('stuff'):
        extra['stuff'] = 1
    tool, data = _geometry(record, extra)
    number = record.get('id')
    shape = Annotation(tool, name, data, None if number is None else str(number), attrs, extra)
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
    return pose_annotations(shape, joints, points, f'pose-{number}')


def _joints(keypoints: list[Any]) -> list[tuple[float, float, int]] | None:
    """Return ``[x1, y1, v1, ...]`` as triples; None if it is none."""
    if len(keypoints) % 3 or not all(
        isinstance(value, int | float) and isfinite(value) for value in keypoints
    ):
        return None
    triples = zip(keypoints[::3], keypoints[1::3], keypoints[2::3], strict=True)
    return [(x, y, int(seen) if seen in (0, 1, 2) else MISSING) for x, y, seen in triples]


def _geometry(record: dict[str, Any], extra: dict[str, Any]) -> tuple[str, Any]:
    segmentation = record.get('segmentation')
    if isinstance(segmentation, dict):
        from ..masks import Mask

        try:
            mask, width, _ = Mask.from_coco(segmentation)
        except ValueError:
            return 'segmentation', None  # the writer counts it as malformed
        extra.update(encoding='dm_rle', isCompressed=True, compressionFormat='rle')
        return 'segmentation', mask.to_runs(width)
    if isinstance(segmentation, list) and segmentation:
        if not isinstance(segmentation[0], list):  # one ring without the list around it
            segmentation = [segmentation]
        rings = [_points(ring) for ring in segmentation]
        if len(rings) > 1:
            extra['parts'] = rings[1:]
        return 'polygon', rings[0]
    return 'bounding_box', record.get('bbox')


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
