"""The default steps of an upload, each usable alone. The names are loaded when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .analyze import AnalyzeCollectionStep
    from .cleanup import CleanupStep
    from .initialize import InitializeStep
    from .metadata import ProcessMetadataStep
    from .organize import OrganizeFilesStep
    from .send import UploadFilesStep
    from .units import GenerateDataUnitsStep
    from .validate import ValidateFilesStep

__all__ = [
    'AnalyzeCollectionStep',
    'CleanupStep',
    'GenerateDataUnitsStep',
    'InitializeStep',
    'OrganizeFilesStep',
    'ProcessMetadataStep',
    'UploadFilesStep',
    'ValidateFilesStep',
    'default_steps',
]

_HOMES = {
    'InitializeStep': '.initialize',
    'ProcessMetadataStep': '.metadata',
    'AnalyzeCollectionStep': '.analyze',
    'OrganizeFilesStep': '.organize',
    'ValidateFilesStep': '.validate',
    'UploadFilesStep': '.send',
    'GenerateDataUnitsStep': '.units',
    'CleanupStep': '.cleanup',
}


def default_steps() -> list[Any]:
    """Return one of each, in their order."""
    return [_load(name)() for name in _HOMES]


def _load(name: str) -> Any:
    from importlib import import_module

    return getattr(import_module(_HOMES[name], __name__), name)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return _load(name)


def __dir__() -> list[str]:
    return sorted(__all__)
