"""The classes that export actions are written from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from ...context.message_codes import ExportLogMessageCode
from ...errors import ParamsError
from ..base import BaseAction, P
from .context import ExportContext
from .exporter import BaseExporter
from .params import ExportParams

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...steps import StepRegistry

__all__ = ['BaseExportAction', 'DefaultExportAction', 'ExportResult', 'action_of']


class ExportResult(BaseModel):
    """How an export went.

    Attributes:
        success: Whether all steps succeeded.
        steps_executed: How many steps ran.
        steps_total: How many there are.
        exported_count: Items that were written whole.
        failed_count: Items of which something could not be.
        total_count: How many there were.
        output_path: Where the export lies.
        conversion_warnings: What the conversion to a dataset format lost, and what is odd about the dataset.
    """

    success: bool = True
    steps_executed: int = 0
    steps_total: int = 0
    exported_count: int = 0
    failed_count: int = 0
    total_count: int = 0
    output_path: str | None = None
    conversion_warnings: list[str] = []


class BaseExportAction(BaseAction[P]):
    """Brings annotated data out of the backend, in steps or by `execute`."""

    category: ClassVar[Any] = 'export'

    def create_context(self) -> Any:
        """Make what the steps share."""
        return ExportContext(self.ctx, params=self.params.model_dump(), typed_params=self.params)

    def get_filtered_results(self, filters: dict[str, Any]) -> tuple[Iterable[Any], int]:
        """Return what is to be exported and how many items that is; write it for your target."""
        raise NotImplementedError(f'{type(self).__name__} has no get_filtered_results(filters) of its own.')

    def get_storage(self, storage_id: int) -> Any:
        """Return a storage of the backend."""
        return self.client.get_storage(storage_id)

    def get_project(self, project_id: int) -> dict[str, Any]:
        """Return a project of the backend."""
        return dict(self.client.get_project(project_id))

    def get_project_configuration(self, project_id: int) -> dict[str, Any]:
        """Return the configuration of a project; empty if it has none."""
        return dict(self.get_project(project_id).get('configuration') or {})

    @classmethod
    def get_log_message_code_class(cls) -> Any:
        """Return the codes of the messages of an export."""
        return ExportLogMessageCode

    def result_of(self, context: Any) -> dict[str, Any]:
        """Return the counts and the place of the export, and what its conversion lost."""
        path = getattr(context, 'output_path', None)
        conversion = getattr(getattr(context, 'exporter', None), 'conversion', None)
        warnings = conversion.get('warnings') if isinstance(conversion, dict) else None
        return {
            'exported_count': getattr(context, 'exported_count', 0),
            'failed_count': getattr(context, 'failed_count', 0),
            'total_count': getattr(context, 'total_count', 0),
            'output_path': None if path is None else str(path),
            **({'conversion_warnings': warnings} if isinstance(warnings, list) else {}),
        }


class DefaultExportAction(BaseExportAction[P]):
    """The usual export, whole: items are listed, converted one by one, and written into a folder with a summary.

    The folder appears when everything is in it; what fails leaves nothing behind. With the parameter ``format`` it
    is a dataset of that format, else what the exporter writes.

    Attributes:
        entrypoint: The exporter; a subclass of `BaseExporter`.
    """

    params_model: ClassVar[type[BaseModel]] = ExportParams
    result_model: ClassVar[type[Any]] = ExportResult
    entrypoint: ClassVar[type[Any]] = BaseExporter

    def setup_steps(self, registry: StepRegistry[Any]) -> None:
        """Register the six default steps."""
        from .steps import default_steps

        self._exporter_class()
        for step in default_steps():
            registry.register(step)

    def create_context(self) -> ExportContext:
        """Make what the steps share: the exporter's class, and who lists the items."""
        exporter = self._exporter_class()
        overridden = type(self).get_filtered_results is not BaseExportAction.get_filtered_results
        return ExportContext(
            self.ctx,
            params=self.params.model_dump(),
            typed_params=self.params,
            exporter_class=exporter,
            fetch=self.get_filtered_results if overridden else None,
            label_output_dirname=getattr(exporter, 'label_output_dirname', 'labels'),
            sdk_managed_original_files=bool(getattr(exporter, 'sdk_managed_original_files', True)),
        )

    def _exporter_class(self) -> type[Any]:
        """Return the exporter; one that writes datasets if a format is asked for.

        Raises:
            ParamsError: If there is a format and an exporter that writes its own.
        """
        wanted = getattr(self.params, 'format', None)
        if wanted is None:
            return self.entrypoint
        if self.entrypoint is not BaseExporter:
            raise ParamsError(
                f'format: {self.entrypoint.__name__} decides by itself what it writes; leave it out.'
            )
        from .dataset import DatasetExporter

        return DatasetExporter


def action_of(exporter: type[BaseExporter]) -> type[DefaultExportAction[Any]]:
    """Return the action that runs an exporter by the default steps."""
    attributes = {
        'entrypoint': exporter,
        'params_model': exporter.params_model,
        'action_name': exporter.action_name,
        '__doc__': exporter.__doc__,
        '__module__': exporter.__module__,
    }
    return type(exporter.__name__, (DefaultExportAction,), attributes)
