"""What escapes as it is, wherever it comes from: everything done is undone first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from synapse_plugins.steps import BaseStepContext, StepResult

ESCAPING = [KeyboardInterrupt, SystemExit, GeneratorExit]


def interrupt(error: type[BaseException]) -> Any:
    def strike(*_: Any) -> Any:
        raise error

    return strike


@pytest.mark.parametrize('error', ESCAPING)
def test_an_interrupt_in_execute_undoes_and_escapes(lab: Any, error: type[BaseException]) -> None:
    outcome = lab.run(lab.step('a'), lab.step('b', do=interrupt(error)))
    assert type(outcome.error) is error
    assert lab.trace == ['a', 'b', 'undo a']
    assert [result.success for result in lab.context.step_results] == [True, False]
    assert lab.context.current_step is None


def test_what_the_interrupted_step_saved_is_undone_too(lab: Any) -> None:
    def work(context: BaseStepContext) -> StepResult:
        context.save_rollback(path='half')
        raise KeyboardInterrupt

    got = []
    lab.run(lab.step('a', do=work, undo=lambda context, result: got.append(result.rollback_data)))
    assert got == [{'path': 'half'}]


@pytest.mark.parametrize(
    'where', ['can_skip', 'before_step', 'callback', 'observer', 'after_step', 'set_step']
)
def test_an_interrupt_anywhere_else_undoes_and_escapes(lab: Any, where: str) -> None:
    strike = interrupt(KeyboardInterrupt)
    at_b = lambda *args: strike() if 'b' in args else None  # noqa: E731
    options: dict[str, Any] = {}
    step_b = lab.step('b', skip=strike if where == 'can_skip' else False)
    if where == 'before_step':
        options['before_step'] = at_b
    elif where == 'callback':
        options['callback'] = lambda current, total: strike() if current == 99 else None
    elif where in {'observer', 'after_step'}:
        method = 'before_step' if where == 'observer' else where
        options['observers'] = [type('Striker', (), {method: lambda self, *args: at_b(*args)})()]
    elif where == 'set_step':
        lab.runtime.logger = type('Logger', (), {'set_step': lambda self, name, order=None: at_b(name)})()
    outcome = lab.run(lab.step('a'), step_b, lab.step('c', 0), **options)
    assert type(outcome.error) is KeyboardInterrupt
    done = ['a', 'b'] if where in {'callback', 'after_step'} else ['a']
    assert lab.trace == [*done, *(f'undo {name}' for name in reversed(done))]
    assert lab.context.current_step is None


def test_an_interrupt_after_a_step_is_done_does_not_make_it_fail(
    lab: Any, journal: Any, watcher: Any
) -> None:
    lab.run(lab.step('a'), callback=interrupt(KeyboardInterrupt), journal=journal, observers=[watcher])
    assert [result.success for result in lab.context.step_results] == [True]
    states = [line[3] for line in journal.lines() if line[0] == 'finished']
    assert states == ['done']
    assert journal.lines()[-1] == ['undone', 'a', None]
    assert 'on_step_error' not in [seen[0] for seen in watcher.seen]
    assert watcher.seen[-1] == ('after_run', 'KeyboardInterrupt')


def test_notes_on_an_interrupt_tell_what_could_not_be_undone(lab: Any) -> None:
    outcome = lab.run(
        lab.step('a', undo=interrupt(OSError)),
        lab.step('b', do=interrupt(KeyboardInterrupt)),
    )
    assert type(outcome.error) is KeyboardInterrupt
    assert outcome.error.__notes__ == ["Rollback failed for step 'a': OSError"]


def test_an_interrupt_during_the_report_of_a_failure_still_undoes(lab: Any) -> None:
    class Striker:
        def on_step_error(self, *args: Any) -> None:
            raise KeyboardInterrupt

    outcome = lab.run(lab.step('a'), lab.step('b', do=interrupt(ValueError)), observers=[Striker()])
    assert type(outcome.error) is KeyboardInterrupt
    assert lab.trace == ['a', 'b', 'undo a']
