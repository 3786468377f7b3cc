"""What callers give, in the one form that the engine takes: lists that are lists, functions by reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..errors import DatasetError, PackError
from ..providers import resolve
from .options import several

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .sample import Sample

__all__ = ['check_pairs', 'listed', 'transform_names']


def listed(name: str, given: Any, example: str) -> list[str] | None:
    """Return a list of texts, or None for None.

    Raises:
        DatasetError: If it is none; the message shows how to write it.
    """
    if given is None:
        return None
    several(name, given, f'[{given!r}]' if isinstance(given, str) else example)
    items = list(given) if isinstance(given, Iterable) else [given]
    for one in items:
        if not isinstance(one, str):
            raise DatasetError(f'{name}={given!r}: {one!r} is no text; write it as {name}={example}.')
    return items


def check_pairs(name: str, given: Any, example: str) -> None:
    """Refuse what pairs no names with anything.

    Raises:
        DatasetError: If it is so; the message shows how to write it.
    """
    if given is not None and not isinstance(given, Mapping):
        raise DatasetError(f'{name}={given!r} pairs nothing; write it as {name}={example}.')


def transform_names(given: Sequence[str | Callable[[Sample], Sample | None]]) -> tuple[str, ...]:
    """Return what transforms are called: texts as they are, functions by reference.

    Raises:
        DatasetError: If it is one text or function, not a list, or a function cannot be imported by other processes.
    """
    if callable(given):
        raise DatasetError(
            f'transforms={_shown(given)} is one function where a list belongs; write [{_shown(given)}].'
        )
    several('transforms', given, f'[{given!r}]')
    return tuple(one if isinstance(one, str) else _reference(one) for one in given or ())


def _reference(function: object) -> str:
    """Return ``module:function``, by which any process finds a function."""
    module, name = getattr(function, '__module__', None), getattr(function, '__qualname__', '')
    reference = f'{module}:{name}'
    found = None
    if callable(function) and module and module != '__main__' and name and '<' not in name:
        with suppress(PackError):
            found = resolve(reference)
    if found is not None and found is not function:
        raise DatasetError(
            f'transforms: {_shown(function)} is not what {reference} is now, which other processes would take: its '
            f'module was loaded again, or put something else in its place. Import it anew, or write {reference!r}.'
        )
    if found is None:
        raise DatasetError(
            f'transforms: {_shown(function)} cannot be imported by other processes. It has to be a function at the '
            'top of a module that can be imported, no lambda, none within another function, and none of the script or '
            "notebook itself (__main__). Put it into a file such as my_changes.py and write 'my_changes:function'."
        )
    return reference


def _shown(one: object) -> str:
    return getattr(one, '__qualname__', None) or repr(one)
