"""Progress by weight: monotone, 100 only from the run itself, an estimate of the time left."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.context.progress import ProgressModel


@pytest.fixture
def model(clock: Any) -> ProgressModel:
    return ProgressModel(clock)


def test_overall_is_what_is_done_plus_the_share_of_the_step_at_work(model: ProgressModel) -> None:
    assert model.begin([('a', 0.2), ('b', 0.6), ('c', 0.2)])
    model.enter('a')
    assert model.report(1, 2, 'a')['overall'] == 10
    model.enter('b')
    assert model.report(0, 10, 'b')['overall'] == 20, 'what is before a step is done'
    assert model.report(5, 10, 'b') == {
        'current': 5, 'total': 10, 'percent': 50.0, 'overall': 50.0,
        'time_remaining': None, 'overall_time_remaining': None,
    } | {'time_remaining': 0.0, 'overall_time_remaining': 0.0}  # fmt: skip
    assert model.report(80, 100, None)['overall'] == 80


def test_weights_are_normalised(model: ProgressModel) -> None:
    model.begin([('a', 2), ('b', 6)])
    model.enter('b')
    assert model.report(1, 2, 'b')['overall'] == 62.5


def test_a_plan_in_force_is_not_replaced(model: ProgressModel) -> None:
    assert model.begin([('a', 1)])
    assert not model.begin([('x', 1)])
    model.end()
    assert model.begin([('x', 1)])


def test_no_step_brings_the_run_to_100(model: ProgressModel) -> None:
    model.begin([('a', 1)])
    model.enter('a')
    assert model.report(10, 10, 'a')['overall'] == 99
    assert model.report(100, 100, None)['overall'] == 100


def test_steps_of_no_plan_leave_the_run_alone(model: ProgressModel) -> None:
    assert model.report(1, 2, 'fetch')['overall'] is None
    model.begin([('a', 0.5), ('b', 0.5)])
    model.enter('b')
    assert model.report(1, 2, 'fetch')['overall'] == 50


def test_without_a_plan_a_report_without_a_step_is_the_run(model: ProgressModel, clock: Any) -> None:
    model.report(0, 10, None)
    clock.now += 3
    data = model.report(6, 10, None)
    assert (data['percent'], data['overall'], data['time_remaining'], data['overall_time_remaining']) == (
        60.0,
        60.0,
        2.0,
        2.0,
    )
    assert model.report(0, 10, None)['overall'] == 0, 'a new beginning'


def test_a_step_may_begin_anew_and_the_run_does_not_go_back(model: ProgressModel) -> None:
    model.begin([('a', 1)])
    model.enter('a')
    model.report(8, 10, 'a')
    assert model.report(0, 10, 'a') == {
        'current': 0, 'total': 10, 'percent': 0.0, 'overall': 80.0,
        'time_remaining': None, 'overall_time_remaining': None,
    }  # fmt: skip
    data = model.report(4, 10, 'a')
    assert (data['percent'], data['overall']) == (40, 80)


def test_a_step_that_finds_more_to_do_does_not_go_back(model: ProgressModel) -> None:
    model.report(5, 10, 'a')
    assert model.report(6, 20, 'a')['percent'] == 50


# -- the time left ------------------------------------------------------------------------------------------


def test_the_time_left_of_a_step_follows_its_pace(model: ProgressModel, clock: Any) -> None:
    model.report(0, 100, 'a')
    clock.now += 10
    assert model.report(20, 100, 'a')['time_remaining'] == 40
    clock.now += 40
    assert model.report(100, 100, 'a')['time_remaining'] == 0


def test_a_step_that_reports_late_is_timed_from_its_beginning(model: ProgressModel, clock: Any) -> None:
    model.enter('train')
    clock.now += 10
    assert model.report(1, 10, 'train')['time_remaining'] == 90


def test_a_step_that_goes_on_in_the_middle_is_timed_by_its_own_pace(model: ProgressModel, clock: Any) -> None:
    model.enter('train')
    model.report(50, 100, 'train')  # resumed: the first fifty took no time of this run
    clock.now += 10
    assert model.report(60, 100, 'train')['time_remaining'] == 40


def test_skipped_steps_do_not_make_the_run_look_fast(model: ProgressModel, clock: Any) -> None:
    model.begin([('dataset', 0.2), ('train', 0.7), ('upload', 0.1)])
    model.enter('dataset')  # in no time
    model.enter('train')
    model.report(0, 10, 'train')
    clock.now += 70
    data = model.report(1, 10, 'train')
    assert data['time_remaining'] == 630
    assert data['overall_time_remaining'] == 630 + 100, 'the upload is a seventh of the training'


def test_between_steps_the_time_left_follows_from_the_time_taken(model: ProgressModel, clock: Any) -> None:
    model.begin([('a', 0.5), ('b', 0.5)])
    clock.now += 0.1
    assert model.report(10, 100, None)['overall_time_remaining'] is None, 'too early to tell'
    clock.now += 9.9
    assert model.report(20, 100, None)['overall_time_remaining'] == 40
    assert model.report(100, 100, None)['overall_time_remaining'] == 0


def test_a_step_of_no_weight_does_not_divide_by_it(model: ProgressModel, clock: Any) -> None:
    model.begin([('a', 0), ('b', 1)])
    model.enter('a')
    model.report(0, 2, 'a')
    clock.now += 5
    assert model.report(1, 2, 'a')['overall'] == 0
    assert ProgressModel().begin([('a', 0), ('b', 0)])


# -- whatever is reported -----------------------------------------------------------------------------------

NAMES = ('a', '나', 'c')
EVENTS = st.one_of(
    st.tuples(st.just('enter'), st.sampled_from((*NAMES, 'inner'))),
    st.tuples(
        st.just('report'),
        st.sampled_from((*NAMES, 'inner', None)),
        st.integers(1, 50).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))),
    ),
    st.tuples(st.just('wait'), st.floats(0, 100)),
)


@given(
    weights=st.lists(st.floats(0, 10), min_size=3, max_size=3),
    planned=st.booleans(),
    events=st.lists(EVENTS, max_size=40),
)
def test_progress_is_monotone_whatever_is_reported(
    new_clock: Any, weights: Any, planned: bool, events: Any
) -> None:
    clock = new_clock()
    model = ProgressModel(clock)
    if planned:
        model.begin(list(zip(NAMES, weights, strict=True)))
    overall, percents = 0.0, dict.fromkeys((*NAMES, 'inner', None), 0.0)
    explicit = 0.0
    for kind, *arguments in events:
        if kind == 'wait':
            clock.now += arguments[0]
        elif kind == 'enter':
            model.enter(arguments[0])
            percents[arguments[0]] = 0.0
        else:
            step, (current, total) = arguments
            data = model.report(current, total, step)
            assert 0 <= data['percent'] <= 100
            assert data['percent'] >= (percents[step] if current else 0)
            percents[step] = data['percent']
            for key in ('time_remaining', 'overall_time_remaining'):
                assert data[key] is None or data[key] >= 0
            if planned:
                if step is None:
                    explicit = max(explicit, data['percent'])
                assert data['overall'] >= overall
                assert data['overall'] <= max(99.0, explicit)
                overall = data['overall']
