"""The progress of a run: by weight, never back, 100 only at the end."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from synapse_plugins.steps import BaseStepContext, StepResult

WEIGHTS = st.lists(
    st.one_of(st.floats(min_value=0, allow_infinity=False, allow_nan=False), st.integers(0, 10)), max_size=12
)


def test_weights_give_cumulative_per_cents(lab: Any) -> None:
    lab.run(lab.step('a', 0.3), lab.step('b', 0.2), lab.step('c', 0.5))
    assert lab.progress == [(30, 100), (50, 100), (100, 100)]


def test_weights_are_normalised(lab: Any) -> None:
    lab.run(lab.step('a', 3), lab.step('b', 2), lab.step('c', 5))
    assert lab.progress == [(30, 100), (50, 100), (100, 100)]


def test_skipped_steps_count_as_done(lab: Any) -> None:
    lab.run(lab.step('a', 0.3), lab.step('b', 0.2, skip=True), lab.step('c', 0.5, skip=True))
    assert lab.progress == [(30, 100), (50, 100), (100, 100)]


def test_weights_that_are_all_zero_count_equally(lab: Any) -> None:
    lab.run(*(lab.step(name, 0) for name in 'abcd'))
    assert lab.progress == [(25, 100), (50, 100), (75, 100), (100, 100)]


def test_an_empty_registry_reports_100_once(lab: Any) -> None:
    lab.run()
    assert lab.progress == [(100, 100)]


def test_steps_of_no_weight_at_the_end_hold_100_back(lab: Any) -> None:
    lab.run(lab.step('a', 1), lab.step('b', 0), lab.step('c', 0))
    assert lab.progress == [(99, 100), (99, 100), (100, 100)]


@pytest.mark.parametrize('weight', [-0.1, math.nan, math.inf, -math.inf, 'much', None, 10**400])
def test_a_weight_that_is_none_is_refused_before_anything_runs(lab: Any, weight: Any) -> None:
    outcome = lab.run(lab.step('a'), lab.step('이상한', weight))
    assert isinstance(outcome.error, ValueError)
    assert "'이상한'" in str(outcome.error)
    assert 'finite number' in str(outcome.error)
    assert lab.trace == []
    assert lab.progress == []


def test_there_is_no_current_step_while_the_callback_runs(lab: Any) -> None:
    seen: list[Any] = []
    lab.run(
        lab.step('a'), lab.step('b'), callback=lambda current, total: seen.append(lab.context.current_step)
    )
    assert seen == [None, None]


def test_the_callback_of_the_documents_reports_the_progress_of_the_run(lab: Any) -> None:
    lab.run(lab.step('a', 0.3), lab.step('b', 0.7), callback=lab.context.set_progress)
    assert lab.runtime.reports == [('progress', 30, 100, None), ('progress', 100, 100, None)]


def test_without_a_callback_the_runtime_gets_the_progress_of_the_run(lab: Any) -> None:
    lab.run(lab.step('a', 0.3), lab.step('b', 0.7), callback=None)
    assert lab.runtime.reports == [('progress', 30, 100, None), ('progress', 100, 100, None)]


def test_progress_within_a_step_is_that_steps(lab: Any) -> None:
    def work(context: BaseStepContext) -> StepResult:
        context.set_progress(1, 4)
        context.set_progress(2, 4, 'other')
        context.set_metrics({'loss': 0.5})
        return StepResult()

    lab.run(lab.step('a', do=work))
    assert lab.runtime.reports == [
        ('progress', 1, 4, 'a'),
        ('progress', 2, 4, 'other'),
        ('metrics', {'loss': 0.5}, 'a'),
    ]


def test_a_callback_that_raises_changes_nothing_and_is_warned_of_once(lab: Any) -> None:
    def broken(current: int, total: int) -> None:
        raise ValueError('화면이 없음')

    outcome = lab.run(lab.step('a'), lab.step('b'), lab.step('c'), callback=broken)
    assert outcome.result == {'success': True, 'steps_executed': 3, 'steps_total': 3}
    assert lab.context.errors == ['Reporting the progress failed: ValueError: 화면이 없음']
    warnings = [report for report in lab.runtime.reports if report[0] == 'message']
    assert [(text, level) for _, text, level, _ in warnings] == [(lab.context.errors[0], 'warning')]


def test_a_warning_that_cannot_be_shown_is_recorded_too(lab: Any) -> None:
    def mute(message: str, level: str = 'info', **rest: Any) -> None:
        raise OSError('no terminal')

    lab.runtime.log_message = mute
    outcome = lab.run(lab.step('a'), callback=lambda current, total: 1 / 0)
    assert outcome.result['success']
    assert [error.partition(':')[0] for error in lab.context.errors] == [
        'Reporting the progress failed',
        'The warning could not be shown',
    ]


def test_a_failing_run_never_reports_100(lab: Any) -> None:
    lab.run(lab.step('a', 1), lab.step('b', 0, do=lambda context: StepResult(success=False, error='no')))
    assert lab.progress == [(99, 100)]


@given(weights=WEIGHTS, skipped=st.sets(st.integers(0, 11)))
@example(weights=[1.7976931348623157e308] * 3, skipped=set())  # their sum is no finite number
@example(weights=[5e-324, 0, 5e-324], skipped=set())
@example(weights=[1e-300, 1e300], skipped=set())
def test_progress_never_goes_back_and_ends_at_100(new_lab: Any, weights: Any, skipped: Any) -> None:
    lab = new_lab()
    steps = [lab.step(str(place), weight, skip=place in skipped) for place, weight in enumerate(weights)]
    assert lab.run(*steps).result['success']
    done = [current for current, _ in lab.progress]
    assert all(total == 100 for _, total in lab.progress)
    assert all(type(current) is int for current in done)
    assert done == sorted(done)
    assert len(done) == max(1, len(weights))
    assert done[-1] == 100
    assert all(0 <= current < 100 for current in done[:-1])
    total = math.fsum(weights) if weights and max(weights) < 1e300 else 0
    if total:
        for place, current in enumerate(done[:-1]):
            assert abs(current - 100 * math.fsum(weights[: place + 1]) / total) <= 1.001


@given(weights=WEIGHTS.filter(bool), data=st.data())
def test_a_run_that_fails_stops_its_progress_where_it_was(new_lab: Any, weights: Any, data: Any) -> None:
    lab = new_lab()
    bad = data.draw(st.integers(0, len(weights) - 1))
    steps = [
        lab.step(str(place), weight, do=(lambda context: 1 / 0) if place == bad else None)
        for place, weight in enumerate(weights)
    ]
    assert str(lab.run(*steps).error) == f"Step '{bad}' failed: division by zero"
    done = [current for current, _ in lab.progress]
    assert len(done) == bad
    assert done == sorted(done)
    assert all(current < 100 for current in done)
    assert lab.trace[bad + 1 :] == [f'undo {place}' for place in reversed(range(bad))]
