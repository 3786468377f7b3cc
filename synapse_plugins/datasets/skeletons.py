"""Skeletons: which joints a pose has, in which order, and which of them change places in a mirror."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .names import nfc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ['PERSON_17', 'Skeleton', 'is_flip', 'mirrored', 'skeleton_for']


@dataclass(frozen=True)
class Skeleton:
    """The joints of a pose.

    Attributes:
        name: What such an object is called where its source does not say.
        joints: Their names, in order.
        edges: Pairs of places that are drawn joined, from 0.
        declared_flip: What `flip` is where a dataset says so; empty: the names tell.
    """

    name: str
    joints: tuple[str, ...]
    edges: tuple[tuple[int, int], ...] = ()
    declared_flip: tuple[int, ...] = ()

    @property
    def flip(self) -> list[int]:
        """For every joint the place of the one that it becomes in a mirror, and that becomes it."""
        return list(self.declared_flip) or mirrored(self.joints)

    def with_joints(self, more: Iterable[str]) -> Skeleton:
        """Return it with joints behind its own."""
        joints = (*self.joints, *more)
        flip = self.declared_flip
        if flip:
            # sides among the new ones alone, for the old ones are told already
            flip = (*flip, *(len(flip) + place for place in mirrored(joints[len(flip) :])))
        return Skeleton(self.name, joints, self.edges, flip)

    def renamed(self, names: Mapping[str, str]) -> Skeleton:
        """Return it with other names of joints (old -> new); itself where two would get the same."""
        joints = tuple(names.get(joint, joint) for joint in self.joints)
        return self if len(set(joints)) < len(joints) else replace(self, joints=joints)

    def joined(self, other: Skeleton) -> Skeleton:
        """Return it with the joints of another one that it lacks, and the edges between them, behind its own."""
        whole = self.with_joints(joint for joint in other.joints if joint not in self.joints)
        places = [whole.joints.index(joint) for joint in other.joints]
        edges = [(places[start], places[end]) for start, end in other.edges]
        return replace(whole, edges=tuple(dict.fromkeys((*whole.edges, *edges))))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        data = {'name': self.name, 'joints': list(self.joints), 'edges': [list(edge) for edge in self.edges]}
        return data | ({'flip': list(self.declared_flip)} if self.declared_flip else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Skeleton:
        """Return the skeleton that `to_dict` made *data* from.

        Raises:
            ValueError: If it is none.
        """
        try:
            joints = tuple(nfc(str(joint)) for joint in data['joints'])
            edges = tuple((int(start), int(end)) for start, end in data.get('edges') or ())
            flip = tuple(data.get('flip') or ())
        except (KeyError, TypeError, AttributeError, ValueError) as exc:
            raise ValueError('this is no skeleton') from exc
        if flip and not is_flip(flip, len(joints)):
            raise ValueError('this is no skeleton, for its joints do not change places in pairs')
        return cls(str(data.get('name') or 'object'), joints, edges, flip)


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

_LETTER = r'[^\W\d_]'
_SIDES = re.compile(
    rf'(?<!{_LETTER})(?i:left|right|l|r)(?!{_LETTER})'  # left_eye, eye-L, l1
    r'|^(?i:left|right)|(?i:left|right)$'  # lefteye, LeftEye, eyeleft
    r'|(?<=[a-z\d])(?:Left|Right|L|R)(?![a-z])'  # frontLeftPaw, eyeL
    r'|^[LRlr](?=[A-Z])|^[LR](?=[a-z])'  # LShoulder, lShoulder, Lshoulder
    r'|왼|오른|[좌우左右]'
)
_PAIRS = (
    ('left', 'right'), ('Left', 'Right'), ('LEFT', 'RIGHT'), ('l', 'r'), ('L', 'R'), ('왼', '오른'), ('좌', '우'),
    ('左', '右'),
)  # fmt: skip
_OTHER = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
_DIGITS = re.compile(r'(\d+)')


def mirrored(joints: Iterable[str]) -> list[int]:
    """Return for every joint the place of its other side; one that has none, as ``nose``, stays.

    Two joints always change places with each other. Where names differ in case only, the one that is spelled alike is
    the other side.
    """
    names = list(joints)
    exact, folded = _places(names), _places([name.casefold() for name in names])
    others = []
    for number, name in enumerate(names):
        other = _SIDES.sub(_swapped, name)
        others.append(exact.get(other, folded.get(other.casefold(), number)))
    return [other if others[other] == number else number for number, other in enumerate(others)]


def is_flip(places: Any, count: int) -> bool:
    """Tell whether these are places of *count* joints that change in pairs, or stay."""
    if not isinstance(places, list | tuple) or len(places) != count:
        return False
    if not all(type(place) is int and 0 <= place < count for place in places):
        return False
    return all(places[place] == number for number, place in enumerate(places))


def _places(names: list[str]) -> dict[str, int]:
    """Return name -> its first place."""
    return {name: number for number, name in reversed(list(enumerate(names)))}


def _swapped(match: re.Match[str]) -> str:
    side = match[0]
    return _OTHER.get(side) or _OTHER[side.casefold()]


def skeleton_for(labels: Iterable[str]) -> Skeleton:
    """Return the skeleton for keypoints of these names: a person's if it has them all, else they by name."""
    names = {nfc(label.strip()) for label in labels if label.strip()}
    if names and names.issubset(PERSON_17.joints):
        return PERSON_17
    return Skeleton('object', tuple(sorted(names, key=_natural)))


def _natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    parts = [(1, int(part), '') if part.isdecimal() else (0, 0, part) for part in _DIGITS.split(name[:200])]
    return parts, name
