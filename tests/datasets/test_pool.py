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
    return os.getpid()

def gated(batch):
    gate = os.path.join(os.path.dirname(__file__), 'gate')
    if batch == 'open':
        open(gate, 'w').close()
    while batch == 'wait' and not os.path.exists(gate):
        time.sleep(0.01)
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


def test_a_rota_is_written_and_then_followed() -> None:
    with Pool(3) as pool:
        ids = [process._child.pid for process in pool._processes]
        rota: list[int] = []
        list(pool.run('apply', range(30), 'pool_work:where', rota=rota))
        assert len(rota) == 30
        assert set(rota) <= {pools._HERE, 0, 1}
        for place in (0, 1):
            rota = [place] * pools._OWN
            found = list(pool.run('apply', range(pools._OWN), 'pool_work:where', rota=rota))
            assert found == [ids[place]] * pools._OWN
            assert rota == [place] * pools._OWN


def test_this_process_does_what_was_its_own_while_the_others_have_work() -> None:
    with Pool(2) as pool:
        [other] = [process._child.pid for process in pool._processes]
        found = list(pool.run('apply', ['wait', 'open'], 'pool_work:gated', rota=[0, pools._HERE]))
    assert found == [other, os.getpid()]


def test_a_rota_makes_nobody_wait() -> None:
    with Pool(2) as pool:
        batches = ['wait'] * pools._OWN + ['open']
        found = list(pool.run('apply', batches, 'pool_work:gated', rota=[0] * len(batches)))
        assert found[-1] == os.getpid()  # the other one had enough before it
        [only] = pool.run('apply', ['wait'], 'pool_work:gated', rota=[pools._HERE])
        assert only != os.getpid()  # which had nothing to do, and this one has to hand out work


def test_who_is_done_gets_more_though_others_are_slow() -> None:
    with Pool(3) as pool:
        slow, quick = (process._child.pid for process in pool._processes)

        def batches() -> Iterator[str]:
            yield 'wait'
            for _ in range(9):
                end = time.monotonic() + 60
                while pool._processes[1].pending and time.monotonic() < end:
                    time.sleep(0.01)
                yield 'same'
            yield 'open'

        found = list(pool.run('apply', batches(), 'pool_work:gated', rota=[0, *[1] * 10]))
    assert found == [slow, *[quick] * 10]


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
