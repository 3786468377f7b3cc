"""What a step returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

__all__ = ['StepResult', 'check_result']

# Bound once: an object is made for every step of every run.
_now = datetime.now


def _utc_now() -> datetime:
    return _now(UTC)


@dataclass
class StepResult:
    """The outcome of one step.

    Attributes:
        success: Whether the step succeeded; only this decides whether the run goes on.
        data: What the step wants to tell.
        error: Why it failed.
        rollback_data: What `rollback` needs to undo the step. A *failing* step that leaves something here is
            rolled back too.
        skipped: Whether the step was skipped.
        timestamp: When the result was made, in UTC.
        exception: The exception that `execute` raised, if it did.
    """

    success: bool = True
    data: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    rollback_data: dict[str, Any] = field(default_factory=dict)
    skipped: bool = False
    timestamp: datetime = field(default_factory=_utc_now)
    exception: BaseException | None = field(default=None, repr=False, compare=False)


def check_result(result: Any) -> None:
    """Accept any object with the attributes of `StepResult`, so that other packages' results do.

    Raises:
        TypeError: If it is something else.
    """
    if not all(hasattr(result, name) for name in ('success', 'error', 'rollback_data')):
        raise TypeError(
            f'execute() returned {type(result).__name__}, not a StepResult; end it with `return StepResult(...)`'
        )
