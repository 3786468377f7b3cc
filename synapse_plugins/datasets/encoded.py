"""What strangers' documents hold, as JSON."""

from __future__ import annotations

import json
from typing import Any

import orjson

from ..errors import DatasetError

__all__ = ['encoded']


def encoded(value: Any, where: str) -> bytes:
    """Return a value as JSON, however deeply it is nested: orjson reads more levels than it writes.

    Args:
        value: Plain data.
        where: What the error names.

    Raises:
        DatasetError: If it cannot be written.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        pass
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(',', ':')).encode()
    except (TypeError, ValueError, RecursionError) as exc:
        raise DatasetError(f'{where}: what it holds cannot be written as JSON ({exc}). Correct it.') from exc
