"""What an orchestrator does when all goes well."""

from __future__ import annotations

from typing import Any

import pytest

from synapse_plugins.steps import BaseStepContext, Orchestrator, StepResult


def test_steps_run_in_order_and_are_counted(lab: Any) -> None:
    outcome = lab.run(lab.step('a'), lab.step('b'), lab.step('c'))
    assert outcome.result == {'success': True, 'steps_executed': 3, 'steps_total': 3}
    assert lab.trace == ['a', 'b', 'c']
    assert [result.data['by'] for result in lab.context.step_results] == ['a', 'b', 'c']


def test_a_skipped_step_counts_in_the_total_only(lab: Any) -> None:
    outcome = lab.run(lab.step('a'), lab.step('b', skip=True), lab.step('c'))
    assert outcome.result == {'success': True, 'steps_executed': 2, 'steps_total': 3}
    assert lab.trace == ['a', 'c']
    assert [result.skipped for result in lab.context.step_results] == [False, True, False]


def test_a_step_may_say_itself_that_it_skipped_and_counts_as_executed(lab: Any) -> None:
    outcome = lab.run(lab.step('a', do=lambda context: StepResult(skipped=True)))
    assert outcome.result == {'success': True, 'steps_executed': 1, 'steps_total': 1}


def test_an_empty_registry_succeeds(lab: Any) -> None:
    assert lab.run().result == {'success': True, 'steps_executed': 0, 'steps_total': 0}


def test_the_current_step_is_the_one_at_work_and_none_afterwards(lab: Any) -> None:
    seen = []

    def look(context: BaseStepContext) -> StepResult:
        seen.append((context.current_step, context.current_step_order))
        return StepResult()

    lab.run(lab.step('a', do=look), lab.step('b', do=look))
    assert seen == [('a', 0), ('b', 1)]
    assert (lab.context.current_step, lab.context.current_step_order) == (None, None)


def test_before_step_is_called_before_skipped_steps_too(lab: Any) -> None:
    calls = []

    def before(name: str, context: BaseStepContext) -> None:
        calls.append((name, context.current_step))

    lab.run(lab.step('a'), lab.step('b', skip=True), before_step=before)
    assert calls == [('a', 'a'), ('b', 'b')]


def test_what_before_step_sets_is_seen_by_can_skip(lab: Any) -> None:
    def before(name: str, context: Any) -> None:
        context.ready = True

    lab.run(lab.step('a', skip=lambda context: context.ready), before_step=before)
    assert lab.trace == []


def test_a_run_is_over_the_steps_registered_when_it_began(lab: Any) -> None:
    registry = lab.registry()

    def register_more(context: BaseStepContext) -> StepResult:
        registry.register(lab.step('late'))
        registry.unregister('b')
        return StepResult()

    registry.register(lab.step('a', do=register_more))
    registry.register(lab.step('b'))
    assert Orchestrator(registry, lab.context).execute()['steps_total'] == 2
    assert lab.trace == ['a', 'b']


def test_every_execute_starts_from_clean_state(lab: Any) -> None:
    orchestrator = Orchestrator(lab.registry(lab.step('a'), lab.step('b')), lab.context)
    first = orchestrator.execute()
    kept = lab.context.step_results
    lab.context.errors.append('from the first run')
    lab.context.mark_user_failure_emitted()
    assert orchestrator.execute() == first
    assert len(lab.context.step_results) == 2
    assert len(kept) == 2, 'whoever kept the results of the first run keeps them'
    assert lab.context.errors == []
    assert not lab.context.user_failure_message_emitted


def test_a_second_run_rolls_back_its_own_steps_only(lab: Any) -> None:
    calls = []

    def fail_the_second_time(context: BaseStepContext) -> StepResult:
        calls.append(1)
        return StepResult(success=len(calls) == 1, error='no')

    steps = lab.registry(lab.step('a'), lab.step('b', do=fail_the_second_time))
    orchestrator = Orchestrator(steps, lab.context)
    lab.execute(orchestrator)
    lab.trace.clear()
    lab.execute(orchestrator)
    assert lab.trace == ['a', 'b', 'undo a']


def test_a_context_without_a_runtime_runs() -> None:
    from synapse_plugins.steps import StepRegistry, ValidationStep

    registry: StepRegistry[BaseStepContext] = StepRegistry()
    registry.register(ValidationStep(lambda context: (True, None)))
    context = BaseStepContext(None)
    assert Orchestrator(registry, context).execute()['success']
    context.log('event', {})
    context.set_progress(1, 2)
    context.log_message('text', 'warning')
    assert context.errors == []


def test_any_object_with_a_steps_attributes_is_a_step(lab: Any) -> None:
    class Bare:
        name = '맨손'
        progress_weight = 2

        def execute(self, context: Any) -> Any:
            return Result()

    class Result:
        success, error, rollback_data, skipped = True, None, {'some': 'thing'}, False

    outcome = lab.run(Bare(), lab.step('b', do=lambda context: StepResult(success=False, error='no')))
    assert str(outcome.error) == "Step 'b' failed: no"
    assert lab.context.step_results[0].rollback_data == {'some': 'thing'}


@pytest.mark.parametrize('callback', [None, print])
def test_positional_and_keyword_arguments_are_those_of_the_documents(lab: Any, callback: Any) -> None:
    registry = lab.registry()
    assert Orchestrator(registry, lab.context, callback, None).execute()['success']
    assert Orchestrator(registry=registry, context=lab.context, progress_callback=callback).execute()[
        'success'
    ]
