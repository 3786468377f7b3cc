"""The step that takes the items through the exporter's conversion."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ....context.message_codes import ExportLogMessageCode
from ....errors import DatasetError, ParamsError
from ....steps import BaseStep, StepResult
from ..context import ExportContext
from ..exporter import BaseExporter
from ..prefetch import prefetched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ['ConvertDataStep']

_WORKERS = 8
_MOST_WORKERS = 64


class ConvertDataStep(BaseStep[ExportContext]):
    """Makes the exporter, and sets `converted_items`.

    Items are converted when they are walked, so that no more than a few are in memory; their files are fetched
    meanwhile, side by side.
    """

    name = 'convert_data'
    progress_weight = 0.32

    def execute(self, context: ExportContext) -> StepResult:
        """Make the exporter and the walk."""
        if context.export_items is None or context.unique_export_path is None:
            raise DatasetError('There are no items; PrepareExportStep comes first.')
        if context.exporter is None:
            make = context.exporter_class or BaseExporter
            context.exporter = make(
                context.runtime_ctx,
                context.export_items,
                context.path_root or context.unique_export_path.parent,
                **context.export_params,
            )
        _workers(context.params)  # a generator would refuse it later
        context.log_message(ExportLogMessageCode.EXPORT_CONVERTING, count=context.total_count)
        context.converted_items = self._convert(context)
        return StepResult(data={'converted_count': context.total_count})

    def _convert(self, context: ExportContext) -> Iterator[dict[str, Any]]:
        items = context.export_items
        work = context.unique_export_path
        if work is not None and context.params.get('save_original_file', True):
            items = prefetched(
                items,
                work.with_name(f'{work.name}-files'),
                _workers(context.params),
                transport=getattr(getattr(context.runtime_ctx, 'client', None), 'transport', None),
                renew=_renewal(context),
                further=getattr(context.exporter, 'sdk_managed_original_files', True),
            )
        for item in items:
            try:
                converted = context.exporter.process_data_conversion(item)
            except Exception as exc:
                raise DatasetError(
                    f'{type(context.exporter).__name__} cannot convert item {item.get("id")}: '
                    f'{type(exc).__name__}: {exc}'
                ) from exc
            yield converted
            context.last_completed_item = item


def _workers(params: dict[str, Any]) -> int:
    """Return how many files are fetched at once.

    Raises:
        ParamsError: If what the parameters say is no such number.
    """
    given = (params.get('extra_params') or {}).get('download_workers')
    if given is None:
        return _WORKERS
    if (
        isinstance(given, str) and given.isdecimal() and len(given) < 5
    ):  # as the platform's forms write numbers
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= _MOST_WORKERS:
        raise ParamsError(
            f'extra_params: download_workers is a whole number from 1 to {_MOST_WORKERS}, not {given!r:.80}.'
        )
    return given


def _renewal(context: ExportContext) -> Callable[..., str] | None:
    """Return what asks for the address of an item's file anew, where the backend and the target can do that."""
    renew = getattr(context.handler, 'renew_url', None)
    if context.fetch is not None or renew is None:
        return None
    return partial(renew, context.client, context.fetch_filters)
