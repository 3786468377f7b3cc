"""RetryStep: which errors, how often, how long between, and what is undone in between."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.errors import RunCancelledError
from synapse_plugins.steps import BaseStepContext, RetryStep, StepResult, TimeoutStep

DROPPED = ConnectionError('끊김')


def flaky(failures: int, error: Exception = DROPPED) -> Any:
    """Return what a step does that fails so many times."""
    calls = []

    def do(context: BaseStepContext) -> StepResult:
        calls.append(1)
        if len(calls) <= failures:
            raise error
        return StepResult(data={'attempt': len(calls)})

    return do


def test_a_step_is_tried_until_it_succeeds(lab: Any) -> None:
    outcome = lab.run(RetryStep(lab.step('a', do=flaky(2)), on=ConnectionError, delay=0))
    assert outcome.result == {'success': True, 'steps_executed': 1, 'steps_total': 1}
    assert lab.context.step_results[0].data == {'attempt': 3}
    assert lab.trace == ['a', 'a', 'a']


def test_each_attempt_is_logged(lab: Any) -> None:
    lab.run(RetryStep(lab.step('a', do=flaky(1)), on=ConnectionError, delay=0.001))
    first, second = lab.runtime.events('step_attempt')
    assert first.pop('wait') <= 0.001
    assert first == {
        'step': 'a',
        'attempt': 1,
        'attempts': 3,
        'success': False,
        'error': 'ConnectionError: 끊김',
    }
    assert second == {'step': 'a', 'attempt': 2, 'attempts': 3, 'success': True, 'error': None, 'wait': None}


def test_the_last_error_is_the_failure(lab: Any) -> None:
    error = ConnectionError('끊김')
    outcome = lab.run(RetryStep(lab.step('a', do=flaky(9, error)), on=ConnectionError, attempts=4, delay=0))
    assert str(outcome.error) == "Step 'a' failed: 끊김"
    assert outcome.error.__cause__ is error
    assert lab.trace == ['a'] * 4
    assert [data['attempt'] for data in lab.runtime.events('step_attempt')] == [1, 2, 3, 4]


@pytest.mark.parametrize('on', [(TimeoutError, LookupError), [LookupError], {TimeoutError}, TimeoutError])
def test_other_errors_are_not_worth_another_try(lab: Any, on: Any) -> None:
    outcome = lab.run(RetryStep(lab.step('a', do=flaky(1)), on=on, delay=0))
    assert isinstance(outcome.error.__cause__, ConnectionError)
    assert lab.trace == ['a']


def test_a_failed_result_is_the_steps_own_decision(lab: Any) -> None:
    outcome = lab.run(
        RetryStep(
            lab.step('a', do=lambda context: StepResult(success=False, error='no')), on=Exception, delay=0
        )
    )
    assert str(outcome.error) == "Step 'a' failed: no"
    assert lab.trace == ['a']
    assert lab.runtime.events('step_attempt')[0]['error'] == 'no'


def test_a_failed_result_that_carries_such_an_exception_is_tried_again(lab: Any) -> None:
    results = [StepResult(success=False, error='x', exception=TimeoutError()), StepResult()]
    outcome = lab.run(RetryStep(lab.step('a', do=lambda context: results.pop(0)), on=TimeoutError, delay=0))
    assert outcome.result['success']


def test_what_an_attempt_left_is_undone_before_the_next(lab: Any) -> None:
    attempts: list[int] = []
    undone: list[Any] = []

    def work(context: BaseStepContext) -> StepResult:
        attempts.append(1)
        context.save_rollback(part=len(attempts))
        if len(attempts) < 3:
            raise ConnectionError
        return StepResult()

    step = lab.step('a', do=work, undo=lambda context, result: undone.append(result.rollback_data))
    lab.run(RetryStep(step, on=ConnectionError, delay=0), lab.step('b', do=lambda context: 1 / 0))
    assert lab.trace == ['a', 'undo a', 'a', 'undo a', 'a', 'b', 'undo a']
    assert undone == [{'part': 1}, {'part': 2}, {'part': 3}]


def test_an_attempt_that_left_nothing_is_not_undone(lab: Any) -> None:
    lab.run(RetryStep(lab.step('a', do=flaky(1)), on=ConnectionError, delay=0))
    assert lab.trace == ['a', 'a']


def test_there_is_no_next_attempt_on_what_could_not_be_undone(lab: Any) -> None:
    def work(context: BaseStepContext) -> StepResult:
        context.save_rollback(half=True)
        raise ConnectionError('the cause')

    def undo(context: BaseStepContext, result: StepResult) -> None:
        raise OSError('stuck')

    outcome = lab.run(RetryStep(lab.step('a', do=work, undo=undo), on=ConnectionError, delay=0))
    assert str(outcome.error) == "Step 'a' failed: the cause"
    assert lab.trace == ['a', 'undo a', 'undo a'], 'the orchestrator tries to undo it once more'
    assert lab.context.errors == ["Rollback failed for step 'a': OSError: stuck"] * 2


def test_a_cancelled_run_is_not_tried_again(lab: Any) -> None:
    def work(context: BaseStepContext) -> StepResult:
        context.cancel()
        raise ConnectionError

    outcome = lab.run(RetryStep(lab.step('a', do=work), on=ConnectionError, delay=60))
    assert type(outcome.error) is RunCancelledError
    assert lab.trace == ['a']


def test_a_cancel_ends_the_wait_and_there_is_no_further_attempt(lab: Any) -> None:
    from threading import Timer

    timer = Timer(0.2, lab.context.cancel)
    timer.start()
    started = time.monotonic()
    step = RetryStep(lab.step('a', do=flaky(9)), on=ConnectionError, delay=1e6, max_delay=1e6)
    outcome = lab.run(step)
    timer.join()
    assert time.monotonic() - started < 60
    assert type(outcome.error) is RunCancelledError
    assert lab.trace == ['a']


def test_a_timed_out_step_can_be_tried_again(lab: Any) -> None:
    calls = []

    def slow_once(context: BaseStepContext) -> StepResult:
        calls.append(1)
        while len(calls) == 1 and not context.cancelled:
            time.sleep(0.005)
        return StepResult(success=not context.cancelled, error='stopped')

    outcome = lab.run(RetryStep(TimeoutStep(lab.step('a', do=slow_once), 0.05), on=TimeoutError, delay=0))
    assert outcome.result['success']
    assert len(calls) == 2


@pytest.mark.parametrize('options', [{'attempts': 0}, {'delay': -1}, {'max_delay': float('nan')}])
def test_settings_without_a_meaning_are_refused(lab: Any, options: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        RetryStep(lab.step('a'), on=OSError, **options)


@given(st.integers(1, 10**6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_waits_grow_and_stay_below_the_cap(new_lab: Any, attempt: int, delay: float, cap: float) -> None:
    step = RetryStep(new_lab().step('a'), on=OSError, attempts=1, delay=delay, max_delay=cap)
    assert 0 <= step._wait(attempt) <= min(cap, delay * 2.0 ** min(attempt - 1, 60))


def test_waits_are_spread_over_the_whole_range(lab: Any) -> None:
    step = RetryStep(lab.step('a'), on=OSError, delay=1, max_delay=8)
    waits = sorted(step._wait(10) for _ in range(400))
    assert waits[0] < 2
    assert waits[-1] > 6
