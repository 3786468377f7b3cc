"""What the steps of an upload share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..base import ActionContext

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['UploadContext']


@dataclass
class UploadContext(ActionContext):
    """What the steps of an upload action share.

    Attributes:
        allowed_extensions: File type -> extensions, or None: all.
        storage: The storage that files come from or go to.
        data_collection: The collection that units are made in.
        project: The project that tasks are made in.
        pathlib_cwd: The folder that files are looked for in.
        organized_files: A dict for each unit: ``stem``, ``files`` (specification -> path), ``meta``, ``groups``.
        uploaded_files: What is on the backend now: ``specification``, ``stem``, ``name``, ``path``, ``id``,
            ``checksum``, ``size``, and ``reused``, whether it was there already.
        lost_files: What is not, with the reason: ``name``, ``specification``, ``path``, ``reason``.
        data_units: The units that were made, as the backend returned them.
        existing_units: Ids of units that the collection had already.
        excel_metadata: Metadata by file name.
        folders: Specification -> the folder that its files lie in, and whether subfolders count.
        facts: Path -> ``size`` and digests of a file that was read.
    """

    allowed_extensions: dict[str, list[str]] | None = None
    storage: Any = None
    data_collection: dict[str, Any] | None = None
    project: Any = None
    pathlib_cwd: Path | None = None
    organized_files: list[dict[str, Any]] = field(default_factory=list)
    uploaded_files: list[dict[str, Any]] = field(default_factory=list)
    lost_files: list[dict[str, Any]] = field(default_factory=list)
    data_units: list[dict[str, Any]] = field(default_factory=list)
    excel_metadata: dict[str, Any] | None = None
    existing_units: list[Any] = field(default_factory=list)
    folders: dict[str, tuple[Path, bool]] = field(default_factory=dict)
    facts: dict[Path, dict[str, Any]] = field(default_factory=dict)

    def get_param(self, key: str, default: Any = None) -> Any:
        """Return a parameter, looked for in `extra_params` too."""
        if self.params.get(key) is not None:
            return self.params[key]
        return (self.params.get('extra_params') or {}).get(key, default)

    @property
    def reused_files(self) -> list[dict[str, Any]]:
        """Of `uploaded_files`, those that were there already."""
        return [file for file in self.uploaded_files if file.get('reused')]

    @property
    def sent_files(self) -> list[dict[str, Any]]:
        """Of `uploaded_files`, those that were sent."""
        return [file for file in self.uploaded_files if not file.get('reused')]

    @property
    def upload_name(self) -> str:
        """The name of the upload."""
        return str(self.get_param('name', ''))

    @property
    def use_single_path(self) -> bool:
        """Whether all specifications lie under one folder."""
        return bool(self.get_param('use_single_path', True))

    @property
    def max_file_size_bytes(self) -> int:
        """The largest file that is uploaded, in bytes."""
        return int(self.get_param('max_file_size_mb', 50)) * 1024 * 1024

    @property
    def batch_size(self) -> int:
        """How many units are made at once."""
        return int(self.get_param('creating_data_unit_batch_size', 200))

    @property
    def file_specifications(self) -> list[dict[str, Any]]:
        """The file specifications of the collection; none before it was asked for."""
        return list((self.data_collection or {}).get('file_specifications') or ())

    @property
    def data_unit_max_workers(self) -> int:
        """How many batches of units are made at once; here they come one after the other."""
        return int(self.get_param('creating_data_unit_max_workers', 1))

    @property
    def data_unit_max_retries(self) -> int:
        """How often something is tried again after the connection broke."""
        return int(self.get_param('upload_max_retries', 2))

    @property
    def use_async_upload(self) -> bool:
        """Whether files are uploaded side by side; here they always are."""
        return bool(self.get_param('use_async_upload', True))

    def lose(self, path: Path, specification: str, reason: str) -> None:
        """Keep that a file is not uploaded, and why."""
        self.lost_files.append(
            {'name': path.name, 'specification': specification, 'path': str(path), 'reason': reason}
        )
