"""The way over from the vendor's SDK: `migrate` rewrites a plugin's code so that it runs here.

Needs the extra ``migrate``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .project import migrate
    from .records import FileChange, Migration, Note

__all__ = ['FileChange', 'Migration', 'Note', 'migrate']

_HOMES = {'FileChange': 'records', 'Migration': 'records', 'Note': 'records', 'migrate': 'project'}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from importlib import import_module

    return getattr(import_module(f'{__name__}.{_HOMES[name]}'), name)


def __dir__() -> list[str]:
    return sorted(__all__)
