"""Chooses the pictures to show: every class, kind and split if there is room, and the same ones every time."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..sample import Annotation, Sample

__all__ = ['MOST_ANNOTATIONS', 'Choice', 'Chosen', 'Suspects']

MOST_ANNOTATIONS = 400
"""Annotations of a picture that are kept for drawing."""

_MOST_FEATURES = 128
_LONG = 64  # points, pixels or runs: more are kept as an array
_FIGURES = frozenset(('polygon', 'polyline', 'segmentation'))
_Feature = tuple[str, str | None]


class Chosen(NamedTuple):
    """A sample to show.

    Attributes:
        sample: With at most `MOST_ANNOTATIONS` annotations.
        annotations: How many it really has.
    """

    sample: Sample
    annotations: int


class _Candidate(NamedTuple):
    rank: tuple[bool, bytes]
    order: int
    features: frozenset[_Feature]
    chosen: Chosen


class Choice:
    """Looks at samples one at a time and keeps the few that it may choose.

    Args:
        count: How many pictures to choose.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._best: dict[_Feature, _Candidate] = {}
        self._others: list[_Candidate] = []
        self._seen = 0

    def look(self, sample: Sample) -> None:
        """Look at a sample."""
        self._seen += 1
        if sample.image.media != 'image' or not self._count:
            return
        rank = (
            not sample.annotations,
            blake2b(sample.key.encode('utf-8', 'surrogatepass'), digest_size=8).digest(),
        )
        features = _features(sample)
        fresh = [
            feature
            for feature in features
            if (
                rank < self._best[feature].rank if feature in self._best else len(self._best) < _MOST_FEATURES
            )
        ]
        joins = len(self._others) < self._count or rank < self._others[-1].rank
        if not fresh and not joins:
            return
        candidate = _Candidate(rank, self._seen, features, _kept(sample))
        self._best.update(dict.fromkeys(fresh, candidate))
        if joins:
            self._others = sorted([*self._others, candidate], key=lambda other: other.rank)[: self._count]

    def chosen(self) -> list[Chosen]:
        """Return the chosen samples, in the order of the dataset."""
        candidates = {candidate.order: candidate for candidate in (*self._best.values(), *self._others)}
        left = sorted(candidates.values(), key=lambda candidate: candidate.rank)
        missing = set(self._best)
        picked: list[_Candidate] = []
        while left and len(picked) < self._count:
            best = max(left, key=lambda candidate: len(candidate.features & missing))  # the first of equals
            missing -= best.features
            left.remove(best)
            picked.append(best)
        return [candidate.chosen for candidate in sorted(picked, key=lambda candidate: candidate.order)]


class Suspects:
    """Keeps the first pictures on which something is wrong, to show what.

    Args:
        count: How many pictures to keep for each thing that can be wrong.

    Attributes:
        found: Code -> pictures, each with the annotations in question.
    """

    def __init__(self, count: int) -> None:
        self.found: dict[str, list[tuple[Chosen, list[Annotation]]]] = {}
        self._count = count

    def look(self, sample: Sample, troubles: Mapping[str, list[Annotation]]) -> None:
        """Look at a sample, and at its annotations with which something is wrong, by code."""
        for code, questioned in troubles.items():
            kept = self.found.setdefault(code, [])
            if len(kept) < self._count:
                marked = questioned[:MOST_ANNOTATIONS]
                chosen = _kept(sample, marked)
                kept.append((chosen, chosen.sample.annotations[: len(marked)]))


def _features(sample: Sample) -> frozenset[_Feature]:
    found: set[_Feature] = {('split', sample.split)}
    for annotation in sample.annotations:
        found.add(('kind', annotation.tool))
        if annotation.tool != 'keypoint':
            found.add(('class', annotation.label))
    return frozenset(found)


def _kept(sample: Sample, first: Sequence[Annotation] = ()) -> Chosen:
    """Return a sample to keep: with not too many annotations, *first* before the others, and in little memory."""
    known = set(map(id, first))
    others = [item for item in sample.annotations if id(item) not in known]
    annotations = [_compact(item) for item in (*first, *others)[:MOST_ANNOTATIONS]]
    return Chosen(replace(sample, annotations=annotations), len(sample.annotations))


def _compact(annotation: Annotation) -> Annotation:
    """Return an annotation whose long list of points or pixels is an array: the same figure in less memory."""
    if (
        annotation.tool not in _FIGURES
        or not isinstance(annotation.data, list)
        or len(annotation.data) <= _LONG
    ):
        return annotation
    import numpy as np

    kind = np.int64 if annotation.tool == 'segmentation' else np.float64
    try:
        data = np.array(annotation.data, kind)
    except (TypeError, ValueError, OverflowError):
        return annotation  # it has no look
    if annotation.tool == 'segmentation' and data.ndim == 1:
        data = _runs(np.unique(data))
    return replace(annotation, data=data)


def _runs(indices: Any) -> Any:
    """Return runs ``[start, length]`` of sorted pixel indices."""
    import numpy as np

    starts = np.flatnonzero(np.diff(indices, prepend=indices[0] - 2) != 1)
    lengths = np.diff(np.append(starts, indices.size))
    return np.stack((indices[starts], lengths), axis=1)
