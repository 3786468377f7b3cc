"""The parameters of an export."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ...backends.names import safe_file_name

__all__ = ['ExportParams']


class ExportParams(BaseModel):
    """What `DefaultExportAction` takes.

    Attributes:
        name: Name of the export, and of its folder.
        description: What is said of it.
        storage: Id of the storage that `path` is relative to; None: it is of this machine.
        save_original_file: Whether the files are written beside their annotations.
        path: The folder in which the export's own is made.
        target: What is exported: ``ground_truth``, ``assignment`` or ``task``.
        project: Id of the project whose tasks or assignments are exported, and whose configuration the exporter gets.
        filter: Which items, e.g. ``{'ground_truth_dataset_versions': 3, 'category': 'train'}``.
        extra_params: Further parameters, for an exporter of your own.
        disable_async_delegate: Not used: an export is made here, not by the server.
        async_job_size_threshold: Not used.
        format: Dataset format to write, such as ``yolo``; None: as the exporter does, by default a document an item.
        on_missing: ``error``: an item that cannot be exported fails the run, and nothing stays; ``warn``: it is
            left out, and stands in the summary with its reason.
        on_loss: What a conversion to `format` does that loses something.
    """

    model_config = ConfigDict(protected_namespaces=())

    name: str = Field('export', description='name of the export, and of its folder')
    description: str | None = Field(None, description='what is said of it')
    storage: int | None = Field(
        None, description='storage that the path is relative to; by default this machine'
    )
    save_original_file: bool = Field(True, description='write the files beside their annotations')
    path: str = Field('.', description='folder in which the folder of the export is made')
    target: Literal['assignment', 'ground_truth', 'task'] = Field(
        'ground_truth', description='what is exported'
    )
    project: int | None = Field(None, description='project whose tasks or assignments are exported')
    filter: dict[str, Any] = Field(
        default_factory=dict, description='which items, as the backend filters them'
    )
    extra_params: dict[str, Any] | None = Field(None, description='for an exporter of your own')
    disable_async_delegate: bool | None = Field(None, description='not used here')
    async_job_size_threshold: int | None = Field(None, description='not used here')
    format: str | None = Field(None, description='dataset format to write, such as yolo or coco')
    on_missing: Literal['error', 'warn'] = Field('error', description='what a missing item does to the run')
    on_loss: Literal['warn', 'error', 'ignore'] = Field(
        'warn', description='a conversion that loses something'
    )

    @field_validator('name')
    @classmethod
    def _check_name(cls, name: str) -> str:
        if not name.strip():
            raise ValueError('a name is not blank')
        if safe_file_name(name, '') != name.strip():
            raise ValueError(
                'it becomes the name of a folder, so it has no slashes and no characters like : or *'
            )
        return name.strip()

    @model_validator(mode='after')
    def _check_format(self) -> Self:
        """Refuse a format that cannot be written before anything is fetched."""
        if self.format is not None:
            from ...datasets import formats

            if formats.get(self.format).writer is None:
                raise ValueError(f'format: {self.format!r} can be read but not written')
        return self
