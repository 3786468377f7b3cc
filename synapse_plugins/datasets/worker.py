"""What a process of a `pool` does, and the other end of it: a process that does so until its input ends."""

from __future__ import annotations

import gc
import os
import pickle
import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..providers import resolve
from .collection import THRESHOLDS
from .formats import table
from .jobs import unpack
from .report import Report
from .work import Work

if TYPE_CHECKING:
    from typing import BinaryIO

__all__ = ['Desk', 'main']

_BATCHES = frozenset(('survey', 'write', 'check'))
"""Messages whose first argument are packed jobs."""

_SILENT = frozenset(('open', 'start'))
"""Messages that are not answered; what they raise is the answer to the next."""


class Desk:
    """Where batches of work are done, in this process or in another."""

    def __init__(self) -> None:
        self._work: Work | None = None

    def do(self, method: str, arguments: Any) -> Any:
        """Do what a message says, and return the answer."""
        if method == 'apply':
            batch, function = arguments
            return resolve(function)(batch)
        if method == 'open':
            (readers,) = arguments
            self._work = Work(readers, Report(), apart=True)
            return None
        if method in _BATCHES:
            arguments = (unpack(arguments[0]), *arguments[1:])
        return getattr(self._work, method)(*arguments)

    def close(self) -> None:
        """Let go of what is open."""
        if self._work is not None:
            self._work.close()
            self._work = None


def main() -> None:
    """Do what the parent asks for."""
    gc.set_threshold(*THRESHOLDS)
    # The parent may go at any time: before a message, in the middle of one, or when we close.
    with (
        suppress(EOFError, BrokenPipeError, ConnectionError, pickle.UnpicklingError),
        os.fdopen(os.dup(0), 'rb') as source,
        os.fdopen(os.dup(1), 'wb') as sink,
    ):
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)  # what a stranger's format prints must not get between the answers
        _serve(source, sink)
    gc.freeze()  # all of it goes with the process: no look at each object
    sys.exit(0)


def _serve(source: BinaryIO, sink: BinaryIO) -> None:
    desk = Desk()
    failure: Exception | None = None
    while True:
        try:
            method, arguments = pickle.load(source)  # noqa: S301 - from our own parent
            if failure is None:
                result = desk.do(method, arguments)
        except (EOFError, pickle.UnpicklingError):
            raise
        except Exception as exc:  # noqa: BLE001 - handed to the parent
            failure = _portable(exc)
        if method not in _SILENT:
            answer: Any = (False, result) if failure is None else (True, failure)
            pickle.dump(answer, sink, pickle.HIGHEST_PROTOCOL)
            sink.flush()


def _portable(error: Exception) -> Exception:
    """Return an error that survives the way to the parent, with the trace that does not."""
    from ..errors import PackError, SynapsePluginsError

    trace = traceback.format_exc()
    manager = None if isinstance(error, SynapsePluginsError) else table.load_packs()
    fault = '' if manager is None else manager.fault(error)
    try:
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - made in this line
        same = type(copy) is type(error) and str(copy) == str(error)
    except Exception:  # noqa: BLE001 - whatever a stranger's exception does
        same = False
    found = error if same else RuntimeError(f'{type(error).__name__}: {error}')
    found = PackError(fault) if fault else found
    if not isinstance(error, SynapsePluginsError | OSError):
        found.add_note(f'In a worker process:\n{trace}')
    return found
