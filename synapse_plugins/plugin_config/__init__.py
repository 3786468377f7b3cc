"""A plugin's config.yaml: what the platform reads of it, checked against the code and brought in line with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .formkit import Form, form_of
    from .syncing import ConfigReport, check, sync

__all__ = ['ConfigReport', 'Form', 'check', 'form_of', 'sync']

_HOMES = {
    'ConfigReport': 'syncing',
    'Form': 'formkit',
    'check': 'syncing',
    'form_of': 'formkit',
    'sync': 'syncing',
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from importlib import import_module

    return getattr(import_module(f'{__name__}.{_HOMES[name]}'), name)


def __dir__() -> list[str]:
    return sorted(__all__)
