"""The older import path of `synapse_plugins.steps`; new code imports from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import steps

__all__ = ['steps']


def __getattr__(name: str) -> Any:
    if name == 'steps':
        from importlib import import_module

        return import_module('.steps', __name__)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
