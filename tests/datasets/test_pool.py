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
