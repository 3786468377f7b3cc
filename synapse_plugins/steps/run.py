"""One `execute()` of an orchestrator, from clean state to the result or the rolled-back failure."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import RunCancelledError, StepFailedError
from .cancel import cancel_reason, is_cancelled
from .reporter import describe, reason_of, text_of
from .result import StepResult, check_result
from .scope import enter_scope, leave_scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from .plan import Planned
    from .protocols import Journal
    from .reporter import Reporter
    from .scope import Scope

__all__ = ['Run']


class Run:
    """Runs a plan; every attribute is of this run only."""

    def __init__(
        self,
        plan: list[Planned],
        context: Any,
        reporter: Reporter,
        before_step: Callable[[str, Any], Any] | None,
        journal: Journal | None,
    ) -> None:
        self.plan = plan
        self.context = context
        self.reporter = reporter
        self.before_step = before_step
        self.journal = journal
        self.observed = bool(reporter.observers)
        self.begun = False
        self.done: list[tuple[Planned, Any]] = []
        """What a rollback undoes, in order: executed steps with their results."""
        self.outer_state = (
            getattr(context, '_journal', None),
            getattr(context, '_saved_rollback', None),
            getattr(context, '_scope_path', ''),
        )
        self.scope_holder = context if reporter.runtime is None else reporter.runtime
        self.outer_scope: Scope | None = None

    # -- the whole run --------------------------------------------------------------------------------

    def execute(self, registry: Any) -> dict[str, Any]:
        """Run every step of the plan."""
        context, error = self.context, None
        try:
            self.begin(registry)
            for planned in self.plan:
                if is_cancelled(context):
                    self.refuse(planned)
                self.run_step(planned)
        except BaseException as exc:
            error = exc
            self.rollback(exc)  # nothing is left after a failed step; this is for what came between the steps
            raise
        finally:
            self.end(error)
        return {'success': True, 'steps_executed': len(self.done), 'steps_total': len(self.plan)}

    def begin(self, registry: Any) -> None:
        """Clear what an earlier run left, and tell everyone what is to come."""
        context, reporter = self.context, self.reporter
        if reporter.outer[0] is None:
            # New lists: whoever kept those of an earlier run keeps them as they were.
            context.step_results = context.step_results and []
            context.errors = context.errors and []
            context.user_failure_message_emitted = False
        context._journal = self.journal
        scope, self.outer_scope = enter_scope(self.scope_holder, reporter.outer_logged[0])
        context._scope_path = scope.path
        if self.journal is None and self.outer_state[0] is not None:
            # A run within a step has the outer run's id, so that its keys stay stable when that is resumed.
            context._own_run_id = self.outer_state[0].run_id
        if self.journal is not None:
            self.journal.steps_declared([(planned.name, planned.weight) for planned in self.plan])
        reporter.declare(self.plan, registry)
        self.begun = True
        if self.observed:
            reporter.notify('before_run', [planned.name for planned in self.plan])
        if not self.plan:
            reporter.progress(100, None)

    def end(self, error: BaseException | None) -> None:
        """Leave the context as it was found, but for the results."""
        context = self.context
        context._journal, context._saved_rollback, context._scope_path = self.outer_state
        leave_scope(self.scope_holder, self.outer_scope)
        self.reporter.end(error is None)
        if self.observed and self.begun:
            self.reporter.notify('after_run', error)

    # -- one step -------------------------------------------------------------------------------------

    def run_step(self, planned: Planned) -> None:
        """Run a step, and go on only if it is done; raise after the rollback if it is not."""
        context = self.context
        context._saved_rollback = None
        result: Any = None
        failure: BaseException | None = None
        started = perf_counter()
        try:
            result = self.attempt(planned)
            if done := result.success:
                if context._saved_rollback:
                    result.rollback_data = {**context._saved_rollback, **(result.rollback_data or {})}
                if self.journal is not None:
                    self.journal.step_finished(planned.name, planned.order, result, perf_counter() - started)
            else:
                failure = getattr(result, 'exception', None)
        except BaseException as exc:  # noqa: BLE001 - whatever it was, what was done is undone; then it is raised
            failure, done = exc, False
        if not done:
            self.fail(planned, result, failure, perf_counter() - started)
        context.step_results.append(result)
        if self.observed:
            self.reporter.notify('after_step', planned.name, result)
        self.reporter.progress(planned.percent, planned.name)

    def attempt(self, planned: Planned) -> Any:
        """Skip or execute a step and return its result."""
        context, step, name = self.context, planned.step, planned.name
        self.reporter.enter_step(name, planned.order)
        if self.observed:
            self.reporter.notify('before_step', name)
        if self.before_step is not None:
            self.before_step(name, context)
        if self.journal is not None:
            self.journal.step_started(name, planned.order)
        can_skip = getattr(step, 'can_skip', None)
        if can_skip is not None and can_skip(context):
            return StepResult(success=True, skipped=True)
        context._saved_rollback = {}
        result = step.execute(context)
        if type(result) is not StepResult:
            check_result(result)
        self.done.append((planned, result))
        return result

    def refuse(self, planned: Planned) -> NoReturn:
        """Raise because the run was cancelled before this step began; there is nothing of it to record."""
        raise RunCancelledError(planned.name, f'cancelled before it began ({cancel_reason(self.context)})')

    # -- failure --------------------------------------------------------------------------------------

    def fail(self, planned: Planned, result: Any, failure: BaseException | None, seconds: float) -> NoReturn:
        """Roll back and raise: the failure itself if nobody may catch it, else an error that names the step."""
        context = self.context
        failed = self.failed_result(planned, result, failure)
        context.step_results.append(failed)
        self.record_failure(planned, failed, failure, seconds)
        reason = str(failed.error) if failed.error else 'the step gave no reason'
        stopped = is_cancelled(context)
        self.reporter.step_failed(planned.name, planned.order, reason, stopped)
        if failure is not None and not isinstance(failure, Exception):
            self.rollback(failure)
            raise failure
        raised = (RunCancelledError if stopped else StepFailedError)(planned.name, reason)
        self.rollback(raised)
        raise raised from failure

    def failed_result(self, planned: Planned, result: Any, failure: BaseException | None) -> Any:
        """Return the result of the failing step, and see to it that it is undone if it left something."""
        if result is not None and result.success:
            # The step did its work and only the journal failed: it is undone as one that is done.
            return StepResult(success=False, error=reason_of(failure), exception=failure)
        failed = result
        if failed is None:
            failed = StepResult(success=False, error=reason_of(failure), exception=failure)
        if saved := self.context._saved_rollback:
            failed.rollback_data = {**saved, **(failed.rollback_data or {})}
        if self.done and self.done[-1][0] is planned:
            self.done.pop()
        if failed.rollback_data:
            self.done.append((planned, failed))
        return failed

    def record_failure(
        self, planned: Planned, failed: Any, failure: BaseException | None, seconds: float
    ) -> None:
        """Tell the journal and the observers; neither can change what is reported."""
        if self.journal is not None:
            try:
                self.journal.step_finished(planned.name, planned.order, failed, seconds)
            except Exception as exc:  # noqa: BLE001 - the failure that we report is the step's
                self.reporter.record(f"The journal could not record that step '{planned.name}' failed", exc)
        if self.observed:
            error = failure or StepFailedError(planned.name, str(failed.error))
            self.reporter.notify('on_step_error', planned.name, error)

    def rollback(self, cause: BaseException) -> None:
        """Undo what was done, last first, each step guarded; what goes wrong is added to *cause* as a note."""
        self.context._saved_rollback = None
        problems: list[str] = []
        while self.done:
            planned, result = self.done[-1]
            raised = self.undo(planned, result)
            self.done.pop()  # only now: an interrupt in between leaves the step to be undone, not forgotten
            if raised is not None:
                problems.append(f"Rollback failed for step '{planned.name}': {describe(raised)}")
                self.context.errors.append(problems[-1])
                cause.add_note(problems[-1])
            self.record_rollback(planned, raised)
        if problems and isinstance(cause, StepFailedError):
            cause.rollback_errors = (*cause.rollback_errors, *problems)

    def undo(self, planned: Planned, result: Any) -> BaseException | None:
        """Roll one step back, and return what it raised."""
        try:
            self.reporter.enter_step(planned.name, planned.order)
            undo = getattr(planned.step, 'rollback', None)
            if undo is not None:
                undo(self.context, result)
        except BaseException as exc:  # noqa: BLE001 - the others must still be undone, and the cause stays the cause
            return exc
        return None

    def record_rollback(self, planned: Planned, raised: BaseException | None) -> None:
        """Tell the journal, the log and the observers that a step was rolled back."""
        name = planned.name
        if self.journal is not None:
            try:
                self.journal.step_rolled_back(name, None if raised is None else text_of(raised))
            except Exception as exc:  # noqa: BLE001 - the failure that we report is the step's
                self.reporter.record(f"The journal could not record the rollback of step '{name}'", exc)
        self.reporter.step_rolled_back(name, planned.order, raised)
        if self.observed:
            self.reporter.notify('after_rollback', name, raised)
