"""The step that writes the items."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from ....context.message_codes import ExportLogMessageCode
from ....errors import BackendError, DatasetError
from ....steps import BaseStep, StepResult
from ..context import ExportContext
from ..saving import Saving

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['SaveFilesStep', 'items_path']

_SHOWN = 10
_GIVE_UP_AFTER = 20


class SaveFilesStep(BaseStep[ExportContext]):
    """Writes every item through the exporter, and keeps what became of each.

    With ``on_missing=error`` an item that cannot be written fails the step, which names it.
    """

    name = 'save_files'
    progress_weight = 0.38

    def execute(self, context: ExportContext) -> StepResult:
        """Write; the rollback of PrepareExportStep removes it again."""
        if context.exporter is None or context.converted_items is None or context.unique_export_path is None:
            raise DatasetError('There are no converted items; ConvertDataStep comes first.')
        work, total = context.unique_export_path, context.total_count
        strict = context.params.get('on_missing', 'error') != 'warn'
        context.log_message(ExportLogMessageCode.EXPORT_SAVING_FILES, count=total)
        saving = Saving(context.exporter, work, bool(context.params.get('save_original_file', True)))
        missing: list[str] = []
        listed = 0
        with items_path(context).open('w', encoding='utf-8') as rows:
            for listed, item in enumerate(context.converted_items, 1):
                if context.cancelled:
                    return StepResult(success=False, error=context.cancel_reason)
                row = saving.save(item, listed)
                rows.write(json.dumps(row, ensure_ascii=False, default=str) + '\n')
                if row['status'] != 'exported':
                    missing.append(f'item {row["id"]}: {row["reason"]}')
                    if strict and len(missing) >= _GIVE_UP_AFTER:
                        break
                context.set_progress(min(listed, total), max(total, 1))
        shutil.rmtree(work.with_name(f'{work.name}-files'), ignore_errors=True)
        self._check(missing, listed, total, strict)
        context.exporter.additional_file_saving(work)
        self._tell(context, saving)
        counts = {'exported': saving.exported, 'failed': saving.failed}
        return StepResult(data={**counts, 'collisions': context.filename_collision_count})

    def _check(self, missing: list[str], listed: int, total: int, strict: bool) -> None:
        if strict and missing:
            more = f'; and {len(missing) - _SHOWN} more' if len(missing) > _SHOWN else ''
            raise DatasetError(
                f'{len(missing)} items cannot be exported: {"; ".join(missing[:_SHOWN])}{more}. '
                'Nothing was left behind. Mend them, or add  -p on_missing=warn  to leave them out.'
            )
        if strict and listed != total:
            raise BackendError(f'The backend listed {listed} of {total} items. Try again.')

    def _tell(self, context: ExportContext, saving: Saving) -> None:
        context.exported_count, context.failed_count = saving.exported, saving.failed
        context.errors_json, context.errors_original = saving.errors_json, saving.errors_original
        context.filename_collision_count = len(getattr(context.exporter, 'filename_collisions', ()))
        context.written_file_count = saving.originals.success + saving.documents.success
        if saving.failed:
            context.log_message(
                ExportLogMessageCode.EXPORT_FILES_SAVED_WITH_FAILURES,
                success=saving.exported,
                failed=saving.failed,
            )
        else:
            context.log_message(ExportLogMessageCode.EXPORT_FILES_SAVED, count=saving.exported)


def items_path(context: Any) -> Path:
    """Return where what became of each item is kept while the export runs."""
    folder: Path = context.work_dir
    return folder / 'export_items.jsonl'
