"""Turns any value into what a database can hold, and never fails: no record is lost for a strange value in it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import PurePath
from typing import Any

__all__ = ['dump', 'plain', 'text']

_DEPTH = 40
_REPR = 500
_ARRAY = 10_000


def dump(value: Any) -> str:
    """Return any value as JSON, in ASCII."""
    return json.dumps(plain(value), allow_nan=False, separators=(',', ':'))


def text(value: Any) -> str:
    """Return a value as text that every database takes: half of a surrogate pair becomes an escape."""
    try:
        return str(value).encode('utf-8', 'backslashreplace').decode('utf-8')
    except Exception as exc:  # noqa: BLE001 - a stranger's __str__
        return f'<{type(value).__name__} without text: {type(exc).__name__}>'


def plain(value: Any) -> Any:
    """Return *value* as dictionaries with text keys, lists, texts, numbers, booleans and None.

    Paths and times become text, numbers of numpy become numbers; ``NaN`` and the infinities become text of that
    name. What cannot be turned becomes ``{'__repr__': ..., '__type__': ...}``.
    """
    return _plain(value, 0)


def _plain(value: Any, depth: int) -> Any:
    if value is None or type(value) in {bool, int, str}:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else _NOT_FINITE[str(value)]
    if depth > _DEPTH:
        return _marker(value)
    try:
        return _convert(value, depth)
    except Exception:  # noqa: BLE001 - whatever a stranger's object does, the record is written
        return _marker(value)


_NOT_FINITE = {'nan': 'NaN', 'inf': 'Infinity', '-inf': '-Infinity'}


def _convert(value: Any, depth: int) -> Any:
    deeper = depth + 1
    if isinstance(value, Enum):
        return _plain(value.value, deeper)
    if isinstance(value, (bool, int, float, str)):  # a subclass, such as numpy.float64
        kind = next(base for base in (bool, int, float, str) if isinstance(value, base))
        return _plain(kind(value), deeper)
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {text(_key(key)): _plain(item, deeper) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, deeper) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(
            (_plain(item, deeper) for item in value), key=lambda item: (type(item).__name__, str(item))
        )
    if isinstance(value, BaseException):
        return f'{type(value).__name__}: {value}'
    return _convert_object(value, deeper)


def _convert_object(value: Any, depth: int) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name), depth) for field in fields(value)}
    if hasattr(type(value), 'model_dump'):  # pydantic
        return _plain(value.model_dump(), depth)
    if hasattr(type(value), 'tolist') and getattr(value, 'size', _ARRAY + 1) <= _ARRAY:  # numpy
        return _plain(value.tolist(), depth)
    if hasattr(type(value), 'item') and hasattr(type(value), 'numel') and value.numel() == 1:  # torch
        return _plain(value.item(), depth)
    return _marker(value)


def _key(key: Any) -> Any:
    return key.value if isinstance(key, Enum) else key


def _marker(value: Any) -> dict[str, str]:
    try:
        shown = repr(value)
    except Exception as exc:  # noqa: BLE001 - a stranger's __repr__
        shown = f'<no representation: {type(exc).__name__}>'
    kind = type(value)
    return {'__repr__': text(shown)[:_REPR], '__type__': f'{kind.__module__}.{kind.__qualname__}'}
