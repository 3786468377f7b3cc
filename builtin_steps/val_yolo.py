"""The step that evaluates a registered YOLO model on a dataset."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from synapse_plugins.errors import BackendError, ParamsError, SynapsePluginsError
from synapse_plugins.steps import BaseStep, BaseStepContext, StepResult

from ._yolo_folder import make_folder, shared_fonts

__all__ = ['ValYoloStep', 'options_of_model']


class ValYoloStep(BaseStep[BaseStepContext]):
    """Evaluates the model of the parameter `checkpoint` on `context.dataset`; figures go to `context.metrics`.

    They are also kept with the model, where the backend can: in its configuration, under ``evaluations``.

    Args:
        grace: Seconds that a cancelled evaluation has until it is terminated.
    """

    name = 'val'
    progress_weight = 0.70

    def __init__(self, grace: float = 30.0) -> None:
        self._grace = grace

    def execute(self, context: BaseStepContext) -> StepResult:
        """Fetch the weights, evaluate, report."""
        from ._yolo_process import WorkerProcess
        from ._yolo_report import TrainReport

        folder = make_folder(context, self.name)
        left = {'folder': str(folder)}
        try:
            model, spec = _specification(context, folder)
        except SynapsePluginsError as exc:
            return StepResult(success=False, error=str(exc), exception=exc, rollback_data=left)
        report = TrainReport(context, self.name, folder / 'run')
        split = spec['arguments'].get('split', 'val')
        context.log_message(f'Evaluating {_name_of(model)} on the split {split!r}.')
        worker = WorkerProcess(folder, spec, fonts=shared_fonts(context))
        outcome = worker.run(report.event, report.line, lambda: context.cancelled, self._grace)
        if outcome.state != 'done':
            error = outcome.error or f'the evaluation was stopped ({context.cancel_reason or "cancelled"})'
            return StepResult(success=False, error=error, exception=outcome.cause, rollback_data=left)
        self._conclude(context, report, folder, model)
        return StepResult(data={'metrics': report.metrics}, rollback_data=left)

    def rollback(self, context: BaseStepContext, result: StepResult) -> None:
        """Remove what the evaluation wrote."""
        folder = (result.rollback_data or {}).get('folder')
        if folder:
            shutil.rmtree(folder, ignore_errors=True)

    def _conclude(self, context: Any, report: Any, folder: Path, model: dict[str, Any] | None) -> None:
        from ._yolo_results import write_json

        for leftover in ('config', 'fonts', 'model'):
            shutil.rmtree(folder / leftover, ignore_errors=True)
        write_json(folder / 'metrics.json', {**report.metrics, 'per_class': report.per_class})
        report.pictures(folder / 'run')
        report.artifact(folder / 'metrics.json')
        report.finish()
        context.log_message(f'Evaluated: {report.figures() or "no figures"}.')
        context.metrics = dict(report.metrics)
        if model is not None:
            _keep_with_model(context, model)


def options_of_model(model: dict[str, Any]) -> dict[str, Any]:
    """Return the options with which a dataset is converted for a registered model: its task and its classes.

    Args:
        model: What the backend says of it.
    """
    from ._yolo_model import task_of

    configuration = model.get('configuration') or {}
    params = configuration.get('hyperparameter') or {}
    classes = configuration.get('classes')
    options = {'task': task_of(params.get('model'), params.get('task'))}
    return {**options, 'classes': list(classes)} if classes else options


def _specification(context: Any, folder: Path) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    from .train_yolo import dataset_file
    from .yolo_params import training_arguments

    data = dataset_file(context)
    params = {name: value for name, value in (context.params or {}).items() if name != 'model'}
    arguments = training_arguments(params)
    _check_split(context.dataset.get('splits'), arguments.get('split', 'val'))
    model, weights = _weights(context, folder)
    arguments.update(data=str(data), project=str(folder), name='run', exist_ok=True)
    spec = {
        'mode': 'val',
        'model': str(weights),
        'task': params.get('task'),
        'classes': _trainers_names(context.dataset),
        'arguments': arguments,
    }
    return model, spec


def _trainers_names(dataset: dict[str, Any]) -> list[str]:
    """Return the classes as the trainer knows them: for the task classify, its folders by name."""
    from synapse_plugins.datasets import class_folders

    classes = list(dataset.get('classes') or ())
    return sorted(class_folders(classes).values()) if dataset.get('task') == 'classify' else classes


def _check_split(splits: Any, wanted: str) -> None:
    name = 'valid' if wanted == 'val' else wanted
    if splits and name not in splits:
        raise ParamsError(f'The dataset has no split {name!r}; it has: {", ".join(map(str, splits))}.')


def _weights(context: Any, folder: Path) -> tuple[dict[str, Any] | None, Path]:
    """Return the registered model, if it is one, and its weights: unpacked already, or taken from its archive."""
    from synapse_plugins.store.weights import check_torch

    from ._model_archive import take_weights
    from ._yolo_model import find_weights

    given = getattr(context, 'checkpoint', None)
    model_id = (given or {}).get('id') or context.params.get('checkpoint') or context.params.get('model')
    if model_id is None and not given:
        raise ParamsError(
            'There is no model to evaluate: give `checkpoint`, the id or name of a registered model.'
        )
    model = None if model_id is None else dict(context.client.get_model(model_id))
    if given:
        weights = find_weights(given.get('weights') or given['path'])
        check_torch(weights)
        return model, weights
    file = Path((model or {}).get('file') or '')
    if not file.is_file():
        raise BackendError(f'Model {model_id} has no file that could be evaluated.')
    weights = take_weights(file, folder / 'model')
    check_torch(weights)
    return model, weights


def _name_of(model: dict[str, Any] | None) -> str:
    return 'the checkpoint' if model is None else f'model {model["id"]}, {model.get("name")},'


def _keep_with_model(context: Any, model: dict[str, Any]) -> None:
    """Add the figures to those that the backend keeps with the model."""
    from ._model_facts import dataset_of, run_id_of

    entry = {
        'dataset': dataset_of(context),
        'split': context.params.get('split') or 'val',
        'run': run_id_of(context),
        'metrics': context.metrics,
    }
    client = context.client
    if hasattr(client, 'add_evaluation'):
        client.add_evaluation(model['id'], entry)
    elif hasattr(client, 'update_model'):
        _append(client, model['id'], entry)
    else:
        context.log_message('The backend keeps no figures with a model; they are in the record of this run.')


def _append(client: Any, model_id: int, entry: dict[str, Any]) -> None:
    """Add to what the model has by now: others may have evaluated it in the meantime."""
    known = (client.get_model(model_id).get('configuration') or {}).get('evaluations') or ()
    others = [other for other in known if other.get('run') != entry['run']]
    client.update_model(model_id, {'configuration': {'evaluations': [*others, entry]}})
