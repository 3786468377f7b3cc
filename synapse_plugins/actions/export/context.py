"""What the steps of an export share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..base import ActionContext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ['ExportContext']


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
        unique_export_path: The folder that is written to; it is moved to `output_path` when it is whole.
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
        exporter_class: What makes the exporter.
        fetch: Asked for the items in place of the target's handler: filters -> the items, and how many there are.
        sdk_managed_original_files: Whether the originals go to ``origin_files``; an exporter may place them itself.
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
    label_output_dirname: str | None = 'labels'
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
    exporter_class: Any = None
    fetch: Callable[[dict[str, Any]], tuple[Iterable[Any], int]] | None = None
    sdk_managed_original_files: bool = True

    @property
    def logger(self) -> Any:
        """The runtime context's logger."""
        return self.runtime_ctx.logger
