"""The default steps of an export, each usable alone. The names are loaded when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .convert import ConvertDataStep
    from .fetch import FetchResultsStep
    from .finalize import FinalizeStep
    from .initialize import InitializeStep
    from .prepare import PrepareExportStep
    from .save import SaveFilesStep

__all__ = [
    'ConvertDataStep',
    'FetchResultsStep',
    'FinalizeStep',
    'InitializeStep',
    'PrepareExportStep',
    'SaveFilesStep',
    'default_steps',
]

_HOMES = {
    'InitializeStep': '.initialize',
    'FetchResultsStep': '.fetch',
    'PrepareExportStep': '.prepare',
    'ConvertDataStep': '.convert',
    'SaveFilesStep': '.save',
    'FinalizeStep': '.finalize',
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
