"""A step that runs steps of its own."""

from __future__ import annotations

from typing import Any

from synapse_plugins.context import BaseLogger, RuntimeContext
from synapse_plugins.errors import StepFailedError
from synapse_plugins.steps import BaseStepContext, Orchestrator, StepResult


class Keeper(BaseLogger):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[Any] = []

    def emit(self, record: Any) -> None:
        self.records.append(record)


def inner_run(lab: Any, *steps: Any, fresh: bool = False, **options: Any) -> Any:
    """Return what a step does that runs *steps*, over its own context or a fresh one."""

    def do(context: BaseStepContext) -> StepResult:
        own = BaseStepContext(context.runtime_ctx) if fresh else context
        Orchestrator(lab.registry(*steps), own, **options).execute()
        return StepResult()

    return do


def test_the_outer_step_is_current_again_afterwards(lab: Any) -> None:
    seen = []

    def outer(context: BaseStepContext) -> StepResult:
        inner_run(lab, lab.step('x'), lab.step('y'))(context)
        seen.append((context.current_step, context.current_step_order))
        context.save_rollback(still='mine')
        return StepResult()

    undone = []
    lab.run(
        lab.step('first'),
        lab.step('outer', do=outer, undo=lambda context, result: undone.append(result.rollback_data)),
        lab.step('last', do=lambda context: StepResult(success=False)),
    )
    assert seen == [('outer', 1)]
    assert undone == [{'still': 'mine'}]
    assert lab.trace == ['first', 'outer', 'x', 'y', 'last', 'undo outer', 'undo first']


def test_results_and_errors_of_the_outer_run_stay(lab: Any) -> None:
    lab.run(lab.step('a'), lab.step('b', do=inner_run(lab, lab.step('x'))), lab.step('c'))
    assert len(lab.context.step_results) == 4


def test_inner_progress_is_progress_of_the_outer_step(lab: Any) -> None:
    lab.run(lab.step('outer', do=inner_run(lab, lab.step('x'), lab.step('y'))), callback=None)
    assert lab.runtime.reports == [
        ('progress', 50, 100, 'outer'),
        ('progress', 100, 100, 'outer'),
        ('progress', 100, 100, None),
    ]


def test_an_inner_failure_is_undone_inside_and_then_outside(lab: Any) -> None:
    inner = inner_run(lab, lab.step('x'), lab.step('y', do=lambda context: 1 / 0))
    outcome = lab.run(lab.step('a'), lab.step('b', do=inner))
    assert str(outcome.error) == "Step 'b' failed: Step 'y' failed: division by zero"
    assert isinstance(outcome.error.__cause__, StepFailedError)
    assert isinstance(outcome.error.__cause__.__cause__, ZeroDivisionError)
    assert lab.trace == ['a', 'b', 'x', 'y', 'undo x', 'undo a']


def test_keys_of_an_inner_run_are_stable_with_the_outer_journal(lab: Any, new_lab: Any, journal: Any) -> None:
    keys = []

    def make(context: BaseStepContext) -> StepResult:
        keys.append(context.idempotency_key('thing'))
        return StepResult()

    for one in (lab, new_lab()):
        one.run(one.step('outer', do=inner_run(one, one.step('x', do=make))), journal=journal)
    assert keys[0] == keys[1]
    assert lab.context._journal is None


def test_the_log_stays_at_the_outer_step_for_a_run_over_another_context(lab: Any) -> None:
    keeper = Keeper()
    lab.runtime = RuntimeContext(logger=keeper)
    lab.context = BaseStepContext(lab.runtime)
    steps = []

    def outer(context: BaseStepContext) -> StepResult:
        inner_run(lab, lab.step('x'), lab.step('y'), fresh=True)(context)
        steps.append((keeper.get_step(), keeper.get_step_order()))
        context.log('after', {})
        return StepResult()

    lab.run(lab.step('first', 0.5), lab.step('outer', 0.5, do=outer), callback=None)
    assert steps == [('outer', 1)]
    [after] = [record for record in keeper.records if record.event == 'after']
    assert (after.step, after.order) == ('outer', 1)
    overall = [record.data['overall'] for record in keeper.records if record.kind == 'progress']
    assert overall == sorted(overall)
    assert overall == [50.0, 75.0, 99.0, 100.0]
    assert len([record for record in keeper.records if record.kind == 'steps']) == 1


def test_a_wrapper_around_an_inner_run_changes_nothing(lab: Any) -> None:
    from synapse_plugins.steps import LoggingStep

    outcome = lab.run(LoggingStep(lab.step('outer', do=inner_run(lab, LoggingStep(lab.step('x'))))))
    assert outcome.result['success']
    assert [data['step'] for data in lab.runtime.events('step_end')] == ['x', 'outer']


def test_keys_of_several_runs_within_a_step_differ_and_come_again(lab: Any) -> None:
    def run() -> list[str]:
        keys: list[str] = []

        def remember(context: BaseStepContext) -> StepResult:
            keys.append(context.idempotency_key('model'))
            return StepResult()

        def folds(context: BaseStepContext) -> StepResult:
            remember(context)
            for fresh in (False, True, True):
                inner_run(lab, lab.step('upload', do=remember), fresh=fresh)(context)
            remember(context)
            return StepResult()

        runtime = RuntimeContext(Keeper(), run_id='run-1')
        Orchestrator(lab.registry(lab.step('upload', do=folds)), BaseStepContext(runtime)).execute()
        return keys

    first = run()
    assert first[0] == first[-1], 'the outer step has its key back after the inner runs'
    assert len(set(first)) == 4
    assert run() == first, 'the same again when the run is resumed'
