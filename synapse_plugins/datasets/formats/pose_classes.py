"""Classes and joints of a dataset with poses, for formats in which an object has a class and joints have names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..poses import group_named_by
from ..shapes import SHAPES
from ..skeletons import PERSON_17, skeleton_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..reader import Survey
    from ..sample import Annotation
    from ..skeletons import Skeleton

__all__ = ['POSED', 'joint_names', 'pose_class_names', 'pose_labels', 'skeleton_of']

POSED = SHAPES | {'keypoint', 'group'}
"""What objects with and without joints are made of."""


def pose_class_names(survey: Survey) -> set[str]:
    """Return the labels that are classes, and the skeleton's own name for poses whose box nobody drew.

    Where there is one class only, poses of no known skeleton are of that class.
    """
    names = {label for tool in SHAPES | {'group'} for label in survey.labels.get(tool, ()) if label}
    if 'grouped' in survey.traits and ('bare' in survey.traits or not names):
        name = skeleton_of(survey).name
        if name == PERSON_17.name or len(names) != 1:
            names.add(name)
    return names


def joint_names(survey: Survey) -> set[str]:
    """Return the names that are joints, not classes."""
    joints = set(skeleton_of(survey).joints) if 'grouped' in survey.traits else set()
    return joints - pose_class_names(survey)


def pose_labels(annotations: Iterable[Annotation], skeleton: Skeleton | None) -> set[str | None]:
    """Return the classes that a sample shows."""
    found: set[str | None] = set()
    joints: set[object] = set()
    groups: set[object] = set()
    for one in annotations:
        group = one.extra.get('group_id') if one.extra else None
        if one.tool == 'keypoint' and skeleton is not None:
            joints.add(group if isinstance(group, str | int) else None)
        elif one.tool in SHAPES or one.tool == 'group':
            found.add(one.label)
            named = group_named_by(one) if one.tool == 'group' else group
            groups.add(named if isinstance(named, str | int) else None)
    if skeleton is not None and joints - groups - {None}:
        found.add(skeleton.name)
    return found


def skeleton_of(survey: Survey) -> Skeleton:
    """Return the joints that a dataset has: those that its format declares, then others by name."""
    labels = survey.labels.get('keypoint', set())
    declared = survey.skeleton
    if declared is None:
        return skeleton_for(labels) if labels else PERSON_17
    others = labels.difference(declared.joints)
    more = skeleton_for(others).joints if others else ()
    return declared.with_joints(more)
