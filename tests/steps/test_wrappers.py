"""Wrappers change one thing each and forward the rest."""

from __future__ import annotations

import time
from typing import Any

import pytest

from synapse_plugins.steps import (
    BaseStepContext,
    LoggingStep,
    RetryStep,
    StepResult,
    TimeoutStep,
    TimingStep,
    ValidationStep,
)

WRAPPERS = {
    'logged_': LoggingStep,
    'timed_': TimingStep,
    '': lambda step: RetryStep(step, on=OSError),
    ' ': lambda step: TimeoutStep(step, 60),
}


@pytest.mark.parametrize('prefix', WRAPPERS)
def test_every_wrapper_forwards_everything(lab: Any, prefix: str) -> None:
    class Inner:
        name, progress_weight, progress_proportion = '훈련', 0.25, 75
        calls: list[str] = []  # noqa: RUF012

        def can_skip(self, context: Any) -> bool:
            self.calls.append('can_skip')
            return False

        def execute(self, context: Any) -> StepResult:
            return StepResult(data={'result': 1}, rollback_data={'undo': 2})

        def rollback(self, context: Any, result: StepResult) -> None:
            self.calls.append(f'rollback {result.rollback_data}')

    wrapped = WRAPPERS[prefix](Inner())
    assert wrapped.name == f'{prefix.strip()}훈련'
    assert wrapped.progress_weight == 0.25
    assert wrapped.progress_proportion == 75
    assert isinstance(wrapped.wrapped, Inner)
    lab.run(wrapped, lab.step('b', do=lambda context: 1 / 0))
    assert lab.context.step_results[0].data['result'] == 1
    assert wrapped.wrapped.calls == ['can_skip', "rollback {'undo': 2}"]


@pytest.mark.parametrize('prefix', WRAPPERS)
def test_every_wrapper_takes_a_bare_step(lab: Any, prefix: str) -> None:
    class Bare:
        name, progress_weight = 'bare', 0.5

        def execute(self, context: Any) -> StepResult:
            return StepResult()

    wrapped = WRAPPERS[prefix](Bare())
    assert wrapped.progress_proportion == 50
    outcome = lab.run(wrapped, lab.step('b', do=lambda context: 1 / 0))
    assert outcome.error.rollback_errors == ()


@pytest.mark.parametrize('prefix', WRAPPERS)
def test_every_wrapper_forwards_the_skip(lab: Any, prefix: str) -> None:
    lab.run(WRAPPERS[prefix](lab.step('a', skip=True)))
    assert lab.trace == []
    assert lab.runtime.reports == []


@pytest.mark.parametrize('prefix', WRAPPERS)
def test_no_wrapper_hides_that_a_step_returned_no_result(lab: Any, prefix: str) -> None:
    outcome = lab.run(WRAPPERS[prefix](lab.step('a', do=lambda context: None)))
    assert 'execute() returned NoneType, not a StepResult' in str(outcome.error)


@pytest.mark.parametrize('prefix', WRAPPERS)
def test_every_wrapper_lets_interrupts_through(lab: Any, prefix: str) -> None:
    def interrupt(context: BaseStepContext) -> StepResult:
        raise KeyboardInterrupt

    assert type(lab.run(WRAPPERS[prefix](lab.step('a', do=interrupt))).error) is KeyboardInterrupt


def test_wrappers_can_be_nested(lab: Any) -> None:
    outcome = lab.run(TimingStep(LoggingStep(lab.step('a', 0.5))), lab.step('b', 0.5))
    assert outcome.result['success']
    assert lab.runtime.events('step_start') == [{'step': 'a'}]
    assert lab.progress == [(50, 100), (100, 100)]


# -- logging ------------------------------------------------------------------------------------------------


def test_logging_tells_start_and_end(lab: Any) -> None:
    lab.run(
        LoggingStep(lab.step('process', do=lambda context: (time.sleep(0.02), StepResult(skipped=True))[1]))
    )
    [start], [end] = lab.runtime.events('step_start'), lab.runtime.events('step_end')
    assert start == {'step': 'process'}
    assert set(end) == {'step', 'elapsed', 'success', 'skipped'}
    assert (end['step'], end['success'], end['skipped']) == ('process', True, True)
    assert 0.015 <= end['elapsed'] < 5
    assert round(end['elapsed'], 3) == end['elapsed']


def test_logging_tells_the_end_of_a_failing_step_too(lab: Any) -> None:
    lab.run(LoggingStep(lab.step('a', do=lambda context: 1 / 0)))
    [end] = lab.runtime.events('step_end')
    assert (end['success'], end['skipped']) == (False, False)


def test_logging_tells_the_rollback(lab: Any) -> None:
    lab.run(LoggingStep(lab.step('a')), lab.step('b', do=lambda context: 1 / 0))
    assert lab.runtime.events('step_rollback') == [{'step': 'a'}]
    assert lab.trace[-1] == 'undo a'


def test_a_log_that_fails_does_not_fail_the_step(lab: Any) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise OSError('log full')

    lab.runtime.log = broken
    outcome = lab.run(LoggingStep(lab.step('a')), LoggingStep(lab.step('b', do=lambda context: 1 / 0)))
    assert str(outcome.error) == "Step 'logged_b' failed: division by zero"
    assert lab.trace == ['a', 'b', 'undo a']
    assert 'The event step_end could not be logged: OSError: log full' in lab.context.errors


# -- timing -------------------------------------------------------------------------------------------------


def test_timing_adds_to_a_copy_of_the_data(lab: Any) -> None:
    shared = {'count': 3}
    lab.run(TimingStep(lab.step('a', do=lambda context: StepResult(data=shared))))
    data = lab.context.step_results[-1].data
    assert data['count'] == 3
    assert 0 <= data['duration_seconds'] < 5
    assert shared == {'count': 3}


def test_timing_times_failed_results_too(lab: Any) -> None:
    lab.run(TimingStep(lab.step('a', do=lambda context: StepResult(success=False, error='no'))))
    assert 'duration_seconds' in lab.context.step_results[-1].data


# -- validation ---------------------------------------------------------------------------------------------


def test_validation_has_the_defaults_of_the_documents() -> None:
    step: ValidationStep[BaseStepContext] = ValidationStep(lambda context: (True, None))
    assert (step.name, step.progress_weight, step.progress_proportion) == ('validate', 0.05, 5)
    named: ValidationStep[BaseStepContext] = ValidationStep(
        validator=lambda context: (True, None), name='검사', progress_weight=0.1
    )
    assert (named.name, named.progress_weight) == ('검사', 0.1)


@pytest.mark.parametrize(
    ('verdict', 'error'),
    [
        ((False, 'No data loaded'), "Step 'validate' failed: No data loaded"),
        ((False, None), "Step 'validate' failed: validation failed"),
        ((0, '없음'), "Step 'validate' failed: 없음"),
        ((True, None), None),
        ((1, None), None),
    ],
)
def test_validation_stops_a_run_that_is_not_ready(lab: Any, verdict: Any, error: str | None) -> None:
    outcome = lab.run(lab.step('a'), ValidationStep(lambda context: verdict), lab.step('b'))
    assert str(outcome.error) == str(error)
    assert lab.trace == (['a', 'undo a'] if error else ['a', 'b'])


def test_a_validator_that_returns_neither_a_pair_nor_a_bool_fails_the_step(lab: Any) -> None:
    outcome = lab.run(ValidationStep(lambda context: None))
    assert isinstance(outcome.error.__cause__, TypeError)
