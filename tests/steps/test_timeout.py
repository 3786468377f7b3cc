"""TimeoutStep: a step is asked to end, and has failed if it took too long."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

import pytest

from synapse_plugins.errors import StepFailedError
from synapse_plugins.steps import BaseStepContext, StepResult, TimeoutStep
from synapse_plugins.steps.timeout import _Deadline


def until_cancelled(context: BaseStepContext) -> None:
    while not context.cancelled:
        time.sleep(0.002)


def test_a_step_in_time_is_left_alone(lab: Any) -> None:
    outcome = lab.run(TimeoutStep(lab.step('a'), 60))
    assert outcome.result['success']
    assert lab.context.step_results[0].data == {'by': 'a'}
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer) and thread.is_alive()
                and not thread.finished.is_set()]  # fmt: skip


def test_a_step_sees_that_its_time_is_up_and_raises(lab: Any) -> None:
    def work(context: BaseStepContext) -> StepResult:
        until_cancelled(context)
        assert context.cancel_reason == 'time-out of 0.05 s'
        raise InterruptedError('stopped in the middle')

    outcome = lab.run(lab.step('first'), TimeoutStep(lab.step('a', do=work), 0.05))
    assert type(outcome.error) is StepFailedError, 'the run was not cancelled: a step took too long'
    assert str(outcome.error).startswith("Step 'a' failed: time-out of 0.05 s exceeded after ")
    assert str(outcome.error).endswith('InterruptedError: stopped in the middle')
    assert isinstance(outcome.error.__cause__, TimeoutError)
    assert isinstance(outcome.error.__cause__.__cause__, InterruptedError)
    assert lab.trace == ['first', 'a', 'undo first']


def test_a_step_that_gives_up_with_a_failed_result_left_nothing(lab: Any) -> None:
    def work(context: BaseStepContext) -> StepResult:
        until_cancelled(context)
        return StepResult(success=False, error='gave up')

    outcome = lab.run(TimeoutStep(lab.step('a', do=work), 0.05))
    assert str(outcome.error).endswith(': gave up')
    assert isinstance(outcome.error.__cause__, TimeoutError)
    assert lab.trace == ['a'], 'there is nothing to undo'


def test_a_step_that_finishes_too_late_has_failed_and_is_undone(lab: Any) -> None:
    def work(context: BaseStepContext) -> StepResult:
        time.sleep(0.1)
        return StepResult(data={'made': 1}, rollback_data={'path': 'x'})

    got = []
    outcome = lab.run(
        TimeoutStep(
            lab.step('a', do=work, undo=lambda context, result: got.append(result.rollback_data)), 0.02
        )
    )
    assert re.search(r'exceeded after \d+\.\d s', str(outcome.error)), 'and it says how long it took'
    assert got == [{'path': 'x'}]
    assert lab.context.step_results[0].data == {'made': 1}


def test_it_is_undone_also_if_it_named_nothing_to_undo(lab: Any) -> None:
    lab.run(TimeoutStep(lab.step('a', do=lambda context: (time.sleep(0.05), StepResult())[1]), 0.01))
    assert lab.trace == ['a', 'undo a']


def test_the_time_out_ends_with_its_step(lab: Any) -> None:
    seen = []

    class Tolerant:
        """Runs a step whose failure does not matter."""

        name, progress_weight = 'tolerant', 1.0

        def execute(self, context: Any) -> StepResult:
            slow = lab.step('slow', do=lambda context: (until_cancelled(context), StepResult())[1])
            assert not TimeoutStep(slow, 0.02).execute(context).success
            seen.append(context.cancelled)
            return StepResult()

    assert lab.run(Tolerant(), lab.step('next')).result['success']
    assert seen == [False]


def test_equal_time_outs_within_each_other_do_not_take_each_other_back(lab: Any) -> None:
    seen = []

    def outer(context: BaseStepContext) -> StepResult:
        TimeoutStep(
            lab.step('inner', do=lambda context: (until_cancelled(context), StepResult())[1]), 0.05
        ).execute(context)
        time.sleep(0.05)
        seen.append(context.cancelled)
        return StepResult()

    lab.run(TimeoutStep(lab.step('outer', do=outer), 0.05))
    assert seen == [True]


def test_a_cancel_of_the_run_stays_after_a_time_out(lab: Any) -> None:
    def work(context: BaseStepContext) -> StepResult:
        context.cancel('button')
        time.sleep(0.05)
        return StepResult()

    lab.run(TimeoutStep(lab.step('a', do=work), 0.01))
    assert lab.context.cancel_reason == 'button'


def test_a_step_that_ignores_it_is_reported_as_overrunning(lab: Any) -> None:
    def stubborn(context: BaseStepContext) -> StepResult:
        for _ in range(1000):
            time.sleep(0.005)
            if lab.runtime.events('step_overrun'):
                break
        return StepResult()

    lab.run(TimeoutStep(lab.step('고집', do=stubborn), 0.02, grace=0.03))
    assert lab.runtime.events('step_overrun') == [{'step': '고집', 'timeout': 0.02, 'grace': 0.03}]


def test_a_step_that_ends_within_the_grace_is_not(lab: Any) -> None:
    lab.run(TimeoutStep(lab.step('a', do=lambda context: (until_cancelled(context), StepResult())[1]), 0.01))
    assert lab.runtime.events('step_overrun') == []


def test_a_failing_log_of_the_overrun_is_recorded(lab: Any) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise OSError('log full')

    lab.runtime.log = broken
    lab.run(TimeoutStep(lab.step('a', do=lambda context: (time.sleep(0.1), StepResult())[1]), 0.01, grace=0))
    assert lab.context.errors == ['The event step_overrun could not be logged: OSError: log full']


def test_a_timer_that_comes_too_late_cancels_nothing(lab: Any) -> None:
    deadline = _Deadline(lab.context, 'late')
    deadline.close()
    deadline.reach()
    deadline.overrun({})
    assert not lab.context.cancelled
    assert lab.runtime.reports == []


@pytest.mark.parametrize(('seconds', 'grace'), [(0, 1), (-1, 1), (float('nan'), 1), (1, -1)])
def test_settings_without_a_meaning_are_refused(lab: Any, seconds: float, grace: float) -> None:
    with pytest.raises(ValueError, match='second'):
        TimeoutStep(lab.step('a'), seconds, grace=grace)
