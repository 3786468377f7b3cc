"""The exporter that writes a dataset in any registered format."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...backends.filters import folder_split
from ...backends.names import safe_file_name
from ...backends.seen import Seen
from ...datasets.names import Namer, check_apart
from ...errors import DatasetError, LossError, SynapsePluginsError
from .exporter import BaseExporter, place_file
from .further import further_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...datasets import Conversion
    from .reporting import MetricsRecord

__all__ = ['DatasetExporter']


class DatasetExporter(BaseExporter):
    """Gathers the items as a dm_v2 dataset beside the export, and converts that when all are there.

    A document of version 1 is turned into version 2. The category of an item is its split. Its primary file is the
    picture; how many others there were is told.
    """

    label_output_dirname = None
    sdk_managed_original_files = False

    def __init__(self, ctx: Any, export_items: Any, path_root: Any, **params: Any) -> None:
        super().__init__(ctx, export_items, path_root, **params)
        self.conversion: dict[str, Any] | None = None
        self._gathered: Path | None = None
        self._splits: set[str | None] = set()
        self._further: dict[str, int] = {}
        self._names = Namer(Seen().add)

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
        """Gather one item."""
        self._gathered = unique_export_path.with_name(f'{unique_export_path.name}-items')
        files = final_data.get('files') or {}
        for specification, _ in further_files(final_data):
            self._further[specification] = self._further.get(specification, 0) + 1
        name = safe_file_name(
            self.get_original_file_name(files) or '', f'item-{final_data.get("key", final_data.get("id"))}'
        )
        stem, dot, suffix = name.rpartition('.')
        key = final_data.get('key', final_data.get('id'))
        try:
            split = folder_split(final_data.get('category'))
            unique = self._names.name(split or '', stem if dot else name, str(key))
            if not (files.get('url') or files.get('path')):
                raise DatasetError('it has no picture')
            document = _document(final_data.get('data'))
            documents, pictures = self._folders(split)
            place_file(files, f'{pictures}{os.sep}{unique}{dot}{suffix}', self._transport)
            text = json.dumps(document, ensure_ascii=False, separators=(',', ':'))
            with open(f'{documents}{os.sep}{unique}.json', 'w', encoding='utf-8') as writing:  # noqa: PTH123
                writing.write(text)
        except (SynapsePluginsError, OSError, ValueError) as exc:
            errors_original_file_list.append([name, str(exc).rstrip('.')])
            original_file_metrics_record.failed += 1
            return False
        if unique != (stem if dot else name):
            self.filename_collisions.append(
                {'item_id': final_data.get('id'), 'original_name': name, 'output_stem': unique}
            )
        self.written.append(f'{split + "/" if split else ""}{unique}{dot}{suffix}')
        original_file_metrics_record.success += 1
        return True

    def additional_file_saving(self, unique_export_path: Path) -> None:
        """Convert what was gathered into the folder of the export."""
        from ...datasets.classes import write_classes

        gathered = self._gathered
        if gathered is None or not gathered.is_dir():
            raise DatasetError('No item could be gathered, so there is no dataset to write.')
        if None in self._splits and len(self._splits) > 1:
            raise DatasetError(
                'Some items have a category and others have none, so they make no one dataset.'
            )
        if declared := self.params.get('declared_classes'):
            write_classes(gathered, list(declared))
        unique_export_path.rmdir()  # the conversion makes it, whole or not at all
        final = Path(str(self.params.get('output_path') or unique_export_path))
        made = self._convert(gathered, unique_export_path, final)
        for line in made.warnings:
            self.run.log_message(line, 'warning')
        if self._further:
            what = ', '.join(f'{count} of {name}' for name, count in self._further.items())
            self.run.log_message(
                f'A dataset holds one file an item; these are not in it: {what}. An export without a format has them.',
                'warning',
            )
        self.conversion = {
            'format': made.format,
            'count': made.count,
            'splits': made.splits,
            'classes': made.classes,
            'config_path': None if made.config_path is None else made.config_path.name,
            'other_files': dict(self._further),
            'warnings': made.warnings,
            'report': made.report.to_dict(),
        }
        shutil.rmtree(gathered)

    def _convert(self, gathered: Path, work: Path, final: Path) -> Conversion:
        from ...datasets import convert

        try:
            return convert(
                gathered,
                work,
                to=str(self.params.get('format') or 'dm_v2'),
                source_format='dm_v2',
                on_loss=str(self.params.get('on_loss') or 'warn'),
                progress=self.run.set_progress,
                cancelled=lambda: getattr(self.ctx, 'cancelled', False) is True,
                final_root=final,
            )
        except LossError as exc:  # it names the hidden folder, which nobody has heard of
            raise LossError(str(exc).replace(str(gathered), f'the items for {final}')) from exc

    def _folders(self, split: str | None) -> tuple[Path, Path]:
        if self._gathered is None:
            raise DatasetError('nothing is gathered yet')
        root = self._gathered / split if split else self._gathered
        folders = root / 'json', root / 'original_files'
        if split not in self._splits:
            check_apart((*self._splits, split), 'there are', 'Give one of them another name there.')
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
            self._splits.add(split)
        return folders


def _document(data: Any) -> Mapping[str, Any]:
    """Return the DM v2 document of an item's data; without data it has no annotations."""
    if not data:
        return {'images': [{}]}
    if isinstance(data, dict) and isinstance(data.get('images'), list):
        return data
    if isinstance(data, dict) and 'annotations' in data:
        from ...datasets import dm

        converted, meta = dm.to_v2(data)
        return {**converted, 'annotation_meta': meta} if meta else dict(converted)
    raise DatasetError('its data is no Datamaker document of version 1 or 2')
