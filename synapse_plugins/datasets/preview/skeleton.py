"""Which joints of a pose are joined by a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..skeletons import PERSON_17

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..skeletons import Skeleton

__all__ = ['bones']


def bones(names: Sequence[str], declared: Skeleton | None = None) -> list[tuple[int, int]] | None:
    """Return the pairs of joints that a line joins, by their places; None for joints that no skeleton knows.

    Args:
        names: The joints that there are.
        declared: The skeleton that the dataset declares; a person's is known anyway.
    """
    places = {_plain(name): place for place, name in enumerate(names)}
    for skeleton in (declared, PERSON_17):
        if skeleton is None:
            continue
        joints = [places.get(_plain(joint)) for joint in skeleton.joints]
        ends = [
            (joints[start], joints[end]) for start, end in skeleton.edges if max(start, end) < len(joints)
        ]
        found = [(start, end) for start, end in ends if start is not None and end is not None]
        if found:
            return found
    return None


def _plain(name: str) -> str:
    return re.sub(r'[\s-]+', '_', name.strip().casefold())
