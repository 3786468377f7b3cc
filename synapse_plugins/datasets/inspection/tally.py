"""Counts what samples hold, one at a time, with memory that does not grow with their number."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from itertools import starmap
from typing import TYPE_CHECKING, Any

from ..figures import figure_of, read_point, turn_of, visibility_of
from ..names import suffix_of
from ..opened import NOT_CLASSES
from ..poses import poses_of
from ..sample import MISSING
from ..shapes import SHAPES
from .attributes import Attributes
from .checks import LEAVES_PICTURE_OUT, SMALLEST_PICTURE, leaves_picture_out, place, trouble
from .record import Histogram, Sizes, SplitFigures

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..figures import Figure
    from ..sample import Annotation, Sample

__all__ = ['EXAMPLES', 'GRID', 'UNTRAINABLE', 'Seen', 'Tally']

EXAMPLES = 5
GRID = 16
UNTRAINABLE = frozenset(('.gif',))
"""Suffixes of pictures that this package reads and YOLO trainers pass over."""

_SIDES = (0, 4, 8, 16, 32, 64, 96, 128, 256, 512, 1024)
_PER_IMAGE = (0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500)
_MOST_SIZES = 20_000  # sizes of pictures that are told apart; a dataset of more gets those that came first
_UNUSABLE = ('malformed', 'no_class', 'degenerate', 'outside', 'repeated')
_WITH_CLASS = SHAPES | {'polyline', 'classification'}


@dataclass(slots=True)
class Seen:
    """How often something was seen.

    Attributes:
        count: How often.
        examples: The first places.
        splits: Split -> how often; empty for a dataset without splits.
    """

    count: int = 0
    examples: list[str] = field(default_factory=list)
    splits: Counter[str] = field(default_factory=Counter)

    def add(self, split: str | None, where: str) -> None:
        """Count it once more."""
        self.count += 1
        self.splits[split or ''] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(where.encode('utf-8', 'backslashreplace').decode())


class Tally:
    """Counts samples.

    Args:
        splits: The splits in order; `[None]` in a dataset without.

    Attributes:
        splits: Split -> its figures.
        kinds: Kind -> annotations.
        media: Kind of media -> files.
        labels: Split -> class -> annotations.
        images_of: Class -> pictures.
        joints: Name of a joint -> keypoints.
        attributes: Attributes of annotations.
        poses: Groups of keypoints.
        troubles: Code -> what was seen.
        skipped_annotations: Code -> annotations with an area that are no target; each counts once.
        usable: Annotations with an area that are one.
        left_out_images: Code -> pictures that a YOLO trainer skips for their labels, and for nothing else.
        left_out_annotations: Code -> of `usable`, those on such pictures.
        skipped_images: Code -> pictures that a trainer passes over; each counts once.
        positions: Rows of a grid over the picture: centres of annotations with an area.
    """

    def __init__(self, splits: Iterable[str | None]) -> None:
        self.splits: dict[str | None, SplitFigures] = {name: SplitFigures(name) for name in splits}
        self.kinds: Counter[str] = Counter()
        self.media: Counter[str] = Counter()
        self.labels: dict[str | None, Counter[str]] = {name: Counter() for name in self.splits}
        self.images_of: Counter[str] = Counter()
        self.joints: Counter[str] = Counter()
        self.attributes = Attributes()
        self.poses = 0
        self.troubles: dict[str, Seen] = {}
        self.skipped_annotations: Counter[str] = Counter()
        self.usable = 0
        self.left_out_images: Counter[str] = Counter()
        self.left_out_annotations: Counter[str] = Counter()
        self.skipped_images: Counter[str] = Counter()
        self.positions = [[0] * GRID for _ in range(GRID)]
        self._now: dict[str, list[Annotation]] = {}
        self._per_image = [0] * len(_PER_IMAGE)
        self._sides = [0] * len(_SIDES)
        self._sizes: Counter[tuple[int, int]] = Counter()
        self._widths: Counter[int] = Counter()
        self._heights: Counter[int] = Counter()
        self._extremes: list[tuple[int, int]] = []

    def see(self, code: str, split: str | None, where: str, annotation: Annotation | None = None) -> None:
        """Count a trouble, of an annotation or of a whole picture."""
        seen = self.troubles.get(code)
        if seen is None:
            seen = self.troubles[code] = Seen()
        seen.add(split, where)
        if annotation is not None:
            self._now.setdefault(code, []).append(annotation)

    def _split(self, name: str | None) -> SplitFigures:
        found = self.splits.get(name)
        if found is None:
            found = self.splits[name] = SplitFigures(name)
            self.labels[name] = Counter()
        return found

    # -- samples --------------------------------------------------------------------------------------

    def add_unreadable(self, sample: Sample) -> None:
        """Count a sample whose picture cannot be read."""
        self._split(sample.split).unreadable += 1
        self.media[sample.image.media] += 1
        self.skipped_images['unreadable'] += 1

    def add(self, sample: Sample, refused: str | None = None) -> dict[str, list[Annotation]]:
        """Count a sample, and return its annotations with which something is wrong, by code.

        Args:
            sample: The sample.
            refused: Why a YOLO trainer skips the picture for its labels, as a code; empty: it does not; None: nobody
                asked, so it is told from where the annotations lie.
        """
        self._now = {}
        split = self._split(sample.split)
        split.images += 1
        split.annotations += len(sample.annotations)
        media = sample.image.media
        self.media[media] += 1
        if not sample.annotations:
            split.empty += 1
        self._per_image[bisect_right(_PER_IMAGE, len(sample.annotations)) - 1] += 1
        if media == 'image':
            self._add_picture(sample, refused)
        self._add_labels(sample)
        return self._now

    def _add_picture(self, sample: Sample, refused: str | None) -> None:
        image = sample.image
        size = image.width, image.height
        if size in self._sizes or len(self._sizes) < _MOST_SIZES:
            self._sizes[size] += 1
        self._widths[image.width] += 1
        self._heights[image.height] += 1
        if not self._extremes:
            self._extremes = [size, size]
        elif _pixels(size) < _pixels(self._extremes[0]):
            self._extremes[0] = size
        elif _pixels(size) > _pixels(self._extremes[1]):
            self._extremes[1] = size
        skipped = None
        if min(size) < SMALLEST_PICTURE:
            skipped = 'small_picture'
        elif suffix_of(image.name) in UNTRAINABLE:
            skipped = 'untrainable'
        if skipped is not None:
            self.skipped_images[skipped] += 1
            self.see(skipped, sample.split, f'{sample.key} ({image.width} x {image.height})')
        if not image.complete:
            self.see('unfinished', sample.split, sample.key)
        usable = self.usable
        leaves_out = LEAVES_PICTURE_OUT if self._add_figures(sample) else ''
        leaves_out = leaves_out if refused is None else refused
        if skipped is not None:
            self.skipped_annotations['skipped_picture'] += self.usable - usable
            self.usable = usable
        elif leaves_out:
            self.see(leaves_out, sample.split, sample.key)
            self.left_out_images[leaves_out] += 1
            self.left_out_annotations[leaves_out] += self.usable - usable

    def _add_labels(self, sample: Sample) -> None:
        labels = self.labels[sample.split]
        on_image = set()
        has_points = False
        for annotation in sample.annotations:
            tool, label = annotation.tool, annotation.label
            if tool == 'bounding_box' and annotation.attrs and turn_of(annotation):
                tool = 'rotated_box'
            self.kinds[tool] += 1
            if annotation.attrs:
                self.attributes.add(annotation)
            if tool == 'keypoint':
                self.joints[label or ''] += 1
                has_points = True
            elif label and annotation.tool not in NOT_CLASSES:
                labels[label] += 1
                on_image.add(label)
        self.images_of.update(on_image)
        if has_points:
            self.poses += len(poses_of(sample.annotations)[0])

    # -- annotations ----------------------------------------------------------------------------------

    def _add_figures(self, sample: Sample) -> bool:
        """Count annotations; True if a YOLO trainer would skip the whole picture for one of them."""
        width, height = sample.image.width, sample.image.height
        known: set[Any] = set()
        left_out = False
        for annotation in sample.annotations:
            tool = annotation.tool
            if tool in SHAPES:
                left_out |= self._add_figure(annotation, sample, known)
            elif tool == 'keypoint':
                self._add_point(annotation, sample, width, height)
            elif tool in _WITH_CLASS:
                if not annotation.label:
                    self.see('no_class', sample.split, f'{sample.key}: {tool}')
                if tool == 'polyline':
                    self._add_line(annotation, sample, width, height)
        return left_out

    def _add_figure(self, annotation: Annotation, sample: Sample, known: set[Any]) -> bool:
        """Count an annotation that has an area; True if a YOLO trainer would skip the whole picture for it."""
        width, height = sample.image.width, sample.image.height
        codes = []
        try:
            figure = figure_of(annotation, width, height)
        except ValueError:
            figure = None
            codes.append('malformed')
        if not annotation.label:
            codes.append('no_class')
        if figure is not None:
            code = trouble(figure, width, height)
            if code is None or code == 'partly_outside' or code == 'tiny':
                self._add_look(figure, width, height)
            if code is not None:
                codes.append(code)
            same = _identity(annotation, figure)
            if same in known:
                codes.append('repeated')
            known.add(same)
        if not codes:
            self.usable += 1
            return False
        where = f'{sample.key}: {annotation.label or annotation.tool}'
        if figure is not None:
            where += f' {place(figure)}'
        for code in codes:
            self.see(code, sample.split, where, annotation)
        unusable = next((code for code in _UNUSABLE if code in codes), None)
        if unusable is None:
            self.usable += 1
        else:
            self.skipped_annotations[unusable] += 1
        return figure is not None and leaves_picture_out(figure, width, height)

    def _add_look(self, figure: Figure, width: int, height: int) -> None:
        left, top, right, bottom = figure.box
        self._sides[bisect_right(_SIDES, ((right - left) * (bottom - top)) ** 0.5) - 1] += 1
        self.positions[_field((top + bottom) / 2 / height)][_field((left + right) / 2 / width)] += 1

    def _add_point(self, annotation: Annotation, sample: Sample, width: int, height: int) -> None:
        where = f'{sample.key}: keypoint {annotation.label or ""}'
        try:
            x, y = read_point(annotation.data)
        except ValueError:
            self.see('malformed', sample.split, where)
            return
        if visibility_of(annotation) != MISSING and not (0 <= x <= width and 0 <= y <= height):
            self.see('outside', sample.split, f'{where} ({x:.6g}, {y:.6g})')

    def _add_line(self, annotation: Annotation, sample: Sample, width: int, height: int) -> None:
        where = f'{sample.key}: {annotation.label or "polyline"}'
        try:
            figure = figure_of(annotation, width, height)
        except ValueError:
            self.see('malformed', sample.split, where)
            return
        left, top, right, bottom = figure.box
        if left > width or top > height or right < 0 or bottom < 0:
            self.see('outside', sample.split, f'{where} {place(figure)}')
        elif left < 0 or top < 0 or right > width or bottom > height:
            self.see('partly_outside', sample.split, f'{where} {place(figure)}')

    # -- after the last -------------------------------------------------------------------------------

    @property
    def images(self) -> int:
        """Media files that can be read."""
        return sum(split.images for split in self.splits.values())

    @property
    def observed(self) -> set[str]:
        """The classes that were seen."""
        return set().union(*self.labels.values())

    def sizes(self) -> Sizes:
        """Return the sizes of the pictures."""
        if not self._extremes:
            return Sizes()
        total = self._widths.total()
        common = sorted(self._sizes.items(), key=lambda item: (-item[1], item[0]))[:10]
        return Sizes(
            smallest=self._extremes[0],
            largest=self._extremes[1],
            median_width=_median(self._widths, total),
            median_height=_median(self._heights, total),
            common=[(*size, count) for size, count in common],
            others=total - sum(count for _, count in common),
        )

    def objects_per_image(self) -> Histogram:
        """Return how many pictures have so many annotations."""
        return _histogram(_PER_IMAGE, self._per_image)

    def object_sides(self) -> Histogram:
        """Return how large annotations are."""
        return _histogram(_SIDES, self._sides)


def _field(share: float) -> int:
    """Return the row or column of the grid at a share of the side; what lies outside is in the nearest."""
    return min(int(min(max(share, 0.0), 1.0) * GRID), GRID - 1)


def _pixels(size: tuple[int, int]) -> tuple[int, int]:
    return size[0] * size[1], size[0]


def _identity(annotation: Annotation, figure: Figure) -> Any:
    if figure.mask is not None:
        return annotation.label, figure.box, figure.area, figure.mask.bits.tobytes()
    return annotation.label, figure.box, *starmap(complex, (point for ring in figure.rings for point in ring))


def _median(counts: Counter[int], total: int) -> int:
    """Return the value that half of all do not exceed."""
    passed = 0
    for value in sorted(counts):
        passed += counts[value]
        if passed * 2 >= total:
            return value
    return 0


def _histogram(edges: tuple[int, ...], counts: list[int]) -> Histogram:
    """Return a histogram without the empty ranges at its ends."""
    filled = [number for number, count in enumerate(counts) if count]
    if not filled:
        return Histogram([], [])
    first, last = filled[0], filled[-1]
    upper: list[int | None] = [*edges[1:], None]
    return Histogram([edges[first], *upper[first : last + 1]], counts[first : last + 1])
