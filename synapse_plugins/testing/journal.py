"""A journal for runs that leave no record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..steps import StepResult

__all__ = ['MemoryJournal']


class MemoryJournal:
    """Keeps what became of the steps of one run.

    Attributes:
        steps: `name`, `state`, `seconds` of each step, in order, as a record in a store has them.
    """

    def __init__(self) -> None:
        self._run_id = uuid4().hex
        self.steps: list[dict[str, Any]] = []

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._run_id

    def steps_declared(self, steps: Sequence[tuple[str, float]]) -> None:
        """Take the names and weights."""
        self.steps[:] = [
            {'name': name, 'order': order, 'weight': weight, 'state': 'PENDING', 'seconds': None}
            for order, (name, weight) in enumerate(steps)
        ]

    def step_started(self, name: str, order: int) -> None:
        """Note that a step begins."""
        self.steps[order]['state'] = 'RUNNING'

    def save_rollback(self, name: str, data: Mapping[str, Any]) -> None:
        """Keep nothing: nobody resumes this run."""

    def step_finished(self, name: str, order: int, result: StepResult, seconds: float) -> None:
        """Note how a step ended."""
        state = 'SKIPPED' if result.skipped else 'SUCCEEDED' if result.success else 'FAILED'
        self.steps[order].update(state=state, seconds=seconds)

    def step_rolled_back(self, name: str, error: str | None) -> None:
        """Note that a step was undone; one that could not be keeps its state."""
        for step in self.steps:
            if step['name'] == name and error is None:
                step['state'] = 'ROLLED_BACK'
