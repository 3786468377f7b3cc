"""Processes that do batches of work: what becomes of them, and of their answers, after errors and interrupts."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import pool as pools
from synapse_plugins.datasets.pool import Pool
from synapse_plugins.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORK = """
import os, time

ELSEWHERE = os.getpid() != HERE  # filled in

def same(batch):
    return batch

def failing(batch):
    if ELSEWHERE and batch == 'fail':
        raise ValueError('it failed')
    time.sleep(60 if ELSEWHERE else 0)

def ending(batch):
    if ELSEWHERE:
        os._exit(3)

def unreadable(batch):
    return Unreadable() if ELSEWHERE else None

class Unreadable:
    def __reduce__(self):
        return unread, ()

def unread():
    raise MemoryError('no room for it')

def where(batch):
    time.sleep(0.01)
    return os.getpid()

def slow(batch):
    time.sleep(1 if ELSEWHERE and batch == 'slow' else 0.01)
    return os.getpid()

def interrupting(batch):
    if not ELSEWHERE:
        raise KeyboardInterrupt
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'pool_work.py').write_text(WORK.replace('HERE', str(os.getpid())), 'utf-8')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, 'pool_work', raising=False)


@pytest.mark.parametrize(
    ('method', 'error', 'says'),
    [
        ('failing', ValueError, 'it failed'),
        ('ending', DatasetError, r'ended by itself \(exit code 3\)'),
        ('unreadable', MemoryError, 'no room'),
        ('interrupting', KeyboardInterrupt, None),
    ],
)
def test_after_an_error_nobody_waits_for_others(
    method: str, error: type[BaseException], says: str | None
) -> None:
    start = time.monotonic()
    with Pool(3) as pool:
        others = [process._child for process in pool._processes]
        answers = pool.apply(f'pool_work:{method}', ['fail', *range(30)])
        with pytest.raises(error, match=says):
            list(answers)
    assert all(child.poll() is not None for child in others)
    assert time.monotonic() - start < 50  # any of the others would take longer


def test_a_process_that_is_gone_is_told_of_whoever_waits() -> None:
    with Pool(2) as pool:
        with pytest.raises(LookupError):
            list(pool.apply('pool_work:ending', broken_after(2)))
        with pytest.raises(DatasetError, match='ended by itself'):
            list(pool.apply('pool_work:same', range(9)))


@pytest.mark.parametrize('count', [2, 3])
def test_a_batch_goes_to_who_has_seen_it(count: int) -> None:
    with Pool(count) as pool:
        rota: list[int] = []
        first = list(pool.run('apply', range(60), 'pool_work:where', rota=rota))
        seen = list(rota)
        again = list(pool.run('apply', range(60), 'pool_work:where', rota=rota))
    assert len(set(first)) == count  # all of them worked
    assert len(rota) == 60
    assert rota == seen  # one that is followed stays as it is
    assert sum(one == other for one, other in zip(first, again, strict=True)) > 45  # but for who was late


def test_a_rota_makes_nobody_wait() -> None:
    with Pool(2) as pool:
        begun = time.monotonic()
        where = list(pool.run('apply', range(40), 'pool_work:where', rota=[0] * 40))
        here = list(pool.run('apply', range(40), 'pool_work:where', rota=[pools._HERE] * 40))
    assert os.getpid() in where
    assert len(set(here)) == 2
    assert time.monotonic() - begun < 20


def test_who_is_done_gets_more_though_others_are_slow() -> None:
    with Pool(3) as pool:
        list(pool.run('apply', range(30), 'pool_work:slow'))  # all have started
        where = list(pool.run('apply', ['slow', *range(60)], 'pool_work:slow'))
    slowest = where[0]
    others = {place: where.count(place) for place in set(where) - {slowest}}
    assert len(others) == 2
    assert min(others.values()) > 10  # nobody idles behind the slow one


def test_dismissed_processes_end_and_their_answers_arrive() -> None:
    with Pool(3) as pool:
        others = [process._child for process in pool._processes]
        assert list(pool.apply('pool_work:same', range(20))) == list(range(20))
        pool.dismiss()
        assert [child.wait(20) for child in others] == [0, 0]


def test_after_an_error_of_the_batches_there_can_be_other_work() -> None:
    with Pool(2) as pool:
        with pytest.raises(LookupError):
            list(pool.apply('pool_work:same', broken_after(5)))
        assert list(pool.apply('pool_work:same', range(9))) == list(range(9))
        answers = pool.apply('pool_work:same', range(100))
        assert next(answers) == 0
        answers.close()  # type: ignore[attr-defined]
        assert list(pool.apply('pool_work:same', range(9))) == list(range(9))


def test_where_not_all_can_be_started_none_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []

    class Scarce(pools._Process):
        def __init__(self) -> None:
            if started:
                raise OSError('no more processes')
            super().__init__()
            started.append(self._child)

    monkeypatch.setattr(pools, '_Process', Scarce)
    with pytest.raises(OSError, match='no more'), Pool(3):
        pass
    assert [child.poll() is not None for child in started] == [True]


def broken_after(count: int) -> Iterator[int]:
    yield from range(count)
    raise LookupError
