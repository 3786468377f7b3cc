"""What a dataset version is made of, counted while its samples go by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...datasets.classes import ClassNames, class_list
from ...datasets.detection import detect_format, open_dataset
from ...datasets.reader import samples_of
from ...datasets.report import Report
from ...errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ...datasets.sample import Sample

__all__ = ['Tally']


class Tally:
    """Reads the dataset in a folder and counts what it holds.

    Attributes:
        count: The pictures so far.
        size: Their bytes.
        expected: How many pictures there are at most.

    Args:
        source: The folder.
        source_format: Its format; None: it is recognised.
    """

    def __init__(self, source: Path, source_format: str | None) -> None:
        self.count = self.size = 0
        self._source = source
        self._report = Report()
        self._format = source_format or detect_format(source)
        self._reader = open_dataset(source, self._format, report=self._report)
        self._splits: dict[str, int] = {}
        self._labels: set[str] = set()
        self.expected = self._reader.count() or 0

    def samples(self) -> Iterator[Sample]:
        """Yield the samples whose picture can be read.

        Raises:
            DatasetError: After the last, if there was none.
        """
        for sample in samples_of(self._reader):
            yield sample
            self.count += 1
            if sample.split is not None:
                self._splits[sample.split] = self._splits.get(sample.split, 0) + 1
            self._labels.update(annotation.label for annotation in sample.annotations if annotation.label)
        if not self.count:
            problems = ' '.join(self._report.lines())
            raise DatasetError(f'{self._source} has no picture that can be read. {problems}'.strip())

    def facts(self) -> dict[str, Any]:
        """Return what is known of the version when all samples went by."""
        declared, spell = self._reader.classes, ClassNames(Report())
        return {
            'format': self._format,
            'source': str(self._source),
            'classes': class_list(declared or (), self._labels, spell),
            'declared_classes': None if declared is None else class_list(declared, (), spell),
            'splits': self._splits,
            'count': self.count,
            'size': self.size,
            'is_categorized': self._reader.is_categorized,
            'notes': [line for line in self._report.lines() if not line.startswith('kept ')],
        }
