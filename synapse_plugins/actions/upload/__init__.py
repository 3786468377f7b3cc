"""Upload actions: files into the backend as data units. The names are loaded when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...context.message_codes import UploadLogMessageCode
    from .action import BaseUploadAction, DefaultUploadAction, UploadResult
    from .context import UploadContext
    from .params import AssetConfig, UploadParams

__all__ = [
    'AssetConfig',
    'BaseUploadAction',
    'DefaultUploadAction',
    'UploadContext',
    'UploadLogMessageCode',
    'UploadParams',
    'UploadResult',
]

_HOMES = {
    'AssetConfig': '.params',
    'BaseUploadAction': '.action',
    'DefaultUploadAction': '.action',
    'UploadContext': '.context',
    'UploadLogMessageCode': '...context.message_codes',
    'UploadParams': '.params',
    'UploadResult': '.action',
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from importlib import import_module

    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
