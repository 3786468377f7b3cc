"""Whether and why a run should stop, asked of any context: one of another package cannot be cancelled."""

from __future__ import annotations

from time import monotonic, sleep
from typing import Any

__all__ = ['cancel_reason', 'is_cancelled', 'sleep_unless_cancelled']


def is_cancelled(context: Any) -> bool:
    """Tell whether the run, or the step at work, was asked to stop."""
    # `is True`: a stand-in in a test answers every attribute with something truthy.
    return getattr(context, 'cancelled', False) is True


def cancel_reason(context: Any) -> str:
    """Return why; empty if it was not asked to stop."""
    return str(getattr(context, 'cancel_reason', ''))


def sleep_unless_cancelled(context: Any, seconds: float) -> None:
    """Wait, but no longer than until the run is cancelled."""
    until = monotonic() + seconds
    while not is_cancelled(context) and (left := until - monotonic()) > 0:
        sleep(min(left, 0.1))
