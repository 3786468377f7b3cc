"""Disk space: asked for before the work starts, not found missing in the middle of it."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..errors import StoreError
from ..units import human_size

__all__ = ['free_space', 'require_space']

RESERVE = 16 * 1024 * 1024
"""Bytes that stay free on top of what is asked for: databases and logs grow meanwhile."""


def free_space(path: Path | str) -> int:
    """Return the bytes free where *path* lies or will lie."""
    return shutil.disk_usage(_existing(Path(path))).free


def require_space(path: Path | str, needed: int, what: str = 'This') -> int:
    """Refuse work that the disk has no room for.

    Args:
        path: Where the work will write; it need not exist yet.
        needed: Bytes that it will write.
        what: Who needs them, the beginning of the message.

    Returns:
        The bytes free now.

    Raises:
        StoreError: If there is less free than needed.
    """
    free = free_space(path)
    if needed + RESERVE > free:
        raise StoreError(
            f'{what} needs {human_size(needed)} in {path}, and only {human_size(free)} is free there '
            f'({human_size(RESERVE)} stays in reserve). Free some space, or choose a place on another disk.'
        )
    return free


def _existing(path: Path) -> Path:
    path = path.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
