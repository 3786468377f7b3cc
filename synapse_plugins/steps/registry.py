"""The ordered steps of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from ..errors import suggestion
from .base import C, refuse_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .base import BaseStep

__all__ = ['StepRegistry']


class StepRegistry(Generic[C]):
    """Holds the steps of one run in the order in which they run. Names are unique."""

    def __init__(self) -> None:
        self._steps: list[BaseStep[C]] = []

    def register(self, step: BaseStep[C]) -> None:
        """Add *step* to the end.

        Raises:
            ValueError: If a step of that name is there already.
            TypeError: If it is a class.
        """
        self._insert(len(self._steps), step)

    def unregister(self, name: str) -> None:
        """Remove the step of this name.

        Raises:
            ValueError: If there is none.
        """
        del self._steps[self._index(name)]

    def insert_before(self, before_name: str, step: BaseStep[C]) -> None:
        """Put *step* right before the step named *before_name*.

        Raises:
            ValueError: If there is no such step, or one of the new step's name is there already.
        """
        self._insert(self._index(before_name), step)

    def insert_after(self, after_name: str, step: BaseStep[C]) -> None:
        """Put *step* right after the step named *after_name*.

        Raises:
            ValueError: If there is no such step, or one of the new step's name is there already.
        """
        self._insert(self._index(after_name) + 1, step)

    def get_steps(self) -> list[BaseStep[C]]:
        """Return the steps in order, as a list of the caller's own."""
        return list(self._steps)

    def get_step_orders(self) -> dict[str, int]:
        """Return the place of each step, from 0, by name."""
        return {step.name: order for order, step in enumerate(self._steps)}

    def get_step_proportions(self) -> dict[str, int]:
        """Return the proportion of each step that has one, a whole per cent, by name."""
        proportions = ((step.name, _proportion(step)) for step in self._steps)
        return {name: proportion for name, proportion in proportions if proportion > 0}

    @property
    def total_weight(self) -> float:
        """The sum of the weights of all steps."""
        return sum(step.progress_weight for step in self._steps)

    def __len__(self) -> int:
        return len(self._steps)

    def __bool__(self) -> bool:
        return bool(self._steps)

    def __iter__(self) -> Iterator[BaseStep[C]]:
        return iter(self.get_steps())

    def __contains__(self, name: object) -> bool:
        return any(step.name == name for step in self._steps)

    def _insert(self, index: int, step: BaseStep[C]) -> None:
        refuse_class(step)
        name = step.name
        if name in self:
            raise ValueError(
                f"Step '{name}' is registered already. Names are unique within a run: give one of the two "
                f"another name, or unregister('{name}') first."
            )
        self._steps.insert(index, step)

    def _index(self, name: str) -> int:
        names = [step.name for step in self._steps]
        if name not in names:
            raise ValueError(f"Step '{name}' not found. {suggestion(name, names)}".rstrip())
        return names.index(name)


def _proportion(step: Any) -> int:
    """Return the step's proportion; an object that is a step by its attributes may lack one."""
    proportion = getattr(step, 'progress_proportion', None)
    return max(0, min(100, round(step.progress_weight * 100))) if proportion is None else int(proportion)
