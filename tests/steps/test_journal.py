"""The journal is the truth about a run: a step is done only when the journal says so."""

from __future__ import annotations

from typing import Any

import pytest

from synapse_plugins.errors import RunCancelledError, StepFailedError
from synapse_plugins.steps import BaseStepContext, RetryStep, StepResult


def test_a_run_is_written_down_in_order(lab: Any, journal: Any) -> None:
    def save(context: BaseStepContext) -> StepResult:
        context.save_rollback(경로='하나')
        return StepResult()

    lab.run(lab.step('a', 1, do=save), lab.step('b', 3, skip=True), journal=journal)
    assert journal.lines() == [
        ['declared', [['a', 0.25], ['b', 0.75]]],
        ['started', 'a', 0],
        ['saved', 'a', {'경로': '하나'}],
        ['finished', 'a', 0, 'done', {'경로': '하나'}],
        ['started', 'b', 1],
        ['finished', 'b', 1, 'skipped', {}],
    ]


def test_save_rollback_is_on_disk_when_it_returns_and_adds_up(lab: Any, journal: Any) -> None:
    seen = []

    def work(context: BaseStepContext) -> StepResult:
        context.save_rollback(one=1)
        seen.append(journal.lines()[-1])
        context.save_rollback(two=2)
        seen.append(journal.lines()[-1])
        return StepResult()

    lab.run(lab.step('a', do=work), journal=journal)
    assert seen == [['saved', 'a', {'one': 1}], ['saved', 'a', {'one': 1, 'two': 2}]]


def test_a_failure_and_its_rollback_are_written_down(lab: Any, journal: Any) -> None:
    def undo_badly(context: BaseStepContext, result: StepResult) -> None:
        raise OSError('busy')

    def fail(context: BaseStepContext) -> StepResult:
        context.save_rollback(half=True)
        raise ValueError('아니')

    lab.run(lab.step('a', undo=undo_badly), lab.step('b', do=fail), journal=journal)
    assert journal.lines()[-4:] == [
        ['saved', 'b', {'half': True}],
        ['finished', 'b', 1, 'failed: 아니', {'half': True}],
        ['undone', 'b', None],
        ['undone', 'a', 'busy'],
    ]


def test_a_step_that_the_journal_cannot_write_down_is_not_done(lab: Any, journal: Any) -> None:
    journal.fails_at = 'finished'
    outcome = lab.run(lab.step('a'), journal=journal)
    assert type(outcome.error) is StepFailedError
    assert 'No space left on device' in str(outcome.error)
    assert isinstance(outcome.error.__cause__, OSError)
    assert lab.trace == ['a', 'undo a'], 'its work was done, so it is undone'
    assert [result.success for result in lab.context.step_results] == [False]
    assert lab.progress == []
    assert any('journal could not record that step' in error for error in lab.context.errors)


@pytest.mark.parametrize('call', ['started', 'saved'])
def test_a_journal_that_fails_before_the_work_stops_it(lab: Any, journal: Any, call: str) -> None:
    made = []

    def work(context: BaseStepContext) -> StepResult:
        context.save_rollback(path='x')
        made.append('x')
        return StepResult()

    journal.fails_at = call
    outcome = lab.run(lab.step('a'), lab.step('b', do=work), journal=journal)
    assert type(outcome.error) is StepFailedError
    assert made == []


def test_a_journal_that_cannot_begin_stops_the_run(lab: Any, journal: Any) -> None:
    journal.fails_at = 'declared'
    outcome = lab.run(lab.step('a'), journal=journal)
    assert isinstance(outcome.error, OSError)
    assert lab.trace == []


def test_a_journal_that_fails_during_the_rollback_stops_nothing(lab: Any, journal: Any) -> None:
    journal.fails_at = 'undone'
    outcome = lab.run(lab.step('a'), lab.step('b'), lab.step('c', do=lambda context: 1 / 0), journal=journal)
    assert str(outcome.error) == "Step 'c' failed: division by zero"
    assert lab.trace == ['a', 'b', 'c', 'undo b', 'undo a']
    assert len([error for error in lab.context.errors if 'could not record the rollback' in error]) == 2


def test_a_step_refused_by_a_cancel_is_not_written_down(lab: Any, journal: Any) -> None:
    def cancel(context: BaseStepContext) -> StepResult:
        context.cancel('그만')
        return StepResult()

    outcome = lab.run(lab.step('a', do=cancel), lab.step('b'), journal=journal)
    assert type(outcome.error) is RunCancelledError
    assert [line[:2] for line in journal.lines()[1:]] == [
        ['started', 'a'],
        ['finished', 'a'],
        ['undone', 'a'],
    ]


def test_a_key_is_the_same_again_after_a_resume(lab: Any, new_lab: Any, journal: Any) -> None:
    keys: list[str] = []

    def make(context: BaseStepContext) -> StepResult:
        keys.append(context.idempotency_key('모델'))
        return StepResult()

    lab.run(lab.step('a', do=make), journal=journal)
    other = new_lab()
    other.run(other.step('a', do=make), journal=journal)
    assert keys[0] == keys[1]
    assert len(keys[0]) == 32
    assert set(keys[0]) <= set('0123456789abcdef')


def test_keys_differ_by_run_step_and_name(lab: Any, new_lab: Any) -> None:
    keys = []

    def make(context: BaseStepContext) -> StepResult:
        keys.extend([context.idempotency_key('x'), context.idempotency_key('y')])
        return StepResult()

    lab.run(lab.step('a', do=make), lab.step('b', do=make))
    other = new_lab()
    other.run(other.step('a', do=make))
    assert len(set(keys)) == 6
    assert lab.context.run_id != other.context.run_id


def test_a_context_keeps_the_id_that_was_made_for_it(lab: Any) -> None:
    seen = []

    def look(context: BaseStepContext) -> StepResult:
        seen.append(context.run_id)
        return StepResult()

    for _ in range(2):
        lab.run(lab.step('a', do=look))
    assert seen == [lab.context.run_id] * 2


def test_the_run_id_of_the_runtime_serves_without_a_journal(lab: Any, journal: Any) -> None:
    lab.runtime.run_id = 'r-7'
    assert lab.context.run_id == 'r-7'
    seen = []

    def look(context: BaseStepContext) -> StepResult:
        seen.append(context.run_id)
        return StepResult()

    lab.run(lab.step('a', do=look), journal=journal)
    assert seen == ['run-1']


def test_a_next_attempt_begins_with_nothing_saved(lab: Any, journal: Any) -> None:
    attempts = []

    def work(context: BaseStepContext) -> StepResult:
        attempts.append(1)
        context.save_rollback(attempt=len(attempts))
        if len(attempts) == 1:
            raise ConnectionError
        return StepResult()

    lab.run(RetryStep(lab.step('a', do=work), on=ConnectionError, delay=0), journal=journal)
    assert [line[2] for line in journal.lines() if line[0] == 'saved'] == [{'attempt': 1}, {}, {'attempt': 2}]
    assert journal.lines()[-1] == ['finished', 'a', 0, 'done', {'attempt': 2}]
