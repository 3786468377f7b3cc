"""The last step of an export: the summary, and the folder in its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....context.message_codes import ExportLogMessageCode
from ....errors import DatasetError, OutputExistsError
from ....steps import BaseStep, StepResult
from ...summary import write_summary
from ..context import ExportContext
from .save import items_path

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ['FinalizeStep']

_COLUMNS = ('id', 'name', 'category', 'status', 'reason', 'files', 'originals')


class FinalizeStep(BaseStep[ExportContext]):
    """Writes ``export_report.json`` and ``export_report.csv``, with every item, and moves the folder to its place.

    Until then nobody sees half an export. The rollback moves it back, for the step that made it to remove.
    """

    name = 'finalize'
    progress_weight = 0.1

    def execute(self, context: ExportContext) -> StepResult:
        """Write the summary, then move."""
        work, final = context.unique_export_path, Path(str(context.output_path))
        if work is None or not work.is_dir():
            raise DatasetError('There is no export to finish; SaveFilesStep comes first.')
        facts = self._facts(context)
        write_summary(work, 'export_report', facts, 'items', _rows(items_path(context)), _COLUMNS)
        context.save_rollback(work=str(work), final=str(final))
        if final.is_dir() and not any(final.iterdir()):
            final.rmdir()
        if final.exists():
            raise OutputExistsError(f'{final} appeared while it was being written; it was left as is.')
        work.rename(final)
        context.unique_export_path = final
        items_path(context).unlink(missing_ok=True)
        context.log('export_completed', {**facts, 'output': str(final)})
        if context.failed_count:
            context.log_message(
                ExportLogMessageCode.EXPORT_COMPLETED_WITH_FAILURES,
                exported=context.exported_count,
                failed=context.failed_count,
            )
        else:
            context.log_message(
                ExportLogMessageCode.EXPORT_COMPLETED, count=context.exported_count, path=str(final)
            )
        counts = {'exported_count': context.exported_count, 'failed_count': context.failed_count}
        return StepResult(data={'export_path': str(final), **counts})

    def rollback(self, context: ExportContext, result: StepResult) -> None:
        """Move the folder back where it was made."""
        saved = result.rollback_data or {}
        work, final = Path(saved.get('work', '')), Path(saved.get('final', ''))
        if saved and (final / 'export_report.json').is_file() and not work.exists():
            final.rename(work)
            context.unique_export_path = work

    def _facts(self, context: ExportContext) -> dict[str, Any]:
        return {
            'name': context.params.get('name'),
            'target': context.params.get('target'),
            'filter': context.fetch_filters,
            'total_count': context.total_count,
            'exported_count': context.exported_count,
            'failed_count': context.failed_count,
            'collisions': list(getattr(context.exporter, 'filename_collisions', ())),
            'conversion': getattr(context.exporter, 'conversion', None),
        }


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    with path.open(encoding='utf-8') as lines:
        for line in lines:
            yield json.loads(line)
