"""The step that asks for the data collection, or makes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ....context.message_codes import UploadLogMessageCode
from ....errors import BackendError, ParamsError
from ....steps import BaseStep, StepResult
from ..collection import find_collection, specification_of, try_find_collection
from ..context import UploadContext
from ..finding import files_in, subfolders

__all__ = ['AnalyzeCollectionStep']


class AnalyzeCollectionStep(BaseStep[UploadContext]):
    """Asks for the data collection and its file specifications.

    With ``create_collection`` one that is not there is made, on a backend that can: a specification for each folder,
    of which the first one with pictures or the like is required. The rollback removes it again.
    """

    name = 'analyze_collection'
    progress_weight = 0.05

    def execute(self, context: UploadContext) -> StepResult:
        """Set `data_collection`."""
        reference = context.get_param('data_collection')
        if reference is None:
            raise ParamsError('data_collection: it is required; add  -p data_collection=ID')
        left: dict[str, Any] = {}
        if context.get_param('create_collection', False):
            found = try_find_collection(context.client, reference)
            context.data_collection = (
                found if found is not None else self._create(context, str(reference), left)
            )
        else:
            context.data_collection = find_collection(context.client, reference)
        name, count = str(context.data_collection.get('name')), len(context.file_specifications)
        if not count:
            raise BackendError(
                f'The data collection {name!r} has no file specification, so it takes no files.'
            )
        context.log_message(UploadLogMessageCode.UPLOAD_COLLECTION_ANALYZED, name=name, count=count)
        return StepResult(
            data={'collection': context.data_collection['id'], 'specifications': count}, rollback_data=left
        )

    def rollback(self, context: UploadContext, result: StepResult) -> None:
        """Remove the collection if this run made it."""
        if (made := (result.rollback_data or {}).get('collection')) is not None:
            context.client.delete_data_collection(made)
        context.data_collection = None

    def _create(self, context: UploadContext, name: str, left: dict[str, Any]) -> dict[str, Any]:
        create = getattr(context.client, 'create_data_collection', None)
        if create is None or not hasattr(context.client, 'delete_data_collection'):
            raise ParamsError('create_collection: this backend cannot make one; make it on the platform.')
        folders = context.folders or {
            folder.name: (folder, bool(context.get_param('is_recursive', True)))
            for folder in subfolders(Path(context.pathlib_cwd or '.'))
        }
        found = {
            spec: files_in(folder, recursive=recursive)[0] for spec, (folder, recursive) in folders.items()
        }
        wanted = [spec for spec in found if found[spec]]
        if not wanted:
            raise ParamsError(
                f'There are no folders with files in {context.pathlib_cwd}, so nothing tells the file specifications '
                f'of the collection {name!r}.'
            )
        made_of = [specification_of(spec, found[spec]) for spec in wanted]
        primary = next((item for item in made_of if item['file_type'] not in {'data', 'text'}), made_of[0])
        primary.update(is_required=True, is_primary=True)
        specifications = made_of
        made: dict[str, Any] = create({'name': name, 'file_specifications': specifications})
        left['collection'] = made['id']
        context.save_rollback(**left)
        return made
