"""What kind of data an action takes and makes: `input_type` and `output_type` name one of these classes.

The platform knows them by their `name`; `synapse-plugins config sync` writes it into config.yaml. Two types fit
when they are the same, or one is a kind of the other. Subclass one for a kind of your own.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    'COCODataset',
    'DMDataset',
    'DMv1Dataset',
    'DMv2Dataset',
    'DataType',
    'Dataset',
    'InferenceResults',
    'Model',
    'ModelWeights',
    'ONNXModel',
    'PascalVOCDataset',
    'Result',
    'TensorRTModel',
    'TestResults',
    'YOLODataset',
]


class DataType:
    """A kind of data.

    Attributes:
        name: What the platform calls it.
        format: The format it is stored in, where there is one.
        description: One line for people.
    """

    name: ClassVar[str] = 'data'
    format: ClassVar[str | None] = None
    description: ClassVar[str] = ''

    @classmethod
    def is_compatible_with(cls, other: type) -> bool:
        """Tell whether what makes one of the two can feed what takes the other."""
        return issubclass(cls, other) or issubclass(other, cls)


class Dataset(DataType):
    """A dataset in any format."""

    name = 'dataset'
    description = 'a dataset in any format'


class DMDataset(Dataset):
    """A dataset in one of the platform's own formats."""

    name = 'dm_dataset'
    format = 'dm'
    description = "a dataset in one of the platform's own formats"


class DMv1Dataset(DMDataset):
    """A dataset in the platform's first format."""

    name = 'dm_v1_dataset'
    format = 'dm_v1'
    description = "a dataset in the platform's first format"


class DMv2Dataset(DMDataset):
    """A dataset in the platform's format."""

    name = 'dm_v2_dataset'
    format = 'dm_v2'
    description = "a dataset in the platform's format"


class YOLODataset(Dataset):
    """A YOLO dataset with its ``dataset.yaml``."""

    name = 'yolo_dataset'
    format = 'yolo'
    description = 'a YOLO dataset with its dataset.yaml'


class COCODataset(Dataset):
    """A COCO dataset."""

    name = 'coco_dataset'
    format = 'coco'
    description = 'a COCO dataset'


class PascalVOCDataset(Dataset):
    """A Pascal VOC dataset."""

    name = 'pascal_voc_dataset'
    format = 'pascal'
    description = 'a Pascal VOC dataset'


class Model(DataType):
    """A model in any form."""

    name = 'model'
    description = 'a model in any form'


class ModelWeights(Model):
    """The weights of a trained model."""

    name = 'model_weights'
    format = 'weights'
    description = 'the weights of a trained model'


class ONNXModel(Model):
    """A model in ONNX form."""

    name = 'onnx_model'
    format = 'onnx'
    description = 'a model in ONNX form'


class TensorRTModel(Model):
    """A model in TensorRT form."""

    name = 'tensorrt_model'
    format = 'tensorrt'
    description = 'a model in TensorRT form'


class Result(DataType):
    """What an action found out."""

    name = 'result'
    description = 'what an action found out'


class TestResults(Result):
    """Metrics of a test."""

    __test__ = False  # pytest takes it for a test class otherwise

    name = 'test_results'
    format = 'metrics'
    description = 'metrics of a test'


class InferenceResults(Result):
    """Predictions."""

    name = 'inference_results'
    format = 'predictions'
    description = 'predictions'
