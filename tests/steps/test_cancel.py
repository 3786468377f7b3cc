"""Cancel: the step at work sees it, no further step begins, what was done is undone."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from synapse_plugins.errors import RunCancelledError, StepFailedError
from synapse_plugins.steps import BaseStepContext, StepResult


def cancelling(reason: str = 'cancelled', **result: Any) -> Any:
    def do(context: BaseStepContext) -> StepResult:
        context.cancel(reason)
        assert context.cancelled
        return StepResult(**result)

    return do


def test_no_further_step_begins(lab: Any) -> None:
    skips = []
    outcome = lab.run(
        lab.step('a', do=cancelling('그만둠')), lab.step('b', skip=lambda context: bool(skips.append(1)))
    )
    assert type(outcome.error) is RunCancelledError
    assert isinstance(outcome.error, RuntimeError)
    assert str(outcome.error) == "Step 'b' failed: cancelled before it began (그만둠)"
    assert lab.trace == ['a', 'undo a']
    assert skips == []
    assert outcome.error.__cause__ is None


def test_a_step_that_never_began_has_no_result(lab: Any, watcher: Any) -> None:
    lab.run(lab.step('a', do=cancelling()), lab.step('b'), observers=[watcher])
    assert len(lab.context.step_results) == 1
    assert 'on_step_error' not in [seen[0] for seen in watcher.seen]
    assert watcher.seen[-2:] == [('after_rollback', 'a', None), ('after_run', 'RunCancelledError')]


def test_a_step_that_fails_because_of_it_is_a_cancelled_run(lab: Any) -> None:
    outcome = lab.run(lab.step('a'), lab.step('b', do=cancelling('stop', success=False, error='gave up')))
    assert type(outcome.error) is RunCancelledError
    assert str(outcome.error) == "Step 'b' failed: gave up"
    assert lab.trace == ['a', 'b', 'undo a']


def test_a_run_whose_last_step_was_done_anyway_is_done(lab: Any) -> None:
    assert lab.run(lab.step('a', do=cancelling())).result['success']


def test_the_runtime_can_cancel_too(lab: Any) -> None:
    def press(context: BaseStepContext) -> StepResult:
        lab.runtime.cancelled, lab.runtime.cancel_reason = True, 'SIGTERM'
        assert context.cancelled
        assert context.cancel_reason == 'SIGTERM'
        return StepResult()

    outcome = lab.run(lab.step('a', do=press), lab.step('b'))
    assert str(outcome.error) == "Step 'b' failed: cancelled before it began (SIGTERM)"


def test_a_cancel_before_the_run_keeps_it_from_beginning(lab: Any) -> None:
    lab.context.cancel('too late')
    assert type(lab.run(lab.step('a')).error) is RunCancelledError
    assert lab.trace == []


def test_the_first_reason_is_told(lab: Any) -> None:
    assert lab.context.cancel_reason == ''
    lab.context.cancel('first')
    lab.context.cancel('second')
    assert lab.context.cancel_reason == 'first'


def test_it_can_come_from_another_thread(lab: Any) -> None:
    started = threading.Event()

    def wait(context: BaseStepContext) -> StepResult:
        started.set()
        while not context.cancelled:
            threading.Event().wait(0.001)
        return StepResult(success=False, error=f'stopped: {context.cancel_reason}')

    def press() -> None:
        started.wait()
        lab.context.cancel('button')

    presser = threading.Thread(target=press)
    presser.start()
    outcome = lab.run(lab.step('a', do=wait))
    presser.join()
    assert str(outcome.error) == "Step 'a' failed: stopped: button"


@pytest.mark.parametrize('cancelled', ['yes', 1, object()])
def test_a_runtime_that_answers_anything_is_not_cancelled(lab: Any, cancelled: Any) -> None:
    lab.runtime.cancelled = cancelled  # as a stand-in in somebody's test would
    assert lab.run(lab.step('a')).result['success']
    assert type(lab.run(lab.step('b', do=lambda context: 1 / 0)).error) is StepFailedError
