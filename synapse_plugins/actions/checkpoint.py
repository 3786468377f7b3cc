"""Fetches a registered model to start from."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from ..errors import BackendError
from ..store.archive import unpack
from .base import work_dir_of

__all__ = ['fetch_checkpoint']

_WEIGHTS = ('best.pt', 'last.pt')


def fetch_checkpoint(client: Any, model_id: int, ctx: Any) -> dict[str, Any]:
    """Unpack a registered model and say where it lies.

    Args:
        client: The backend.
        model_id: The model's id.
        ctx: The runtime context; the model is unpacked into its work folder, else into a temporary one.

    Returns:
        `category`, `path` (a folder), `weights` (a file in it, or None), `id`, `name`.

    Raises:
        BackendError: If the model has no file.
        StoreError: If its archive is damaged, or names a file outside itself.
    """
    model = client.get_model(model_id)
    file = model.get('file')
    if not file or not Path(file).exists():
        raise BackendError(f'Model {model_id} ({model.get("name")}) has no file: it cannot be a checkpoint.')
    folder = work_dir_of(ctx) / 'checkpoint' / str(model_id)
    if not folder.exists():
        _unpack(Path(file), str(model.get('file_name') or Path(file).name), folder)
    return {
        'category': model.get('category') or 'base',
        'path': str(folder),
        'weights': _weights_in(folder),
        'id': model.get('id', model_id),
        'name': model.get('name'),
    }


def _unpack(file: Path, name: str, folder: Path) -> None:
    """Unpack whole or not at all; a plain file is put into the folder as it is."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f'.{folder.name}-', dir=folder.parent))
    try:
        unpack(file, partial, name)
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
