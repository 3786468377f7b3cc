"""The step that reads metadata of files from a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....context.message_codes import UploadLogMessageCode
from ....errors import ParamsError
from ....steps import BaseStep, StepResult
from ..context import UploadContext
from ..table import read_table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['ProcessMetadataStep']


class ProcessMetadataStep(BaseStep[UploadContext]):
    """Reads the table that ``excel_metadata_path`` names: a CSV file, or an Excel one where openpyxl is installed.

    Its first column is called ``filename`` or ``file_name``; the others become the metadata of the unit that has a
    file of that name. A row that is wrong fails the step: metadata is not left out in silence.
    """

    name = 'process_metadata'
    progress_weight = 0.1

    def can_skip(self, context: UploadContext) -> bool:
        """Skip without such a table."""
        return not context.get_param('excel_metadata_path')

    def execute(self, context: UploadContext) -> StepResult:
        """Read the table into `excel_metadata`: file name -> column -> value."""
        context.excel_metadata = read_table(_place(context))
        count = len(context.excel_metadata)
        context.log_message(UploadLogMessageCode.UPLOAD_METADATA_LOADED, count=count)
        return StepResult(data={'rows': count})

    def rollback(self, context: UploadContext, result: StepResult) -> None:
        """Forget what was read."""
        context.excel_metadata = None


def _place(context: UploadContext) -> Path:
    from pathlib import Path

    named = Path(str(context.get_param('excel_metadata_path'))).expanduser()
    roots = [Path.cwd(), *([context.pathlib_cwd] if context.pathlib_cwd is not None else [])]
    found = next((root / named for root in reversed(roots) if (root / named).is_file()), None)
    if found is None:
        looked = ' or '.join(str(root / named) for root in reversed(roots))
        raise ParamsError(f'excel_metadata_path: there is no file {looked}.')
    return found
