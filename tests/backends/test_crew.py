"""Threads that do small pieces of work."""

from __future__ import annotations

import threading

import pytest

from synapse_plugins.backends.crew import Crew


def test_each_piece_has_its_result() -> None:
    crew = Crew(3, 'crew')
    pieces = [crew.begin(lambda number=number: number * 2) for number in range(50)]
    assert [piece.result() for piece in reversed(pieces)] == [number * 2 for number in reversed(range(50))]
    crew.close()


def test_what_a_piece_raises_is_raised_where_it_is_asked_for() -> None:
    crew = Crew(2, 'crew')
    broken, fine = crew.begin(lambda: 1 // 0), crew.begin(lambda: 1)
    with pytest.raises(ZeroDivisionError):
        broken.result()
    assert fine.result() == 1
    crew.close()


def test_no_more_threads_than_asked_for_and_none_is_left() -> None:
    crew, together, most = Crew(4, 'few'), threading.Barrier(4), []

    def work() -> None:
        together.wait(10)
        most.append(sum(thread.name.startswith('few') for thread in threading.enumerate()))

    for piece in [crew.begin(work) for _ in range(8)]:
        piece.result()
    assert max(most) == 4
    crew.close()
    assert not any(thread.name.startswith('few') for thread in threading.enumerate())


def test_what_was_not_begun_is_dropped() -> None:
    crew, go_on, done = Crew(1, 'crew'), threading.Event(), []
    begun = threading.Event()

    def first() -> None:
        begun.set()
        go_on.wait(10)
        done.append('first')

    crew.begin(first)
    crew.begin(lambda: done.append('second'))
    assert begun.wait(10)
    closing = threading.Thread(target=crew.close)
    closing.start()
    while crew._pieces.qsize() > 1:  # until the second is dropped, and only the word to end is there
        pass
    go_on.set()
    closing.join(10)
    assert done == ['first']


def test_a_crew_without_work_has_no_threads() -> None:
    before = threading.active_count()
    crew = Crew(5, 'crew')
    assert threading.active_count() == before
    crew.close()
