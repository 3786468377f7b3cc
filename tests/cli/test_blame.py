"""Where an exception came from, and how a failure reads."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from synapse_plugins.cli.blame import origin_of
from synapse_plugins.cli.result_view import failure_text
from synapse_plugins.cli.settings import Settings
from synapse_plugins.errors import StepFailedError


def failed(cause: BaseException | None, reason: str = 'it went wrong') -> StepFailedError:
    error = StepFailedError('train', reason)
    error.__cause__ = cause
    return error


def caught(work: Any) -> Exception:
    try:
        work()
    except Exception as exc:
        return exc
    pytest.fail('nothing was raised')


def test_the_last_line_of_own_code_is_named_not_the_librarys() -> None:
    def work() -> None:
        json.loads('no json')

    line = work.__code__.co_firstlineno + 1
    told = origin_of(failed(caught(work)))
    assert told is not None
    assert told.startswith('JSONDecodeError at ')
    assert told.endswith(f'test_blame.py:{line}')


def test_the_cause_of_the_cause_is_looked_at_too() -> None:
    outer = TimeoutError('late')
    outer.__cause__ = caught(lambda: {}['boxes'])
    assert str(origin_of(failed(outer))).startswith('KeyError at ')


def test_without_code_of_the_users_there_is_no_place() -> None:
    assert origin_of(failed(None)) is None
    assert origin_of(failed(RuntimeError('told by another process'))) is None


def record(**steps: str) -> Any:
    return SimpleNamespace(id='r1', steps=[{'name': name, 'state': state} for name, state in steps.items()])


def test_what_was_undone_is_no_part_of_a_trainers_log() -> None:
    error = failed(None, 'RuntimeError: boom\nIts last lines were:\n  the last line')
    text = failure_text(Settings(), record(dataset='ROLLED_BACK'), error)
    lines = text.splitlines()
    assert lines[2] == '  the last line'
    assert lines[3].startswith('Rolled back: dataset. The record: ')
