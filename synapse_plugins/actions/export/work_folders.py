"""The hidden folders that exports write into, beside their place, and who is at work in them."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ...errors import OutputExistsError
from ...store.process import ProcessId, is_alive, this_process
from ...store.turns import unless_taken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ['claim', 'others_at_work', 'refuse_others', 'remove_work', 'work_folder']

_LONGEST_TURN = 5.0
"""Seconds; a turn is a look into a folder."""


def work_folder(final: Path, key: str) -> Path:
    """Return the folder that this process writes into; its name says whose it is.

    Args:
        final: The place of the export.
        key: Tells apart the runs of a process, and stays over a resume.
    """
    return final.with_name(f'{_prefix(final)}{this_process()}.{key}')


def others_at_work(final: Path, own: Path | None = None) -> list[Path]:
    """Return the folders of exports to the same place that are at work, but for *own*; others are removed."""
    if not final.parent.is_dir():
        return []
    prefix, found = _prefix(final), []
    for path in sorted(final.parent.iterdir()):
        if not path.name.startswith(prefix) or (own is not None and path.name.startswith(own.name)):
            continue
        with suppress(ValueError):  # not a name of ours
            owner = ProcessId.parse(path.name.removeprefix(prefix).partition('.')[0])
            if is_alive(owner, silent_for=_silence(path)):
                found.append(path)
            else:
                shutil.rmtree(path, ignore_errors=True)
    return found


def refuse_others(final: Path, own: Path | None = None) -> None:
    """Refuse a place that another export writes to.

    Raises:
        OutputExistsError: If there is one.
    """
    for other in others_at_work(final, own):
        process = other.name.removeprefix(_prefix(final)).partition('-')[0]
        raise OutputExistsError(
            f'{final} is being written by another export (process {process}). Wait until it is done, or choose '
            'another place.'
        )


def claim(final: Path, work: Path) -> None:
    """Make the folder of an export, unless another one writes to the same place.

    Of several that start in the same instant, each makes its own and looks for those of the others by itself: the
    first finds none, and is not seen by one that it would have to refuse.

    Args:
        final: The place of the export.
        work: The folder to make, as `work_folder` named it.

    Raises:
        OutputExistsError: If another one was first; the folder is there all the same, for the rollback to remove.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    with _alone(final):
        work.mkdir()
        refuse_others(final, work)


@contextmanager
def _alone(final: Path) -> Iterator[None]:
    """Keep others out while the place is looked at; where files cannot be locked, two may refuse each other."""
    turn, until = final.with_name(f'.{final.name}.turn'), time.monotonic() + _LONGEST_TURN
    while True:
        with unless_taken(turn) as is_mine:
            if is_mine or time.monotonic() > until:
                yield
                return
        time.sleep(0.005)


def remove_work(work: Path) -> None:
    """Remove the folder of an export, and what is gathered and fetched beside it."""
    for folder in (work, work.with_name(f'{work.name}-items'), work.with_name(f'{work.name}-files')):
        if folder.exists():
            shutil.rmtree(folder)


def _prefix(final: Path) -> str:
    return f'.{final.name}.part-'


def _silence(folder: Path) -> float:
    try:
        return time.time() - folder.stat().st_mtime
    except OSError:
        return 0.0
