"""A run's record, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from . import output

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..runs import RunRecord

__all__ = ['run_document', 'run_seconds', 'say_figures', 'say_run', 'say_steps']

_STEP_STATES = {'SUCCEEDED': 'done', 'SKIPPED': 'skipped', 'FAILED': 'failed', 'ROLLED_BACK': 'rolled back'}


def run_document(record: RunRecord) -> dict[str, Any]:
    """Return a run's record as plain data."""
    return asdict(record)


def run_seconds(record: RunRecord) -> float | None:
    """Return how long a run took; None while it lasts."""
    if not record.started or not record.finished:
        return None
    return (output.moment(record.finished) - output.moment(record.started)).total_seconds()


def say_run(record: RunRecord) -> None:
    """Print a run's record."""
    output.fields(
        [
            ('Run', record.id),
            ('Action', record.action),
            ('State', record.state),
            ('Dataset', record.dataset),
            ('Started', output.when(record.started)),
            ('Took', output.duration(run_seconds(record))),
            ('Parameters', record.params),
            ('Error', record.error),
        ]
    )
    output.say('')
    say_steps(record.steps)
    if record.metrics:
        output.say('')
        output.fields(sorted(record.metrics.items()))
    if record.artifacts:
        output.say('')
        output.table(
            (output.Column('FILE', folds=True), output.Column('KIND'), output.Column('WHERE', folds=True)),
            [(item.get('name'), item.get('kind'), item.get('file')) for item in record.artifacts],
        )
    if record.messages:
        output.say('')
        for message in record.messages:
            output.say(f'{message["level"]}: {output.shown(str(message["content"]))}')


def say_steps(steps: Iterable[Mapping[str, Any]]) -> None:
    """Print the steps of a run with their times."""
    columns = (output.Column('STEP'), output.Column('STATE'), output.Column('TIME', right=True))
    output.table(
        columns,
        [
            (
                step['name'],
                _STEP_STATES.get(step['state'], step['state'].lower()),
                output.duration(step['seconds']),
            )
            for step in steps
        ],
    )


def say_figures(metrics: Mapping[str, Any]) -> None:
    """Print final metrics."""
    output.fields([(name, value) for name, value in metrics.items() if isinstance(value, int | float)])
