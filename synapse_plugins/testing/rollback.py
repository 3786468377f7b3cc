"""Checks that a step can be undone, and undone again."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ..errors import StepFailedError
from ..steps import BaseStep, StepResult
from ..steps.wrappers import StepWrapper
from ..store.plain import dump
from .steps import new_context, run_steps
from .trees import differences, tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..steps.protocols import Step

__all__ = ['assert_rollback_idempotent']


def assert_rollback_idempotent(
    step: Step, context: Any = None, *, state: Callable[[], Any] | Path | str | None = None
) -> None:
    """Check that a step's rollback undoes what it did, and that a second one does no harm.

    The step runs through a real orchestrator, a step after it fails, and it is rolled back. Then it is rolled
    back once more, with its result as a journal on disk would give it back after a crash: paths as text.

    Args:
        step: The step.
        context: What it gets; None: of the class that it names in ``BaseStep[...]``.
        state: What the step changes: a folder, whose whole tree is compared, or a function that returns
            anything comparable, e.g. what a server holds. None: the run's work folder.

    Raises:
        AssertionError: If something is left over or lost after a rollback, if a rollback raises, or if the step
            changes nothing that `state` can see, since nothing would be checked then.
        StepFailedError: If the step itself fails.
        ValueError: If there is neither `state` nor a work folder to look at.
    """
    context = new_context(step) if context is None else context
    if state is not None:
        _check(step, context, state if callable(state) else partial(tree, Path(state)))
        return
    runtime = context.runtime_ctx
    if runtime is None:
        raise ValueError('The context has no runtime, so there is no work folder to look at: pass state=.')
    if runtime.work_dir is not None:
        _check(step, context, partial(tree, runtime.work_dir))
        return
    with TemporaryDirectory() as folder:
        runtime.work_dir = Path(folder)
        try:
            _check(step, context, partial(tree, runtime.work_dir))
        finally:
            runtime.work_dir = None


def _check(step: Any, context: Any, state: Callable[[], Any]) -> None:
    before = state()
    done, result = _run_and_roll_back(step, context, state)
    if result.skipped:
        raise AssertionError(
            f'Step {step.name!r} was skipped: can_skip() returned true, so nothing was checked.'
        )
    if done == before:
        raise AssertionError(
            f'Step {step.name!r} changed nothing that is looked at, so its rollback was not checked: pass '
            'state=, the folder it writes to, or a function that returns what it changes.'
        )
    _compare(f'The rollback of step {step.name!r} left something', before, state())
    again = StepResult(
        data=json.loads(dump(result.data)), rollback_data=json.loads(dump(result.rollback_data))
    )
    _run_and_roll_back(_Again(step, again), context, state)
    _compare(f'A second rollback of step {step.name!r} did something', before, state())


def _run_and_roll_back(step: Any, context: Any, state: Callable[[], Any]) -> tuple[Any, Any]:
    """Run the step, then one that fails; return what the state was in between, and the step's result."""
    probe = _Probe(state)
    try:
        run_steps(context, step, probe)
    except StepFailedError as exc:
        if exc.step != probe.name:
            raise
        if exc.rollback_errors:
            again = ' when it was called again' if isinstance(step, _Again) else ''
            raise AssertionError('; '.join(exc.rollback_errors) + again) from exc
    return probe.seen, context.step_results[0]


class _Probe(BaseStep[Any]):
    """Looks at the state, then fails."""

    name = 'the step after it'
    progress_weight = 1.0

    def __init__(self, state: Callable[[], Any]) -> None:
        self._state = state
        self.seen: Any = None

    def execute(self, context: Any) -> StepResult:
        """Look, and fail."""
        self.seen = self._state()
        return StepResult(success=False, error='told to fail')


class _Again(StepWrapper[Any]):
    """A step that was done before: only its rollback is left of it."""

    def __init__(self, step: Any, result: StepResult) -> None:
        super().__init__(step)
        self._result = result

    def can_skip(self, context: Any) -> bool:
        """Do not ask the step: it has nothing to do."""
        return False

    def execute(self, context: Any) -> StepResult:
        """Give the result that the step had."""
        return self._result


def _compare(what: str, before: Any, after: Any) -> None:
    if before != after:
        raise AssertionError(f'{what}: {differences(before, after)}')
