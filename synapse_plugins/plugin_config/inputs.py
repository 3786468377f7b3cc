"""Which input of a form holds a value of some type."""

from __future__ import annotations

import datetime as dt
import decimal
import pathlib
import types
import uuid
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AnyUrl, SecretStr

__all__ = ['Input', 'input_for']

_PLAIN: tuple[tuple[type, str], ...] = (
    (bool, 'checkbox'),
    (int, 'number'),
    (float, 'number'),
    (decimal.Decimal, 'number'),
    (str, 'text'),
    (pathlib.PurePath, 'text'),
    (uuid.UUID, 'text'),
    (dt.datetime, 'datetime-local'),
    (dt.date, 'date'),
    (dt.time, 'time'),
    (SecretStr, 'password'),
    (AnyUrl, 'url'),
)
_MANY = (list, tuple, set, frozenset)


@dataclass(frozen=True)
class Input:
    """An input of a form.

    Attributes:
        kind: FormKit's word for it; empty if no input can hold such a value.
        choices: The values to choose from.
        labels: What they are called, where that is not the value itself.
        optional: Whether the value may be left out.
        whole: Whether it is a whole number.
        bounds: The bounds that the annotation itself holds, as its metadata.
    """

    kind: str
    choices: tuple[Any, ...] = ()
    labels: tuple[str, ...] = ()
    optional: bool = False
    whole: bool = False
    bounds: tuple[Any, ...] = ()

    def options(self) -> list[Any]:
        """Return the choices as FormKit takes them: texts as they are, everything else with a label."""
        if all(isinstance(choice, str) for choice in self.choices):
            return list(self.choices)
        labels = self.labels or tuple(map(str, self.choices))
        return [{'label': label, 'value': choice} for label, choice in zip(labels, self.choices, strict=True)]


def input_for(annotation: Any) -> Input:
    """Return the input for values of a type; one without a kind where there is none."""
    bounds: list[Any] = []
    optional = False
    while True:
        if hasattr(annotation, '__value__'):  # type Name = ...
            annotation = annotation.__value__
        elif get_origin(annotation) is Annotated:
            annotation, *metadata = get_args(annotation)
            bounds.extend(_flat(metadata))
        elif get_origin(annotation) in {Union, types.UnionType}:
            members = [member for member in get_args(annotation) if member is not types.NoneType]
            optional = optional or len(members) < len(get_args(annotation))
            if len(members) != 1:
                return _of_union(members, optional)
            (annotation,) = members
        else:
            found = _of_type(annotation)
            return Input(
                found.kind, found.choices, found.labels, optional, found.whole, (*bounds, *found.bounds)
            )


def _flat(metadata: list[Any]) -> list[Any]:
    """Return metadata with that of a ``Field(...)`` among it taken out."""
    return [part for item in metadata for part in (getattr(item, 'metadata', None) or [item])]


def _of_union(members: list[Any], optional: bool) -> Input:
    """Return the input that holds most of the members: a text, where texts are among them."""
    inputs = [input_for(member) for member in members]
    if all(found.choices and found.kind == 'select' for found in inputs):
        choices = tuple(choice for found in inputs for choice in found.choices)
        return Input('select', choices, optional=optional)
    numbers = [found for found in inputs if found.kind == 'number']
    if len(numbers) == len(inputs) and inputs:
        return Input('number', optional=optional, whole=all(found.whole for found in numbers))
    kinds = [found.kind for found in inputs if found.kind]
    kind = 'text' if 'text' in kinds or (kinds and kinds[0] == 'select') else (kinds or [''])[0]
    return Input(kind, optional=optional)


def _of_type(annotation: Any) -> Input:
    origin = get_origin(annotation)
    if origin is Literal:
        values = [value.value if isinstance(value, Enum) else value for value in get_args(annotation)]
        choices = tuple(value for value in values if value is not None)
        return Input('select', choices, optional=None in values)
    if origin in _MANY:
        inner = input_for(next(iter(get_args(annotation)), Any))
        return Input('checkbox', inner.choices, inner.labels) if inner.choices else Input('')
    if not isinstance(annotation, type):
        return Input('')
    if issubclass(annotation, Enum):
        members = list(annotation)
        labels = tuple(member.name.replace('_', ' ').title() for member in members)
        return Input('select', tuple(member.value for member in members), labels)
    for known, kind in _PLAIN:
        if issubclass(annotation, known):
            return Input(kind, whole=issubclass(annotation, int))
    return Input('')
