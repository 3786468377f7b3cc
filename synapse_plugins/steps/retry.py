"""A step that is tried again."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

from .base import C, check_number
from .cancel import is_cancelled, sleep_unless_cancelled
from .reporter import describe, log_quietly, text_of
from .result import StepResult
from .wrappers import StepWrapper

__all__ = ['RetryStep']


class RetryStep(StepWrapper[C]):
    """Tries a step again when it fails with certain errors, with capped exponential back-off and full jitter.

    Each attempt is logged when it ends (event ``step_attempt``). One that left something to roll back is
    rolled back before the next; if that fails, there is no next. A cancelled run is not tried again.

    Args:
        step: The step inside.
        on: Which exceptions are worth another try. A failed result without an exception is not: the step
            decided that itself.
        attempts: How many tries in all, at least 1.
        delay: Longest wait before the second try, in seconds; it doubles with each further one.
        max_delay: Cap of the wait, in seconds.
    """

    def __init__(
        self,
        step: Any,
        *,
        on: type[Exception] | Iterable[type[Exception]],
        attempts: int = 3,
        delay: float = 1.0,
        max_delay: float = 30.0,
    ) -> None:
        super().__init__(step)
        check_number('attempts', attempts, Integral)
        check_number('delay', delay)
        check_number('max_delay', max_delay)
        if attempts < 1:
            raise ValueError(f'attempts is {attempts}; a step is tried at least once.')
        if not (delay >= 0 and max_delay >= 0):
            raise ValueError(f'delay is {delay} and max_delay {max_delay}; a wait is zero or more seconds.')
        self._on = _exceptions(on)
        self._attempts = attempts
        self._delay = delay
        self._max_delay = max_delay

    def execute(self, context: C) -> StepResult:
        """Run the inner step until it succeeds, fails for good, or the tries are used up."""
        attempt = 1
        while True:
            result, error = self._try(context)
            again = (
                isinstance(error, self._on)
                and attempt < self._attempts
                and not is_cancelled(context)
                and self._clean_up(context, result, error)
            )
            wait = self._wait(attempt) if again else None
            self._report(context, attempt, result, error, wait)
            if wait is not None:
                sleep_unless_cancelled(context, wait)
            if wait is None or is_cancelled(context):
                if result is None:
                    assert error is not None
                    raise error
                return result
            attempt += 1

    def _try(self, context: C) -> tuple[StepResult | None, BaseException | None]:
        """Run the inner step once; return its result or what it raised."""
        try:
            result = super().execute(context)
        except Exception as exc:  # noqa: BLE001 - raised again where it is not worth another try
            return None, exc
        return result, None if result.success else getattr(result, 'exception', None)

    def _clean_up(self, context: C, result: StepResult | None, error: BaseException) -> bool:
        """Undo a try that left something, as the orchestrator would; tell whether a next one may begin."""
        saved = getattr(context, '_saved_rollback', None)
        left = {**(saved or {}), **((result.rollback_data if result else None) or {})}
        if not left:
            return True
        failed = result or StepResult(success=False, error=text_of(error), exception=error)
        failed.rollback_data = left
        try:
            self.rollback(context, failed)
        except Exception as exc:  # noqa: BLE001 - what failed first is what is reported
            context.errors.append(f"Rollback failed for step '{self._step.name}': {describe(exc)}")
            return False
        if saved:
            context._clear_rollback()
        return True

    def _wait(self, attempt: int) -> float:
        from random import uniform

        # 2 ** 30 s are decades: the exponent is bounded so that the power stays a number.
        return uniform(0, min(self._max_delay, self._delay * 2.0 ** min(attempt - 1, 30)))  # noqa: S311 - jitter

    def _report(
        self,
        context: C,
        attempt: int,
        result: StepResult | None,
        error: BaseException | None,
        wait: float | None,
    ) -> None:
        reason = None
        if error is not None:
            reason = describe(error)
        elif result is not None and not result.success:
            reason = result.error or 'the step gave no reason'
        data = {
            'step': self._step.name,
            'attempt': attempt,
            'attempts': self._attempts,
            'success': reason is None,
            'error': reason,
            'wait': None if wait is None else round(wait, 3),
        }
        log_quietly(context, 'step_attempt', data)


def _exceptions(on: Any) -> tuple[type[Exception], ...]:
    """Return the classes of exceptions that were given, one or several."""
    given = on if isinstance(on, Iterable) and not isinstance(on, str | type) else (on,)
    classes = tuple(given)
    for cls in classes:
        if not (isinstance(cls, type) and issubclass(cls, Exception)):
            raise TypeError(
                f'on is {on!r}; name classes of exceptions, e.g. on=ConnectionError or on=(OSError, TimeoutError).'
            )
    return classes
