"""What is undone when a step fails, in which order, and what is raised."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from synapse_plugins.errors import StepFailedError
from synapse_plugins.steps import BaseStepContext, StepResult


def failing(text: str = 'Something went wrong', **fields: Any) -> Any:
    return lambda context: StepResult(success=False, error=text, **fields)


def raising(error: BaseException) -> Any:
    def do(context: BaseStepContext) -> StepResult:
        raise error

    return do


def test_completed_steps_are_undone_in_reverse_and_the_failed_one_is_not(lab: Any) -> None:
    outcome = lab.run(
        lab.step('step1'), lab.step('step2'), lab.step('step3', do=failing()), lab.step('step4')
    )
    assert lab.trace == ['step1', 'step2', 'step3', 'undo step2', 'undo step1']
    assert isinstance(outcome.error, RuntimeError)
    assert str(outcome.error) == "Step 'step3' failed: Something went wrong"


def test_a_failed_step_that_left_something_is_undone_first(lab: Any) -> None:
    got = []
    lab.run(
        lab.step('a'),
        lab.step(
            'b',
            do=failing(rollback_data={'half': 'a file'}),
            undo=lambda context, result: got.append((result.success, result.rollback_data)),
        ),
    )
    assert lab.trace == ['a', 'b', 'undo b', 'undo a']
    assert got == [(False, {'half': 'a file'})]


def test_a_step_that_raises_after_save_rollback_is_undone_first(lab: Any) -> None:
    def half(context: BaseStepContext) -> StepResult:
        context.save_rollback(folder='/data/1')
        context.save_rollback(bucket='나무')
        raise OSError('disk full')

    got = []
    outcome = lab.run(
        lab.step('a'),
        lab.step('b', do=half, undo=lambda context, result: got.append((result.rollback_data, result.error))),
    )
    assert lab.trace == ['a', 'b', 'undo b', 'undo a']
    assert got == [({'folder': '/data/1', 'bucket': '나무'}, 'disk full')]
    assert isinstance(outcome.error.__cause__, OSError)


def test_what_was_saved_and_what_was_returned_are_merged_and_the_result_goes_first(lab: Any) -> None:
    def work(context: BaseStepContext) -> StepResult:
        context.save_rollback(path='early', other=1)
        return StepResult(rollback_data={'path': 'late'})

    got = []
    lab.run(
        lab.step('a', do=work, undo=lambda context, result: got.append(result.rollback_data)),
        lab.step('b', do=failing()),
    )
    assert got == [{'path': 'late', 'other': 1}]


def test_what_one_step_saved_is_not_anothers(lab: Any) -> None:
    def save(context: BaseStepContext) -> StepResult:
        context.save_rollback(mine=True)
        return StepResult()

    got = []
    lab.run(
        lab.step('a', do=save, undo=lambda context, result: got.append(('a', result.rollback_data))),
        lab.step('b', do=failing(), undo=lambda context, result: got.append(('b', result.rollback_data))),
    )
    assert got == [('a', {'mine': True})]


def test_skipped_steps_are_not_undone(lab: Any) -> None:
    lab.run(lab.step('a'), lab.step('b', skip=True), lab.step('c', do=failing()))
    assert lab.trace == ['a', 'c', 'undo a']


def test_the_current_step_is_the_one_being_undone(lab: Any) -> None:
    seen = []

    def look(context: BaseStepContext, result: StepResult) -> None:
        seen.append((context.current_step, context.current_step_order))

    lab.run(lab.step('a', undo=look), lab.step('b', undo=look), lab.step('c', do=failing()))
    assert seen == [('b', 1), ('a', 0)]
    assert lab.context.current_step is None


def test_the_error_is_chained_to_what_the_step_raised(lab: Any) -> None:
    cause = ValueError('Invalid input')
    outcome = lab.run(lab.step('risky', do=raising(cause)))
    assert type(outcome.error) is StepFailedError
    assert str(outcome.error) == "Step 'risky' failed: Invalid input"
    assert outcome.error.__cause__ is cause
    assert cause.__traceback__ is not None
    [result] = lab.context.step_results
    assert (result.success, result.error, result.exception) == (False, 'Invalid input', cause)


def test_the_error_is_chained_to_the_exception_in_a_failed_result(lab: Any) -> None:
    cause = ValueError('kept')
    assert lab.run(lab.step('a', do=failing('told', exception=cause))).error.__cause__ is cause


@pytest.mark.parametrize(
    ('do', 'reason'),
    [
        (raising(KeyError()), 'KeyError'),
        (raising(ValueError('')), 'ValueError'),
        (failing(None), 'the step gave no reason'),
        (failing(''), 'the step gave no reason'),
        (raising(ValueError('이유가 있다')), '이유가 있다'),
        (raising(ValueError('boom')), 'boom'),
        (raising(KeyError('boom')), "KeyError: 'boom'"),
        (raising(KeyError('boxes')), "KeyError: 'boxes'"),
        (raising(KeyError('two words')), "KeyError: 'two words'"),
    ],
)
def test_there_is_always_a_reason(lab: Any, do: Any, reason: str) -> None:
    assert str(lab.run(lab.step('a', do=do)).error) == f"Step 'a' failed: {reason}"


def test_an_exception_whose_text_cannot_be_had_is_no_obstacle(lab: Any) -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError('no text')

    outcome = lab.run(lab.step('a'), lab.step('b', do=raising(Broken())))
    assert str(outcome.error) == "Step 'b' failed: Broken"
    assert lab.trace == ['a', 'b', 'undo a']


@pytest.mark.parametrize('value', [None, True, {'success': True}, 'done'])
def test_a_step_that_returns_no_result_has_failed(lab: Any, value: Any) -> None:
    outcome = lab.run(lab.step('a'), lab.step('b', do=lambda context: value))
    assert f'execute() returned {type(value).__name__}, not a StepResult' in str(outcome.error)
    assert isinstance(outcome.error.__cause__, TypeError)
    assert lab.trace == ['a', 'b', 'undo a']


def test_a_raising_can_skip_fails_the_step(lab: Any) -> None:
    outcome = lab.run(lab.step('a'), lab.step('b', skip=lambda context: 1 / 0))
    assert str(outcome.error) == "Step 'b' failed: division by zero"
    assert lab.trace == ['a', 'undo a']
    assert [result.success for result in lab.context.step_results] == [True, False]


def test_a_raising_before_step_fails_the_step(lab: Any) -> None:
    def before(name: str, context: BaseStepContext) -> None:
        if name == 'b':
            raise LookupError('nothing to prepare')

    outcome = lab.run(lab.step('a'), lab.step('b'), before_step=before)
    assert str(outcome.error) == "Step 'b' failed: nothing to prepare"
    assert lab.trace == ['a', 'undo a']


def test_a_failing_rollback_keeps_none_of_the_others_from_theirs(lab: Any) -> None:
    outcome = lab.run(
        lab.step('a'),
        lab.step('b', undo=raising_undo(OSError('또 실패'))),
        lab.step('c', undo=raising_undo(KeyboardInterrupt())),
        lab.step('d', do=failing('the reason')),
    )
    assert lab.trace == ['a', 'b', 'c', 'd', 'undo c', 'undo b', 'undo a']
    problems = [
        "Rollback failed for step 'c': KeyboardInterrupt",
        "Rollback failed for step 'b': OSError: 또 실패",
    ]
    assert str(outcome.error) == "Step 'd' failed: the reason"
    assert outcome.error.__notes__ == problems
    assert outcome.error.rollback_errors == tuple(problems)
    assert lab.context.errors == problems


def raising_undo(error: BaseException) -> Any:
    def undo(context: BaseStepContext, result: StepResult) -> None:
        raise error

    return undo


def test_step_failures_are_not_among_the_errors_of_the_context(lab: Any) -> None:
    lab.run(lab.step('a', do=failing()))
    assert lab.context.errors == []


def test_the_error_survives_the_way_out_of_a_process(lab: Any) -> None:
    error = lab.run(lab.step('a', do=failing('왜'))).error
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.step, copy.reason) == (StepFailedError, str(error), 'a', '왜')


def test_save_rollback_outside_of_a_step_is_an_error(lab: Any) -> None:
    with pytest.raises(RuntimeError, match='no step executes'):
        lab.context.save_rollback(path='x')
    outcome = lab.run(lab.step('a', skip=lambda context: context.save_rollback(x=1)))
    assert 'no step executes' in str(outcome.error)


def test_save_rollback_within_a_rollback_is_an_error(lab: Any) -> None:
    outcome = lab.run(
        lab.step('a', undo=lambda context, result: context.save_rollback(x=1)), lab.step('b', do=failing())
    )
    assert 'no step executes' in outcome.error.rollback_errors[0]


def test_rollback_is_safe_for_steps_without_one(lab: Any) -> None:
    class Bare:
        name, progress_weight = 'bare', 1

        def execute(self, context: Any) -> StepResult:
            return StepResult()

    outcome = lab.run(Bare(), lab.step('b', do=failing()))
    assert outcome.error.rollback_errors == ()
