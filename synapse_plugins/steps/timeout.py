"""A step with a time-out."""

from __future__ import annotations

from threading import Lock, Timer
from time import monotonic
from typing import Any

from .base import C, check_number
from .reporter import describe, log_quietly
from .result import StepResult
from .wrappers import StepWrapper

__all__ = ['TimeoutStep']


class TimeoutStep(StepWrapper[C]):
    """Fails a step that takes too long.

    No thread can be stopped from outside: at the time-out `context.cancelled` becomes true, and it is the
    step that looks at it and ends. One that ignores it is reported as overrunning (event ``step_overrun``)
    and has failed when it ends, whatever it returns; what it did is rolled back.

    Args:
        step: The step inside.
        seconds: Time-out in seconds.
        grace: Seconds after the time-out until ``step_overrun`` is logged.
    """

    def __init__(self, step: Any, seconds: float, *, grace: float = 5.0) -> None:
        super().__init__(step)
        check_number('seconds', seconds)
        check_number('grace', grace)
        if not seconds > 0:
            raise ValueError(f'seconds is {seconds}; a time-out is more than zero.')
        if not grace >= 0:
            raise ValueError(f'grace is {grace}; it is zero or more seconds.')
        self._seconds = seconds
        self._grace = grace

    def execute(self, context: C) -> StepResult:
        """Run the inner step under the time-out."""
        reason = f'time-out of {self._seconds:g} s'
        deadline = _Deadline(context, reason)
        started = monotonic()
        timers = (
            Timer(self._seconds, deadline.reach),
            Timer(self._seconds + self._grace, deadline.overrun, [self._overrun_data()]),
        )
        for timer in timers:
            timer.daemon = True
            timer.start()
        raised: Exception | None = None
        try:
            result = super().execute(context)
        except Exception as exc:  # noqa: BLE001 - raised again, or as the cause of the time-out
            raised = exc
        finally:
            for timer in timers:
                timer.cancel()
            deadline.close()
        # A step that never lets go of the interpreter keeps the timer from its work, so the clock counts too.
        elapsed = monotonic() - started
        if not deadline.reached and elapsed < self._seconds:
            if raised is not None:
                raise raised
            return result
        text = f'{reason} exceeded after {elapsed:.1f} s'
        if raised is not None:
            raise TimeoutError(f'{text}: {describe(raised)}') from raised
        return _timed_out(result, text, elapsed)

    def _overrun_data(self) -> dict[str, Any]:
        return {'step': self._step.name, 'timeout': self._seconds, 'grace': self._grace}


class _Deadline:
    """Cancels a context at the time-out, and never after the step has ended."""

    def __init__(self, context: Any, reason: str) -> None:
        self._context = context
        self._reason = reason
        self._lock = Lock()
        self._open = True
        self.reached = False

    def reach(self) -> None:
        """Ask the step to end."""
        with self._lock:
            if self._open:
                self.reached = True
                cancel = getattr(self._context, '_cancel_for', None)
                if cancel is not None:  # the context of another package has no such thing
                    cancel(self, self._reason)

    def overrun(self, data: dict[str, Any]) -> None:
        """Report that the step did not end."""
        if self._open:
            log_quietly(self._context, 'step_overrun', data)

    def close(self) -> None:
        """The step has ended: let the run go on as if there had been no time-out."""
        with self._lock:
            self._open = False
        if self.reached:
            withdraw = getattr(self._context, '_withdraw_cancel', None)
            if withdraw is not None:
                withdraw(self)


def _timed_out(result: StepResult, text: str, elapsed: float) -> StepResult:
    """Return the failed result of a step that came back too late."""
    left = result.rollback_data
    if result.success:
        # Its work is there: something in rollback_data makes sure that it is undone.
        left = left or {'overrun_seconds': round(elapsed, 3)}
    elif result.error:
        text = f'{text}: {result.error}'
    error = TimeoutError(text)
    error.__cause__ = getattr(result, 'exception', None)
    return StepResult(success=False, data=result.data, error=text, rollback_data=left, exception=error)
