"""What the steps need from the floors above, as protocols.

`Step` is what the orchestrator runs (any object with these attributes), `Runtime` is what a context reports
through, `Journal` is where a run becomes durable, `Observer` is who watches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .context import BaseStepContext
    from .result import StepResult

__all__ = ['Journal', 'Observer', 'Runtime', 'Step']


class Step(Protocol):
    """The attributes that make an object a step.

    ``can_skip(context) -> bool`` and ``rollback(context, result)`` are looked up too, and may be absent.
    """

    @property
    def name(self) -> str:
        """The step's name."""

    @property
    def progress_weight(self) -> float:
        """The step's share of the run's progress."""

    def execute(self, context: Any) -> Any:
        """Do the work and return an object with the attributes of `StepResult`."""


class Runtime(Protocol):
    """What `BaseStepContext` reports through; `synapse_plugins.RuntimeContext` is one.

    The orchestrator also uses, where they exist: ``logger.set_step(name, order=)``,
    ``begin_steps(weights) -> bool`` with ``end_steps(success)`` (the weights of the run, for overall progress),
    ``cancelled`` with ``cancel_reason``, and ``run_id``.
    """

    def log(self, event: str, data: dict[str, Any], file: str | None = None, level: Any = ...) -> None:
        """Report an event."""

    def set_progress(self, current: int, total: int, step: str | None = None) -> None:
        """Report progress of a step, or of the run when *step* is None."""

    def set_metrics(self, value: dict[str, Any], step: Any) -> None:
        """Report metrics of a step."""

    def log_message(self, message: Any, level: Any = ..., **kwargs: Any) -> None:
        """Report a message that a person reads."""


class Journal(Protocol):
    """Where a run becomes durable. Each call returns only when what it was told is safe.

    A step is done only when `step_finished` returned. An exception from any of these fails the step.
    """

    @property
    def run_id(self) -> str:
        """The run's id; the same after a resume."""

    def steps_declared(self, steps: Sequence[tuple[str, float]]) -> None:
        """Record the names and normalised weights of the steps, in order."""

    def step_started(self, name: str, order: int) -> None:
        """Record that a step begins."""

    def save_rollback(self, name: str, data: Mapping[str, Any]) -> None:
        """Record what is needed to undo a step that has not finished; replaces what was there, `{}` clears it."""

    def step_finished(self, name: str, order: int, result: StepResult, seconds: float) -> None:
        """Record that a step is done, skipped or failed, as *result* says."""

    def step_rolled_back(self, name: str, error: str | None) -> None:
        """Record that a step was rolled back, with what went wrong if something did."""


class Observer(Protocol):
    """Who watches a run. Every method is optional, and one that raises harms nothing: it is recorded."""

    def before_run(self, context: BaseStepContext, steps: Sequence[str]) -> None:
        """Before the first step."""

    def before_step(self, context: BaseStepContext, step: str) -> None:
        """Before `can_skip` of a step."""

    def after_step(self, context: BaseStepContext, step: str, result: StepResult) -> None:
        """After a step was done or skipped."""

    def on_step_error(self, context: BaseStepContext, step: str, error: BaseException) -> None:
        """After a step failed, before the rollback."""

    def after_rollback(self, context: BaseStepContext, step: str, error: BaseException | None) -> None:
        """After one step was rolled back, with what its rollback raised."""

    def after_run(self, context: BaseStepContext, error: BaseException | None) -> None:
        """After the last step, or after the rollback."""
