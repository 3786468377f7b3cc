"""Classes and joints of a dataset with poses, for formats in which an object has a class and joints have names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..names import nfc
from ..poses import group_named_by
from ..shapes import SHAPES
from ..skeletons import PERSON_17, skeleton_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..reader import Survey
    from ..sample import Annotation
    from ..skeletons import Skeleton

__all__ = ['POSED', 'bare_class_of', 'joint_names', 'pose_class_names', 'pose_labels', 'skeleton_of']

POSED = SHAPES | {'keypoint', 'group'}
"""What objects with and without joints are made of."""


def pose_class_names(survey: Survey) -> set[str]:
    """Return the labels that are classes, and the skeleton's own name for poses whose box nobody drew.

    Where there is one class only, poses of no known skeleton are of that class.
    """
    names = {label for tool in SHAPES | {'group'} for label in survey.labels.get(tool, ()) if label}
    if 'grouped' in survey.traits and ('bare' in survey.traits or not names):
        names.add(bare_class_of(survey))
    return names


def bare_class_of(survey: Survey) -> str:
    """Return the class of poses that tell none: the skeleton's own name, or the only class if no skeleton is known.

    The dataset decides on it, not what a user wants of the dataset.
    """
    skeleton = skeleton_of(survey)
    if skeleton.name == PERSON_17.name:
        return skeleton.name
    seen = {label for tool in SHAPES | {'group'} for label in survey.labels.get(tool, ()) if label}
    names = {nfc(label.strip()) for label in seen | survey.declared.difference(skeleton.joints)} - {''}
    return names.pop() if len(names) == 1 else skeleton.name


def joint_names(survey: Survey) -> set[str]:
    """Return the names that are joints, not classes."""
    joints = set(skeleton_of(survey).joints) if 'grouped' in survey.traits else set()
    return joints - pose_class_names(survey)


def pose_labels(
    annotations: Iterable[Annotation], skeleton: Skeleton | None, bare_class: str | None
) -> set[str | None]:
    """Return the classes that a sample shows; *bare_class* is that of poses that tell none."""
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
        found.add(bare_class)
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
