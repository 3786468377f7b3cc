"""A registered model, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import output
from .metrics import find

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ['metrics_of', 'say_model']

_PLAIN = dict.fromkeys(('classes', 'hyperparameter', 'source', 'files', 'evaluations'))
"""What a model's configuration holds as our own actions write it; another's may hold anything."""
_UNSHOWN = {'metrics', 'idempotency_key'}
_MOST_FILES = 5


def metrics_of(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a model; the platform keeps them in its configuration."""
    configuration = model.get('configuration')
    found = model.get('metrics') or (
        configuration.get('metrics') if isinstance(configuration, dict) else None
    )
    return found if isinstance(found, dict) else {}


def say_model(model: Mapping[str, Any]) -> None:
    """Print what is known of a model, its figures, and how it did where it was evaluated."""
    configuration = {**_PLAIN, **(model.get('configuration') or {})}
    evaluations = configuration.pop('evaluations')
    output.fields(
        [
            ('Id', model['id']),
            ('Model', model['name']),
            ('About', model.get('description')),
            ('Classes', configuration.pop('classes')),
            ('Parameters', configuration.pop('hyperparameter')),
            ('Source', configuration.pop('source')),
            ('Holds', _holds(configuration.pop('files'))),
            ('Made', output.when(model.get('created'))),
            ('Checkpoint', model.get('checkpoint')),
            ('Size', output.size(model.get('size'))),
            ('File', model.get('file')),
            *((name, value) for name, value in configuration.items() if name not in _UNSHOWN),
        ]
    )
    if metrics := metrics_of(model):
        output.say('')
        output.fields(sorted(metrics.items()))
    if isinstance(evaluations, list) and evaluations:
        output.say('')
        _say_evaluations(evaluations)


def _holds(files: Any) -> Any:
    """Return the weights and the first of the other files: a trainer leaves plots by the dozen."""
    if not isinstance(files, list) or len(files) <= _MOST_FILES:
        return files
    first = sorted(files, key=lambda name: (not str(name).endswith('.pt'), '/' in str(name)))[:_MOST_FILES]
    return f'{", ".join(map(str, first))} and {len(files) - _MOST_FILES} more files'


def _say_evaluations(evaluations: Iterable[Any]) -> None:
    columns = (
        output.Column('EVALUATED ON', folds=True),
        output.Column('SPLIT'),
        output.Column('MAP50', right=True),
        output.Column('MAP50-95', right=True),
        output.Column('RUN'),
    )
    rows = [entry for entry in evaluations if isinstance(entry, dict)]
    output.table(columns, [_row(entry) for entry in rows])


def _row(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    dataset, metrics = entry.get('dataset'), entry.get('metrics') or {}
    name = (dataset.get('name') or dataset.get('id')) if isinstance(dataset, dict) else dataset
    return name, entry.get('split'), find(metrics, 'mAP50'), find(metrics, 'mAP50-95'), entry.get('run')
