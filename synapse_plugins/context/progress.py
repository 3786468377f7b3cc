"""Counts the progress of a run: each step's own, and the whole run's by the weights of its steps."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ['ProgressModel']

_HELD = 99.0
"""No step brings the run further than this: 100 means that the run is over, and only the run itself says so."""
_SETTLED = 1.0
"""Seconds before the time left of a run is told from the time it took so far."""


class _Part(NamedTuple):
    """A step's place in the plan: the share of the run before it, its own, and the share after it."""

    before: float
    weight: float
    after: float


class _Bar:
    """One step's progress since it was last begun."""

    __slots__ = ('first', 'fraction', 'since')

    def __init__(self, since: float) -> None:
        self.since = since
        self.first: float | None = None
        self.fraction = 0.0

    def advance(self, fraction: float, now: float) -> float | None:
        """Take a fraction done; return the seconds that are left, None where nothing tells."""
        if fraction == 0:  # by convention a new beginning, e.g. a second attempt
            self.since, self.first, self.fraction = now, 0.0, 0.0
            return None
        first, since = self.first, self.since
        if first is None:
            # Work may begin in the middle (a resumed training), so the next report counts from here on.
            self.first, self.since, first = fraction, now, 0.0
        self.fraction = max(self.fraction, fraction)
        if fraction <= first:
            return None
        return (now - since) / (fraction - first) * (1 - fraction)


class ProgressModel:
    """Turns what steps report into per cents and times left.

    A step's per cent never goes back, unless the step begins anew by reporting 0. The run's never goes back
    at all, and 100 is only what is reported for the run itself.

    Args:
        clock: Seconds, from any point in time on.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._plan: dict[str, _Part] | None = None
        self._bars: dict[str | None, _Bar] = {}
        self._overall = 0.0
        self._begun = clock()

    @property
    def planned(self) -> bool:
        """Whether a plan is in force."""
        return self._plan is not None

    def begin(self, weights: Iterable[tuple[str, float]]) -> bool:
        """Put a plan in force: the steps and their weights in order; False if one is in force already."""
        if self._plan is not None:
            return False
        listed = list(weights)
        total = sum(weight for _, weight in listed) or 1.0
        self._plan = {}
        before = 0.0
        for name, weight in listed:
            share = weight / total
            self._plan[name] = _Part(before, share, max(0.0, 1 - before - share))
            before += share
        self._bars.clear()
        self._overall = 0.0
        self._begun = self._clock()
        return True

    def end(self) -> None:
        """Put the plan out of force."""
        self._plan = None

    def enter(self, step: str) -> None:
        """Take note that *step* begins: what the plan has before it is done."""
        self._bars[step] = _Bar(self._clock())
        if self._plan is not None and (part := self._plan.get(step)) is not None:
            self._raise_overall(min(100 * part.before, _HELD))

    def report(self, current: float, total: float, step: str | None) -> dict[str, Any]:
        """Take a report and return the data of its record; without a step it is about the whole run."""
        now = self._clock()
        bar = self._bars.get(step)
        if bar is None:
            bar = self._bars[step] = _Bar(self._begun if step is None else now)
        left = bar.advance(current / total, now)
        overall, overall_left = self._run(step, bar, left, now)
        return {
            'current': current,
            'total': total,
            'percent': round(100 * bar.fraction, 2),
            'overall': overall,
            'time_remaining': _rounded(left),
            'overall_time_remaining': _rounded(overall_left),
        }

    def _run(
        self, step: str | None, bar: _Bar, left: float | None, now: float
    ) -> tuple[float | None, float | None]:
        """Return how much of the run is done, and the seconds left, as far as that is known."""
        if self._plan is None:
            return (round(100 * bar.fraction, 2), left) if step is None else (None, None)
        if step is None:
            self._raise_overall(100 * bar.fraction)
            return round(self._overall, 2), self._left_by_elapsed(now)
        part = self._plan.get(step)
        if part is None:  # a step of a run within a step: the plan does not count it
            return round(self._overall, 2), None
        self._raise_overall(min(100 * (part.before + part.weight * bar.fraction), _HELD))
        return round(self._overall, 2), self._left_by_step(part, bar, left, now)

    def _left_by_step(self, part: _Part, bar: _Bar, left: float | None, now: float) -> float | None:
        """Take the pace of the step at work for the steps after it too: those before may have been skipped."""
        if left is None:
            return None
        if not part.weight or bar.fraction >= 1:
            return self._left_by_elapsed(now)
        return left + left / (1 - bar.fraction) / part.weight * part.after

    def _left_by_elapsed(self, now: float) -> float | None:
        if self._overall >= 100:
            return 0.0
        elapsed = now - self._begun
        if not self._overall or elapsed < _SETTLED:
            return None
        return elapsed * (100 - self._overall) / self._overall

    def _raise_overall(self, percent: float) -> None:
        self._overall = max(self._overall, percent)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
