"""The step that finds out where files are looked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ....context.message_codes import UploadLogMessageCode
from ....errors import ParamsError
from ....steps import BaseStep, StepResult
from ...storages import read, storage_folder
from ..context import UploadContext

__all__ = ['InitializeStep']


class InitializeStep(BaseStep[UploadContext]):
    """Finds the folders, the storage and the project; makes nothing."""

    name = 'initialize'
    progress_weight = 0.05

    def execute(self, context: UploadContext) -> StepResult:
        """Set `pathlib_cwd` and `folders` (those of `assets`), and see that all of them are there."""
        context.storage, root = storage_folder(context.client, context.get_param('storage'))
        if context.use_single_path:
            path = context.get_param('path')
            if not path:
                raise ParamsError('path: it says where the files are; add  -p path=FOLDER')
            context.pathlib_cwd = _folder(root, path)
        else:
            assets = dict(context.get_param('assets') or {})
            if not assets:
                raise ParamsError(
                    'assets: without a single path they say where the files of each specification are.'
                )
            context.pathlib_cwd = root
            context.folders = {name: _asset(root, asset) for name, asset in assets.items()}
        project = context.get_param('project')
        if project is not None and not hasattr(context.client, 'create_tasks'):
            raise ParamsError('project: this backend makes no tasks; leave the project out.')
        context.project = project
        places = [str(folder) for folder, _ in context.folders.values()] or [str(context.pathlib_cwd)]
        context.log_message(UploadLogMessageCode.UPLOAD_INITIALIZED, path=', '.join(places))
        return StepResult(data={'folders': places})


def _folder(root: Path, path: Any) -> Path:
    folder = root / Path(str(path)).expanduser()
    if not folder.is_dir():
        raise ParamsError(f'{folder} is not a folder; that is where files would be looked for.')
    return folder


def _asset(root: Path, asset: Any) -> tuple[Path, bool]:
    recursive = read(asset, 'is_recursive')
    return _folder(root, read(asset, 'path')), True if recursive is None else bool(recursive)
