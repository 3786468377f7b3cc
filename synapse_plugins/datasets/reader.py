"""What a reader of a dataset format is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from ..errors import DatasetError
from .classes import read_classes
from .cut import is_cut_short
from .images import probe
from .names import is_text
from .report import Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .sample import Annotation, ImageFile, Sample

__all__ = ['UNREADABLE', 'Reader', 'Survey', 'samples_of']

UNREADABLE = 'its image cannot be read'
"""Why an annotation is dropped whose picture is quarantined."""


@dataclass(slots=True)
class Survey:
    """What a dataset holds, as far as a writer must know before its first sample.

    Attributes:
        labels: Tool -> the class names seen with it; the tools are those with at least one annotation.
    """

    labels: dict[str, set[str]] = field(default_factory=dict)

    def add(self, tool: str, label: str | None) -> None:
        """Add one annotation."""
        labels = self.labels.get(tool)
        if labels is None:
            labels = self.labels[tool] = set()
        if label:
            labels.add(label)


class Reader(ABC):
    """Turns what lies on disk into samples.

    A subclass finds its files when it is made, and yields the samples, always in the same order, when it is
    iterated. What it cannot read goes to the report while it is iterated; it raises only when the dataset as a
    whole cannot be read.

    Args:
        root: The dataset's folder.
        report: Where problems go.
    """

    declares_classes: ClassVar[bool] = False
    """Whether `classes` is the whole truth, because annotations refer to classes by their place in it."""

    splits: list[str | None]
    """Canonical names: ``train``, ``valid``, ``test``, others; ``[None]`` in a dataset without splits."""

    def __init__(self, root: Path, report: Report) -> None:
        self.root = root
        self.report = report

    @property
    def is_categorized(self) -> bool:
        """Whether the dataset has splits."""
        return self.splits != [None]

    @property
    def classes(self) -> list[str] | None:
        """The classes in the order that the dataset declares; None if it declares none."""
        return read_classes(self.root)

    @abstractmethod
    def __iter__(self) -> Iterator[Sample]:
        """Yield the samples."""

    def count(self) -> int | None:
        """Return how many samples there are at most, for progress; None if only reading them would tell."""
        return None

    def survey(self) -> Survey:
        """Return what the dataset holds. A format overrides this where it can tell without reading all."""
        survey = Survey()
        for sample in type(self)(self.root, Report()):  # problems are reported when it is read in earnest
            for annotation in sample.annotations:
                survey.add(annotation.tool, annotation.label)
        return survey

    def measure(self, image: ImageFile, where: str) -> bool:
        """Read the size of a picture from its header; False, and quarantined, if it cannot be read."""
        if image.width:
            return True
        if not image.name.isascii() and not is_text(image.name):
            self.report.quarantine('image', 'its name is not valid UTF-8', where)
            return False
        try:
            image.width, image.height, image.complete = probe(image.path)
        except (DatasetError, OSError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
            self.report.quarantine('image', reason, where)
            return False
        if not image.complete and is_cut_short(image.path):
            image.width = image.height = 0
            self.report.quarantine('image', 'the file is cut short', where)
            return False
        return True

    def lose(self, annotations: Iterable[Annotation], reason: str, where: str) -> None:
        """Count annotations that never become part of a sample."""
        for annotation in annotations:
            self.report.drop(annotation.tool, reason, where)


def samples_of(reader: Reader) -> Iterator[Sample]:
    """Yield the samples whose picture can be read, measured; the others are in the reader's report."""
    for sample in reader:
        if reader.measure(sample.image, sample.key):
            yield sample
        else:
            reader.lose(sample.annotations, UNREADABLE, sample.key)
