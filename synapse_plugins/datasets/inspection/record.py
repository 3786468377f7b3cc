"""The record of an inspection, as plain typed data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

__all__ = [
    'AttributeFigures',
    'ClassFigures',
    'DuplicateGroup',
    'Finding',
    'Histogram',
    'Inspection',
    'Severity',
    'Sizes',
    'SplitFigures',
    'Trainer',
]

Severity = Literal['error', 'warning', 'note']
"""``error``: data is broken or a result would be wrong; ``warning``: training suffers; ``note``: good to know."""


@dataclass(slots=True)
class SplitFigures:
    """What one split holds.

    Attributes:
        name: ``train``, ``valid``, ``test`` or another; None in a dataset without splits.
        images: Pictures (or other media) that can be read.
        unreadable: Pictures that cannot.
        empty: Of `images`, those without an annotation.
        annotations: Annotations on `images`.
    """

    name: str | None
    images: int = 0
    unreadable: int = 0
    empty: int = 0
    annotations: int = 0


@dataclass(slots=True)
class ClassFigures:
    """How often one class occurs.

    Attributes:
        number: Its place in the class map.
        name: Its name, in Unicode NFC.
        annotations: How many annotations have it.
        images: On how many pictures.
        splits: Split -> how many annotations; ``''`` stands for a dataset without splits.
        declared: Whether the dataset declares it, rather than only using it.
    """

    number: int
    name: str
    annotations: int = 0
    images: int = 0
    splits: dict[str, int] = field(default_factory=dict)
    declared: bool = False


@dataclass(slots=True)
class AttributeFigures:
    """How often annotations have one attribute, and with which values.

    Attributes:
        name: Its name.
        annotations: How many annotations have it.
        values: Its most frequent values as texts (what is no text as JSON, at most 100 characters), at most ten, and
            how often each stands.
        others: How often another value stands.
        distinct: How many values are told apart, at most a thousand.
        is_capped: Whether there are more, which only `others` counts: those that came first are told apart.
    """

    name: str
    annotations: int
    values: list[tuple[str, int]] = field(default_factory=list)
    others: int = 0
    distinct: int = 0
    is_capped: bool = False


@dataclass(slots=True)
class Histogram:
    """Counts by ranges.

    Attributes:
        edges: Where the ranges begin and end, one more than counts; a range holds its lower edge. The last edge is
            None where the last range is open.
        counts: How many in each.
    """

    edges: list[int | None]
    counts: list[int]


@dataclass(slots=True)
class Sizes:
    """The sizes of the pictures, in pixels after EXIF orientation.

    Attributes:
        smallest: Width and height of the picture with the fewest pixels; None without pictures.
        largest: Of the one with the most.
        median_width: Half of the pictures are no wider.
        median_height: Half of the pictures are no higher.
        common: The commonest sizes, at most ten: width, height, how many.
        others: How many pictures have none of these.
    """

    smallest: tuple[int, int] | None = None
    largest: tuple[int, int] | None = None
    median_width: int = 0
    median_height: int = 0
    common: list[tuple[int, int, int]] = field(default_factory=list)
    others: int = 0


@dataclass(slots=True)
class Finding:
    """Something that a person should know.

    Attributes:
        code: A stable name: ``outside``, ``leak``, ``unreadable`` ...
        severity: How bad it is.
        title: What it is, without the count: ``annotations outside their picture``.
        count: How many; 0 where it is about the dataset as a whole.
        advice: What to do, or what it means.
        examples: The first places, at most five.
        splits: Split -> how many, where that is known; ``''`` stands for a dataset without splits.
    """

    code: str
    severity: Severity
    title: str
    count: int
    advice: str = ''
    examples: list[str] = field(default_factory=list)
    splits: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class DuplicateGroup:
    """Files of one content.

    Attributes:
        keys: The keys of their samples, sorted.
        files: Where they lie, in the same order, relative to the dataset's folder where they lie in it.
        splits: The splits that they are in, in canonical order; more than one is leakage.
        size: Of each, in bytes.
        differs: Their annotations differ in number or classes.
    """

    keys: list[str]
    files: list[str]
    splits: list[str]
    size: int
    differs: bool = False


@dataclass(slots=True)
class Trainer:
    """What a trainer would make of the dataset as it stands.

    Attributes:
        images: Pictures that it would use.
        skipped_images: Reason -> pictures that it would pass over.
        annotations: Annotations with an area that it would use.
        skipped_annotations: Reason -> annotations that it would pass over, or that can be no target.
    """

    images: int = 0
    skipped_images: dict[str, int] = field(default_factory=dict)
    annotations: int = 0
    skipped_annotations: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Inspection:
    """What a dataset holds and what is wrong with it.

    Attributes:
        path: The folder.
        format: The name of its format.
        images: Pictures (or other media) that can be read.
        annotations: Annotations on them, of any kind.
        empty: Pictures without an annotation.
        media: Kind of media -> how many; pictures are ``image``.
        bytes: The size of all media files together.
        splits: In canonical order.
        classes: In the order of the class map.
        joints: Name of a joint -> how many keypoints have it.
        poses: How many groups of keypoints there are.
        kinds: Kind -> how many annotations; a box that is turned is a ``rotated_box``, all others are DM tools.
        attributes: Of annotations, the most frequent first; the turn of a box, which is a kind, is none.
        other_attributes: How many attributes had a name beyond the first five hundred.
        sizes: Of the pictures.
        objects_per_image: How many pictures have so many annotations.
        object_sides: How large annotations with an area are: the square root of their box's area, in pixels.
        positions: Where the centres of annotations with an area lie: rows of a grid of 16 by 16 over the picture.
        findings: What a person should know, the worst first.
        duplicates: Groups of files of one content, those across splits first; at most a thousand.
        duplicate_groups: How many groups there are.
        trainer: What a trainer would make of it.
        numbered: Numbers of the classes whose names no font here can draw; pictures show the number instead.
        seconds: How long it took.
    """

    path: str
    format: str
    images: int = 0
    annotations: int = 0
    empty: int = 0
    media: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    splits: list[SplitFigures] = field(default_factory=list)
    classes: list[ClassFigures] = field(default_factory=list)
    joints: dict[str, int] = field(default_factory=dict)
    poses: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    attributes: list[AttributeFigures] = field(default_factory=list)
    other_attributes: int = 0
    sizes: Sizes = field(default_factory=Sizes)
    objects_per_image: Histogram = field(default_factory=lambda: Histogram([], []))
    object_sides: Histogram = field(default_factory=lambda: Histogram([], []))
    positions: list[list[int]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    duplicates: list[DuplicateGroup] = field(default_factory=list)
    duplicate_groups: int = 0
    trainer: Trainer = field(default_factory=Trainer)
    numbered: list[int] = field(default_factory=list)
    seconds: float = 0.0

    def finding(self, code: str) -> Finding | None:
        """Return the finding of a code; None if there is none."""
        return next((finding for finding in self.findings if finding.code == code), None)

    @property
    def unreadable(self) -> int:
        """Pictures that cannot be read."""
        return sum(split.unreadable for split in self.splits)

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding; None if there is none."""
        return self.findings[0].severity if self.findings else None

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data, always in the same order; ``seconds`` is not in it."""
        data = asdict(self)
        del data['seconds']
        return data
