"""Upload actions: files into the backend as data units."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import ConfigError
from .base import ActionContext, BaseAction, P

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['BaseUploadAction', 'UploadContext']


@dataclass
class UploadContext(ActionContext):
    """What the steps of an upload action share.

    Attributes:
        allowed_extensions: File type -> extensions, or None: all.
        storage: The storage that files come from or go to.
        data_collection: The collection that units are made in.
        project: The project that tasks are made in.
        pathlib_cwd: The folder that files are looked for in.
        organized_files: Files by specification, a dict a unit.
        uploaded_files: What was uploaded.
        lost_files: What was not, with the reason.
        data_units: The units that were made.
        excel_metadata: Metadata by file name.
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

    def get_param(self, key: str, default: Any = None) -> Any:
        """Return a parameter, looked for in `extra_params` too."""
        if self.params.get(key) is not None:
            return self.params[key]
        return (self.params.get('extra_params') or {}).get(key, default)

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


class BaseUploadAction(BaseAction[P]):
    """Brings files into the backend, in steps."""

    category: ClassVar[Any] = 'upload'

    def create_context(self) -> Any:
        """Make what the steps share."""
        return UploadContext(
            self.ctx,
            params=self.params.model_dump(),
            typed_params=self.params,
            allowed_extensions=self.get_allowed_extensions(),
        )

    def get_allowed_extensions(self) -> dict[str, list[str]] | None:
        """Return file type -> extensions with their dots; None: every extension."""
        return None

    def execute(self) -> Any:
        """Refuse to run without steps.

        Raises:
            ConfigError: Always; an upload is made of steps.
        """
        raise ConfigError(
            f'No steps registered: {type(self).__name__} needs a setup_steps(registry) that registers some.'
        )

    def result_of(self, context: Any) -> dict[str, Any]:
        """Return how much was uploaded and what was lost."""
        lost = list(getattr(context, 'lost_files', ()))
        uploaded = len(getattr(context, 'uploaded_files', ()))
        return {
            'uploaded_files': uploaded,
            'data_units': len(getattr(context, 'data_units', ())),
            'partial_failure': bool(lost) and uploaded > 0,
            'lost_files_count': len(lost),
            'lost_files': lost,
        }
