"""Export actions: annotated data out of the backend."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from .base import ActionContext, BaseAction, P

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ['BaseExportAction', 'ExportContext']


@dataclass
class ExportContext(ActionContext):
    """What the steps of an export action share.

    Attributes:
        results: What is exported, as the backend lists it.
        total_count: How many items there are.
        exported_count: How many were exported.
        failed_count: How many failed.
        output_path: Where the export lies.
        export_items: The items while they are walked.
        path_root: The folder that everything is written under.
        storage: The storage that the export goes to.
        configuration: The project's configuration.
        project_id: The project.
        handler: What knows the kind of target: ground truth, assignment or task.
        unique_export_path: The folder of this export, unique.
        label_output_dirname: Name of the folder of labels.
        output_paths: Kind of output -> folder.
        export_params: Parameters for the exporter.
        exporter: The exporter.
        converted_items: What conversion made.
        errors_json: Label files that could not be written.
        errors_original: Original files that could not be written.
        filename_collision_count: How many names had to be made unique.
        written_file_count: How many files were written.
        page_failures: Pages of the listing that could not be fetched.
        config: The exporter's configuration.
        fetch_filters: Filters of the listing.
        last_completed_item: The last item that was finished.
    """

    results: Any = None
    total_count: int = 0
    exported_count: int = 0
    failed_count: int = 0
    output_path: str | None = None
    export_items: Any = None
    path_root: Path | None = None
    storage: Any = None
    configuration: Any = None
    project_id: int | None = None
    handler: Any = None
    unique_export_path: Path | None = None
    label_output_dirname: str = 'labels'
    output_paths: dict[str, Path] = field(default_factory=dict)
    export_params: dict[str, Any] = field(default_factory=dict)
    exporter: Any = None
    converted_items: Any = None
    errors_json: list[Any] = field(default_factory=list)
    errors_original: list[Any] = field(default_factory=list)
    filename_collision_count: int = 0
    written_file_count: int = 0
    page_failures: list[Any] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    fetch_filters: dict[str, Any] = field(default_factory=dict)
    last_completed_item: Any = None

    @property
    def logger(self) -> Any:
        """The runtime context's logger."""
        return self.runtime_ctx.logger


class BaseExportAction(BaseAction[P]):
    """Brings annotated data out of the backend, in steps or by `execute`."""

    category: ClassVar[Any] = 'export'

    def create_context(self) -> Any:
        """Make what the steps share."""
        return ExportContext(self.ctx, params=self.params.model_dump(), typed_params=self.params)

    def get_filtered_results(self, filters: dict[str, Any]) -> tuple[Iterable[Any], int]:
        """Return what is to be exported and how many items that is; write it for your target."""
        raise NotImplementedError(f'{type(self).__name__} has no get_filtered_results(filters) of its own.')

    def result_of(self, context: Any) -> dict[str, Any]:
        """Return the counts and the place of the export."""
        path = getattr(context, 'output_path', None)
        return {
            'exported_count': getattr(context, 'exported_count', 0),
            'failed_count': getattr(context, 'failed_count', 0),
            'total_count': getattr(context, 'total_count', 0),
            'output_path': None if path is None else str(path),
        }
