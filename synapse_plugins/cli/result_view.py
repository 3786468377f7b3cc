"""How a run ended, for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..errors import RunCancelledError, StepFailedError, SynapsePluginsError
from . import output
from .runs_view import run_document, run_seconds, say_figures, say_steps

if TYPE_CHECKING:
    from ..executors import RunResult
    from ..runs import RunRecord
    from .settings import Settings

__all__ = ['failure_text', 'model_fields', 'result_document', 'say_result']

_TOLD = {
    'success', 'steps_executed', 'steps_total', 'model_id', 'model_path', 'metrics', 'output', 'conversion_warnings',
}  # fmt: skip
"""What of a result has its own place, was said while it ran, or says nothing new."""
_LONG = 300


def result_document(record: RunRecord, model: dict[str, Any] | None) -> dict[str, Any]:
    """Return a run's record, with the model that it registered, as plain data."""
    return {**run_document(record), 'model': model}


def say_result(
    settings: Settings, record: RunRecord, result: RunResult, model: dict[str, Any] | None
) -> None:
    """Print how a run went, where its model is, and what to do next."""
    took = output.duration(run_seconds(record))
    output.say(f'{record.action} succeeded in {took}.', '')
    if record.steps:
        say_steps(record.steps)
        output.say('')
    if result.metrics:
        say_figures(result.metrics)
        output.say('')
    if returned := _returned(record.result):
        output.fields(returned)
        output.say('')
    hints = [settings.hint('runs', 'show', record.id)]
    if model is not None and model.get('backend'):  # it lies on a server
        output.fields([('Model', f'{model["id"]}, {model["name"]}'), ('Backend', model['backend'])])
        output.say('')
    elif model is not None and model['id'] == record.params.get('checkpoint'):  # it was given, not made
        output.fields([('Model', f'{model["id"]}, {model["name"]}')])
        output.say('')
        hints = [settings.hint('models', 'show', str(model['id'])), *hints]
    elif model is not None:
        output.fields(model_fields(record, model))
        output.say('')
        hints = [settings.hint('models', 'export', str(model['id']), f'model-{model["id"]}'), *hints]
    output.commands('Next:', hints)


def _returned(result: Any) -> list[tuple[str, str]]:
    """Return what an action returned beside what is told of every run, each value in a line or two."""
    if not isinstance(result, dict):
        result = {'Result': result}
    values = {name: value for name, value in result.items() if name not in _TOLD}
    told = {name: value if isinstance(value, str) else _as_json(value) for name, value in values.items()}
    return [
        (name, text if len(text) <= _LONG else f'{text[:_LONG]} ...')
        for name, text in told.items()
        if values[name] not in (None, '', [], {})
    ]


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def model_fields(record: RunRecord, model: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a registered model is called, and where its weights are."""
    from pathlib import Path

    from .hints import short_path

    weights = [item['file'] for item in record.artifacts if item['kind'] == 'weights' and item['file']]
    return [
        ('Model', f'{model["id"]}, {model["name"]}'),
        ('Weights', short_path(Path(weights[0] if weights else model['file']))),
    ]


def failure_text(settings: Settings, record: RunRecord, error: SynapsePluginsError) -> str:
    """Return one paragraph: what failed, where, what was undone, and where to look.

    A reason of several lines, such as the last ones of a trainer's log, keeps them; the rest begins a new one.
    """
    what, parts = _what(error), []
    is_long = '\n' in what
    if not is_long and not what.endswith(('.', '!', '?')):
        what += '.'
    if (origin := _origin(error)) is not None:
        parts.append(f'{origin}.')
    undone = [step['name'] for step in record.steps if step['state'] == 'ROLLED_BACK']
    if undone:
        parts.append(f'Rolled back: {", ".join(undone)}.')
    if isinstance(error, StepFailedError):
        parts.extend(f'Could not be undone: {problem}.' for problem in error.rollback_errors)
    parts.extend(note for note in getattr(error, '__notes__', ()) if note.startswith('The record of run '))
    if _is_a_bug(error):
        parts.append('Add --traceback to see where it came from.')
    parts.append(f'The record: `{settings.hint("runs", "show", record.id)}`')
    return ('\n' if is_long else ' ').join((what, ' '.join(parts)))


def _what(error: SynapsePluginsError) -> str:
    if isinstance(error, RunCancelledError):  # nothing failed
        return f'in step {error.step!r}: {error.reason}'
    return str(error).strip()


def _is_a_bug(error: BaseException) -> bool:
    """Tell whether somebody's code raised what it did not mean to."""
    cause = error.__cause__
    return cause is not None and not isinstance(cause, SynapsePluginsError | OSError)


def _origin(error: BaseException) -> str | None:
    from .blame import origin_of

    return None if isinstance(error.__cause__, SynapsePluginsError) else origin_of(error)
