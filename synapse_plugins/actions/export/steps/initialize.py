"""The step that finds out where the export goes."""

from __future__ import annotations

from pathlib import Path

from ....context.message_codes import ExportLogMessageCode
from ....errors import OutputExistsError
from ....steps import BaseStep, StepResult
from ...storages import storage_folder
from ..context import ExportContext
from ..exporter import unique_folder
from ..work_folders import others_at_work, refuse_others

__all__ = ['InitializeStep']


class InitializeStep(BaseStep[ExportContext]):
    """Sets `path_root` and `output_path`; makes nothing yet.

    With ``params['output']`` that is the folder, which must be new or empty; else it is ``<path>/<name>``, or the next
    name that is free. A place that another export writes to is not free.
    """

    name = 'initialize'
    progress_weight = 0.02

    def execute(self, context: ExportContext) -> StepResult:
        """Find the place."""
        params = context.params
        if output := params.get('output'):
            final = Path(str(output)).expanduser().absolute()
            refuse_others(final)
            if final.exists() and not (final.is_dir() and not any(final.iterdir())):
                raise OutputExistsError(f'{final} is there already; name an output that is new or empty.')
            root = final.parent
        else:
            context.storage, folder = storage_folder(context.client, params.get('storage'))
            root = (folder / Path(str(params.get('path') or '.')).expanduser()).absolute()
            final = unique_folder(root, str(params.get('name') or 'export'), others_at_work)
        context.path_root, context.output_path = root, str(final)
        context.log_message(ExportLogMessageCode.EXPORT_INITIALIZED, path=str(final))
        return StepResult(data={'output': str(final)})
