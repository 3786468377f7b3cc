"""Actions: what a user runs. The names are loaded when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import ActionContext, BaseAction
    from .export import BaseExportAction, BaseExporter, DefaultExportAction, ExportContext, ExportParams
    from .train import BaseTrainAction, BaseTrainParams, TrainContext, TrainResult
    from .upload import AssetConfig, BaseUploadAction, DefaultUploadAction, UploadContext, UploadParams

__all__ = [
    'ActionContext',
    'AssetConfig',
    'BaseAction',
    'BaseExportAction',
    'BaseExporter',
    'BaseTrainAction',
    'BaseTrainParams',
    'BaseUploadAction',
    'DefaultExportAction',
    'DefaultUploadAction',
    'ExportContext',
    'ExportParams',
    'TrainContext',
    'TrainResult',
    'UploadContext',
    'UploadParams',
]

_HOMES = {
    'ActionContext': 'base',
    'AssetConfig': 'upload',
    'BaseAction': 'base',
    'BaseExportAction': 'export',
    'BaseExporter': 'export',
    'BaseTrainAction': 'train',
    'BaseTrainParams': 'train',
    'BaseUploadAction': 'upload',
    'DefaultExportAction': 'export',
    'DefaultUploadAction': 'upload',
    'ExportContext': 'export',
    'ExportParams': 'export',
    'TrainContext': 'train',
    'TrainResult': 'train',
    'UploadContext': 'upload',
    'UploadParams': 'upload',
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from importlib import import_module

    return getattr(import_module(f'{__name__}.{_HOMES[name]}'), name)


def __dir__() -> list[str]:
    return sorted(__all__)
