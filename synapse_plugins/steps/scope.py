"""Where in a run a step stands, so that keys made in runs within a step do not collide.

A step may run steps of its own, several times: each such run is a scope, named after the outer step and counted.
The names are the same again when the run is resumed, because steps run in order.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

__all__ = ['Scope', 'enter_scope', 'leave_scope']

_ATTRIBUTE = '_step_scope'


class Scope:
    """One run among those within each other.

    Attributes:
        path: Its name; empty for the outermost.
    """

    def __init__(self, path: str = '') -> None:
        self.path = path
        self._runs: dict[str, int] = {}

    def within(self, step: str) -> Scope:
        """Return the scope of a further run within *step*."""
        number = self._runs[step] = self._runs.get(step, -1) + 1
        return Scope(f'{self.path}{step}#{number}/')


def enter_scope(holder: Any, outer_step: str | None) -> tuple[Scope, Scope | None]:
    """Begin a run, within *outer_step* if there is one.

    Args:
        holder: What all runs within each other share: the runtime, else the context.
        outer_step: The step that this run is within, if it is.

    Returns:
        The scope of the run, and what `leave_scope` gets.
    """
    before = getattr(holder, _ATTRIBUTE, None)
    outer = before if isinstance(before, Scope) else None
    scope = Scope() if outer_step is None else (outer or Scope()).within(outer_step)
    _set(holder, scope)
    return scope, outer


def leave_scope(holder: Any, outer: Scope | None) -> None:
    """End a run."""
    _set(holder, outer)


def _set(holder: Any, scope: Scope | None) -> None:
    with suppress(AttributeError, TypeError):  # a runtime of another package may take no attribute
        setattr(holder, _ATTRIBUTE, scope)
