"""Processes that do batches of work, this one among them, and the results in order.

The others are plain child processes that talk through their standard streams. So nothing is forked, the main module is
not imported again, and a script without a ``__main__`` guard or a notebook can use them.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections import deque
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import IO, TYPE_CHECKING, Any, Self

from ..errors import DatasetError
from .worker import Desk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

__all__ = ['Pool', 'count_of', 'reachable']

_MOST_PROCESSES = 16
"""Processes that start by themselves, however many processors there are."""

_MOST_EACH = 4
"""Processes for each processor, beyond which more do nothing but fill the memory."""

_AHEAD = 2
"""Batches that a process has before it: one at work, another so that it need not wait for us."""

_OWN = 4
"""Batches that a process may have before it that are its own by the rota."""

_HERE = -1
"""This process, in a rota."""

_BEHIND = 16
"""How many more batches may be done while one before them is not."""

_PIPE = 1 << 20  # bytes; the most that Linux gives to everybody

_PATIENCE = 5.0  # seconds, in which a process has ended whose answers have

_BOOT = (  # an interrupt from the keyboard reaches all; the parent gets it too, and ends us
    'import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); '
    'import json, sys; sys.path[:] = json.loads(sys.argv[1]); '
    'from synapse_plugins.datasets.worker import main; main()'
)


def cores() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def count_of(workers: int | None) -> int:
    """Return how many processes work: one for each processor, or *workers*, as far as it makes sense here.

    Raises:
        DatasetError: If that is no number of processes.
    """
    count: Any = workers if workers is not None else min(cores(), _MOST_PROCESSES)
    if not isinstance(count, int) or count < 1:
        raise DatasetError(f'workers={count!r} is no number of processes; use 1 or more.')
    return min(count, max(_MOST_PROCESSES, _MOST_EACH * cores()))


def reachable() -> bool:
    """Tell whether other processes can be started: not where Python is part of another program."""
    return bool(sys.executable) and not getattr(sys, 'frozen', False)


def _widen(pipe: IO[bytes] | None) -> None:
    """Make room for a whole message in a pipe, where the system can.

    A thread that reads or writes it piece by piece waits for its turn in the interpreter before each.
    """
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        if pipe is not None:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


class _Process:
    """Another process, with a thread that feeds it and one that takes its answers, so that nobody waits for a pipe."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, '-c', _BOOT, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for pipe in (self._child.stdin, self._child.stdout):
            _widen(pipe)
        self._sent = self._done = 0
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._answers: SimpleQueue[tuple[bool, Any]] = SimpleQueue()
        self._end: tuple[bool, Any] | None = None
        self._threads = [
            Thread(target=work, name=f'synapse-plugins-{name}', daemon=True)
            for name, work in (('feeder', self._feed), ('taker', self._take))
        ]
        for thread in self._threads:
            thread.start()

    def _feed(self) -> None:
        pipe = self._child.stdin
        assert pipe is not None
        try:
            while (content := self._queue.get()) is not None:
                pipe.write(content)
                pipe.flush()
        except OSError:
            return  # the process is gone, which `_take` tells
        finally:
            with suppress(OSError):
                pipe.close()

    def _take(self) -> None:
        pipe = self._child.stdout
        assert pipe is not None
        try:
            while True:
                self._answers.put(pickle.load(pipe))  # noqa: S301 - from our own child
                self._done += 1
        except (EOFError, OSError, pickle.UnpicklingError) as exc:
            error = DatasetError(
                f'A worker process ended by itself (exit code {self._code()}); nothing was written. If the system ran '
                'out of memory, use fewer (--workers 1).'
            )
            error.__cause__ = exc
            self._give_up(error)
        except BaseException as exc:  # noqa: BLE001 - an answer that cannot be read here: handed to who waits for it
            self._child.kill()  # what follows is no answer
            self._give_up(exc)
        finally:
            pipe.close()

    def _give_up(self, error: BaseException) -> None:
        self._end = (True, error)
        self._done = self._sent  # it looks free, so that whoever sends it more is told
        self._answers.put(self._end)

    def _code(self) -> int:
        """Return the exit code of a process that answers no more."""
        try:
            return self._child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return self._child.wait()

    @property
    def pending(self) -> int:
        """How many batches it has before it."""
        return self._sent - self._done

    def send(self, content: bytes, *, answered: bool) -> None:
        self._sent += answered
        self._queue.put(content)

    def is_ready(self) -> bool:
        return not self._answers.empty()

    def receive(self) -> Any:
        answer = self._answers.get()
        if answer is self._end:
            self._answers.put(answer)  # for whoever waits for another answer, of which there is none
        failed, result = answer
        if failed:
            raise result
        return result

    def dismiss(self) -> None:
        self._queue.put(None)

    def close(self, *, at_once: bool) -> None:
        if at_once:
            self._child.kill()
        self.dismiss()
        for thread in self._threads:
            thread.join()
        self._child.wait()


class _Here:
    """What came of a batch that was done in this process."""

    def __init__(self, desk: Desk, method: str, arguments: tuple[Any, ...]) -> None:
        self._error: Exception | None = None
        try:
            self._result = desk.do(method, arguments)
        except Exception as exc:  # noqa: BLE001 - raised when it is its turn, as if another process had done it
            self._error = exc

    def is_ready(self) -> bool:
        return True

    def receive(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result


class Pool:
    """Some processes, this one among them; a context manager, after which the others are gone.

    They start at once. What they work with is told later (`tell`), so that they can start while that is prepared.

    Args:
        count: How many, two or more.
    """

    def __init__(self, count: int) -> None:
        self._others = count - 1
        self._processes: list[_Process] = []
        self._desk = Desk()

    def __enter__(self) -> Self:
        """Start the processes."""
        try:
            for _ in range(self._others):
                self._processes.append(_Process())
        except BaseException:  # the first ones must not stay where there is no room for all
            self.stop(at_once=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop them, at once after an error."""
        self.stop(at_once=kind is not None)

    def stop(self, *, at_once: bool) -> None:
        """Stop the processes, when their work is done or at once."""
        for process in self._processes:
            process.close(at_once=at_once)
        self._processes.clear()
        self._desk.close()

    def dismiss(self) -> None:
        """Let the other processes end, as they are not needed any more; nobody waits for that before `stop`."""
        for process in self._processes:
            process.dismiss()

    def tell(self, method: str, *arguments: Any) -> None:
        """Call a method in every process; what it raises elsewhere is raised by the next `run`."""
        content = pickle.dumps((method, arguments), pickle.HIGHEST_PROTOCOL)
        for process in self._processes:
            process.send(content, answered=False)
        self._desk.do(method, arguments)

    def apply(self, function: str, batches: Iterable[Any]) -> Iterator[Any]:
        """Call a function, named by a reference, for every batch, and yield what it returns, in order."""
        return self.run('apply', batches, function)

    def run(
        self, method: str, batches: Iterable[Any], *more: Any, rota: list[int] | None = None
    ) -> Iterator[Any]:
        """Call a method for every batch, where there is somebody free, and yield what it returns, in order.

        The other processes come first; this one works while all of them have enough before them. After an error in
        one of them, or an interrupt, the others are gone. After an error of *batches*, or where not all answers are
        taken, they are ready for other work.

        Args:
            method: Its name.
            batches: Its first argument, one after the other.
            more: Its other arguments.
            rota: Who did the same batches before, who then has kept some of what they need; followed as long as
                nobody has to wait for it. Where it ends, it is written.
        """
        waiting: deque[_Process | _Here] = deque()
        most = _OWN * self._others + _BEHIND
        known = len(rota) if rota is not None else 0
        try:
            for number, batch in enumerate(batches):
                place = self._free(rota[number] if rota is not None and number < known else None)
                if rota is not None and number >= known:
                    rota.append(place)
                if place == _HERE:
                    waiting.append(_Here(self._desk, method, (batch, *more)))
                else:
                    content = pickle.dumps((method, (batch, *more)), pickle.HIGHEST_PROTOCOL)
                    self._processes[place].send(content, answered=True)
                    waiting.append(self._processes[place])
                while waiting and (len(waiting) > most or waiting[0].is_ready()):
                    yield self._answer(waiting)
            while waiting:
                yield self._answer(waiting)
        except (Exception, GeneratorExit):
            while waiting:  # nobody wants the rest, but the next answers must not be taken for it
                with suppress(Exception):
                    waiting.popleft().receive()
            raise
        except BaseException:  # an interrupt: nobody has the time
            self.stop(at_once=True)
            raise

    def _free(self, wanted: int | None) -> int:
        """Return who is to do the next batch: *wanted*, unless somebody else would have nothing to do meanwhile."""
        pending = [process.pending for process in self._processes]
        least = min(pending)
        if wanted == _HERE and least:
            return _HERE
        if wanted is not None and wanted != _HERE and pending[wanted] < _OWN:
            return wanted
        return pending.index(least) if least < _AHEAD else _HERE

    def _answer(self, waiting: deque[_Process | _Here]) -> Any:
        """Return the next answer; where that is an error, all others are given up, however long they would take."""
        try:
            return waiting.popleft().receive()
        except BaseException:
            waiting.clear()
            self.stop(at_once=True)
            raise
