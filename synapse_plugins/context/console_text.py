"""The words in which the console shows a record, with or without bars."""

from __future__ import annotations

import re
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .records import LogRecord

__all__ = ['SENTENCES', 'duration', 'outcome_of', 'text_of', 'time_left', 'without_escapes']

_ESCAPES = re.compile(r'\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])')


def text_of(record: LogRecord) -> str | None:
    """Return what a person reads of a record; None if it is shown in another way, or not at all."""
    data = record.data
    match record.kind:
        case 'message':
            text = str(data.get('content', ''))
        case 'event':
            text = str(data['content']) if set(data) == {'content'} else _event(record.event, data)
            if record.file:
                text += f' ({record.file})'
        case 'metrics':
            text = _values(data)
        case 'metric':
            text = _metric(data)
        case 'visualization':
            text = f'picture {data.get("group")}/{data.get("index")}: {record.file}'
        case 'artifact':
            text = f'{data.get("kind")} {data.get("name")}: {record.file}'
        case _:
            return None
    severe = record.level in {'warning', 'danger', 'error', 'critical'}
    return f'{"error" if record.level == "danger" else record.level}: {text}' if severe else text


def outcome_of(record: LogRecord) -> str | None:
    """Return in a line what became of a step, from a record of kind `step` that tells of a failure or a rollback."""
    data = record.data
    if 'failed' in data:
        word = 'stopped' if data.get('stopped') else 'failed'
        reason = str(data['failed']).partition('\n')[0]
        return f'{word}: {reason}'
    if 'rolled_back' in data:
        return 'rolled back' if data['rolled_back'] else f'could not be rolled back: {data.get("error")}'
    return None


def duration(seconds: float) -> str:
    """Return seconds as ``0:05``, ``12:34`` or ``1:02:03``."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02}:{rest:02}' if hours else f'{minutes}:{rest:02}'


def time_left(seconds: float) -> str:
    """Return seconds that are left, rounded up: nothing is left only at the end."""
    return f'{duration(ceil(seconds))} left'


def without_escapes(text: str) -> str:
    """Return *text* without colours and cursor movements."""
    return _ESCAPES.sub('', text)


def _event(event: str, data: dict[str, Any]) -> str:
    """Return an event as a sentence where it is one of those that wrappers of steps log."""
    sentence = SENTENCES.get(event)
    try:
        return f'{event}: {data}' if sentence is None else sentence(data)
    except (LookupError, TypeError, ValueError):  # somebody else's event of that name
        return f'{event}: {data}'


def _step_end(data: dict[str, Any]) -> str:
    what = 'was skipped' if data.get('skipped') else 'ended' if data['success'] else 'failed'
    return f'Step {data["step"]!r} {what} after {data["elapsed"]:.1f} s.'


def _step_attempt(data: dict[str, Any]) -> str:
    attempt = f'Step {data["step"]!r}: attempt {data["attempt"]} of {data["attempts"]}'
    if data['success']:
        return f'{attempt} succeeded.'
    again = '' if data['wait'] is None else f' The next one begins in {data["wait"]:.1f} s.'
    reason = str(data['error']).rstrip('.')
    return f'{attempt} failed: {reason}.{again}'


SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    'step_start': lambda data: f'Step {data["step"]!r} begins.',
    'step_end': _step_end,
    'step_rollback': lambda data: f'Step {data["step"]!r} is rolled back.',
    'step_attempt': _step_attempt,
    'step_overrun': lambda data: (
        f'Step {data["step"]!r} goes on {data["grace"]:g} s after its time-out of {data["timeout"]:g} s.'
    ),
}
"""Events of the wrappers of steps -> what a person reads."""


def _metric(data: dict[str, Any]) -> str:
    key, value, metrics = data.get('key'), data.get('value'), data.get('metrics') or {}
    head = f'{data.get("category")} {key} {_number(value)}'
    return f'{head}: {_values(metrics)}' if metrics else head


def _values(values: dict[str, Any]) -> str:
    return ', '.join(f'{name} {_number(value)}' for name, value in values.items())


def _number(value: Any) -> str:
    return f'{value:.4g}' if isinstance(value, float) else str(value)
