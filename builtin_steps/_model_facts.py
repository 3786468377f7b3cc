"""What is told of a trained model beside its weights: classes, metrics, parameters, and where it comes from."""

from __future__ import annotations

import json
import math
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from synapse_plugins import __version__
from synapse_plugins.errors import BackendError, SynapsePluginsError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

__all__ = ['configuration', 'dataset_of', 'fact_files', 'run_id_of', 'source_of', 'versions_of']

SOURCE_FILE = 'source.json'


def source_of(context: Any) -> dict[str, Any]:
    """Return where a model comes from: backend, dataset, run, and versions of the software."""
    client, params = context.client, context.params or {}
    checkpoint = getattr(context, 'checkpoint', None) or {}
    return {
        'backend': getattr(client, 'identity', None) or getattr(client, 'name', None),
        'dataset': dataset_of(context),
        'checkpoint': checkpoint.get('id') or params.get('checkpoint'),
        'run': run_id_of(context),
        'packages': {'synapse-plugins': __version__, **_trainers_pack(context), **_told_by_steps(context)},
    }


def versions_of(*distributions: str) -> dict[str, str]:
    """Return the versions of those that are installed; a step hands them on in its result, as ``packages``."""
    found = {}
    for name in distributions:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _told_by_steps(context: Any) -> dict[str, str]:
    """Return what the steps before this one say that they were made with."""
    told: dict[str, str] = {}
    for result in getattr(context, 'step_results', None) or ():
        packages = (getattr(result, 'data', None) or {}).get('packages')
        told.update(packages if isinstance(packages, dict) else {})
    return told


def _trainers_pack(context: Any) -> dict[str, str]:
    """Return the pack whose trainer served; none where the action brought its own training."""
    packs = getattr(context.runtime_ctx, 'packs', None)
    dataset = getattr(context, 'dataset', None)
    if packs is None or getattr(context, 'data_path', None) is not None or not isinstance(dataset, dict):
        return {}
    params = context.params or {}
    try:
        claim = packs.select('train', dataset.get('format'), params.get('task'), named=params.get('trainer'))
    except SynapsePluginsError:  # the action's class decided it, in a way that the parameters do not tell
        return {}
    return {claim.pack.distribution: claim.pack.version}


def run_id_of(context: Any) -> str:
    """Return the id of the run that a context belongs to."""
    return str(getattr(context.runtime_ctx, 'run_id', None) or context.run_id)


def fact_files(context: Any, source: dict[str, Any], present: Collection[str]) -> dict[str, str]:
    """Return the texts of the files that tell of a model; what the trainer wrote itself is left as it is."""
    dataset = getattr(context, 'dataset', None)
    classes = dataset.get('classes') if isinstance(dataset, dict) else None
    texts = {
        'classes.json': {'classes': list(classes)} if classes else None,
        'metrics.json': getattr(context, 'metrics', None) or {},
        'params.json': context.params or {},
    }
    found = {name: _text(value) for name, value in texts.items() if value is not None and name not in present}
    return {**found, SOURCE_FILE: _text(source)}


def configuration(context: Any, source: dict[str, Any], files: dict[str, Path], key: str) -> dict[str, Any]:
    """Return what the backend is told of a model."""
    dataset = getattr(context, 'dataset', None)
    classes = dataset.get('classes') if isinstance(dataset, dict) else None
    facts = {
        'hyperparameter': context.params or {},
        'metrics': getattr(context, 'metrics', None) or {},
        'classes': list(classes or ()),
        'source': source,
        'files': sorted(files),
        'idempotency_key': key,
    }
    plain: dict[str, Any] = json.loads(_text(facts))
    return plain


def dataset_of(context: Any) -> dict[str, Any] | None:
    """Return id, name and size of the dataset version that a run is about, as far as the backend tells."""
    dataset_id = (context.params or {}).get('dataset')
    if dataset_id is None:
        return None
    try:
        row = context.client.get_ground_truth_version(dataset_id)
    except (BackendError, AttributeError, OSError) as exc:  # it was there when the run began
        context.log_message(f'The backend does not tell the name of dataset {dataset_id}: {exc}')
        return {'id': dataset_id}
    told = {name: row.get(name) for name in ('name', 'version', 'count')}
    name = (
        f'{told["name"]}@{told["version"]}' if told['name'] and told['version'] is not None else told['name']
    )
    return {'id': dataset_id, 'name': name, 'count': told['count']}


def _text(value: Any) -> str:
    return json.dumps(_finite(value), indent=2, ensure_ascii=False, default=str) + '\n'


def _finite(value: Any) -> Any:
    """JSON has no word for infinity or what is not a number."""
    if isinstance(value, dict):
        return {str(name): _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
