"""Settings of a plugin, from environment variables or a TOML file, read with the type that is wanted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ['PluginEnvironment']

T = TypeVar('T')

_TRUE = frozenset({'true', '1', 'yes', 'on'})
_FALSE = frozenset({'false', '0', 'no', 'off', ''})


class PluginEnvironment:
    """Settings by name.

    The typed getters return *default* when the setting is absent, and raise `ConfigError` (a `ValueError`)
    that names the setting when it is there and is not of the type.
    """

    def __init__(self, data: dict[str, Any] | None = None) -> None:
        self._data: dict[str, Any] = dict(data or {})

    @classmethod
    def from_environ(cls, prefix: str = '', *, prefixes: Iterable[str] | None = None) -> PluginEnvironment:
        """Take the environment variables of this process.

        Args:
            prefix: Take only the names that begin with it, without it.
            prefixes: Take only the names that begin with one of them, as they are. Goes before *prefix*.
        """
        if prefixes is not None:
            chosen = tuple([prefixes] if isinstance(prefixes, str) else prefixes)
            return cls({name: value for name, value in os.environ.items() if name.startswith(chosen)})
        return cls(
            {name[len(prefix) :]: value for name, value in os.environ.items() if name.startswith(prefix)}
        )

    @classmethod
    def from_file(cls, path: str | Path) -> PluginEnvironment:
        """Read a TOML file.

        Raises:
            FileNotFoundError: If there is no such file.
            ConfigError: If it is not TOML.
        """
        import tomllib

        path = Path(path)
        if not path.exists():
            raise FileNotFoundError(f'Config file not found: {path}')
        try:
            with path.open('rb') as file:
                return cls(tomllib.load(file))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
            raise ConfigError(f'{path} is not a TOML file: {exc}') from exc

    @classmethod
    def merge(cls, *environments: PluginEnvironment) -> PluginEnvironment:
        """Join several; a later one goes before an earlier one."""
        merged: dict[str, Any] = {}
        for environment in environments:
            merged.update(environment.to_dict())
        return cls(merged)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value as it is."""
        return self._data.get(key, default)

    def get_str(self, key: str, default: str | None = None) -> str | None:
        """Return the value as a text."""
        return self._typed(key, default, str, 'a text')

    def get_int(self, key: str, default: int | None = None) -> int | None:
        """Return the value as a whole number."""
        return self._typed(key, default, _whole, 'a whole number')

    def get_float(self, key: str, default: float | None = None) -> float | None:
        """Return the value as a number."""
        return self._typed(key, default, float, 'a number')

    def get_bool(self, key: str, default: bool | None = None) -> bool | None:
        """Return the value as true (``true 1 yes on``) or false (``false 0 no off`` and empty), in any case."""
        return self._typed(key, default, _truth, 'true or false (true, 1, yes, on; false, 0, no, off)')

    def get_list(self, key: str, default: list[Any] | None = None) -> list[Any] | None:
        """Return the value as a list; a text is split at commas, blanks around the parts and empty parts go."""
        return self._typed(key, default, _list, 'a list, or a text with commas')

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a dictionary of the caller's own."""
        return dict(self._data)

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def __getitem__(self, key: str) -> Any:
        return self._data[key]

    def __repr__(self) -> str:
        # Names only: values may be credentials.
        return f'{type(self).__name__}({", ".join(sorted(self._data))})'

    def _typed(self, key: str, default: T | None, convert: Callable[[Any], T], wanted: str) -> T | None:
        value = self._data.get(key)
        if value is None:
            return default
        try:
            return convert(value)
        except (TypeError, ValueError) as exc:
            raise ConfigError(f'The setting {key} is {value!r}; it must be {wanted}.') from exc


def _whole(value: Any) -> int:
    number = int(value)
    if isinstance(value, float) and number != value:
        raise ValueError(value)
    return number


def _truth(value: Any) -> bool:
    if not isinstance(value, str):
        if value in {0, 1}:
            return bool(value)
        raise ValueError(value)
    word = value.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(value)
    return word in _TRUE


def _list(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(',') if part.strip()]
    if isinstance(value, (list, tuple)):
        return list(value)
    raise ValueError(value)
