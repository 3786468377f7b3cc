"""How a run tells the runtime's logger: the step at work, the weights; and that a logger cannot harm it."""

from __future__ import annotations

from typing import Any


class JobLike:
    """A logger that adds the proportions of steps up by itself, as that of a job does."""

    def __init__(self, *, started: bool = False) -> None:
        self.calls: list[Any] = []
        self.started = started

    def set_step_proportions(self, proportions: Any, orders: Any = None) -> None:
        if self.started:
            raise RuntimeError('progress has started')
        self.calls.append((proportions, orders))

    def set_step(self, step: str | None, order: int | None = None) -> None:
        pass


def test_the_logger_is_told_each_step_and_its_order(lab: Any) -> None:
    calls: list[Any] = []
    lab.runtime.logger = type(
        'Logger', (), {'set_step': lambda self, step, order=None: calls.append((step, order))}
    )()
    lab.run(lab.step('a'), lab.step('b', skip=True))
    assert calls == [('a', 0), (None, None), ('b', 1), (None, None), (None, None)]


def test_the_logger_is_told_what_failed_and_what_was_undone(lab: Any) -> None:
    told: list[Any] = []

    class Log:
        def step_failed(self, *about: Any, **more: Any) -> None:
            told.append(('failed', *about, more))

        def step_rolled_back(self, *about: Any, **more: Any) -> None:
            told.append(('undone', *about, more))

    def fail(context: Any) -> Any:
        context.save_rollback(half=True)
        raise KeyError('boxes')

    def undo_badly(context: Any, result: Any) -> None:
        raise OSError('busy')

    lab.runtime.logger = Log()
    lab.run(lab.step('a', undo=undo_badly), lab.step('b', do=fail))
    assert told == [
        ('failed', 'b', {'order': 1, 'reason': "KeyError: 'boxes'", 'stopped': False}),
        ('undone', 'b', {'order': 1, 'error': None}),
        ('undone', 'a', {'order': 0, 'error': 'OSError: busy'}),
    ]


def test_a_logger_that_cannot_be_told_of_a_failure_changes_nothing(lab: Any) -> None:
    class Log:
        def step_failed(self, *about: Any, **more: Any) -> None:
            raise OSError('no log')

    def fail(context: Any) -> Any:
        raise ValueError('Something went wrong')

    lab.runtime.logger = Log()
    outcome = lab.run(lab.step('a', do=fail))
    assert str(outcome.error) == "Step 'a' failed: Something went wrong"
    assert lab.context.errors == ['Telling the log of a failure failed: OSError: no log']


def test_such_a_logger_gets_proportions_and_each_step_at_100(lab: Any) -> None:
    lab.runtime.logger = JobLike()
    lab.run(lab.step('a', 0.3), lab.step('none', 0), lab.step('b', 0.7), callback=None)
    assert lab.runtime.logger.calls == [({'a': 30, 'b': 70}, {'a': 0, 'none': 1, 'b': 2})]
    assert lab.runtime.reports == [('progress', 100, 100, 'a'), ('progress', 100, 100, 'b')]


def test_with_a_callback_it_gets_both(lab: Any) -> None:
    lab.runtime.logger = JobLike()
    lab.run(lab.step('a', 0.3), lab.step('b', 0.7))
    assert lab.progress == [(30, 100), (100, 100)]
    assert lab.runtime.reports == [('progress', 100, 100, 'a'), ('progress', 100, 100, 'b')]


def test_a_plan_that_such_a_logger_has_already_holds(lab: Any) -> None:
    lab.runtime.logger = JobLike(started=True)
    assert lab.run(lab.step('a', 0.3), callback=None).result['success']
    assert lab.context.errors == []


def test_a_logger_that_fails_at_everything_changes_nothing(lab: Any) -> None:
    class Broken:
        def set_step(self, step: str | None, order: int | None = None) -> None:
            raise OSError('gone')

        def set_step_proportions(self, proportions: Any, orders: Any = None) -> None:
            raise OSError('gone')

    lab.runtime.logger = Broken()
    outcome = lab.run(lab.step('a'), lab.step('b'))
    assert outcome.result == {'success': True, 'steps_executed': 2, 'steps_total': 2}
    assert lab.context.errors == [
        'Declaring the weights failed: OSError: gone',
        'Naming the step in the log failed: OSError: gone',
    ]


def test_a_logger_that_fails_does_not_keep_a_failed_run_from_its_rollback(lab: Any) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise OSError('gone')

    lab.runtime.logger = type('Broken', (), {'set_step': broken})()
    lab.runtime.begin_steps = lambda weights: True
    lab.runtime.end_steps = broken
    outcome = lab.run(lab.step('a'), lab.step('b', do=lambda context: 1 / 0))
    assert str(outcome.error) == "Step 'b' failed: division by zero"
    assert lab.trace == ['a', 'b', 'undo a']
    assert 'Ending the steps in the log failed: OSError: gone' in lab.context.errors


def test_the_runtime_is_told_the_normalised_weights_and_how_it_ended(lab: Any) -> None:
    calls: list[Any] = []
    lab.runtime.begin_steps = lambda weights: calls.append(weights) or True
    lab.runtime.end_steps = calls.append
    lab.run(lab.step('a', 1), lab.step('b', 3))
    lab.run(lab.step('c', do=lambda context: 1 / 0))
    assert calls == [[('a', 0.25), ('b', 0.75)], True, [('c', 1.0)], False]


def test_a_runtime_that_counts_another_run_is_not_told_the_end(lab: Any) -> None:
    ended: list[Any] = []
    lab.runtime.begin_steps = lambda weights: False
    lab.runtime.end_steps = ended.append
    lab.run(lab.step('a'))
    assert ended == []
