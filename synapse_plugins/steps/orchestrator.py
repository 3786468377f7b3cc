"""Runs the steps of a registry over a context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from .base import C
from .plan import make_plan
from .reporter import Reporter
from .run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .protocols import Journal, Observer
    from .registry import StepRegistry

__all__ = ['Orchestrator']


class Orchestrator(Generic[C]):
    """Runs registered steps in order, reports weighted progress, and rolls back on failure.

    Args:
        registry: The steps.
        context: What the steps share.
        progress_callback: Gets ``(done_percent, 100)`` after each step, cumulative by weight; skipped steps
            count as done, ``(100, 100)`` comes last and on success only. While it runs there is no current
            step. Without one, the run's progress goes to the runtime context.
        before_step: Called with the step's name and the context before each step, skipped ones too.
        journal: Where the run becomes durable; a step is done only when the journal says so.
        observers: Who watches; what they raise is recorded and harms nothing.
    """

    def __init__(
        self,
        registry: StepRegistry[C],
        context: C,
        progress_callback: Callable[[int, int], Any] | None = None,
        before_step: Callable[[str, C], Any] | None = None,
        *,
        journal: Journal | None = None,
        observers: Iterable[Observer] = (),
    ) -> None:
        self._registry = registry
        self._context = context
        self._progress_callback = progress_callback
        self._before_step = before_step
        self._journal = journal
        self._observers = tuple(observers)

    def execute(self) -> dict[str, Any]:
        """Run all steps.

        Returns:
            ``{'success': True, 'steps_executed': n, 'steps_total': m}``; skipped steps count in the total only.

        Raises:
            StepFailedError: A `RuntimeError` that names the step and its reason, after the rollback, with the
                original exception as its cause.
            RunCancelledError: The same, when the run was cancelled.
            ValueError: If a weight is negative or not finite; no step has run then.
        """
        plan = make_plan(self._registry.get_steps())
        reporter = Reporter(self._context, self._progress_callback, self._observers)
        return Run(plan, self._context, reporter, self._before_step, self._journal).execute(self._registry)
