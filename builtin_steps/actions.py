"""The actions of the built-in pack."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from synapse_plugins.actions.base import BaseAction
from synapse_plugins.actions.export import DefaultExportAction, ExportContext, ExportParams
from synapse_plugins.actions.train import BaseTrainAction, BaseTrainParams, TrainContext
from synapse_plugins.actions.upload import DefaultUploadAction, UploadParams
from synapse_plugins.errors import MissingExtraError

from .convert import ConvertDatasetStep
from .export import ExportDatasetStep
from .pack import ULTRALYTICS_LINE
from .step_params import ExportParams as DatasetExportParams
from .val_yolo import ValYoloStep, options_of_model
from .yolo_params import YoloValParams

if TYPE_CHECKING:
    from synapse_plugins.steps import StepRegistry

__all__ = [
    'ExportDatasetAction',
    'ExportDatasetParams',
    'TrainAction',
    'UploadFilesAction',
    'YoloValAction',
    'YoloValActionParams',
]


class TrainAction(BaseTrainAction[BaseTrainParams]):
    """Trains on a dataset with any trainer that a pack provides."""

    action_name = 'train'


class ExportDatasetParams(ExportParams):
    """Parameters of `ExportDatasetAction`, beside those of every export.

    Attributes:
        dataset: Id of the dataset version.
        output: The folder to make; it must be new or empty.
        format: Dataset format to write.
    """

    dataset: int = Field(description='dataset to export: id of a version, name, name@version, or folder')
    output: str = Field(description='folder to make; it must be new or empty')
    format: str | None = Field('dm_v2', description='dataset format to write')

    @field_validator('output')
    @classmethod
    def _check_output(cls, output: str) -> str:
        """Refuse a place that is taken."""
        place = Path(output).expanduser()
        if place.exists() and not (place.is_dir() and not any(place.iterdir())):
            raise ValueError(f'{place} is there already; name a folder that is new or empty')
        return output


class ExportDatasetAction(DefaultExportAction[ExportDatasetParams]):
    """Exports a dataset version in any format that can be written."""

    action_name = 'export.dataset'

    def create_context(self) -> ExportContext:
        """Make what the steps share; the dataset becomes a filter."""
        context = super().create_context()
        wanted = {**self.params.filter, 'ground_truth_dataset_versions': self.params.dataset}
        context.params.update(target='ground_truth', filter=wanted)
        return context


class UploadFilesAction(DefaultUploadAction[UploadParams]):
    """Uploads the files of folders into a data collection."""

    action_name = 'upload.files'


class YoloValActionParams(YoloValParams, DatasetExportParams):
    """Parameters of `YoloValAction`, beside those of ultralytics' validation.

    Attributes:
        dataset: Id of the dataset version to evaluate on.
        checkpoint: Id of the registered model.
        splits: Split name -> filters, to evaluate on a part of the dataset; None: all of it.
    """

    dataset: int = Field(description='dataset to evaluate on: id of a version, name, name@version, or folder')
    checkpoint: int = Field(description='registered model: id or name')
    splits: dict[str, Any] | None = Field(
        None, description='split -> filters, to evaluate on a part; by default all'
    )


class YoloValAction(BaseAction[YoloValActionParams]):
    """Evaluates a registered YOLO model on a dataset and keeps the figures with the model."""

    action_name = 'yolo.val'
    category = 'neural_net'

    def setup_steps(self, registry: StepRegistry[Any]) -> None:
        """Export the dataset, convert it with the model's own classes and task, evaluate."""
        if find_spec('ultralytics') is None:
            raise MissingExtraError(
                f'yolo.val needs ultralytics, which is not installed. Type: {ULTRALYTICS_LINE}'
            )
        options = options_of_model(self.client.get_model(self.params.checkpoint))
        if self.params.task is not None:
            options['task'] = self.params.task
        registry.register(ExportDatasetStep())
        registry.register(ConvertDatasetStep('yolo', **options))
        registry.register(ValYoloStep())

    def create_context(self) -> TrainContext:
        """Make what the steps share."""
        return TrainContext(self.ctx, params=self.params.model_dump(), typed_params=self.params)

    def result_of(self, context: Any) -> dict[str, Any]:
        """Return the model that was evaluated and its figures."""
        return {'model_id': self.params.checkpoint, 'metrics': dict(context.metrics)}
