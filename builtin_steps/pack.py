"""The hook implementations of the built-in pack: records and references, nothing else is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_plugins import hookimpl
from synapse_plugins.providers import ActionProvider, StepProvider

if TYPE_CHECKING:
    from collections.abc import Callable

ULTRALYTICS_LINE = "pip install 'synapse-plugins[yolo]'"


@hookimpl
def synapse_register_steps(register: Callable[[StepProvider], None]) -> None:
    """Offer the steps that an auto-wired train action is made of."""
    register(
        StepProvider(
            name='default',
            role='dataset.export',
            step='builtin_steps.export:ExportDatasetStep',
            params='builtin_steps.step_params:ExportParams',
            summary='Fetches a dataset version from the backend as a dm_v2 folder.',
        )
    )
    register(
        StepProvider(
            name='default',
            role='dataset.convert',
            step='builtin_steps.convert:ConvertDatasetStep',
            summary='Converts the dataset to any format that can be written.',
        )
    )
    register(
        StepProvider(
            name='yolo',
            role='train',
            step='builtin_steps.train_yolo:TrainYoloStep',
            formats=('yolo',),
            tasks=('detect', 'segment', 'pose', 'obb', 'classify'),
            params='builtin_steps.yolo_params:YoloParams',
            requires={'ultralytics': ULTRALYTICS_LINE},
            prepare='builtin_steps.yolo_params:prepare',
            summary='Trains an ultralytics model in a process of its own.',
        )
    )
    register(
        StepProvider(
            name='default',
            role='model.upload',
            step='builtin_steps.upload_model:UploadModelStep',
            params='builtin_steps.step_params:UploadParams',
            summary='Registers the model with the backend, with classes, metrics and parameters.',
        )
    )


@hookimpl
def synapse_register_actions(register: Callable[[ActionProvider], None]) -> None:
    """Offer the actions that work without a plugin of one's own."""
    register(
        ActionProvider(
            name='train',
            action='builtin_steps.actions:TrainAction',
            summary='Train on a dataset with any trainer that a pack provides.',
        )
    )
    register(
        ActionProvider(
            name='yolo.train',
            action='builtin_steps.actions:TrainAction',
            defaults={'trainer': 'yolo', 'target_format': 'yolo'},
            summary='Train an ultralytics YOLO model on a dataset and register it.',
        )
    )
    register(
        ActionProvider(
            name='yolo.val',
            action='builtin_steps.actions:YoloValAction',
            summary='Evaluate a registered YOLO model on a dataset.',
        )
    )
    register(
        ActionProvider(
            name='export.dataset',
            action='builtin_steps.actions:ExportDatasetAction',
            summary='Export a dataset in any format, with a summary of every item.',
        )
    )
    register(
        ActionProvider(
            name='upload.files',
            action='builtin_steps.actions:UploadFilesAction',
            summary='Upload the files of folders into a data collection, as data units.',
        )
    )
