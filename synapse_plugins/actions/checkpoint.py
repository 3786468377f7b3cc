"""Fetches a registered model to start from."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from ..backends.fetch import verify
from ..errors import BackendError, StoreError
from ..store.archive import unpack
from ..store.weights import check_weights
from .base import work_dir_of

__all__ = ['fetch_checkpoint']

_WEIGHTS = ('best.pt', 'last.pt')
FACTS = frozenset({'classes.json', 'metrics.json', 'params.json', 'source.json', 'README.md'})
"""Files that are put beside a model, and are none."""


def fetch_checkpoint(client: Any, model_id: int, ctx: Any) -> dict[str, Any]:
    """Unpack a registered model and say where it lies.

    Args:
        client: The backend.
        model_id: The model's id.
        ctx: The runtime context; the model is unpacked into its work folder, else into a temporary one.

    Returns:
        `category`, `path` (a folder), `weights` (a file in it, or None), `id`, `name`.

    Raises:
        BackendError: If the model has no file, or its file is not the one that was registered.
        StoreError: If its archive is damaged, empty, or names a file outside itself, or if weights are something else,
            such as a web page.
    """
    model = client.get_model(model_id)
    file = model.get('file')
    if not file or not Path(file).exists():
        raise BackendError(f'Model {model_id} ({model.get("name")}) has no file: it cannot be a checkpoint.')
    try:
        verify(Path(file), model, f'the file of model {model_id} ({model.get("name")})')
    except BackendError as exc:
        raise BackendError(
            f'{exc}. It is not what was registered: register the model again, or start from another checkpoint.'
        ) from exc
    folder = work_dir_of(ctx) / 'checkpoint' / str(model_id)
    if not folder.exists():
        _unpack(Path(file), str(model.get('file_name') or Path(file).name), folder, f'Model {model_id}')
    return {
        'category': model.get('category') or 'base',
        'path': str(folder),
        'weights': _weights_in(folder),
        'id': model.get('id', model_id),
        'name': model.get('name'),
    }


def _unpack(file: Path, name: str, folder: Path, whose: str) -> None:
    """Unpack whole or not at all; a plain file is put into the folder as it is."""
    check_weights(file, name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f'.{folder.name}-', dir=folder.parent))
    try:
        names = unpack(file, partial, name)
        if not set(names) - FACTS:
            found = ', '.join(names) or 'nothing'
            raise StoreError(
                f'{whose} cannot be a checkpoint: there are no weights in {name}, only {found}. '
                'Start from another model, or register it again with its weights.'
            )
        for member in names:
            check_weights(partial / member, member)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _weights_in(folder: Path) -> str | None:
    found = (path for path in folder.rglob('*') if path.is_file())
    files = sorted(found, key=lambda path: (len(path.parts), path))  # what lies at the root comes first
    for name in _WEIGHTS:
        for path in files:
            if path.name == name:
                return str(path)
    weights = [path for path in files if path.suffix in {'.pt', '.pth', '.onnx', '.safetensors'}]
    return str(weights[0]) if len(weights) == 1 else None
