"""The class that steps are written from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from numbers import Real
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from .context import BaseStepContext
    from .result import StepResult

__all__ = ['BaseStep', 'C', 'check_number', 'refuse_class']

C = TypeVar('C', bound='BaseStepContext')


class BaseStep(ABC, Generic[C]):
    """One unit of work in a run.

    A subclass gives a name, a weight and `execute`; `can_skip` and `rollback` are optional. Plain class
    attributes do for `name` and `progress_weight`. No `__init__` here, so a subclass need not call it.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """The step's name, unique within its registry."""

    @property
    @abstractmethod
    def progress_weight(self) -> float:
        """The step's share of the run's progress: finite, not negative. Weights are normalised over a run."""

    @property
    def progress_proportion(self) -> int:
        """The weight as a whole per cent, 0 to 100, for runtimes that count progress so."""
        return max(0, min(100, round(self.progress_weight * 100)))

    @abstractmethod
    def execute(self, context: C) -> StepResult:
        """Do the work.

        An exception counts as a failure with its text as the reason.
        """

    def can_skip(self, context: C) -> bool:
        """Tell whether the work need not be done in this run."""
        return False

    def rollback(self, context: C, result: StepResult) -> None:
        """Undo what `execute` did. It must be safe to call more than once.

        Args:
            context: The run's context.
            result: What `execute` returned; `rollback_data` also holds what the step handed to
                `context.save_rollback`.
        """


def refuse_class(step: Any) -> None:
    """Refuse a class where a step is meant.

    Raises:
        TypeError: If *step* is a class.
    """
    if isinstance(step, type):
        raise TypeError(
            f'{step.__name__} is a class, not a step. Have you forgotten the ()? Write {step.__name__}(...).'
        )


def check_number(name: str, value: Any, kind: type = Real) -> None:
    """Refuse what is no number where one is meant.

    Raises:
        TypeError: If *value* is none of this *kind*.
    """
    if isinstance(value, bool) or not isinstance(value, kind):
        wanted = 'a number' if kind is Real else 'a whole number'
        raise TypeError(f'{name} is {value!r}; it is {wanted}.')
