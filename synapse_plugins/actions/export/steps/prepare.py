"""The step that makes the folder and gathers what the exporter is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ....errors import BackendError, DatasetError
from ....steps import BaseStep, StepResult
from ..context import ExportContext
from ..projects import project_of
from ..work_folders import claim, remove_work, work_folder

__all__ = ['PrepareExportStep']


class PrepareExportStep(BaseStep[ExportContext]):
    """Sets `export_items`, `export_params` and `unique_export_path`: a hidden folder beside the export's place.

    The rollback removes it, and what an exporter of datasets gathers beside it.
    """

    name = 'prepare_export'
    progress_weight = 0.03

    def execute(self, context: ExportContext) -> StepResult:
        """Make the folder."""
        if context.output_path is None or context.results is None or context.handler is None:
            raise DatasetError(
                'There is no place or no items; InitializeStep and FetchResultsStep come first.'
            )
        project = context.fetch_filters.get('project', project_of(context.params))
        if isinstance(project, int):
            context.project_id = project
            get_project = getattr(context.client, 'get_project', None)
            context.configuration = dict(get_project(project)).get('configuration') if get_project else None
        if context.fetch is None:
            context.export_items = context.handler.get_export_item(context.results, context.client)
        else:
            context.export_items = iter(context.results)
        context.export_params = self._params(context)
        final = Path(context.output_path)
        work = work_folder(final, context.idempotency_key('export')[:8])
        context.save_rollback(work=str(work))
        remove_work(work)
        claim(final, work)
        context.unique_export_path = work
        return StepResult(data={'folder': str(work)})

    def rollback(self, context: ExportContext, result: StepResult) -> None:
        """Remove what was written."""
        if work := (result.rollback_data or {}).get('work'):
            remove_work(Path(work))
        context.unique_export_path = None

    def _params(self, context: ExportContext) -> dict[str, Any]:
        """Return what the exporter is given: the parameters, the further ones, and what was found."""
        params = {name: value for name, value in context.params.items() if name != 'extra_params'}
        return {
            **params,
            **(context.params.get('extra_params') or {}),
            'extra_params': context.params.get('extra_params'),
            'count': context.total_count,
            'results': context.results,
            'project_id': context.project_id,
            'configuration': context.configuration,
            'declared_classes': _declared_classes(context),
            'output_path': context.output_path,
        }


def _declared_classes(context: ExportContext) -> list[str] | None:
    """Return the classes that the dataset version declares; None if it declares none, or there is no one version."""
    filters = context.fetch_filters
    version = filters.get('ground_truth_dataset_versions', filters.get('ground_truth_dataset_version'))
    get_version = getattr(context.client, 'get_ground_truth_version', None)
    if get_version is None or not isinstance(version, int):
        return None
    try:
        return dict(get_version(version)).get('declared_classes')
    except BackendError:  # its events were listed, so it is there; only its facts are not told
        return None
