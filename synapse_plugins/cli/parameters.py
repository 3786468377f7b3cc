"""The parameters that an action takes, as rows for a listing."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from ..errors import ProviderError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic.fields import FieldInfo

    from ..executors.prepare import FoundAction

__all__ = ['parameter_rows']

_TAKES = {'dataset': 'id, name or folder', 'checkpoint': 'id or name'}
"""Parameters that a run finds by name, whatever their type."""

_WORDS = {
    int: 'whole number',
    float: 'number',
    str: 'text',
    bool: 'true or false',
    dict: 'object',
    Path: 'path',
    Any: 'anything',
}


def parameter_rows(found: FoundAction) -> list[dict[str, Any]]:
    """Return one row for each parameter: the action's own, then those of the provider that its name leads to."""
    fields = getattr(_params_model(found), 'model_fields', {})
    return [_row(name, field, found.defaults) for name, field in fields.items()]


def _params_model(found: FoundAction) -> Any:
    model_for = getattr(found.cls, 'params_model_for', None)
    try:
        return model_for(found.defaults) if model_for else found.cls.params_model
    except ProviderError:  # whose parameters join is known only when a provider is named
        return found.cls.params_model
    except AttributeError:  # the vendor's class, or one that only looks like an action
        return None


def _row(name: str, field: FieldInfo, set_by_name: Mapping[str, Any]) -> dict[str, Any]:
    return {
        'name': field.alias or name,
        'type': _type_name(field.annotation),
        'takes': _TAKES.get(name) or _takes(field.annotation),
        'required': field.is_required() and name not in set_by_name,
        'default': set_by_name.get(name, None if field.is_required() else _default(field)),
        'about': field.description or '',
    }


def _takes(annotation: Any) -> str:
    """Return what a person gives for a type: its names without those of Python's typing."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _takes(arguments[0])
    if origin is Literal:
        return _joined(map(str, arguments))
    if origin in {Union, UnionType}:
        return _joined(_takes(argument) for argument in arguments if argument is not NoneType)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _joined(str(member.value) for member in annotation)
    kind = origin or annotation
    if kind in {list, tuple, set, frozenset}:
        items = dict.fromkeys(_takes(argument) for argument in arguments if argument is not Ellipsis)
        return f'list of {_joined(items)}' if items else 'list'
    return _WORDS.get(kind) or _type_name(annotation)


def _joined(words: Iterable[str]) -> str:
    *first, last = words
    return f'{", ".join(first)} or {last}' if first else last


def _default(field: FieldInfo) -> Any:
    if field.default_factory is not None:
        return (
            None
            if field.default_factory_takes_validated_data
            else field.get_default(call_default_factory=True)
        )
    return field.default


def _type_name(annotation: Any) -> str:
    if isinstance(annotation, type) and not getattr(annotation, '__args__', None):
        return annotation.__name__
    return str(annotation).replace('typing.', '')
