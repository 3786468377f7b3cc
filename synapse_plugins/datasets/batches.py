"""The jobs of a conversion in batches, in the order of the dataset."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from .copies import Copies
from .jobs import Job, pack
from .names import Namer
from .namesakes import Namesakes
from .report import Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .ledger import Ledger
    from .reader import Unit, UnitReader
    from .report import Counts
    from .selection import Selection

__all__ = ['BATCH', 'Batches']

BATCH = 200
"""The most samples of a batch; between two batches is a look at whether to stop, and a report of progress."""

_LEAST, _MANY = 25, 50  # samples of a batch, and batches of a dataset, where it is small


class Batches:
    """Makes the jobs, as often as it is asked to: a list of them would be the largest thing in memory.

    Args:
        readers: Whose units they are.
        prefixes: What stands before the keys of each reader's samples.
        selection: Which samples to take, and where they go.

    Attributes:
        size: How many jobs a batch has at most: `BATCH`, of small datasets fewer, so that there is one for everybody.
        has_splits: Whether they go to several splits, so that copies may be in two of them.
        by_split: Whether two splits may hold pictures of one name.
        ledger: That of an earlier conversion, which goes with the jobs; None if there is none.
        count: How many jobs there are, once they were all made.
        skipped: How many more there would have been, but for the user's choice of a sample.
        left_out: What to tell of these.
    """

    def __init__(self, readers: Sequence[UnitReader], prefixes: Sequence[str], selection: Selection) -> None:
        self._readers = readers
        self._prefixes = prefixes
        self._selection = selection
        self._packed: deque[bytes] = deque()
        self.size = BATCH
        self.by_split = True
        self.has_splits = False
        self.ledger: Ledger | None = None
        self.count = self.skipped = 0
        self.left_out: Counts = Report().take()

    def fit(self, total: int) -> None:
        """Choose the size of the batches for so many samples."""
        self.size = min(BATCH, max(_LEAST, total // _MANY))

    def units(self) -> Iterator[tuple[int, Unit]]:
        """Yield the units of all samples, taken or not, each with the place of its source."""
        for source, reader in enumerate(self._readers):
            for unit in reader.units():
                yield source, unit

    def __iter__(self) -> Iterator[list[Job]]:
        """Yield the batches."""
        jobs = self._jobs()
        return iter(lambda: list(islice(jobs, self.size)), [])

    def packed(self, *, again: bool = False) -> Iterator[bytes]:
        """Yield the batches, ready for another process.

        Args:
            again: They will be asked for once more, so they are kept; some ninety bytes a sample.
        """
        kept, self._packed = self._packed, deque()
        if kept and self.ledger is None:  # which they would not know of
            while kept:
                yield kept.popleft()
            return
        for batch in self:
            content = pack(batch)
            if again:
                self._packed.append(content)
            yield content

    def _jobs(self) -> Iterator[Job]:
        """Yield a job for every sample that is taken."""
        selection, namer, ledger, by_split = self._selection, Namer(), self.ledger, self.by_split
        report = Report()
        copies = Copies() if len(self._readers) > 1 else None
        namesakes = Namesakes() if self.has_splits and len(self._readers) > 1 else None
        self.count = self.skipped = 0
        for source, (reader, prefix) in enumerate(zip(self._readers, self._prefixes, strict=True)):
            for unit in reader.units():
                key = f'{prefix}{unit.key}' if prefix else unit.key
                if not selection.takes(source, unit):
                    self.skipped += 1
                    report.leave_out('image', 'it is not in the sample', key)
                    continue
                split = selection.split_of(unit)
                if copies is not None:
                    copies.see(source, reader, unit, key)
                if namesakes is not None:
                    namesakes.see(source, unit.name, split, key)
                stem = namer.name(split or '' if by_split else '', unit.name.rpartition('.')[0], key)
                self.count += 1
                yield Job(source, unit, key, split, stem, None if ledger is None else ledger.line(key))
        if copies is not None:
            copies.warn(report)
        if namesakes is not None:
            namesakes.warn(report, is_new=selection.splits is not None)
        self.left_out = report.take()
