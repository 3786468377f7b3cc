"""Levels of log entries and categories of metrics."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Any

__all__ = ['LogLevel', 'MetricsCategory', 'level_of']


class LogLevel(StrEnum):
    """How much an entry matters, from least to most; `SUCCESS` matters as much as `INFO`."""

    DEBUG = 'debug'
    INFO = 'info'
    SUCCESS = 'success'
    WARNING = 'warning'
    DANGER = 'danger'
    ERROR = 'error'
    CRITICAL = 'critical'

    @property
    def severity(self) -> int:
        """The level as a number in the scale of the standard library's `logging`."""
        return _SEVERITY[self.value]


_SEVERITY = {'debug': 10, 'info': 20, 'success': 20, 'warning': 30, 'danger': 40, 'error': 40, 'critical': 50}
_LEVELS: dict[Any, LogLevel] = {level.value: level for level in LogLevel}


def level_of(value: Any) -> LogLevel:
    """Return the level that *value* is: one of ours, its name, or another package's enum with that value.

    Raises:
        TypeError: If it is neither an enum nor a text.
        ValueError: If it names no level.
    """
    if type(value) is LogLevel:
        return value
    if isinstance(value, Enum):
        value = value.value
    if not isinstance(value, str):
        raise TypeError(f'level must be a LogLevel or the name of one, got {type(value).__name__}')
    try:
        return _LEVELS[value.lower()]
    except KeyError:
        raise ValueError(f'{value!r} is not a level; there is: {", ".join(_LEVELS)}.') from None


class MetricsCategory(StrEnum):
    """What a metric was measured on."""

    TRAIN = 'train'
    VALIDATION = 'validation'
    TEST = 'test'
