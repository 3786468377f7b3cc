"""The fields of what a client sends: of the kind that they should be, or refused by name before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ParamsError
from ..store.plain import plain, text

__all__ = ['object_field', 'text_field']


def object_field(data: Mapping[str, Any], field: str, what: str) -> Mapping[str, Any]:
    """Return a field that is an object of names and values; empty if it is not given, or None.

    Args:
        data: What was sent.
        field: The field.
        what: Whose field it is, for a message: ``a job``.

    Raises:
        ParamsError: If it is something else, a list or a text, and empty ones too.
    """
    value = data.get(field)
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return value
    made = plain(value)  # what Python callers give may be stored as an object, a pydantic model for one
    if not isinstance(made, dict):
        raise ParamsError(
            f'The {field} of {what} should be an object of names and values, not {_shown(value)}.'
        )
    return made


def text_field(
    data: Mapping[str, Any], field: str, what: str, default: str = '', *, or_number: bool = False
) -> str:
    """Return a field that is a text, as a database takes it; *default* if it is not given, or None.

    Args:
        data: What was sent.
        field: The field.
        what: Whose field it is, for a message: ``a job``.
        default: What stands for none.
        or_number: Take a number, too, and make it a text: versions are written as such.

    Raises:
        ParamsError: If it is something else.
    """
    value = data.get(field)
    if value is None:
        return default
    is_number = or_number and isinstance(value, (int, float)) and not isinstance(value, bool)
    if not isinstance(value, str) and not is_number:
        raise ParamsError(f'The {field} of {what} should be a text, not {_shown(value)}.')
    return text(value)


def _shown(value: Any) -> str:
    shown = text(value)
    return (
        f'{shown[:80]}... ({type(value).__name__})'
        if len(shown) > 80
        else f'{shown} ({type(value).__name__})'
    )
