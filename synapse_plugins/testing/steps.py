"""Runs one step as a run would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_origin

from ..errors import suggestion
from ..steps import BaseStep, BaseStepContext, Orchestrator, StepRegistry
from ..steps.wrappers import StepWrapper
from .recording import recording_runtime

if TYPE_CHECKING:
    from ..context import RuntimeContext
    from ..steps import StepResult
    from ..steps.protocols import Step

__all__ = ['new_context', 'run_step', 'run_steps']


def run_step(step: Step, context: Any = None, **fields: Any) -> StepResult:
    """Run one step through a real orchestrator: `can_skip`, `execute`, and a rollback where that is due.

    Args:
        step: The step.
        context: What it gets; None: see `new_context`. Pass one to look at it afterwards.
        **fields: What to set on the context before, e.g. ``params={'limit': 3}``.

    Returns:
        The step's result; a skipped step's says so.

    Raises:
        StepFailedError: If the step failed; it was rolled back if it left something to undo.
        TypeError: If the context has no such field.
    """
    if context is None:
        context = new_context(step)
    set_fields(context, fields)
    run_steps(context, step)
    result: StepResult = context.step_results[0]
    return result


def run_steps(context: Any, *steps: Any) -> None:
    """Run steps over a context."""
    registry: StepRegistry[Any] = StepRegistry()
    for step in steps:
        registry.register(step)
    Orchestrator(registry, context).execute()


def new_context(step: Any, runtime: RuntimeContext | None = None) -> Any:
    """Make a context for a step: of the class that it names in ``BaseStep[...]``, else a `TrainContext`.

    Args:
        step: The step.
        runtime: What it reports through; None: one that records, without a backend.
    """
    return _context_class(step)(runtime if runtime is not None else recording_runtime())


def set_fields(context: Any, fields: dict[str, Any]) -> None:
    """Set fields of a context.

    Raises:
        TypeError: If it has no such field; a misspelt one would be set, and read by nobody.
    """
    for name, value in fields.items():
        known = [known for known in vars(context) if not known.startswith('_')]
        if name not in known:
            told = f'{type(context).__name__} has no field {name!r}. {suggestion(name, known)}'.rstrip()
            raise TypeError(f'{told} Pass a context of another class if the step is made for one.')
        setattr(context, name, value)


def _context_class(step: Any) -> type[Any]:
    while isinstance(step, StepWrapper):
        step = step.wrapped
    for cls in type(step).__mro__:
        for base in cls.__dict__.get('__orig_bases__', ()):
            origin = get_origin(base)
            if not (isinstance(origin, type) and issubclass(origin, BaseStep)):
                continue
            for argument in get_args(base):
                if isinstance(argument, type) and issubclass(argument, BaseStepContext):
                    return argument
    from ..actions.train import TrainContext  # what auto-wired steps get

    return TrainContext
