"""The files that an item has beside its primary one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ['further_files']


def further_files(item: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return (specification, file) of every file of an item but the primary one, which is in ``files``."""
    every, primary = item.get('all_files'), item.get('files') or {}
    own = item.get('specification')
    if not isinstance(every, dict):
        return []
    return [
        (str(name), file)
        for name, file in every.items()
        if isinstance(file, dict) and (name != own if own else file.get('url') != primary.get('url'))
    ]
