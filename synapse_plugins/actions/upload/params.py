"""The parameters of an upload."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from .collection import find_collection

__all__ = ['AssetConfig', 'UploadParams']

_HIDDEN: dict[str, Any] = {'exclude_from_ui': True}
"""No input of a form can hold it, or it has no effect."""


class AssetConfig(BaseModel):
    """Where the files of one specification lie.

    Attributes:
        path: The folder.
        is_recursive: Whether its subfolders count too.
    """

    path: str
    is_recursive: bool = True


class UploadParams(BaseModel):
    """What `DefaultUploadAction` takes.

    Attributes:
        name: Name of the upload, for people.
        description: What is said of it.
        use_single_path: True: the files lie in ``<path>/<specification>``; False: `assets` says where.
        path: The folder that holds a folder for each specification.
        is_recursive: Whether their subfolders count too.
        assets: Specification -> folder, without a single path.
        storage: Id of the storage that paths are relative to; None: they are of this machine.
        data_collection: Id of the data collection; a backend that knows names takes its name too.
        create_collection: Make the collection if there is none of that name: a specification for each folder.
        project: Id of the project in which a task is made for each unit.
        excel_metadata_path: A CSV file, or an Excel one, with metadata of files: relative to the path, or not.
        max_file_size_mb: The largest file that is taken.
        creating_data_unit_batch_size: How many units are made in one request.
        creating_data_unit_max_workers: Not used: batches are made one after the other, so that none is made twice.
        upload_max_workers: How many files are uploaded at once.
        upload_batch_size: How many checksums are asked about in one request.
        upload_ray_workers: Not used here.
        upload_max_retries: How often something is tried again after the connection broke.
        use_async_upload: Not used: files are always uploaded side by side.
        group_name: A group that every unit joins.
        extra_params: Further parameters, for steps of your own.
        on_loss: ``error``: a file that cannot be uploaded fails the run, and nothing stays; ``warn``: its unit
            is left out and told.
        on_existing: ``skip``: a unit with the same files that the collection has already is not made again;
            ``add``: it is.
        on_duplicate: Units of the same content in one upload: ``warn``, ``error``, or ``drop`` all but the first.
    """

    model_config = ConfigDict(protected_namespaces=())

    name: str = Field('upload', description='name of the upload')
    description: str | None = Field(None, description='what is said of it')
    use_single_path: bool = Field(
        True, description='files lie in <path>/<specification>; else assets says where'
    )
    path: str | None = Field(None, description='folder that holds a folder for each file specification')
    is_recursive: bool = Field(True, description='look into subfolders too')
    assets: dict[str, AssetConfig] | None = Field(
        None,
        description='specification -> {path, is_recursive}, without a single path',
        json_schema_extra=_HIDDEN,
    )
    storage: int | None = Field(
        None, description='storage that paths are relative to; by default this machine'
    )
    data_collection: int | str = Field(description='data collection: its id or name')
    create_collection: bool = Field(False, description='make the collection if there is none of that name')
    project: int | None = Field(None, description='project that gets a task for each unit')
    excel_metadata_path: str | None = Field(None, description='CSV or Excel file with metadata of the files')
    max_file_size_mb: int = Field(50, ge=1, description='largest file that is taken')
    creating_data_unit_batch_size: int = Field(200, ge=1, le=1000, description='units made in one request')
    creating_data_unit_max_workers: int = Field(
        1, ge=1, description='not used here', json_schema_extra=_HIDDEN
    )
    upload_max_workers: int = Field(10, ge=1, le=64, description='files uploaded at once')
    upload_batch_size: int = Field(200, ge=1, le=1000, description='checksums asked about in one request')
    upload_ray_workers: int = Field(1, ge=1, description='not used here', json_schema_extra=_HIDDEN)
    upload_max_retries: int = Field(2, ge=0, description='tries more after the connection broke')
    use_async_upload: bool = Field(True, description='not used here', json_schema_extra=_HIDDEN)
    group_name: str | None = Field(None, description='group that every unit joins')
    extra_params: dict[str, Any] | None = Field(
        None, description='for steps of your own', json_schema_extra=_HIDDEN
    )
    on_loss: Literal['error', 'warn'] = Field('error', description='what a file that is lost does to the run')
    on_existing: Literal['skip', 'add'] = Field('skip', description='units that the collection has already')
    on_duplicate: Literal['warn', 'error', 'drop'] = Field('warn', description='units of the same content')

    @field_validator('name')
    @classmethod
    def _check_name(cls, name: str) -> str:
        if not name.strip():
            raise ValueError('a name is not blank')
        return name

    @model_validator(mode='after')
    def _check_places(self) -> Self:
        """Refuse what leaves open where the files are, and folders that are not there."""
        if self.use_single_path and not self.path:
            raise ValueError('path: it is required with use_single_path; add  -p path=FOLDER')
        if not self.use_single_path and not self.assets:
            raise ValueError(
                'assets: without a single path they are required, e.g. {"image_1": {"path": "FOLDER"}}'
            )
        if self.storage is None:
            for place in self.places():
                if not Path(place).expanduser().is_dir():
                    raise ValueError(f'{place} is not a folder')
        return self

    @model_validator(mode='after')
    def _check_collection(self, info: ValidationInfo) -> Self:
        """Ask for the collection as soon as there is a backend: before anything is read or sent."""
        client = (info.context or {}).get('client')
        if client is not None and hasattr(client, 'get_data_collection') and not self.create_collection:
            find_collection(client, self.data_collection)
        return self

    def places(self) -> list[str]:
        """Return the folders that files are looked for in."""
        if self.use_single_path:
            return [str(self.path)]
        return [asset.path for asset in (self.assets or {}).values()]
