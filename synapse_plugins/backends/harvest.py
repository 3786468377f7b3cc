"""A folder for what a download has brought in so far, so that the next try fetches only what is missing."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..store.process import ProcessId, is_alive, this_process
from ..store.temporary import claim_folder, remove_tree, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ['harvest_in']

_OWNER = '.owner'
_CLAIMED: set[Path] = set()
_GUARD = threading.Lock()


@contextmanager
def harvest_in(folder: Path) -> Iterator[Path]:
    """Claim *folder*, and give a folder of its own to whoever comes while another process or thread has it.

    What is in it stays when the block raises or the process dies, and is removed when the block is left in peace.

    Args:
        folder: The same for the same download; made when absent.
    """
    place = _claim(folder)
    try:
        yield place
    except BaseException:
        if place != folder:
            remove_tree(place)
        raise
    else:
        _clear(place)
        remove_tree(place)
    finally:
        with _GUARD:
            _CLAIMED.discard(place)


def _clear(folder: Path) -> None:
    """Remove the files of a folder as they are listed: a list of all of them would be as long as the dataset."""
    some = True
    while some:  # a system may pass over files when others go meanwhile
        some = False
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name != _OWNER and not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)  # noqa: PTH108 - for each of many small files
                    some = True


def _claim(folder: Path) -> Path:
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep(folder.parent)
    with _GUARD:
        if folder in _CLAIMED or not _take_over(folder):
            return claim_folder(folder.parent)
        _CLAIMED.add(folder)
    return folder


def _take_over(folder: Path) -> bool:
    """Become the owner of a folder, unless a process that lives is."""
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = folder / _OWNER
    me = str(this_process())
    try:
        with owner.open('x', encoding='utf-8') as writing:
            writing.write(me)
    except FileExistsError:
        text = owner.read_text(encoding='utf-8')
        try:
            if text != me and is_alive(ProcessId.parse(text)):
                return False
        except ValueError:  # its owner died while it wrote
            pass
        owner.write_text(me, encoding='utf-8')
    return True
