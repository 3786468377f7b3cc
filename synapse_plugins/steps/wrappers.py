"""Steps around a step: what all wrappers share, logging, timing; and a step that validates.

A wrapper forwards everything that it does not change, so that wrapping costs a step neither its weight nor
its rollback. Events carry the inner step's name.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .base import BaseStep, C, refuse_class
from .reporter import log_quietly
from .result import StepResult, check_result

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ['LoggingStep', 'StepWrapper', 'TimingStep', 'ValidationStep']


class StepWrapper(BaseStep[C]):
    """A step around a step that changes nothing; subclasses change one thing each.

    Args:
        step: The step inside; any object with a step's attributes.
    """

    prefix = ''
    """Put before the inner step's name."""

    def __init__(self, step: Any) -> None:
        refuse_class(step)
        self._step = step

    @property
    def wrapped(self) -> Any:
        """The step inside."""
        return self._step

    @property
    def name(self) -> str:
        """The inner step's name behind this wrapper's prefix."""
        return f'{self.prefix}{self._step.name}'

    @property
    def progress_weight(self) -> float:
        """The inner step's weight."""
        return float(self._step.progress_weight)

    @property
    def progress_proportion(self) -> int:
        """The inner step's proportion."""
        proportion = getattr(self._step, 'progress_proportion', None)
        return super().progress_proportion if proportion is None else int(proportion)

    def can_skip(self, context: C) -> bool:
        """Ask the inner step."""
        can_skip = getattr(self._step, 'can_skip', None)
        return can_skip is not None and bool(can_skip(context))

    def execute(self, context: C) -> StepResult:
        """Run the inner step."""
        result: StepResult = self._step.execute(context)
        check_result(result)
        return result

    def rollback(self, context: C, result: StepResult) -> None:
        """Roll the inner step back."""
        rollback = getattr(self._step, 'rollback', None)
        if rollback is not None:
            rollback(context, result)


class LoggingStep(StepWrapper[C]):
    """Logs ``step_start``, ``step_end`` (also when the step raises) and ``step_rollback``."""

    prefix = 'logged_'

    def execute(self, context: C) -> StepResult:
        """Run the inner step between two events; `elapsed` is in seconds."""
        name = self._step.name
        log_quietly(context, 'step_start', {'step': name})
        started = time.perf_counter()
        success = skipped = False
        try:
            result = super().execute(context)
            success, skipped = bool(result.success), bool(getattr(result, 'skipped', False))
        finally:
            elapsed = round(time.perf_counter() - started, 3)
            log_quietly(
                context,
                'step_end',
                {'step': name, 'elapsed': elapsed, 'success': success, 'skipped': skipped},
            )
        return result

    def rollback(self, context: C, result: StepResult) -> None:
        """Log the rollback, then do it."""
        log_quietly(context, 'step_rollback', {'step': self._step.name})
        super().rollback(context, result)


class TimingStep(StepWrapper[C]):
    """Adds `duration_seconds` to the result's data."""

    prefix = 'timed_'

    def execute(self, context: C) -> StepResult:
        """Run the inner step and say how long it took, in seconds."""
        started = time.perf_counter()
        result = super().execute(context)
        result.data = {**(result.data or {}), 'duration_seconds': round(time.perf_counter() - started, 6)}
        return result


class ValidationStep(BaseStep[C]):
    """Checks the context before the run goes on.

    Args:
        validator: Gets the context and returns ``(ok, error)``, or only whether it is right.
        name: The step's name.
        progress_weight: The step's weight.
    """

    def __init__(
        self,
        validator: Callable[[C], tuple[bool, str | None] | bool],
        name: str = 'validate',
        progress_weight: float = 0.05,
    ) -> None:
        self._validator = validator
        self._name = name
        self._progress_weight = progress_weight

    @property
    def name(self) -> str:
        """The name it was given."""
        return self._name

    @property
    def progress_weight(self) -> float:
        """The weight it was given."""
        return self._progress_weight

    def execute(self, context: C) -> StepResult:
        """Ask the validator."""
        answer: Any = self._validator(context)
        if isinstance(answer, bool):
            answer = (answer, None)
        if not (isinstance(answer, tuple | list) and len(answer) == 2):
            raise TypeError(
                f'The validator of {self.name!r} returned {answer!r}; let it return True or False, or (ok, error).'
            )
        ok, error = answer
        return StepResult() if ok else StepResult(success=False, error=error or 'validation failed')
