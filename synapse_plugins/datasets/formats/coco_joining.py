"""Two records of one object, one among the instances and one among the poses, as one record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..report import Report

__all__ = ['count_differences', 'join']

_DIFFERS = '\0differs'
"""The field that names those in which the two differ; no file has one that is called so by chance."""

_OWN = frozenset(('id', 'image_id', 'category_id', 'area', 'keypoints', 'num_keypoints'))
"""Fields that say which object it is, follow from others, or stand in one of the two."""

_SHAPES = frozenset(('bbox', 'segmentation', 'iscrowd'))


def join(instance: dict[str, Any], pose: dict[str, Any]) -> None:
    """Give an instance its keypoints, and what else it lacks.

    Args:
        instance: The record of the instance, which is changed. What both say stays as it says it.
        pose: The record of its pose.
    """
    differs: list[str] = []
    for field, value in pose.items():
        own = instance.get(field)
        if not _says(own):
            instance[field] = value
        elif field in _OWN or own == value or not _says(value):
            continue
        elif field == 'attributes' and isinstance(own, dict) and isinstance(value, dict):
            instance[field] = {**value, **own}
            differs += [field for name in value if name in own and own[name] != value[name]]
        elif field != 'bbox' or not _says(instance.get('segmentation')):  # beside one it says nothing more
            differs.append(field)
    instance['keypoints'] = pose.get('keypoints')
    if differs:
        instance[_DIFFERS] = differs


def _says(value: Any) -> bool:
    return value is not None and value not in ([], {}, '', [[]])


def count_differences(record: dict[str, Any], report: Report, where: str) -> list[str]:
    """Take out of a record in what the two differed that it was made of.

    Returns:
        What to say of its shape, if that is another one. Of other fields it is counted.
    """
    reasons = []
    for field in record.pop(_DIFFERS, ()) if _DIFFERS in record else ():
        if field in _SHAPES:
            reasons.append(f'its {field} among the keypoints is another one; that of the instance was taken')
        else:
            reason = f'its {field} among the keypoints differ from those of the instance, which were taken'
            report.drop('attribute', reason, where)
    return reasons
