"""A dataset as a person at a notebook wants it: pictures with their annotations as numpy arrays.

>>> from synapse_plugins import datasets
>>> for image in datasets.open('blood'):  # doctest: +SKIP
...     print(image.key, image.boxes.shape, image.class_ids, image.labels)
train/a (2, 4) [0 1] ['RBC', 'WBC']

All coordinates are absolute pixels of the picture as it is seen (EXIF orientation applied), origin at the top left
corner of the top left pixel, x to the right, y down. Nothing is clipped or mended: what reaches out of the picture does
so here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from ..errors import DatasetError, UncountedError
from .classes import ClassNames, class_list
from .detection import detect_format, open_dataset
from .figures import figure_of, label_of, read_point, visibility_of
from .geometry import rotated
from .poses import poses_of
from .reader import UNREADABLE
from .report import Report
from .shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Self

    import numpy as np
    import numpy.typing as npt

    from .figures import Figure
    from .reader import Reader
    from .sample import Annotation, Sample

__all__ = ['NOT_CLASSES', 'Dataset', 'LabelledImage', 'LabelledPose', 'open']

NOT_CLASSES = frozenset(('group', 'keypoint', 'relation'))
"""Tools whose labels are no classes: the label of a keypoint is the name of a joint."""


def open(path: str | Path, source_format: str | None = None) -> Dataset:  # noqa: A001 - `datasets.open`, as in `Image.open`
    """Open a dataset folder to look at it picture by picture.

    Args:
        path: The folder.
        source_format: Its format; by default it is found out.

    Raises:
        FormatError: If the folder is not of that format, or of none.
        UnknownNameError: If there is no such format.
    """
    name = source_format or detect_format(path)
    return Dataset(open_dataset(path, name), name)


class Dataset:
    """An open dataset; iterate it for its pictures, as often as you like.

    Args:
        reader: What reads it.
        format: The name of its format.

    Attributes:
        path: The folder.
        format: The name of its format.
        report: What could not be read, by kind and reason; it fills anew whenever the dataset is iterated.
    """

    def __init__(self, reader: Reader, format: str) -> None:  # noqa: A002
        self.path = reader.root
        self.format = format
        self.report: Report = reader.report
        self._reader = reader
        self._at_first = reader.report.to_dict()

    def close(self) -> None:
        """Let go of what is open; a dataset is also a context manager, which does it at its end."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f'<Dataset {self.path} ({self.format})>'

    def __len__(self) -> int:
        """Return how many pictures there are, without reading them; one that cannot be read counts too.

        Raises:
            UncountedError: If the format tells that only by reading.
        """
        count = self._reader.count()
        if count is None:
            raise UncountedError(
                f'How many pictures {self.path} has is only known when they are read, for the format {self.format}: '
                'sum(1 for _ in dataset) counts them.'
            )
        return count

    def __bool__(self) -> bool:
        """Tell whether there may be pictures."""
        return self._reader.count() != 0

    @property
    def splits(self) -> list[str | None]:
        """The splits: ``train``, ``valid``, ``test``, others; ``[None]`` in a dataset without splits."""
        return list(self._reader.splits)

    @cached_property
    def classes(self) -> list[str]:
        """The class map; a class's number is its place.

        It is what the dataset declares, then any other classes by code point. A format that does not declare its
        classes is read once to find them.
        """
        declared = self._reader.classes
        spell = ClassNames(Report())  # that names were normalised is said when the samples are read
        if declared is not None and self._reader.declares_classes:
            return class_list(declared, (), spell)
        labels = self._reader.survey().labels
        observed = {label for tool in labels if tool not in NOT_CLASSES for label in labels[tool] if label}
        return class_list(declared or (), observed, spell)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.classes)}

    def samples(self) -> Iterator[Sample]:
        """Yield the neutral samples: pictures that can be read, measured; the others are in the report."""
        self.report = self._reader.report = Report.from_dict(self._at_first)
        spell = ClassNames(self.report)
        for sample in self._reader:
            if not self._reader.measure(sample.image, sample.key):
                self._reader.lose(sample.annotations, UNREADABLE, sample.key)
                continue
            for annotation in sample.annotations:
                if annotation.label is not None:
                    annotation.label = spell(annotation.label) or None
            yield sample

    def __iter__(self) -> Iterator[LabelledImage]:
        """Yield the pictures with their annotations, always in the same order."""
        numbers = self._numbers
        for sample in self.samples():
            yield LabelledImage(sample, numbers, self.report)


@dataclass(frozen=True)
class LabelledPose:
    """Keypoints that belong together.

    Attributes:
        group: What holds them together in the dataset; None for keypoints in no group.
        names: The names of the joints (K).
        points: x and y of each, float64 (K, 2), pixels.
        visibility: int64 (K,): 0 not annotated, 1 hidden, 2 seen.
        label: The class of the object, from the box, polygon, mask or group that they are in; None if there is none.
        class_id: Its number; -1 if there is none.
    """

    group: str | int | None
    names: list[str]
    points: npt.NDArray[np.float64]
    visibility: npt.NDArray[np.int64]
    label: str | None
    class_id: int


class _Row(NamedTuple):
    """An annotation that has an area."""

    annotation: Annotation
    figure: Figure


class LabelledImage:
    """A picture with its annotations as arrays, each made when it is asked for.

    The N *rows* are the annotations that have an area, in the order of the dataset: boxes, polygons and masks. One
    whose data is malformed is no row, and is counted in the dataset's report. Media that are no pictures have no rows.

    Attributes:
        sample: The neutral sample, which has everything.
    """

    def __init__(self, sample: Sample, numbers: Mapping[str, int], report: Report) -> None:
        self.sample = sample
        self._numbers = numbers
        self._report = report

    def __repr__(self) -> str:
        return f'<LabelledImage {self.key} {self.width}x{self.height}, {len(self.sample.annotations)} annotations>'

    # -- the picture ----------------------------------------------------------------------------------

    @property
    def key(self) -> str:
        """Stable and unique within the dataset."""
        return self.sample.key

    @property
    def split(self) -> str | None:
        """The split, None in a dataset without splits."""
        return self.sample.split

    @property
    def path(self) -> Path:
        """Where the picture lies."""
        return self.sample.image.path

    @property
    def width(self) -> int:
        """In pixels, after EXIF orientation."""
        return self.sample.image.width

    @property
    def height(self) -> int:
        """In pixels, after EXIF orientation."""
        return self.sample.image.height

    def pixels(self) -> npt.NDArray[np.uint8]:
        """Return the picture, decoded and turned the way it is seen: uint8 (height, width, 3), RGB.

        Raises:
            DatasetError: If it cannot be decoded.
        """
        import numpy as np
        from PIL import Image, ImageOps

        try:
            with Image.open(self.path) as picture:
                return np.asarray(ImageOps.exif_transpose(picture).convert('RGB'))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as exc:
            raise DatasetError(f'{self.path} cannot be decoded: {exc}') from exc

    # -- rows -----------------------------------------------------------------------------------------

    @cached_property
    def _rows(self) -> list[_Row]:
        rows: list[_Row] = []
        if self.sample.image.media != 'image':
            return rows  # a section of a video is no mask
        for annotation in self.sample.annotations:
            if annotation.tool in SHAPES:
                try:
                    rows.append(_Row(annotation, figure_of(annotation, self.width, self.height)))
                except ValueError:
                    self._report.drop(annotation.tool, 'its data is malformed', self.key)
        return rows

    @property
    def annotations(self) -> list[Annotation]:
        """The annotation of each row (N): its id, its attributes, its data as the dataset has it."""
        return [row.annotation for row in self._rows]

    @property
    def tools(self) -> list[str]:
        """What each row is (N): ``bounding_box``, ``polygon`` or ``segmentation``."""
        return [row.annotation.tool for row in self._rows]

    @property
    def labels(self) -> list[str | None]:
        """The class of each row (N); None where it has none."""
        return [row.annotation.label for row in self._rows]

    @property
    def class_ids(self) -> npt.NDArray[np.int64]:
        """The number of each row's class, int64 (N,): its place in the dataset's ``classes``; -1 where it has none."""
        import numpy as np

        return np.array([self._number(label) for label in self.labels], np.int64)

    def _number(self, label: str | None) -> int:
        return -1 if label is None else self._numbers.get(label, -1)

    @cached_property
    def boxes(self) -> npt.NDArray[np.float64]:
        """The smallest upright box around each row, float64 (N, 4): left, top, right, bottom, pixels."""
        import numpy as np

        return np.array([row.figure.box for row in self._rows], np.float64).reshape(-1, 4)

    @cached_property
    def corners(self) -> npt.NDArray[np.float64]:
        """The corners of each row's box, float64 (N, 4, 2), pixels: top left, top right, bottom right, bottom left.

        Those of a rotated box are turned with it; polygons and masks have the corners of their upright box.
        """
        import numpy as np

        turned = [
            row.figure.rings[0]
            if row.annotation.tool == 'bounding_box' and row.figure.rings
            else rotated(row.figure.box, 0.0)
            for row in self._rows
        ]
        return np.array(turned, np.float64).reshape(-1, 4, 2)

    @cached_property
    def _polygons(self) -> list[tuple[int, npt.NDArray[np.float64]]]:
        import numpy as np

        return [
            (number, np.array(ring, np.float64).reshape(-1, 2))
            for number, row in enumerate(self._rows)
            if row.annotation.tool == 'polygon'
            for ring in row.figure.rings
        ]

    @property
    def polygons(self) -> list[npt.NDArray[np.float64]]:
        """The rings of all polygons, each float64 (M, 2), pixels; an object of several parts has several."""
        return [ring for _, ring in self._polygons]

    @property
    def polygon_rows(self) -> npt.NDArray[np.int64]:
        """The row that each of `polygons` belongs to, int64 (P,)."""
        import numpy as np

        return np.array([row for row, _ in self._polygons], np.int64)

    @cached_property
    def masks(self) -> list[npt.NDArray[np.bool_]]:
        """The masks, each bool (height, width) of the whole picture."""
        import numpy as np

        masks = []
        for row in self._rows:
            mask = row.figure.mask
            if mask is not None:
                rows, columns = mask.bits.shape
                whole = np.zeros((self.height, self.width), np.bool_)
                whole[mask.top : mask.top + rows, mask.left : mask.left + columns] = mask.bits
                masks.append(whole)
        return masks

    @property
    def mask_rows(self) -> npt.NDArray[np.int64]:
        """The row that each of `masks` belongs to, int64 (Q,)."""
        import numpy as np

        rows = [number for number, row in enumerate(self._rows) if row.figure.mask is not None]
        return np.array(rows, np.int64)

    # -- what has no area -----------------------------------------------------------------------------

    @property
    def image_labels(self) -> list[str]:
        """The classes of the picture as a whole."""
        return [
            item.label for item in self.sample.annotations if item.tool == 'classification' and item.label
        ]

    @cached_property
    def poses(self) -> list[LabelledPose]:
        """The keypoints, those that belong together in one pose; those in no group are one pose too, of group None."""
        found, rest = poses_of(self.sample.annotations)
        alone = [annotation for annotation in rest if annotation.tool == 'keypoint']
        poses = [self._pose(pose.group, pose.points, label_of(pose)) for pose in found]
        if alone:
            poses.append(self._pose(None, alone, None))
        return [pose for pose in poses if pose.names]

    def _pose(self, group: str | int | None, points: list[Annotation], label: str | None) -> LabelledPose:
        import numpy as np

        good: list[tuple[str, tuple[float, float], int]] = []
        for point in points:
            try:
                place = read_point(point.data)
            except ValueError:
                self._report.drop('keypoint', 'its data is malformed', self.key)
                continue
            good.append((point.label or '', place, visibility_of(point)))
        return LabelledPose(
            group,
            [name for name, _, _ in good],
            np.array([place for _, place, _ in good], np.float64).reshape(-1, 2),
            np.array([seen for _, _, seen in good], np.int64),
            label,
            self._number(label),
        )
