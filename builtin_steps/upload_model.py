"""The step that registers a trained model with the backend."""

from __future__ import annotations

import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from synapse_plugins.errors import NotFoundError, SynapsePluginsError
from synapse_plugins.steps import BaseStep, BaseStepContext, StepResult

__all__ = ['UploadModelStep']


class UploadModelStep(BaseStep[BaseStepContext]):
    """Registers `context.model_path` and leaves the registered model in `context.model`.

    One archive holds every file of the model, its classes, metrics and parameters, and where it comes from. A
    run that is resumed registers it once.
    """

    name = 'model_upload'
    progress_weight = 0.05

    def execute(self, context: BaseStepContext) -> StepResult:
        """Pack and register; a run without a model fails here."""
        shared: Any = context
        model_path = getattr(shared, 'model_path', None)
        if not model_path:
            error = 'there is no model to register: no step before this one set context.model_path'
            return StepResult(success=False, error=error)
        key = context.idempotency_key('model')
        try:
            model = _find(context.client, key) or self._register(shared, Path(model_path), key)
        except SynapsePluginsError as exc:
            return StepResult(success=False, error=str(exc), exception=exc, rollback_data={'key': key})
        shared.model = model
        left = {'key': key, 'model_id': model['id']}
        return StepResult(data={'model_id': model['id'], 'name': model['name']}, rollback_data=left)

    def rollback(self, context: BaseStepContext, result: StepResult) -> None:
        """Remove the registered model, if the backend can."""
        left, client = result.rollback_data or {}, context.client
        model_id = left.get('model_id')
        if model_id is None and left.get('key'):
            model_id = (_find(client, left['key']) or {}).get('id')
        if model_id is None:
            return
        delete = getattr(client, 'delete_model', None)
        if delete is None:
            context.log_message(
                f'The backend cannot remove model {model_id}; remove it there by hand.', 'warning'
            )
            return
        with suppress(NotFoundError):  # undone before
            delete(model_id)

    def _register(self, context: Any, model_path: Path, key: str) -> dict[str, Any]:
        from synapse_plugins.backends.registering import register_model

        from ._model_archive import model_files, pack_model
        from ._model_facts import configuration, fact_files, source_of

        files = model_files(model_path)
        source = source_of(context)
        name = _free_name(context)
        data = {
            'name': name,
            'description': context.params.get('description') or _description(source),
            'configuration': configuration(context, source, files, key),
            'checkpoint': source['checkpoint'],
        }
        context.save_rollback(key=key)
        with tempfile.TemporaryDirectory(prefix='model-', dir=_work_dir(context)) as folder:
            archive = pack_model(
                files,
                fact_files(context, source, files),
                Path(folder) / f'{_file_name(name)}.zip',
                context.set_progress,
            )
            model = register_model(context.client, data, archive)
        context.log_message(f'Registered model {model["id"]}: {model["name"]}.', 'success')
        return model


def _find(client: Any, key: str) -> dict[str, Any] | None:
    """Return the model that was registered under a key before, if the run was resumed."""
    for model in _models(client):
        if (model.get('configuration') or {}).get('idempotency_key') == key:
            return model
    return None


def _models(client: Any) -> list[dict[str, Any]]:
    if not hasattr(client, 'list_models'):  # a backend that only takes models
        return []
    found: list[dict[str, Any]] = []
    page = 1
    while True:
        answer = client.list_models({'page': page})
        found.extend(answer['results'])
        if not answer.get('next'):
            return found
        page += 1


def _free_name(context: Any) -> str:
    """Return the name that was asked for, else one made of the action and the run; a taken one gets the run's id."""
    from ._model_facts import run_id_of

    run = run_id_of(context)
    journal = getattr(context.runtime_ctx, 'journal', None)
    action = re.sub(r'[^\w.-]+', '-', getattr(journal, 'action', None) or 'train')
    wanted = context.params.get('name') or f'{action}-{run}'
    if wanted not in {model['name'] for model in _models(context.client)}:
        return str(wanted)
    name = f'{wanted}-{run}'
    context.log_message(
        f'There is a model {wanted!r} already; this one is registered as {name!r}.', 'warning'
    )
    return name


def _description(source: dict[str, Any]) -> str:
    dataset = source['dataset'] or {}
    return f'Trained on {dataset.get("name") or dataset.get("id") or "a dataset of its own"} in run {source["run"]}.'


def _file_name(name: str) -> str:
    return re.sub(r'[^\w.-]+', '_', name).strip('._') or 'model'


def _work_dir(context: Any) -> Path | None:
    work_dir = getattr(context.runtime_ctx, 'work_dir', None)
    if work_dir is None:
        return None
    Path(work_dir).mkdir(parents=True, exist_ok=True)
    return Path(work_dir)
