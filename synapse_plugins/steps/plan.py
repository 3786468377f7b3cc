"""The plan of a run: its steps with their normalised weights, fixed before the first one begins."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ['Planned', 'make_plan']


class Planned(NamedTuple):
    """A step of a run, with its place, its name, its normalised weight and the per cent done after it."""

    step: Any
    order: int
    name: str
    weight: float
    percent: int


def make_plan(steps: Sequence[Any]) -> list[Planned]:
    """Read names and weights of the steps.

    Raises:
        ValueError: If a weight is not a finite number, zero or more.
    """
    weights = [_checked_weight(step) for step in steps]
    greatest = max(weights, default=0.0)
    # All zero: equal. Else in units of the greatest one, for the sum of finite numbers need not be finite.
    shares = [weight / greatest for weight in weights] if greatest else [1.0] * len(steps)
    total = sum(shares)
    plan: list[Planned] = []
    done = 0.0
    last = len(steps) - 1
    for order, (step, share) in enumerate(zip(steps, shares, strict=True)):
        done += share
        # 100 means that the run is over, so steps of weight 0 at the end hold it back until the last one.
        percent = 100 if order == last else min(99, round(100 * done / total))
        plan.append(Planned(step, order, step.name, share / total, percent))
    return plan


def _checked_weight(step: Any) -> float:
    weight = step.progress_weight
    try:
        checked = float(weight)
    except (TypeError, ValueError, OverflowError):
        checked = float('nan')
    if not isfinite(checked) or checked < 0:
        raise ValueError(
            f"Step '{step.name}' has progress_weight {weight!r}; a weight is a finite number, zero or more."
        )
    return checked
