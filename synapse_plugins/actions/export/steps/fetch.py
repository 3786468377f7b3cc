"""The step that asks for the items."""

from __future__ import annotations

from typing import Any

from ....context.message_codes import ExportLogMessageCode
from ....errors import DatasetError
from ....steps import BaseStep, StepResult
from ..context import ExportContext
from ..projects import in_project, tell_of_all
from ..targets import TargetHandlerFactory

__all__ = ['FetchResultsStep']


class FetchResultsStep(BaseStep[ExportContext]):
    """Sets `results` and `total_count`; the items are fetched page by page when they are walked."""

    name = 'fetch_results'
    progress_weight = 0.05

    def execute(self, context: ExportContext) -> StepResult:
        """Ask for the items of the target, or whoever the action says."""
        filters = dict(context.params.get('filter') or {})
        context.handler = TargetHandlerFactory.get_handler(
            str(context.params.get('target') or 'ground_truth')
        )
        if context.fetch is not None:
            context.results, context.total_count = context.fetch(filters)
        else:
            filters = in_project(filters, context.params, context.handler)
            filters = context.handler.validate_filter(filters, context.client)
            context.results, context.total_count = context.handler.get_results(context.client, filters)
            tell_of_all(context, filters)
        context.fetch_filters = filters
        may_be_empty = getattr(context.exporter_class, 'finalize_empty_export', False) is True
        if not context.total_count and not may_be_empty:
            context.log_message(ExportLogMessageCode.EXPORT_NO_RESULTS)
            raise DatasetError(f'There is nothing to export for the filter {_shown(filters)}.')
        context.log_message(ExportLogMessageCode.EXPORT_RESULTS_FETCHED, count=context.total_count)
        return StepResult(data={'items': context.total_count})


def _shown(filters: dict[str, Any]) -> str:
    return ', '.join(f'{key}={value!r}' for key, value in filters.items()) or 'that leaves nothing out'
