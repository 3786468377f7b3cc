"""Storages of a backend that are folders of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import ParamsError

__all__ = ['storage_folder']

_ON_THIS_MACHINE = frozenset(('file_system', 'filesystem', 'local'))


def storage_folder(client: Any, storage_id: int | None) -> tuple[Any, Path]:
    """Return a storage, and the folder that paths in it are relative to; without one, that is the current folder.

    Raises:
        ParamsError: If the backend knows no storages, or it is no folder of this machine.
    """
    if storage_id is None:
        return None, Path.cwd()
    get_storage = getattr(client, 'get_storage', None)
    if get_storage is None:
        raise ParamsError(
            'storage: this backend knows no storages; leave it out and give a path of this machine.'
        )
    storage = get_storage(storage_id)
    provider, configuration = read(storage, 'provider'), read(storage, 'configuration') or {}
    location = read(configuration, 'location')
    if str(getattr(provider, 'value', provider)).lower() not in _ON_THIS_MACHINE or not location:
        raise ParamsError(
            f'The storage {storage_id} is not a folder of this machine ({provider}). Mount it, leave `storage` out '
            'and give the path of the mounted folder.'
        )
    return storage, Path(str(location))


def read(thing: Any, name: str) -> Any:
    """Return an entry of a dictionary, or an attribute of an object; None if there is none."""
    return thing.get(name) if isinstance(thing, dict) else getattr(thing, name, None)
