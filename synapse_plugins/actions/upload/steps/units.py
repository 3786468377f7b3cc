"""The step that makes data units of the uploaded files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....context.message_codes import UploadLogMessageCode
from ....errors import BackendError
from ....steps import BaseStep, StepResult
from ..context import UploadContext
from ..ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ['GenerateDataUnitsStep']

_Key = tuple[tuple[str, str], ...]


class GenerateDataUnitsStep(BaseStep[UploadContext]):
    """Makes data units, in batches, and a task for each where a project is named.

    With ``on_existing=skip`` it first looks which units the collection has already, and looks again after an answer
    that was lost, so that none is made twice: not by a run that goes on where another was cut off either.
    """

    name = 'generate_data_units'
    progress_weight = 0.2

    def execute(self, context: UploadContext) -> StepResult:
        """Set `data_units` and `existing_units`."""
        units = _wanted(context)
        looks = context.get_param('on_existing', 'skip') == 'skip'
        there = _existing(context, units) if looks else {}
        context.existing_units.extend(there.values())
        todo = [unit for unit in units if _key(unit['files'], 'checksum') not in there]
        context.log_message(
            UploadLogMessageCode.UPLOAD_DATA_UNITS_CREATING, count=len(todo), existing=len(there)
        )
        ledger_path = context.work_dir / 'data_units.jsonl'
        context.save_rollback(ledger=str(ledger_path))
        size = context.batch_size
        with Ledger(ledger_path) as ledger:
            for start in range(0, len(todo), size):
                if context.cancelled:
                    return StepResult(success=False, error=context.cancel_reason)
                made = self._create(context, todo[start : start + size], looks)
                for unit in made:
                    ledger.add(unit['id'])
                context.data_units.extend(made)
                self._create_tasks(context, made)
                context.set_progress(min(start + size, len(todo)), len(todo))
        context.log_message(
            UploadLogMessageCode.UPLOAD_DATA_UNITS_COMPLETED,
            count=len(context.data_units),
            existing=len(there),
        )
        return StepResult(data={'units': len(context.data_units), 'existing': len(there)})

    def rollback(self, context: UploadContext, result: StepResult) -> None:
        """Delete the units that this run made."""
        path = (result.rollback_data or {}).get('ledger')
        entries = Ledger.read(path) if path else []
        context.data_units = []
        if not entries:
            return
        delete = getattr(context.client, 'delete_data_unit', None)
        if delete is None:
            context.log_message(
                f'This backend deletes no data units: {len(entries)} stay there; {path} has their ids.',
                'warning',
            )
            return
        for unit_id in entries:
            delete(unit_id)
        Path(str(path)).unlink(missing_ok=True)

    def _create(
        self, context: UploadContext, batch: list[dict[str, Any]], looks: bool
    ) -> list[dict[str, Any]]:
        """Make one batch. An answer that was lost is looked for before anything is asked again."""
        made: list[dict[str, Any]] = []
        left = context.data_unit_max_retries if looks else 0
        while batch:
            try:
                answer = context.client.create_data_units(batch)
            except (ConnectionError, TimeoutError):
                if not left:
                    raise
                left -= 1
                there = _existing(context, batch)
                made.extend({'id': found} for found in there.values())
                batch = [unit for unit in batch if _key(unit['files'], 'checksum') not in there]
                continue
            rows = answer.get('results', [answer]) if isinstance(answer, dict) else list(answer or ())
            if len(rows) != len(batch):
                raise BackendError(f'{len(batch)} data units were asked for, and {len(rows)} came back.')
            return made + [dict(row) for row in rows]
        return made

    def _create_tasks(self, context: UploadContext, made: Iterable[Mapping[str, Any]]) -> None:
        tasks = [{'data_unit': unit['id']} for unit in made]
        if context.project is not None and tasks:
            context.client.create_tasks({'project': context.project, 'data': tasks})


def _wanted(context: UploadContext) -> list[dict[str, Any]]:
    """Return the units to make, as the backend takes them."""
    files: dict[str, dict[str, dict[str, str]]] = {}
    for file in context.uploaded_files:
        named = {'checksum': str(file['checksum']), 'path': str(file['name'])}
        files.setdefault(str(file['stem']), {})[str(file['specification'])] = named
    if context.data_collection is None:
        raise BackendError('context.data_collection is not set; AnalyzeCollectionStep does that.')
    collection = context.data_collection['id']
    return [
        {
            'data_collection': collection,
            'files': files[unit['stem']],
            'meta': dict(unit.get('meta') or {}),
            **({'groups': list(unit['groups'])} if unit.get('groups') else {}),
        }
        for unit in context.organized_files
        if unit['stem'] in files
    ]


def _existing(context: UploadContext, units: list[dict[str, Any]]) -> dict[_Key, Any]:
    """Return which of some units the collection has already: by their files' checksums and names."""
    if not units:
        return {}
    list_units = getattr(context.client, 'list_data_units', None)
    if list_units is None:
        return {}
    wanted = {_named(unit['files']): _key(unit['files'], 'checksum') for unit in units}
    by_name = {_names(unit['files']): _key(unit['files'], 'checksum') for unit in units}
    # Without a conversion: another client would fetch every file of the collection here.
    collection = {'data_collection': units[0]['data_collection']}
    rows, _ = list_units(params=collection, list_all=True, url_conversion={})
    found: dict[_Key, Any] = {}
    for row in rows:
        files = row.get('files') or {}
        has_checksums = all(isinstance(file, dict) and file.get('checksum') for file in files.values())
        key = wanted.get(_named(files)) if has_checksums else by_name.get(_names(files))
        if key is not None:
            found.setdefault(key, row['id'])
    return found


def _named(files: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """Return what a unit is known again by: for each specification the checksum and the name of its file."""
    return tuple(
        sorted(
            (
                spec,
                str(file.get('checksum') or ''),
                str(file.get('file_name_original') or file.get('path') or ''),
            )
            for spec, file in files.items()
            if isinstance(file, dict)
        )
    )


def _names(files: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what a unit is known by on a backend that tells no checksums."""
    return tuple((spec, name) for spec, _, name in _named(files))


def _key(files: Mapping[str, Any], field: str) -> _Key:
    return tuple(sorted((spec, f'{file[field]}\0{file.get("path")}') for spec, file in files.items()))
