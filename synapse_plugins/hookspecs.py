"""Every hook on one page.

A pack is an installed distribution with an entry point in the group ``synapse_plugins`` that names a module
with functions marked ``@hookimpl``::

    from synapse_plugins import hookimpl
    from synapse_plugins.providers import StepProvider

    @hookimpl
    def synapse_register_steps(register):
        register(StepProvider(name='rtdetr', role='train', step='my_pack.train:TrainStep', formats=('coco',)))

An implementation takes the arguments it needs, by name. Built-in packs are called first, then the others by
distribution name; the ``after_`` hooks in the reverse order. More is not promised. A hook grows by optional
arguments only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .providers import ActionProvider, FormatProvider, LoggerProvider, StepProvider
    from .steps import BaseStepContext, StepResult

__all__ = ['PROJECT', 'hookimpl', 'hookspec']

PROJECT = 'synapse_plugins'
"""The pluggy project, and the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


# -- what a pack provides: called once, when the pack is loaded; an exception marks the pack as broken ---------


@hookspec
def synapse_register_steps(register: Callable[[StepProvider], None]) -> None:
    """Offer steps: call *register* with a `StepProvider` for each."""


@hookspec
def synapse_register_formats(register: Callable[[FormatProvider], None]) -> None:
    """Add dataset formats: call *register* with a `FormatProvider` for each."""


@hookspec
def synapse_register_actions(register: Callable[[ActionProvider], None]) -> None:
    """Offer actions: call *register* with an `ActionProvider` for each."""


@hookspec
def synapse_register_loggers(register: Callable[[LoggerProvider], None]) -> None:
    """Plug loggers in: call *register* with a `LoggerProvider` for each; they get every event of every run."""


# -- observers: called during a run; an exception is recorded and changes nothing -------------------------------


@hookspec
def synapse_before_run(context: BaseStepContext, steps: Sequence[str]) -> None:
    """Before the first step; *steps* are the names in order."""


@hookspec
def synapse_before_step(context: BaseStepContext, step: str) -> None:
    """Before a step, also before one that will be skipped."""


@hookspec
def synapse_after_step(context: BaseStepContext, step: str, result: StepResult) -> None:
    """After a step was done or skipped."""


@hookspec
def synapse_on_step_error(context: BaseStepContext, step: str, error: BaseException) -> None:
    """After a step failed, before anything is rolled back."""


@hookspec
def synapse_after_rollback(context: BaseStepContext, step: str, error: BaseException | None) -> None:
    """After one step was rolled back; *error* is what its rollback raised."""


@hookspec
def synapse_after_run(context: BaseStepContext, error: BaseException | None) -> None:
    """After the last step, or after the rollback; *error* is why the run failed."""
