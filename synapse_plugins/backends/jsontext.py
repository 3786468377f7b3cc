"""JSON of other machines, read and written fast where nothing is lost by it, and else as the standard library does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ['json_bytes', 'json_value']

# The fast reader makes a whole number that has no room in 64 bits one with a point. Such a number has 19 digits or
# more, behind one of these.
_BEFORE_NUMBERS = b' \t\r\n:,[-'
_BLURRED = bytes.maketrans(_BEFORE_NUMBERS + b'0123456789', b':' * len(_BEFORE_NUMBERS) + b'0' * 10)
_LONG = b':' + b'0' * 19

_SLOW = json.JSONEncoder(ensure_ascii=False, separators=(',', ':'))
_ASCII = json.JSONEncoder(separators=(',', ':'))


def json_value(text: bytes, slow: Callable[[], Any] | None = None) -> Any:
    """Return what a JSON text holds; numbers of any length, NaN and lone surrogates are as they stand.

    Args:
        text: The text.
        slow: Reads it where the fast reader cannot; None: the standard library, as UTF-8, 16 or 32.

    Raises:
        ValueError: If it is none.
    """
    blurred = text.translate(_BLURRED)
    if _LONG not in blurred and not blurred.startswith(_LONG[1:]):
        try:
            return orjson.loads(text)
        except ValueError:
            pass
    return json.loads(text) if slow is None else slow()


def json_bytes(value: Any) -> bytes:
    """Return a value as compact JSON in UTF-8; what `json_value` returned stays what it was.

    Raises:
        TypeError: For what JSON cannot hold.
    """
    try:
        text = orjson.dumps(value)
    except TypeError:
        pass
    else:
        if b'null' not in text:  # which it also writes for NaN
            return text
    try:
        return _SLOW.encode(value).encode('utf-8')
    except UnicodeEncodeError:  # half of a character: it can only stand there escaped
        return _ASCII.encode(value).encode('ascii')
