"""The step that trains a YOLO model with ultralytics, in a process of its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synapse_plugins.errors import ParamsError, SynapsePluginsError
from synapse_plugins.steps import BaseStep, BaseStepContext, StepResult

from ._yolo_folder import make_folder, shared_fonts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._yolo_report import TrainReport

__all__ = ['TrainYoloStep', 'dataset_file']

_VALIDATION = ('val', 'validation', 'valid', 'test')
"""Folders in which ultralytics looks for pictures for the validation of folders of classes."""
ARTIFACTS = ('best.pt', 'last.pt', 'results.csv', 'args.yaml', 'metrics.json')


class TrainYoloStep(BaseStep[BaseStepContext]):
    """Trains on `context.dataset` and leaves a folder in `context.model_path`, figures in `context.metrics`.

    Reads ``context.dataset['config_path']``, `context.params` and `context.checkpoint`. Losses, every metric
    of the validation, pictures and artifacts are reported as they come. A cancelled run ends with the epoch.

    Args:
        grace: Seconds that a cancelled training has to finish its epoch, before it is terminated.
    """

    name = 'train'
    progress_weight = 0.70

    def __init__(self, grace: float = 120.0) -> None:
        self._grace = grace

    def execute(self, context: BaseStepContext) -> StepResult:
        """Train; `rollback` says what becomes of it when the run fails."""
        from ._model_facts import versions_of
        from ._yolo_process import WorkerProcess
        from ._yolo_report import TrainReport

        try:
            spec = _specification(context)
        except SynapsePluginsError as exc:
            return StepResult(success=False, error=str(exc), exception=exc)
        folder = make_folder(context, self.name)
        left = {'folder': str(folder)}
        save_dir = folder / 'run'
        spec['arguments'].update(project=str(folder), name='run', exist_ok=True)
        report = TrainReport(context, self.name, save_dir)
        worker = WorkerProcess(folder, spec, fonts=shared_fonts(context))
        outcome = worker.run(report.event, report.line, lambda: context.cancelled, self._grace)
        if outcome.state != 'done':
            error = outcome.error or _how_far(report, context)
            return StepResult(success=False, error=error, exception=outcome.cause, rollback_data=left)
        try:
            self._conclude(context, report, folder, spec)
        except SynapsePluginsError as exc:
            return StepResult(success=False, error=str(exc), exception=exc, rollback_data=left)
        data = {
            'model_path': str(folder / 'model'),
            'epochs': report.epoch,
            'metrics': report.summary(),
            'packages': versions_of('ultralytics', 'torch'),
        }
        return StepResult(data=data, rollback_data=left)

    def rollback(self, context: BaseStepContext, result: StepResult) -> None:
        """Remove what the training wrote; a finished model is kept, for it is dear, and where is said.

        A step after this one may fail for reasons that have nothing to do with the training, e.g. a backend
        that is down.
        """
        folder = Path((result.rollback_data or {}).get('folder') or '')
        model = folder / 'model'
        setattr(context, 'model_path', None)  # noqa: B010 - the context is any that has the field
        if folder == Path():
            return
        if not (result.success and (model / 'best.pt').is_file()):
            shutil.rmtree(folder, ignore_errors=True)
            return
        for leftover in folder.iterdir():
            if leftover != model:
                shutil.rmtree(leftover, ignore_errors=True) if leftover.is_dir() else leftover.unlink()
        context.log_message(f'The training is done, and its model is kept: {model}', 'warning')

    def _conclude(self, context: Any, report: TrainReport, folder: Path, spec: dict[str, Any]) -> None:
        from ._yolo_results import collect_model

        summary = report.summary()
        model = collect_model(
            folder / 'run',
            folder / 'model',
            classes=_class_names(report.names.values(), context.dataset),
            metrics={**summary, 'per_class': report.per_class},
            params={'model': spec['model'], 'task': spec['task'], **spec['arguments']},
        )
        report.pictures(model / 'plots')
        for leftover in ('config', 'kept', 'fonts'):
            shutil.rmtree(folder / leftover, ignore_errors=True)
        for name in ARTIFACTS:
            if (model / name).is_file():
                report.artifact(model / name)
        report.finish()
        context.model_path = str(model)
        context.metrics = summary


def _specification(context: Any) -> dict[str, Any]:
    """Return what the worker shall do, with everything checked that can be checked before it starts."""
    from synapse_plugins.store.weights import check_torch

    from ._yolo_model import find_weights
    from .yolo_params import model_for, training_arguments

    params = dict(context.params or {})
    arguments = training_arguments(params)
    model, task = model_for(params)
    checkpoint = getattr(context, 'checkpoint', None)
    if checkpoint:
        found = find_weights(checkpoint.get('weights') or checkpoint['path'])
        check_torch(found)
        weights = str(found)
        if _is_model_named(context):
            arguments['pretrained'] = weights  # the named model, begun with what of the weights fits
        else:
            model = weights
    elif model.endswith('.pt'):
        check_torch(Path(model))
    arguments['data'] = str(_trainable(dataset_file(context)))
    return {
        'mode': 'train',
        'model': model,
        'task': task if params.get('task') or not checkpoint else None,
        'trackers': list(params.get('trackers') or ()),
        'arguments': arguments,
    }


def _trainable(place: Path) -> Path:
    """Refuse folders of classes without any for validation: the trainer would fail without a reason, and late.

    It looks for these names itself; without ``train`` it divides all pictures.
    """
    if (place / 'train').is_dir() and not any((place / name).is_dir() for name in _VALIDATION):
        raise ParamsError(
            f'The dataset {place} has no pictures for validation, and the trainer of classify stops without. Divide '
            'the source and train on that: `synapse-plugins convert SRC DST --to imagefolder --split train=.8,val=.2`.'
        )
    return place


def _is_model_named(context: Any) -> bool:
    """Tell whether the user named a model; one that stands there by default gives way to a checkpoint."""
    named = getattr(getattr(context, 'typed_params', None), 'model_fields_set', None)
    return bool(context.params.get('model')) and (named is None or 'model' in named)


def dataset_file(context: Any) -> Path:
    """Return what the trainer is pointed at.

    Raises:
        ParamsError: If there is no such dataset in the context.
    """
    dataset = context.dataset or {}
    path = dataset.get('config_path')
    if not path:
        raise ParamsError(
            'There is no YOLO dataset: the run needs a step before this one that sets '
            "context.dataset['config_path'], as ConvertDatasetStep('yolo') does."
        )
    if not Path(path).exists():
        raise ParamsError(f'The dataset {path} is not there any more; run it again with a fresh cache.')
    return Path(path).resolve()


def _class_names(names: Iterable[str], dataset: dict[str, Any]) -> list[str]:
    """Return the classes that the trainer's names stand for: those of the task classify are names of folders."""
    from synapse_plugins.datasets import class_folders

    if dataset.get('task') != 'classify':
        return list(names)
    class_of = {folder: name for name, folder in class_folders(dataset.get('classes') or ()).items()}
    return [class_of.get(name, name) for name in names]


def _how_far(report: TrainReport, context: BaseStepContext) -> str:
    done = (
        f'after epoch {report.epoch} of {report.epochs}' if report.epoch else 'before the first epoch ended'
    )
    return f'the training was stopped {done} ({context.cancel_reason or "cancelled"})'
