"""The jobs of a conversion: how they are made, packed and asked for once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.datasets import batches as batching
from synapse_plugins.datasets import convert, stream
from synapse_plugins.datasets.batches import Batches
from synapse_plugins.datasets.jobs import Job, pack, unpack
from synapse_plugins.datasets.reader import Unit
from synapse_plugins.datasets.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import SimpleNamespace

TEXT = st.text(st.characters(codec=None), max_size=8)
UNITS = st.builds(Unit, TEXT, st.none() | TEXT, TEXT, st.tuples(TEXT, st.none() | TEXT) | st.integers())
JOBS = st.builds(
    Job, st.integers(0, 9), UNITS, TEXT, st.none() | TEXT, TEXT, st.none() | st.binary(max_size=9)
)


class Source:
    """A reader as far as jobs are made from it."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked = 0

    def units(self) -> Iterator[Unit]:
        self.asked += 1
        for number in range(self.count):
            yield Unit(f'{number:03}', 'train', f'{number:03}.jpg', (number,))


class Book:
    """A ledger that knows everything."""

    def line(self, key: str) -> bytes:
        return key.encode()


def made(source: Source, selection: Selection | None = None, prefix: str = '') -> Batches:
    readers: Any = [source]
    return Batches(readers, [prefix], selection or Selection())


@given(st.lists(JOBS, min_size=1, max_size=9))
def test_packed_jobs_are_what_they_were(jobs: list[Job]) -> None:
    found = unpack(pack(jobs))
    assert found == jobs
    assert all(type(job) is Job and type(job.unit) is Unit for job in found)


def test_packed_batches_are_made_once_where_they_are_asked_for_again() -> None:
    source = Source(250)
    batches = made(source)
    first = list(batches.packed(again=True))
    assert [len(unpack(one)) for one in first] == [200, 50]
    assert batches.count == 250
    assert list(batches.packed()) == first
    assert source.asked == 1
    assert list(batches.packed()) == first  # a third time nobody spoke of, so they are made anew
    assert source.asked == 2
    assert batches.count == 250


@pytest.mark.parametrize(('total', 'size'), [(0, 25), (1000, 25), (5000, 100), (20_000, 200), (10**6, 200)])
def test_small_datasets_have_batches_for_everybody(total: int, size: int) -> None:
    batches = made(Source(0))
    batches.fit(total)
    assert batches.size == size


def test_the_ledger_goes_with_jobs_that_were_made_before_it_was_known() -> None:
    batches = made(Source(3))
    assert [job.old for one in batches.packed(again=True) for job in unpack(one)] == [None] * 3
    batches.ledger = Book()  # type: ignore[assignment]
    assert [job.old for one in batches.packed() for job in unpack(one)] == [b'000', b'001', b'002']


def test_samples_that_are_not_taken_are_told_of_once() -> None:
    batches = made(Source(50), Selection('20%'), 'one:')
    packed = [job for one in batches.packed(again=True) for job in unpack(one)]
    told = batches.left_out
    assert packed == [job for batch in made(Source(50), Selection('20%'), 'one:') for job in batch]
    assert (batches.count, batches.skipped) == (len(packed), 50 - len(packed))
    assert 0 < batches.count < 50
    [(bucket, kind, reason, count, _)] = told[1]
    assert (bucket, kind, reason, count) == (
        'left_out',
        'image',
        'it is not in the sample',
        batches.skipped,
    )
    list(batches.packed())
    assert batches.left_out == told  # not twice as much


@pytest.mark.parametrize('workers', [1, 2])
def test_a_sample_is_counted_once_however_often_jobs_are_made(
    workers: int, make: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, 'SMALL', 1)
    monkeypatch.setattr(batching, 'BATCH', 3)
    content = {'bounding_box': [make.box('cell', 4, 4, 20, 20)]}
    source = make.dm(tmp_path / 'dm', {f'train/{number}.jpg': content for number in range(17)})
    for overwrite in (False, True):  # the second time there is a ledger, and jobs are made once more
        result = convert(
            source, tmp_path / 'out', to='yolo', sample=4, workers=workers, overwrite=overwrite, remember=True
        )
        [left] = [entry for entry in result.report.left_out if entry.reason == 'it is not in the sample']
        assert (result.count, left.count) == (4, 13)
