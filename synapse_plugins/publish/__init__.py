"""Publishing a plugin: the archive that the platform expects, and what is sent with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ignore import Chosen, choose_files
    from .release import Release, make_release

__all__ = ['Chosen', 'Release', 'choose_files', 'make_release']

_HOMES = {'Chosen': 'ignore', 'Release': 'release', 'choose_files': 'ignore', 'make_release': 'release'}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from importlib import import_module

    return getattr(import_module(f'{__name__}.{_HOMES[name]}'), name)


def __dir__() -> list[str]:
    return sorted(__all__)
