"""Observers see everything and harm nothing."""

from __future__ import annotations

from typing import Any

from synapse_plugins.steps import StepResult


def test_they_see_a_good_run(lab: Any, watcher: Any) -> None:
    lab.run(lab.step('a'), lab.step('b', skip=True), observers=[watcher])
    assert watcher.seen == [
        ('before_run', ['a', 'b']),
        ('before_step', 'a'),
        ('after_step', 'a', 'done'),
        ('before_step', 'b'),
        ('after_step', 'b', 'skipped'),
        ('after_run', None),
    ]


def test_they_see_a_failure_before_the_rollback(lab: Any, watcher: Any) -> None:
    lab.run(lab.step('a'), lab.step('b', do=lambda context: 1 / 0), observers=[watcher])
    assert watcher.seen[-3:] == [
        ('on_step_error', 'b', 'ZeroDivisionError', 'division by zero'),
        ('after_rollback', 'a', None),
        ('after_run', 'StepFailedError'),
    ]


def test_a_failed_result_comes_as_an_error_that_names_the_step(lab: Any, watcher: Any) -> None:
    lab.run(lab.step('a', do=lambda context: StepResult(success=False, error='no')), observers=[watcher])
    assert ('on_step_error', 'a', 'StepFailedError', "Step 'a' failed: no") in watcher.seen


def test_they_see_what_a_rollback_raised(lab: Any, watcher: Any) -> None:
    lab.run(
        lab.step('a', undo=lambda context, result: 1 / 0),
        lab.step('b', do=lambda context: 1 / 0),
        observers=[watcher],
    )
    assert ('after_rollback', 'a', 'ZeroDivisionError') in watcher.seen


def test_one_that_raises_at_everything_changes_nothing(lab: Any, new_lab: Any, watcher: Any) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            def method(*args: Any) -> None:
                raise ValueError(name)

            return method

    outcome = lab.run(lab.step('a'), lab.step('b'), observers=[Broken(), watcher])
    assert outcome.result == {'success': True, 'steps_executed': 2, 'steps_total': 2}
    assert len(watcher.seen) == 6, 'the others are told all the same'
    assert lab.context.errors == [
        f'Observer Broken.{event} failed: ValueError: {event}'
        for event in ('before_run', 'before_step', 'after_step', 'after_run')
    ]
    failed = new_lab()
    error = failed.run(failed.step('a', do=lambda context: 1 / 0), observers=[Broken()]).error
    assert str(error) == "Step 'a' failed: division by zero"


def test_one_that_raises_is_warned_of_once_for_each_kind(lab: Any) -> None:
    class Broken:
        def after_step(self, context: Any, step: str, result: Any) -> None:
            raise ValueError(step)

    lab.run(*(lab.step(name) for name in 'abc'), callback=lambda *_: None, observers=[Broken()])
    assert len(lab.context.errors) == 3, 'each failure is kept'
    assert len([report for report in lab.runtime.reports if report[0] == 'message']) == 1


def test_every_method_is_optional(lab: Any) -> None:
    assert lab.run(lab.step('a'), observers=[object()]).result['success']
    assert lab.context.errors == []


def test_a_run_whose_journal_cannot_begin_is_not_announced(lab: Any, journal: Any, watcher: Any) -> None:
    journal.fails_at = 'declared'
    lab.run(lab.step('a'), journal=journal, observers=[watcher])
    assert watcher.seen == []


def test_observers_nest_what_comes_after_is_told_in_reverse(lab: Any) -> None:
    told: list[str] = []

    def observer(name: str) -> Any:
        methods = {
            event: lambda self, *args, event=event: told.append(f'{name} {event}')
            for event in ('before_run', 'before_step', 'after_step', 'after_run')
        }
        return type(name, (), methods)()

    lab.run(lab.step('a'), observers=[observer('one'), observer('two')])
    assert told == [
        *('one before_run', 'two before_run', 'one before_step', 'two before_step'),
        *('two after_step', 'one after_step', 'two after_run', 'one after_run'),
    ]
