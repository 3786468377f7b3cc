"""What Ctrl-C and a polite kill do to a run: the first asks it to stop, the second leaves at once."""

from __future__ import annotations

import os
import signal
import sys
from threading import Thread
from typing import TYPE_CHECKING, Any

from .hints import command_line
from .output import note

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Self

    from ..context import RuntimeContext

__all__ = ['Interrupts']

_WATCHED = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR = b'\x1b[?25h'


class Interrupts:
    """Turns SIGINT and SIGTERM into a cancel of the run that it watches, while the block lasts.

    Attributes:
        received: The first signal that came, or None.

    Args:
        hint: Makes a command line of words, to be pasted.
    """

    def __init__(self, hint: Callable[..., str] = command_line) -> None:
        self._hint = hint
        self.received: signal.Signals | None = None
        self._context: RuntimeContext | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._handle) for number in _WATCHED}
        return self

    def __exit__(self, *error: object) -> None:
        if self.received is not None and self._context is None:
            note('Stopped before the run began.')
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def watch(self, context: RuntimeContext) -> None:
        """Cancel *context* from now on; executors call this before the first step."""
        self._context = context

    @property
    def exit_code(self) -> int:
        """What to exit with: 130 after Ctrl-C, 143 after SIGTERM."""
        return 128 + int(self.received or signal.SIGINT)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        again, self.received = self.received is not None, signal.Signals(number)
        if again:
            _leave_at_once(self.exit_code)
        if self._context is None:  # nothing has begun, so there is nothing to roll back
            raise SystemExit(self.exit_code)
        self._context.cancel(f'interrupted by {self.received.name}')
        # The handler may have interrupted whoever holds a lock of the console: another thread waits for it.
        Thread(target=note, args=(self._what_happens(),), daemon=True).start()

    def _what_happens(self) -> str:
        step = self._context.logger.get_step() if self._context is not None else None
        work = f'step {step!r}' if step is not None else 'the action'
        run_id = self._context.run_id if self._context is not None else None
        show = self._hint('runs', 'show', run_id or 'RUN')
        epochs = ', with the epochs trained so far' if step == 'train' else ''
        return (
            f'Stopping: waiting for {work}; then what the run has made is undone{epochs}. Press Ctrl-C again to leave '
            f'at once: what lies in its work folder stays, and `{show}` says where.'
        )


def _leave_at_once(code: int) -> None:
    """End the process without any clean-up of ours; progress bars may have hidden the cursor."""
    if sys.stderr.isatty():
        os.write(sys.stderr.fileno(), _SHOW_CURSOR + b'\n')
    os._exit(code)
