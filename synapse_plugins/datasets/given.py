"""What callers give, in the one form that the engine takes: lists that are lists, functions by reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from ..errors import DatasetError, PackError
from ..providers import resolve
from .options import several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .sample import Sample

__all__ = ['Change', 'OwnFunction', 'check_pairs', 'listed', 'transform_names']


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


class OwnFunction(NamedTuple):
    """A function that this process alone has, so that it does all the work itself and nothing is remembered of it.

    Attributes:
        name: What it is called in messages and reports.
        function: The function.
        edited: The module that was edited since it was imported, if that is why.
        hidden: Why other processes do not find its module, and what to do, as a sentence, if that is why.
    """

    name: str
    function: Callable[[Sample], Sample | None]
    edited: str | None = None
    hidden: str | None = None


Change: TypeAlias = 'str | OwnFunction'
"""A function that changes samples: a reference, by which any process finds it, or one that this process alone has."""


def transform_names(
    given: Sequence[str | Callable[[Sample], Sample | None] | OwnFunction],
) -> tuple[Change, ...]:
    """Return what transforms are called: texts as they are, functions by reference where other processes find them.

    Raises:
        DatasetError: If it is one text or function, not a list, or something in it is neither.
    """
    if callable(given):
        raise DatasetError(
            f'transforms={_shown(given)} is one function where a list belongs; write [{_shown(given)}].'
        )
    several('transforms', given, f'[{given!r}]')
    return tuple(one if isinstance(one, str | OwnFunction) else _reference(one) for one in given or ())


def _reference(function: Any) -> Change:
    """Return ``module:function``, by which any process finds a function; itself where none would."""
    if not callable(function):
        raise DatasetError(
            f'transforms: {function!r} is no function of a sample, nor a name or a reference of one, as '
            "'my_changes:function'."
        )
    module = getattr(function, '__module__', None) or '__main__'
    name = getattr(function, '__qualname__', None) or type(function).__qualname__
    reference = f'{module}:{name}'
    found = None
    if module != '__main__' and '<' not in name:
        with suppress(PackError):
            found = resolve(reference)
    return reference if found is function else OwnFunction(reference, function)


def _shown(one: object) -> str:
    return getattr(one, '__qualname__', None) or repr(one)
