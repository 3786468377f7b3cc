"""The class that exporters are written from: what becomes of each item, in hooks."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ...backends.fetch import fetch
from ...backends.names import safe_file_name
from ...backends.seen import Seen
from ...datasets.names import Namer
from ...errors import SynapsePluginsError
from .further import further_files
from .params import ExportParams
from .reporting import ExporterRunAdapter, ExportStatus, MetricsRecord
from .stems import Stems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pydantic import BaseModel

    from ...backends.synapse.transport import Transport

__all__ = ['BaseExporter']


class BaseExporter:
    """Writes items into a folder: for each a document under ``labels/``, and its file under ``origin_files/``.

    Overwrite `convert_data`, or `before_convert` and `after_convert` around it, to change what is written; the
    ``save_`` hooks to write it in another way; `additional_file_saving` for what is made of all items together. As the
    entrypoint of an action, such a class is an action: it is run by the steps of `DefaultExportAction`.

    Attributes:
        label_output_dirname: The folder of the documents; None: the exporter makes its own.
        sdk_managed_original_files: Whether files go to ``origin_files``; False: the exporter places them.
        finalize_empty_export: Whether an export of nothing is made all the same.
        ctx: The runtime context.
        export_items: The items.
        path_root: The folder that the export's own lies in.
        params: The parameters: those of the action, ``extra_params`` among them, ``count``, ``configuration`` ...
        run: What is reported through.
        filename_collisions: Names that had to be made unique: ``item_id``, ``original_name``, ``output_stem``.
        written: What was written for the item at hand, relative to the export's folder.
        originals: Specification -> ``name`` and ``path`` of the files among that.
    """

    label_output_dirname: ClassVar[str | None] = 'labels'
    sdk_managed_original_files: ClassVar[bool] = True
    finalize_empty_export: ClassVar[bool] = False

    action_name: ClassVar[str | None] = None
    category: ClassVar[Any] = 'export'
    input_type: ClassVar[Any] = None
    output_type: ClassVar[Any] = None
    params_model: ClassVar[type[BaseModel]] = ExportParams

    def __init__(self, ctx: Any, export_items: Iterable[Any], path_root: Path | str, **params: Any) -> None:
        self.ctx = ctx
        self.export_items = export_items
        self.path_root = Path(path_root) if isinstance(path_root, str) else path_root
        self.params = params
        self.run = ExporterRunAdapter(ctx)
        self.filename_collisions: list[dict[str, Any]] = []
        self.written: list[str] = []
        self.originals: dict[str, dict[str, Any]] = {}
        # What was given out is kept on disk when it is much, so that memory does not grow with the items.
        self._namer, self._stems = Namer(Seen().add), Stems()

    # -- as an action -------------------------------------------------------------------------------------

    @classmethod
    def params_model_for(cls, params: Mapping[str, Any]) -> type[BaseModel]:  # noqa: ARG003 - as of every action
        """Return the model of the parameters."""
        return cls.params_model

    @classmethod
    def from_params(cls, params: Mapping[str, Any], ctx: Any, *, name: str | None = None) -> Any:
        """Make the action that runs this exporter."""
        from .action import action_of

        return action_of(cls).from_params(params, ctx, name=name or cls.action_name or cls.__name__)

    @classmethod
    def dispatch(cls, params: dict[str, Any], ctx: Any) -> Any:
        """Run this exporter by the steps of `DefaultExportAction`."""
        return cls.from_params(params, ctx).run()

    # -- hooks: what becomes of an item -------------------------------------------------------------------

    def before_convert(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the item as `convert_data` gets it."""
        return data

    def convert_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the item as it is written."""
        return data

    def after_convert(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the item as it is saved."""
        return data

    def process_data_conversion(self, export_item: dict[str, Any]) -> dict[str, Any]:
        """Take one item through the three hooks of conversion."""
        return self.after_convert(self.convert_data(self.before_convert(export_item)))

    # -- hooks: where it is written -----------------------------------------------------------------------

    def setup_output_directories(
        self, unique_export_path: Path, save_original_file_flag: bool
    ) -> dict[str, Path]:
        """Make the folders of an export, and return them by what they are for."""
        made: dict[str, Path] = {}
        if self.label_output_dirname:
            made['label_output_path'] = unique_export_path / self.label_output_dirname
        if save_original_file_flag and self.sdk_managed_original_files:
            made['origin_files_output_path'] = unique_export_path / 'origin_files'
        for folder in made.values():
            folder.mkdir(parents=True, exist_ok=True)
        return made

    def process_file_saving(
        self,
        final_data: dict[str, Any],
        unique_export_path: Path,
        save_original_file_flag: bool,
        errors_json_file_list: list[Any],
        errors_original_file_list: list[Any],
        original_file_metrics_record: MetricsRecord,
        data_file_metrics_record: MetricsRecord,
        no: int,
    ) -> bool:
        """Write what belongs to one item, and return whether all of it was.

        Args:
            final_data: The item, converted.
            unique_export_path: The folder of the export.
            save_original_file_flag: Whether its file is written too.
            errors_json_file_list: Takes ``[name, reason]`` of a document that could not be written.
            errors_original_file_list: The same for its file.
            original_file_metrics_record: Counts files.
            data_file_metrics_record: Counts documents.
            no: The number of the item, from 1.
        """
        whole = True
        if save_original_file_flag:
            folder = unique_export_path / 'origin_files'
            status = self.save_original_file(final_data, folder, errors_original_file_list)
            whole = _count(original_file_metrics_record, status)
            for name, file in further_files(final_data):
                status = self.save_further_file(final_data, name, file, folder, errors_original_file_list)
                whole = _count(original_file_metrics_record, status) and whole
        folder = unique_export_path / (self.label_output_dirname or 'labels')
        status = self.save_as_json(final_data, folder, errors_json_file_list)
        return _count(data_file_metrics_record, status) and whole

    def save_original_file(
        self, result: dict[str, Any], base_path: Path, error_file_list: list[Any]
    ) -> ExportStatus:
        """Write the primary file of an item, whole and as it was told (size, checksum), or not at all."""
        name, specification = self.output_name(result), str(result.get('specification') or 'file')
        return self._save(result, specification, result.get('files') or {}, base_path, name, error_file_list)

    def save_further_file(
        self,
        result: dict[str, Any],
        specification: str,
        file: dict[str, Any],
        base_path: Path,
        error_file_list: list[Any],
    ) -> ExportStatus:
        """Write another file of an item, under its own name where that is free."""
        name = self._further_name(result, specification, file)
        return self._save(result, specification, file, base_path, name, error_file_list)

    def _save(
        self,
        item: dict[str, Any],
        specification: str,
        file: dict[str, Any],
        folder: Path,
        name: str,
        error_file_list: list[Any],
    ) -> ExportStatus:
        place = f'{folder}{os.sep}{name}'  # no Path for each of many files: see `backends.fetch`
        reason = _taken(place) if file.get('url') or file.get('path') else 'it has no file'
        written = f'{folder.name}/{name}'
        try:
            if not reason:
                place_file(file, place, self._transport)
                self.written.append(written)
                self.originals[specification] = {'name': self.get_original_file_name(file), 'path': written}
        except (SynapsePluginsError, OSError) as exc:
            reason = str(exc) or type(exc).__name__
        return self._outcome(item, name, reason, error_file_list, self.run.export_log_original_file)

    def save_as_json(
        self, result: dict[str, Any], base_path: Path, error_file_list: list[Any]
    ) -> ExportStatus:
        """Write the annotations of an item as a JSON document."""
        name = f'{self.output_stem(result)}.json'
        place = f'{base_path}{os.sep}{name}'
        reason = 'it has no data' if result.get('data') is None else _taken(place)
        try:
            if not reason:
                text = json.dumps(result['data'], ensure_ascii=False)
                with open(place, 'w', encoding='utf-8') as writing:  # noqa: PTH123
                    writing.write(text)
                self.written.append(f'{base_path.name}/{name}')
        except (TypeError, ValueError, OSError) as exc:
            reason = str(exc) or type(exc).__name__
        return self._outcome(result, name, reason, error_file_list, self.run.export_log_data_file)

    def additional_file_saving(self, unique_export_path: Path) -> None:
        """Write what is made of all items together; called once, after the last."""

    # -- names --------------------------------------------------------------------------------------------

    def get_original_file_name(self, files: dict[str, Any]) -> str | None:
        """Return what a file was called."""
        name = files.get('file_name_original')
        return str(name) if name else None

    def output_stem(self, item: Mapping[str, Any]) -> str:
        """Return the stem of an item's outputs: that of its file, made safe, and unique in the export."""
        item_id = item.get('key', item.get('id'))
        if item_id is not None and (known := self._stems.get(item_id)) is not None:
            return known
        original = self.get_original_file_name(item.get('files') or {}) or ''
        safe = safe_file_name(original, f'item-{item_id}')
        stem = safe.rpartition('.')[0] or safe
        unique = self._namer.name('', stem, str(item_id))
        if unique != stem:
            self.filename_collisions.append(
                {'item_id': item_id, 'original_name': original, 'output_stem': unique}
            )
        if item_id is not None:
            self._stems.keep(item_id, unique)
        return unique

    def output_name(self, item: Mapping[str, Any]) -> str:
        """Return the name of an item's file in the export."""
        original = self.get_original_file_name(item.get('files') or {}) or ''
        safe = safe_file_name(original, f'item-{item.get("id")}')
        _, dot, suffix = safe.rpartition('.')
        return f'{self.output_stem(item)}{dot}{suffix}' if dot else self.output_stem(item)

    def _further_name(self, item: Mapping[str, Any], specification: str, file: dict[str, Any]) -> str:
        """Return the name of another file of an item: with the item's stem if that is its own, else one of its own."""
        item_id = item.get('key', item.get('id'))
        original = self.get_original_file_name(file) or ''
        safe = safe_file_name(original, f'item-{item_id}-{specification}')
        stem, dot, suffix = safe.rpartition('.') if '.' in safe else (safe, '', '')
        mine = safe_file_name(self.get_original_file_name(item.get('files') or {}) or '', '')
        shared = f'{self.output_stem(item)}{dot}{suffix}'
        taken = {one['path'].rpartition('/')[2].casefold() for one in self.originals.values()}
        if stem == (mine.rpartition('.')[0] or mine) and shared.casefold() not in taken:
            return shared
        unique = self._namer.name('', stem, f'{item_id}/{specification}')
        if unique != stem:
            self.filename_collisions.append(
                {'item_id': item_id, 'original_name': original, 'output_stem': unique}
            )
        return f'{unique}{dot}{suffix}'

    # -- alone, without an action -------------------------------------------------------------------------

    def export(
        self, export_items: Iterable[Any] | None = None, results: Any = None, **_options: Any
    ) -> dict[str, Any]:
        """Write all items into a new folder of `path_root`, without an action around it."""
        from .saving import Saving

        folder = self._create_unique_export_path(str(self.params.get('name') or 'export'))
        saving = Saving(self, folder, bool(self.params.get('save_original_file', False)))
        items = self.export_items if export_items is None else export_items
        total = int(self.params.get('count') or 0)
        for number, item in enumerate(items, 1):
            saving.save(self.process_data_conversion(item), number)
            self.run.set_progress(number, max(total, number))
        self.additional_file_saving(folder)
        self._save_error_list(folder, saving.errors_json, saving.errors_original)
        return {
            'export_path': str(self.path_root),
            'exported_count': saving.exported,
            'failed_count': saving.failed,
        }

    @property
    def _transport(self) -> Any:
        """What asks the server of the run's client, None for a client that has nothing of the kind."""
        return getattr(getattr(self.ctx, 'client', None), 'transport', None)

    def _create_unique_export_path(self, base_name: str) -> Path:
        """Make a folder of that name, or the next that is free."""
        folder = unique_folder(Path(self.path_root), base_name)
        folder.mkdir(parents=True)
        return folder

    def _save_error_list(
        self, export_path: Path, errors_json_file_list: list[Any], errors_original_file_list: list[Any]
    ) -> None:
        """Write down what could not be written, if anything."""
        if errors_json_file_list or errors_original_file_list:
            lists = {'json_file_name': errors_json_file_list, 'origin_file_name': errors_original_file_list}
            text = json.dumps(lists, ensure_ascii=False, indent=2)
            (export_path / 'error_file_list.json').write_text(text, encoding='utf-8')

    def _outcome(
        self, item: Mapping[str, Any], name: str, reason: str, errors: list[Any], report: Any
    ) -> ExportStatus:
        status = ExportStatus.FAILED if reason else ExportStatus.SUCCESS
        if reason:
            errors.append([name, reason])
        report(item.get('id'), {'file_name': name}, status, reason)
        return status


def place_file(file: Mapping[str, Any], target: str | Path, transport: Transport | None = None) -> None:
    """Make *target* the file that an item tells of: moved from where it was fetched to, or fetched now.

    Args:
        file: What the item tells of it.
        target: Where to.
        transport: What asks a server, with its connections and credentials; None: one of its own.

    Raises:
        SynapsePluginsError: If it cannot be fetched, or is not what was told.
        OSError: If it cannot be written.
    """
    fetched = file.get('fetched')
    if fetched is not None:
        os.replace(fetched, target)  # noqa: PTH105
    elif file.get('url'):
        fetch(file, target, 'copy', transport=transport)
    else:
        shutil.copyfile(str(file['path']), target)


def unique_folder(root: Path, name: str, taken: Callable[[Path], object] = lambda _: False) -> Path:
    """Return ``root/name``, or ``name(1)``, ``name(2)`` ... where that is there or *taken*."""
    folder, number = root / name, 0
    while taken(folder) or folder.exists():
        number += 1
        folder = root / f'{name}({number})'
    return folder


def _taken(place: str) -> str:
    """Return why a file is not written there: items whose ids are the same would overwrite each other."""
    there = os.path.exists(place)  # noqa: PTH110
    return 'an item of the same id was written already' if there else ''


def _count(record: MetricsRecord, status: ExportStatus) -> bool:
    record.stand_by -= 1
    if status == ExportStatus.FAILED:
        record.failed += 1
        return False
    record.success += 1
    return True
