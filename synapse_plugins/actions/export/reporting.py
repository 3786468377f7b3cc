"""What an exporter reports through, by the names that exporters know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

__all__ = ['ExportStatus', 'ExporterRunAdapter', 'MetricsRecord']


class ExportStatus(StrEnum):
    """What became of a file."""

    SUCCESS = 'success'
    FAILED = 'failed'
    STAND_BY = 'stand_by'


@dataclass
class MetricsRecord:
    """How many files wait, were written, and failed.

    Attributes:
        stand_by: Not yet tried.
        success: Written.
        failed: Failed.
    """

    stand_by: int = 0
    success: int = 0
    failed: int = 0

    def to_dict(self) -> dict[str, int]:
        """Return it as plain data."""
        return {'stand_by': self.stand_by, 'success': self.success, 'failed': self.failed}


class ExporterRunAdapter:
    """What an exporter knows as ``self.run``.

    Args:
        ctx: The runtime context.
    """

    MetricsRecord: ClassVar[type[MetricsRecord]]

    def __init__(self, ctx: Any) -> None:
        self._ctx = ctx

    def log_message(self, message: Any, level: Any = None, **values: Any) -> None:
        """Report a message that a person reads."""
        arguments = (message,) if level is None else (message, level)
        self._ctx.log_message(*arguments, **values)

    def log_dev_event(self, message: str, data: dict[str, Any] | None = None, level: Any = None) -> None:
        """Report something for the developer of the plugin."""
        self._ctx.log_dev_event(message, data)

    def log_export_event(self, event_code: str, item_id: Any) -> None:
        """Report an event of an item."""
        self._ctx.log('export_event', {'code': str(event_code), 'item': item_id})

    def set_progress(self, current: int, total: int, step: str | None = None) -> None:
        """Report how many items are done."""
        if total > 0:
            self._ctx.set_progress(min(current, total), total, step)

    def log_metrics(self, record: Any, step: str) -> None:
        """Report how many files were written."""
        self._ctx.set_metrics(record.to_dict(), step)

    def export_log_original_file(
        self, item_id: Any, file_info: dict[str, Any], status: ExportStatus, error: str = ''
    ) -> None:
        """Report an original file that could not be written."""
        self._failed('export_original_file', item_id, file_info, status, error)

    def export_log_data_file(
        self, item_id: Any, file_info: dict[str, Any], status: ExportStatus, error: str = ''
    ) -> None:
        """Report a document that could not be written."""
        self._failed('export_data_file', item_id, file_info, status, error)

    def end_log(self) -> None:
        """Say that the plugin is done."""
        self._ctx.end_log()

    def _failed(
        self, event: str, item_id: Any, info: dict[str, Any], status: ExportStatus, error: str
    ) -> None:
        """Report failures alone: an entry a file would drown everything else; the summary has them all."""
        if status is ExportStatus.FAILED:
            self._ctx.log(event, {'item': item_id, 'file': info, 'status': status.value, 'error': error})


ExporterRunAdapter.MetricsRecord = MetricsRecord
