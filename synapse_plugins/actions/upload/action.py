"""The classes that upload actions are written from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, Field

from ...context.message_codes import UploadLogMessageCode
from ...errors import ConfigError
from ..base import BaseAction, P
from .context import UploadContext
from .params import UploadParams

if TYPE_CHECKING:
    from ...steps import StepRegistry

__all__ = ['BaseUploadAction', 'DefaultUploadAction', 'UploadResult']


class UploadResult(BaseModel):
    """How an upload went.

    Attributes:
        success: Whether all steps succeeded.
        steps_executed: How many steps ran.
        steps_total: How many there are.
        uploaded_files: How many files are on the backend now.
        sent_files: How many of them were sent.
        reused_files: How many of them were there already.
        data_units: How many units were made.
        existing_units: How many the collection had already.
        partial_failure: Whether something was lost while the rest was uploaded.
        lost_files_count: How many files were lost.
        lost_files: Which, with the reason.
    """

    success: bool
    steps_executed: int = 0
    steps_total: int = 0
    uploaded_files: int = 0
    sent_files: int = 0
    reused_files: int = 0
    data_units: int = 0
    existing_units: int = 0
    partial_failure: bool = False
    lost_files_count: int = 0
    lost_files: list[dict[str, Any]] = Field(default_factory=list)


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

    @classmethod
    def get_log_message_code_class(cls) -> Any:
        """Return the codes of the messages of an upload."""
        return UploadLogMessageCode

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
        files = list(getattr(context, 'uploaded_files', ()))
        reused = sum(isinstance(file, dict) and bool(file.get('reused')) for file in files)
        return {
            'uploaded_files': len(files),
            'sent_files': len(files) - reused,
            'reused_files': reused,
            'data_units': len(getattr(context, 'data_units', ())),
            'existing_units': len(getattr(context, 'existing_units', ())),
            'partial_failure': bool(lost) and bool(files),
            'lost_files_count': len(lost),
            'lost_files': lost,
        }


class DefaultUploadAction(BaseUploadAction[P]):
    """The usual upload, whole: the files of folders become data units of a collection.

    The folders are named after the collection's file specifications; files of one stem make one unit. All is
    checked before anything is sent. What fails leaves nothing behind; what was cut off goes on where it was when it
    is run again, because files and units that are there already are not made twice.

    Subclass it with parameters of your own (a subclass of `UploadParams`), to narrow `get_allowed_extensions`, or to
    insert steps::

        class Upload(DefaultUploadAction[UploadParams]):
            def get_allowed_extensions(self):
                return {'image': ['.png']}
    """

    params_model: ClassVar[type[BaseModel]] = UploadParams
    result_model: ClassVar[type[Any]] = UploadResult

    def setup_steps(self, registry: StepRegistry[Any]) -> None:
        """Register the eight default steps."""
        from .steps import default_steps

        for step in default_steps():
            registry.register(step)
