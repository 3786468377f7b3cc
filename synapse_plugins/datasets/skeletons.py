"""Skeletons: which joints a pose has, in which order, and which of them change places in a mirror."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .names import nfc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ['PERSON_17', 'Skeleton', 'mirrored', 'skeleton_for']


@dataclass(frozen=True)
class Skeleton:
    """The joints of a pose.

    Attributes:
        name: What such an object is called where its source does not say.
        joints: Their names, in order.
        edges: Pairs of places that are drawn joined, from 0.
    """

    name: str
    joints: tuple[str, ...]
    edges: tuple[tuple[int, int], ...] = ()

    @property
    def flip(self) -> list[int]:
        """For every joint the place of the one that it becomes in a mirror."""
        return mirrored(self.joints)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {'name': self.name, 'joints': list(self.joints), 'edges': [list(edge) for edge in self.edges]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Skeleton:
        """Return the skeleton that `to_dict` made *data* from.

        Raises:
            ValueError: If it is none.
        """
        try:
            joints = tuple(nfc(str(joint)) for joint in data['joints'])
            edges = tuple((int(start), int(end)) for start, end in data.get('edges') or ())
            return cls(str(data.get('name') or 'object'), joints, edges)
        except (KeyError, TypeError, AttributeError, ValueError) as exc:
            raise ValueError('this is no skeleton') from exc


_PERSON = [
    'nose',
    'left_eye',
    'right_eye',
    'left_ear',
    'right_ear',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
]

PERSON_17 = Skeleton(
    'person',
    tuple(_PERSON),
    tuple(
        (_PERSON.index(start), _PERSON.index(end))
        for start, end in (
            ('left_ankle', 'left_knee'),
            ('left_knee', 'left_hip'),
            ('right_ankle', 'right_knee'),
            ('right_knee', 'right_hip'),
            ('left_hip', 'right_hip'),
            ('left_shoulder', 'left_hip'),
            ('right_shoulder', 'right_hip'),
            ('left_shoulder', 'right_shoulder'),
            ('left_shoulder', 'left_elbow'),
            ('right_shoulder', 'right_elbow'),
            ('left_elbow', 'left_wrist'),
            ('right_elbow', 'right_wrist'),
            ('left_eye', 'right_eye'),
            ('nose', 'left_eye'),
            ('nose', 'right_eye'),
            ('left_eye', 'left_ear'),
            ('right_eye', 'right_ear'),
            ('left_ear', 'left_shoulder'),
            ('right_ear', 'right_shoulder'),
        )
    ),
)
"""The seventeen joints of a person, as COCO orders them."""

_SIDES = re.compile(r'(?:(?<=[_\W])|^)(left|right|l|r)(?=[_\W]|$)|^(left|right)|(left|right)$', re.IGNORECASE)
_OTHER = {'left': 'right', 'right': 'left', 'l': 'r', 'r': 'l'}
_DIGITS = re.compile(r'(\d+)')


def mirrored(joints: Iterable[str]) -> list[int]:
    """Return for every joint the place of its other side; one that has none, as ``nose``, stays."""
    names = [joint.casefold() for joint in joints]
    place = {name: number for number, name in reversed(list(enumerate(names)))}
    return [place.get(_SIDES.sub(_swapped, name), number) for number, name in enumerate(names)]


def _swapped(match: re.Match[str]) -> str:
    return _OTHER[match[0].casefold()]


def skeleton_for(labels: Iterable[str]) -> Skeleton:
    """Return the skeleton for keypoints of these names: a person's if it has them all, else they by name."""
    names = {nfc(label.strip()) for label in labels if label.strip()}
    if names and names.issubset(PERSON_17.joints):
        return PERSON_17
    return Skeleton('object', tuple(sorted(names, key=_natural)))


def _natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    parts = [(1, int(part), '') if part.isdecimal() else (0, 0, part) for part in _DIGITS.split(name[:200])]
    return parts, name
