"""Threads that do small pieces of work side by side; cheaper for each piece than an executor and its futures."""

from __future__ import annotations

from _thread import allocate_lock
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ['Crew', 'Piece']

_T = TypeVar('_T')


class Piece(Generic[_T]):
    """A piece of work that was given to a crew."""

    __slots__ = ('_done', '_error', '_value', '_work')

    def __init__(self, work: Callable[[], _T]) -> None:
        self._work: Callable[[], _T] | None = work
        self._done = allocate_lock()
        self._done.acquire()
        self._error: BaseException | None = None

    def run(self) -> None:
        """Do it."""
        assert self._work is not None
        try:
            self._value = self._work()
        except BaseException as exc:  # noqa: BLE001 - raised where the result is asked for
            self._error = exc
        finally:
            self._work = None
            self._done.release()

    def result(self) -> _T:
        """Wait until it is done; return what came of it, or raise what it raised."""
        with self._done:
            pass
        if self._error is not None:
            error, self._error = self._error, None  # the traceback holds this frame
            raise error
        return self._value


class Crew:
    """Some threads, started as there is work for them.

    Args:
        size: How many at most.
        name: What the threads are called.
    """

    def __init__(self, size: int, name: str) -> None:
        self._size = size
        self._name = name
        self._threads: list[Thread] = []
        self._pieces: SimpleQueue[Piece[object] | None] = SimpleQueue()

    def begin(self, work: Callable[[], _T]) -> Piece[_T]:
        """Have a piece of work done by the next thread that is free."""
        piece = Piece(work)
        self._pieces.put(piece)  # type: ignore[arg-type]
        if len(self._threads) < self._size:
            thread = Thread(target=self._run, name=f'{self._name}_{len(self._threads)}')
            self._threads.append(thread)
            thread.start()
        return piece

    def close(self) -> None:
        """Drop what was not begun, and wait for what was."""
        try:
            while True:
                self._pieces.get_nowait()
        except Empty:
            pass
        for _ in self._threads:
            self._pieces.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _run(self) -> None:
        while (piece := self._pieces.get()) is not None:
            piece.run()
