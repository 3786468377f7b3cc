"""Temporary folders that make outputs whole or absent, and that a killed process does not leave for ever."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from secrets import token_hex
from typing import TYPE_CHECKING

from .process import ProcessId, is_alive, this_process

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['claim_folder', 'remove_tree', 'sweep', 'sync_folder']

_PREFIX = '.tmp-'
_DAY = 24 * 3600.0


def claim_folder(parent: Path) -> Path:
    """Make a new private folder in *parent* that `sweep` removes once this process is gone."""
    folder = parent / f'{_PREFIX}{this_process()}.{token_hex(6)}'  # the name says whose it is, from the start
    folder.mkdir(mode=0o700)
    return folder


def sweep(parent: Path) -> list[Path]:
    """Remove the temporary folders in *parent* whose process is gone, and return them.

    Where that cannot be told, because they are of another machine or container, those that nobody wrote to for a day.
    """
    removed = []
    for folder in sorted(parent.glob(f'{_PREFIX}*')):
        owner = folder.name.removeprefix(_PREFIX).partition('.')[0]
        with suppress(ValueError):  # not a name of ours
            if not is_alive(ProcessId.parse(owner), silent_for=_silence(folder), patience=_DAY):
                remove_tree(folder)
                removed.append(folder)
    return removed


def _silence(folder: Path) -> float:
    """Return the seconds since something in *folder* was made or written to; 0 if another process removes it."""
    try:
        return time.time() - max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    except OSError:
        return 0.0


def remove_tree(folder: Path) -> None:
    """Remove a folder of ours; what another process removes at the same time is no error."""
    shutil.rmtree(folder, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* durable, where the system can do that."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows does not open folders, and makes names durable by itself
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
