"""The step that joins files to units."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

from ....context.message_codes import UploadLogMessageCode
from ....errors import DatasetError, ParamsError
from ....steps import BaseStep, StepResult
from ..context import UploadContext
from ..finding import files_in, stem_of, subfolders

__all__ = ['OrganizeFilesStep']

_SHOWN = 5


class OrganizeFilesStep(BaseStep[UploadContext]):
    """Finds the files of every specification, and joins those of one stem to a unit.

    Two files of one specification and one stem are an error that names both, because only one could be uploaded.
    """

    name = 'organize_files'
    progress_weight = 0.15

    def execute(self, context: UploadContext) -> StepResult:
        """Set `organized_files`, in the order of the stems."""
        folders = self._folders(context)
        by_stem: dict[str, dict[str, Path]] = {}
        passed = 0
        for specification, (folder, recursive) in folders.items():
            files, hidden = files_in(folder, recursive=recursive)
            passed += hidden
            for path in files:
                unit = by_stem.setdefault(stem_of(path), {})
                if specification in unit:
                    raise DatasetError(
                        f'{unit[specification]} and {path} are two files of the specification {specification!r} and '
                        f'the stem {stem_of(path)!r}; a unit takes one. Rename one, or put it elsewhere.'
                    )
                unit[specification] = path
        if not by_stem:
            context.log_message(UploadLogMessageCode.UPLOAD_NO_FILES_FOUND)
            places = ', '.join(str(folder) for folder, _ in folders.values())
            raise DatasetError(f'There are no files to upload in {places}.')
        context.organized_files = [self._unit(context, stem, by_stem[stem]) for stem in sorted(by_stem)]
        count = sum(len(unit['files']) for unit in context.organized_files)
        self._tell(context, passed)
        context.log_message(
            UploadLogMessageCode.UPLOAD_FILES_ORGANIZED, files=count, count=len(context.organized_files)
        )
        return StepResult(data={'units': len(context.organized_files), 'files': count, 'hidden': passed})

    def rollback(self, context: UploadContext, result: StepResult) -> None:
        """Forget what was found."""
        context.organized_files = []

    def _folders(self, context: UploadContext) -> dict[str, tuple[Path, bool]]:
        """Return the folder of each specification that has one."""
        known = [str(item['name']) for item in context.file_specifications]
        if context.folders:
            unknown = sorted(set(context.folders) - set(known))
            if unknown:
                raise ParamsError(
                    f'assets: the collection has no specification {", ".join(map(repr, unknown))}; it has '
                    f'{", ".join(known)}.'
                )
            return context.folders
        root = Path(context.pathlib_cwd or '.')
        recursive = bool(context.get_param('is_recursive', True))
        folders = {name: (root / name, recursive) for name in known if (root / name).is_dir()}
        if not folders:
            example = f'{{"{known[0]}": {{"path": "FOLDER"}}}}'
            raise DatasetError(
                f'{root} has no folder that is named after a file specification ({", ".join(known)}). Make one for '
                f"each, or say where the files are: -p use_single_path=false -p 'assets={example}'"
            )
        others = [folder.name for folder in subfolders(root) if folder.name not in known]
        if others:
            context.log_message(
                f'These folders are no file specification and are left out: {_some(others)}.', 'warning'
            )
        return folders

    def _unit(self, context: UploadContext, stem: str, files: dict[str, Path]) -> dict[str, Any]:
        meta: dict[str, Any] = {'origin_file_stem': stem}
        table = context.excel_metadata or {}
        for path in files.values():
            meta.update(table.get(unicodedata.normalize('NFC', path.name), table.get(stem, {})))
        group = context.get_param('group_name')
        return {'stem': stem, 'files': files, 'meta': meta, 'groups': [str(group)] if group else []}

    def _tell(self, context: UploadContext, passed: int) -> None:
        if passed:
            context.log_message(f'{passed} hidden files are left out.')
        if not context.excel_metadata:
            return
        names = {
            unicodedata.normalize('NFC', path.name)
            for unit in context.organized_files
            for path in unit['files'].values()
        }
        names |= {unit['stem'] for unit in context.organized_files}
        unused = [name for name in context.excel_metadata if name not in names]
        if unused:
            context.log_message(
                f'The metadata names {len(unused)} files that are not there: {_some(unused)}.', 'warning'
            )


def _some(names: list[str]) -> str:
    more = f' and {len(names) - _SHOWN} more' if len(names) > _SHOWN else ''
    return ', '.join(names[:_SHOWN]) + more
