"""The last step of an upload: what became of every file."""

from __future__ import annotations

from typing import Any

from ....context.message_codes import UploadLogMessageCode
from ....steps import BaseStep, StepResult
from ...summary import write_summary
from ..context import UploadContext

__all__ = ['CleanupStep']

_COLUMNS = ('stem', 'specification', 'name', 'status', 'reason', 'size', 'checksum', 'id')


class CleanupStep(BaseStep[UploadContext]):
    """Writes a summary of every file, as JSON and CSV, into the run's folder, and forgets what was read."""

    name = 'cleanup'
    progress_weight = 0.05

    def execute(self, context: UploadContext) -> StepResult:
        """Write ``upload.json`` and ``upload.csv``."""
        files = [
            *(
                {**file, 'status': 'reused' if file.get('reused') else 'uploaded'}
                for file in context.uploaded_files
            ),
            *({**file, 'status': 'lost'} for file in context.lost_files),
        ]
        facts: dict[str, Any] = {
            'name': context.upload_name,
            'data_collection': (context.data_collection or {}).get('id'),
            'uploaded_files': len(context.uploaded_files),
            'sent_files': len(context.sent_files),
            'reused_files': len(context.reused_files),
            'lost_files': len(context.lost_files),
            'data_units': [unit['id'] for unit in context.data_units],
            'existing_units': list(context.existing_units),
        }
        place = write_summary(context.work_dir, 'upload', facts, 'files', files, _COLUMNS)
        counts = {name: facts[name] for name in ('uploaded_files', 'reused_files', 'lost_files')}
        context.log('import_result', {**counts, 'data_units': len(context.data_units), 'summary': str(place)})
        context.facts.clear()
        context.log_message(
            UploadLogMessageCode.UPLOAD_COMPLETED,
            files=len(context.uploaded_files),
            sent=len(context.sent_files),
            reused=len(context.reused_files),
            data_units=len(context.data_units),
            existing=len(context.existing_units),
        )
        return StepResult(data={'summary': str(place)})
