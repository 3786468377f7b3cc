"""Getting a dataset without training on it: downloading a dataset version, or converting a folder."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003 - pydantic reads the annotations
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from ..errors import ParamsError
from ..packs import get_manager
from ..providers import resolve
from ..types import Dataset
from .base import ActionContext, BaseAction
from .train import TrainContext

if TYPE_CHECKING:
    from ..steps import StepRegistry

__all__ = ['DatasetAction', 'DatasetOperation', 'DatasetParams', 'DatasetResult']

_OLDER_NAMES = {'pascal': 'pascal_voc'}
"""Formats that have another name elsewhere."""


class DatasetOperation(StrEnum):
    """What `DatasetAction` does."""

    DOWNLOAD = 'download'
    CONVERT = 'convert'


class DatasetParams(BaseModel):
    """Parameters of `DatasetAction`.

    Attributes:
        operation: ``download`` a dataset version from the backend, or ``convert`` a folder.
        dataset: Download: id of the dataset version.
        splits: Download: split name -> filters; None: all of it.
        path: Convert: the folder.
        source_format: Convert: the format of the folder.
        target_format: Convert: the format to write.
        output_dir: Folder to make. By default a download goes to the cache, and a conversion beside its source.
        is_categorized: Said by other actions; the folder itself tells whether it has splits.
        dm_version: Said by other actions; `source_format` tells it.
    """

    model_config = ConfigDict(protected_namespaces=())

    operation: DatasetOperation = DatasetOperation.DOWNLOAD
    dataset: int | None = Field(None, description='id of the dataset version')
    splits: dict[str, dict[str, Any]] | None = Field(None, description='split name -> filters')
    path: Path | None = Field(None, description='folder to convert')
    source_format: str = Field('dm_v2', description='format of the folder')
    target_format: str = Field('yolo', description='format to write')
    output_dir: Path | None = Field(None, description='folder to make')
    is_categorized: bool = Field(False, description='the folder itself tells')
    dm_version: str = Field('v2', description='source_format tells')


class DatasetResult(BaseModel):
    """The dataset that was made.

    Attributes:
        path: Its folder.
        format: Its format.
        is_categorized: Whether it has splits.
        config_path: What a trainer is pointed at, where the format has such a file.
        count: How many pictures it holds.
        source_path: The folder it was converted from.
    """

    path: Path
    format: str
    is_categorized: bool = False
    config_path: Path | None = None
    count: int | None = None
    source_path: Path | None = None

    @property
    def data_path(self) -> Path:
        """What a trainer is pointed at: the configuration file where there is one, else the folder."""
        return self.config_path or self.path


class DatasetAction(BaseAction[DatasetParams]):
    """Downloads a dataset version, or converts a folder.

    Run it as an action, or from an action of your own:
    ``DatasetAction(DatasetParams(dataset=1), self.ctx).execute()``.
    """

    category: ClassVar[Any] = 'neural_net'
    output_type: ClassVar[Any] = Dataset
    result_model: ClassVar[type[Any]] = DatasetResult

    def run(self) -> dict[str, Any]:
        """Do it, and return the dataset's facts as plain data."""
        return self.execute().model_dump(mode='json')

    def execute(self) -> DatasetResult:
        """Do what `operation` says.

        Raises:
            ParamsError: If the parameter that the operation needs is missing.
        """
        if self.params.operation is DatasetOperation.CONVERT:
            return self.convert()
        return self.download()

    def setup_steps(self, registry: StepRegistry[Any]) -> None:
        """Register the step that the packs provide for an export; a conversion needs none."""
        if self.params.operation is DatasetOperation.CONVERT:
            return
        packs = getattr(self.ctx, 'packs', None) or get_manager()
        registry.register(resolve(packs.select('dataset.export', 'dm_v2').provider.step)())

    def create_context(self) -> ActionContext:
        """Make what the step reads and writes."""
        return TrainContext(self.ctx, params=self.params.model_dump(), typed_params=self.params)

    def download(self) -> DatasetResult:
        """Export the dataset version from the backend as a dm_v2 folder.

        Raises:
            ParamsError: If no dataset is named.
        """
        if self.params.dataset is None:
            raise ParamsError('dataset: a download needs the id of a dataset version; add  -p dataset=ID')
        context: Any = self.create_context()
        self.run_steps(self.build_registry(), context)
        return _result(context.dataset)

    def convert(self) -> DatasetResult:
        """Convert a folder to the target format.

        Raises:
            ParamsError: If no folder is named.
        """
        from ..datasets import convert

        if self.params.path is None:
            raise ParamsError('path: a conversion needs the folder to convert; add  -p path=FOLDER')
        source, to = self.params.path, self.params.target_format
        made = convert(
            source,
            self.params.output_dir or source.absolute().with_name(f'{source.name}_{to}'),
            to=_OLDER_NAMES.get(to, to),
            source_format=_OLDER_NAMES.get(self.params.source_format, self.params.source_format),
            overwrite=True,
            progress=lambda done, total: self.set_progress(done, total, 'convert'),
            cancelled=lambda: bool(getattr(self.ctx, 'cancelled', False)),
        )
        return DatasetResult(
            path=made.path,
            format=made.format,
            is_categorized=made.is_categorized,
            config_path=made.config_path,
            count=made.count,
            source_path=source,
        )


def _result(dataset: dict[str, Any]) -> DatasetResult:
    return DatasetResult.model_validate(
        {name: dataset[name] for name in DatasetResult.model_fields if name in dataset}
    )
