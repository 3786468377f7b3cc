"""What an entry of a job's log is: the shape that a backend takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import NoneType
from typing import Any

from ..errors import ParamsError, UnknownNameError

__all__ = ['LOG_FIELDS', 'check_log_entry', 'check_log_file']

LOG_FIELDS = ('job', 'event', 'data', 'datetime', 'step', 'level', 'file')
"""The fields of an entry; ``job`` and ``event`` it must have."""

_LEVELS = ('debug', 'info', 'success', 'warning', 'danger', 'error', 'critical')
_LONGEST = 200  # characters of a name
_DATA_URI = re.compile(r'data:[\w.+-]+/[\w.+-]+(?:;[\w.+-]+=[^;,]*)*(;base64)?,')


def check_log_entry(entry: Mapping[str, Any]) -> None:
    """Refuse what is no entry; its file is looked at by `check_log_file`.

    Raises:
        ParamsError: If something is missing, or of another type.
        UnknownNameError: If it has a field that entries do not have.
    """
    for key in entry:
        if key not in LOG_FIELDS:
            raise UnknownNameError('field of a log entry', key, LOG_FIELDS)
    missing = [key for key in ('job', 'event') if entry.get(key) is None]
    if missing:
        raise ParamsError(f'A log entry needs {" and ".join(missing)}.')
    for key in ('event', 'step'):
        value = entry.get(key)
        if value is not None and not (isinstance(value, str) and value and len(value) <= _LONGEST):
            raise _wrong(key, value, f'a text of 1 to {_LONGEST} characters')
    if not isinstance(entry.get('data'), (Mapping, NoneType)):
        raise _wrong('data', entry['data'], 'an object')
    if entry.get('level') not in (None, *_LEVELS):
        raise _wrong('level', entry['level'], f'one of {", ".join(_LEVELS)}')
    if not _is_time(entry.get('datetime')):
        raise _wrong('datetime', entry['datetime'], 'a moment in ISO 8601, as 2026-01-31T12:00:00Z')


def check_log_file(file: Any) -> None:
    """Refuse a file that is no picture by itself: a server opens no path of a client.

    Raises:
        ParamsError: If it is something else than a data URI.
    """
    if file is not None and not (isinstance(file, str) and _DATA_URI.match(file)):
        raise _wrong('file', file, 'a data URI, as data:image/png;base64,...')


def _is_time(value: Any) -> bool:
    try:
        return value is None or (isinstance(value, str) and bool(datetime.fromisoformat(value)))
    except ValueError:
        return False


def _wrong(field: str, value: Any, wanted: str) -> ParamsError:
    return ParamsError(f'The {field} of a log entry should be {wanted}, not {value!r:.80}.')
