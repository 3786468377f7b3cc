"""Processes that do batches of work, and hand back the results in order.

They are plain child processes that talk through their standard streams. So nothing is forked, the main module is
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
from itertools import cycle
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from ..errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

__all__ = ['Pool', 'count_of', 'reachable']

_MOST_PROCESSES = 16

_AHEAD = 3
"""Batches that a process has before it: one at work, the others so that it need not wait for us."""

_BOOT = (
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
    """Return how many processes may work: *workers*, or one for each processor.

    Raises:
        DatasetError: If that is no number of processes.
    """
    count = workers if workers is not None else min(cores(), _MOST_PROCESSES)
    if count < 1:
        raise DatasetError(f'workers={count} is no number of processes; use 1 or more.')
    return count


def reachable() -> bool:
    """Tell whether other processes can be started: not where Python is part of another program."""
    return bool(sys.executable) and not getattr(sys, 'frozen', False)


class _Process:
    """One process, and a thread that feeds it, so that nobody waits while both pipes are full."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, '-c', _BOOT, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._feeder = Thread(target=self._feed, name='synapse-plugins-feeder', daemon=True)
        self._feeder.start()

    def _feed(self) -> None:
        pipe = self._child.stdin
        assert pipe is not None
        try:
            while (content := self._queue.get()) is not None:
                pipe.write(content)
                pipe.flush()
        except OSError:
            return  # the process is gone, which `receive` tells
        finally:
            with suppress(OSError):
                pipe.close()

    def send(self, content: bytes) -> None:
        self._queue.put(content)

    def receive(self) -> Any:
        assert self._child.stdout is not None
        try:
            failed, result = pickle.load(self._child.stdout)  # noqa: S301 - from our own child
        except (EOFError, OSError, pickle.UnpicklingError) as exc:
            code = self._child.wait()
            raise DatasetError(
                f'A worker process ended by itself (exit code {code}); nothing was written. If the system ran out '
                'of memory, use fewer (--workers 1).'
            ) from exc
        if failed:
            raise result
        return result

    def close(self, *, at_once: bool) -> None:
        if at_once:
            self._child.kill()
        self._queue.put(None)
        self._feeder.join()
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._child.wait()


class Pool:
    """Some processes; a context manager, after which they are gone.

    They start at once. What they work with is told later (`tell`), so that they can start while that is prepared.

    Args:
        count: How many.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._processes: list[_Process] = []

    def __enter__(self) -> Self:
        """Start the processes."""
        for _ in range(self._count):
            self._processes.append(_Process())
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

    def tell(self, method: str, *arguments: Any) -> None:
        """Call a method in every process; what it raises is raised by the next `run`."""
        content = pickle.dumps((method, arguments), pickle.HIGHEST_PROTOCOL)
        for process in self._processes:
            process.send(content)

    def apply(self, function: str, batches: Iterable[Any]) -> Iterator[Any]:
        """Call a function, named by a reference, for every batch, and yield what it returns, in order."""
        return self.run('apply', batches, function)

    def run(self, method: str, batches: Iterable[Any], *more: Any) -> Iterator[Any]:
        """Call a method for every batch, in turn in all processes, and yield what it returns, in order."""
        waiting: deque[_Process] = deque()
        turn = cycle(self._processes)
        try:
            for batch in batches:
                if len(waiting) >= _AHEAD * self._count:
                    yield waiting.popleft().receive()
                process = next(turn)
                process.send(pickle.dumps((method, (batch, *more)), pickle.HIGHEST_PROTOCOL))
                waiting.append(process)
            while waiting:
                yield waiting.popleft().receive()
        except BaseException:  # nobody wants the rest, but the next answers must not be taken for it
            while waiting:
                with suppress(Exception):
                    waiting.popleft().receive()
            raise
