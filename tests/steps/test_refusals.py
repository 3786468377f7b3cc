"""What is handed over wrongly is refused where it is written, not when the run comes to it."""

from __future__ import annotations

from typing import Any

import pytest

from synapse_plugins.steps import (
    BaseStep,
    LoggingStep,
    RetryStep,
    StepRegistry,
    StepResult,
    TimeoutStep,
    ValidationStep,
)


class Load(BaseStep[Any]):
    name = 'load'
    progress_weight = 1.0

    def execute(self, context: Any) -> StepResult:
        return StepResult()


@pytest.mark.parametrize(
    'take',
    [
        lambda: StepRegistry[Any]().register(Load),  # type: ignore[arg-type]
        lambda: LoggingStep(Load),
        lambda: TimeoutStep(Load, 3),
    ],
)
def test_a_class_is_no_step(take: Any) -> None:
    with pytest.raises(TypeError, match=r'Load is a class, not a step\. Have you forgotten the \(\)\?'):
        take()


@pytest.mark.parametrize(
    'on', ['x', 3, None, 'ValueError', (ValueError, 'x'), KeyboardInterrupt, [ValueError()]]
)
def test_only_exceptions_are_worth_another_try(on: Any) -> None:
    with pytest.raises(TypeError, match='name classes of exceptions'):
        RetryStep(Load(), on=on)


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        ({'attempts': '3'}, "attempts is '3'; it is a whole number"),
        ({'attempts': 2.5}, 'attempts is 2.5; it is a whole number'),
        ({'delay': '1'}, "delay is '1'; it is a number"),
        ({'max_delay': None}, 'max_delay is None; it is a number'),
    ],
)
def test_a_retry_counts_in_numbers(options: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        RetryStep(Load(), on=ValueError, **options)


def test_a_time_out_is_a_number() -> None:
    with pytest.raises(TypeError, match="seconds is '3'; it is a number"):
        TimeoutStep(Load(), '3')  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="grace is '1'; it is a number"):
        TimeoutStep(Load(), 3, grace='1')  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ('answer', 'error'),
    [
        (True, None),
        ((True, None), None),
        ([True, None], None),
        (False, "Step 'validate' failed: validation failed"),
        ((False, 'no labels'), "Step 'validate' failed: no labels"),
        (None, "Step 'validate' failed: The validator of 'validate' returned None"),
        (('no', 'really', 'not'), 'let it return True or False, or \\(ok, error\\)'),
    ],
)
def test_a_validator_may_answer_with_a_bare_bool(lab: Any, answer: Any, error: str | None) -> None:
    outcome = lab.run(ValidationStep(lambda _: answer))
    if error is None:
        assert outcome.result['success']
    else:
        with pytest.raises(RuntimeError, match=error):
            raise outcome.error
