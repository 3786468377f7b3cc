"""``~/.synapse/config.json``, which the vendor's tools read too."""

from __future__ import annotations

import json
import os
import stat
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ['config_path', 'exposed_to', 'read_config', 'write_config']

_ANEW = 'write it anew: synapse-plugins login --host URL'


class _BrokenConfigError(ConfigError):
    """The file can be read, and is not what it should be."""


def config_path() -> Path:
    """Return where the file lies, or would lie."""
    return Path.home() / '.synapse' / 'config.json'


def read_config(path: Path | None = None) -> dict[str, Any]:
    """Return what the file says, nothing if there is none. One that others can read is warned of.

    Raises:
        ConfigError: If it cannot be read, or is not a JSON object.
    """
    path = path or config_path()
    try:
        text = path.read_text(encoding='utf-8-sig')
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f'{path} cannot be read: {getattr(exc, "strerror", None) or exc}.') from exc
    if others := exposed_to(path):
        warnings.warn(
            f'{path} holds tokens, and can be read by {others}. Make it yours alone: chmod 600 {path}',
            UserWarning,
            stacklevel=2,
        )
    try:
        told = json.loads(text)
    except ValueError as exc:
        # The text is not chained to: it may hold a token.
        raise _BrokenConfigError(f'{path} is not JSON; mend it, or {_ANEW}') from (
            ValueError(f'{type(exc).__name__} at character {getattr(exc, "pos", "?")}')
        )
    if not isinstance(told, dict):
        raise _BrokenConfigError(f'{path} holds no object of names and values; {_ANEW}')
    return told


def exposed_to(path: Path) -> str:
    """Return who else can read a file; empty where nobody can, or the system has no such modes."""
    if os.name == 'nt':
        return ''
    try:
        mode = path.stat().st_mode
    except OSError:
        return ''
    if mode & stat.S_IROTH:
        return 'everybody on this machine'
    return 'others of its group' if mode & stat.S_IRGRP else ''


def write_config(changes: Mapping[str, Any], path: Path | None = None) -> Path:
    """Change the file, whole or not at all, readable to its owner only; what else it says stays.

    One that is broken is put aside, readable to its owner only too, as ``config.json.broken``.

    Args:
        changes: New values; None takes a key away.
        path: The file; None: the usual place.

    Returns:
        Where it lies.

    Raises:
        ConfigError: If it is there and cannot be read, or cannot be written.
    """
    path = path or config_path()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)  # it is about to be mended
        try:
            told = read_config(path)
        except _BrokenConfigError:
            told = {}
            _put_aside(path)
    told = {key: value for key, value in {**told, **changes}.items() if value is not None}
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkstemp makes it 0600 from the start.
        descriptor, fresh = tempfile.mkstemp(prefix='.config-', dir=path.parent)
        try:
            with os.fdopen(descriptor, 'w', encoding='utf-8') as writing:
                json.dump(told, writing, indent=2, ensure_ascii=False)
                writing.write('\n')
            Path(fresh).replace(path)
        except BaseException:
            Path(fresh).unlink(missing_ok=True)  # it may hold a token
            raise
    except OSError as exc:
        raise ConfigError(f'{path} cannot be written: {exc.strerror or exc}.') from exc
    return path


def _put_aside(path: Path) -> None:
    """Keep a broken file: somebody may want to copy from it what it still holds."""
    try:
        path.chmod(0o600)
        path.replace(path.with_name(f'{path.name}.broken'))
    except OSError as exc:
        raise ConfigError(f'{path} cannot be replaced: {exc.strerror or exc}.') from exc
