"""Takes items through an exporter's saving, and keeps what became of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .reporting import MetricsRecord

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ['Saving']


class Saving:
    """The saving of one export.

    Attributes:
        exported: Items that were written whole.
        failed: Items of which something could not be.
        errors_json: ``[name, reason]`` of documents.
        errors_original: The same of files.

    Args:
        exporter: The exporter.
        folder: Where it writes.
        with_originals: Whether files are written too.
    """

    def __init__(self, exporter: Any, folder: Path, with_originals: bool) -> None:
        self.exported = self.failed = 0
        self.errors_json: list[Any] = []
        self.errors_original: list[Any] = []
        self._exporter = exporter
        self._folder = folder
        managed = getattr(exporter, 'sdk_managed_original_files', True)
        self._with_originals = with_originals and managed
        self.originals, self.documents = MetricsRecord(), MetricsRecord()
        exporter.setup_output_directories(folder, self._with_originals)

    def save(self, item: Mapping[str, Any], number: int) -> dict[str, Any]:
        """Save one item, and return what became of it.

        Returns:
            ``id``, ``name``, ``category``, ``status``, ``reason``, ``files``, ``originals``.
        """
        exporter = self._exporter
        before = len(self.errors_json), len(self.errors_original)
        written: list[str] = getattr(exporter, 'written', [])
        originals: dict[str, dict[str, Any]] = getattr(exporter, 'originals', {})
        written.clear()
        originals.clear()
        whole = exporter.process_file_saving(
            item, self._folder, self._with_originals, self.errors_json, self.errors_original,
            self.originals, self.documents, number,
        )  # fmt: skip
        new = [*self.errors_original[before[1] :], *self.errors_json[before[0] :]]
        is_exported = whole is not False and not new
        self.exported += is_exported
        self.failed += not is_exported
        files = item.get('files') if isinstance(item, dict) else None
        return {
            'id': item.get('id') if isinstance(item, dict) else number,
            'name': (files or {}).get('file_name_original') if isinstance(files, dict) else None,
            'category': item.get('category') if isinstance(item, dict) else None,
            'status': 'exported' if is_exported else 'failed',
            'reason': '; '.join(f'{error[0]}: {error[1]}' for error in new)
            or ('' if is_exported else 'not saved'),
            'files': list(written),
            'originals': dict(originals),
        }
