"""The step that exports a dataset version from the backend to a folder."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from synapse_plugins.errors import OutputExistsError
from synapse_plugins.steps import BaseStep, BaseStepContext, StepResult

if TYPE_CHECKING:
    from synapse_plugins.backends.download import Download

__all__ = ['ExportDatasetStep']


class ExportDatasetStep(BaseStep[BaseStepContext]):
    """Writes the dataset version ``params['dataset']`` as a dm_v2 folder, and tells of it in `context.dataset`.

    ``params['splits']`` (split name -> filters) chooses events; without it all are exported. Without
    ``params['output_dir']`` the folder goes to the cache, where a run that asks for the same finds it again.
    Pictures in the cache are linked where that can be, those in a folder of the user's are copies. One that is
    missing or has changed fails the step.
    """

    name = 'dataset'
    progress_weight = 0.2

    def execute(self, context: BaseStepContext) -> StepResult:
        """Export, or take what the cache has."""
        params: dict[str, Any] = dict(getattr(context, 'params', None) or {})
        dataset = params.get('dataset')
        if dataset is None:
            return StepResult(success=False, error='dataset is required in params')
        from synapse_plugins.backends.download import Download

        client = context.client
        if not isinstance(dataset, int) and hasattr(client, 'resolve_dataset'):
            dataset = client.resolve_dataset(dataset)
        on_missing = params.get('on_missing') or 'error'
        download = Download(client, dataset, params.get('splits'), on_missing=on_missing)
        asked_for = params.get('output_dir')
        final = Path(asked_for).expanduser() if asked_for else _cache_folder(context, client) / download.key
        made_by = _run_of(context)
        left: dict[str, Any] = {}
        harvest = _cache_folder(context, client).with_name('downloads') / download.key
        summary = self._made_before(context, download, final, made_by if asked_for else None)
        if summary is None:
            left = {'made_by': made_by}
            summary = self._export(context, download, final, left, harvest)
        _say_what_is_missing(context, download, summary)
        told = _told(final, summary)
        shared: Any = context
        shared.dataset = told
        data = {'path': told['path'], 'count': told['count'], 'splits': told['splits']}
        return StepResult(data=data, rollback_data=left)

    def rollback(self, context: BaseStepContext, result: StepResult) -> None:
        """Remove what this run wrote to a folder of the user's; what is whole in the cache stays there."""
        from synapse_plugins.backends.download import read_summary

        left = result.rollback_data or {}
        if work := left.get('work'):
            shutil.rmtree(work, ignore_errors=True)
        if not left.get('output'):
            return
        output = Path(left['output'])
        if (read_summary(output) or {}).get('made_by') == left.get('made_by'):
            shutil.rmtree(output)
            if left.get('was_there'):
                output.mkdir()

    def _made_before(
        self, context: BaseStepContext, download: Download, final: Path, made_by: str | None
    ) -> dict[str, Any] | None:
        """Return the summary of what is there already and still holds.

        That is what the cache has, or what the run *made_by* made before it was resumed.
        """
        from synapse_plugins.backends.download import is_unchanged, read_summary

        summary = read_summary(final)
        if summary is None or summary.get('key') != download.key:
            return None
        if made_by is not None and summary.get('made_by') != made_by:
            return None
        if not is_unchanged(final):
            context.log_message(
                f'{final} was changed since {download.label} was exported to it; exporting it again.',
                'warning',
            )
            return None
        context.log('dataset_export_cached', {'path': str(final), 'dataset': download.label})
        context.log_message(f'{download.label}: taking {summary["count"]} events from the cache ({final}).')
        return summary

    def _export(
        self, context: BaseStepContext, download: Download, final: Path, left: dict[str, Any], harvest: Path
    ) -> dict[str, Any]:
        from synapse_plugins.backends.download import SUMMARY, read_summary
        from synapse_plugins.backends.harvest import harvest_in
        from synapse_plugins.datasets.output import Output

        params: dict[str, Any] = dict(getattr(context, 'params', None) or {})
        asked_for = bool(params.get('output_dir'))
        # In the cache only what does not hold any more is replaced, never what another run made meanwhile.
        overwrite = not asked_for and final.exists()
        output = Output(final, marker=SUMMARY, overwrite=overwrite, owned=not asked_for)
        output.check()
        output.make_parent()
        link = (
            'copy' if asked_for else 'hard'
        )  # who edits a picture of their own folder must not change another
        self._say_space(context, download, output.final, link)
        left['work'] = str(output.path)
        if asked_for:
            left.update(output=str(output.final), was_there=output.final.is_dir())
        _save_rollback(context, left)
        try:
            with output, harvest_in(harvest) if download.is_remote else nullcontext() as brought:
                summary = download.write(
                    output.path,
                    link=link,
                    progress=context.set_progress,
                    cancelled=lambda: getattr(context, 'cancelled', False),
                    made_by=left['made_by'],
                    harvest=brought,
                    workers=int(params.get('download_workers') or 8),
                )
                output.commit()
        except OutputExistsError:
            # Another run was quicker with the same export.
            summary = {} if asked_for else read_summary(final) or {}
            if summary.get('key') != download.key:
                raise
        return summary

    def _say_space(self, context: BaseStepContext, download: Download, final: Path, link: str) -> None:
        from synapse_plugins.store import require_space
        from synapse_plugins.units import human_size

        needed = download.space_needed(final.parent, link)
        free = require_space(final, needed, f'Exporting {download.label}')
        context.log_message(
            f'Exporting {download.count} events of {download.label} to {final}: needs at most '
            f'{human_size(needed)}, {human_size(free)} are free.'
        )


def _say_what_is_missing(context: BaseStepContext, download: Download, summary: dict[str, Any]) -> None:
    """Tell of events that were left out; all of them stand in the summary of the folder."""
    missing = summary.get('missing') or []
    if not missing:
        return
    shown = '; '.join(f'event {item["event"]}: {item["reason"]}' for item in missing[:5])
    more = ' ...' if len(missing) > 5 else ''
    context.log_message(
        f'{len(missing)} of {download.count} events of {download.label} are missing: {shown}{more}', 'warning'
    )


def _run_of(context: BaseStepContext) -> str:
    """Return what marks an export as this run's; another workflow's context has no such key."""
    key = getattr(context, 'idempotency_key', None)
    return uuid4().hex if key is None else str(key('export'))


def _save_rollback(context: BaseStepContext, left: dict[str, Any]) -> None:
    """Make what will be there known before it is; outside a run, and in another workflow, nobody would ask for it."""
    save = getattr(context, 'save_rollback', None)
    if save is not None:
        with suppress(RuntimeError):
            save(**left)


def _cache_folder(context: BaseStepContext, client: Any) -> Path:
    """Return where exports are kept: the run's cache, else the backend's, else a temporary folder."""
    cache = getattr(context.runtime_ctx, 'cache_dir', None) or getattr(client, 'cache_dir', None)
    return Path(cache or tempfile.mkdtemp(prefix='synapse-plugins-')) / 'exports'


def _told(folder: Path, summary: dict[str, Any]) -> dict[str, Any]:
    """Return what later steps are told."""
    from synapse_plugins.backends.download import SUMMARY

    path = folder.absolute()
    return {
        'path': str(path),
        'format': 'dm_v2',
        'is_categorized': summary['is_categorized'],
        'count': summary['count'],
        'config_path': None,
        'source_path': None,
        'splits': summary['splits'],
        'classes': summary['classes'],
        'report_path': str(path / SUMMARY),
    }
