"""What can be said of a run whose process ended without a word."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ['crash_words']

_NAMED = 5
_KEPT = 'kept'
"""Steps put what must outlive them into a folder of this name."""


def crash_words(run_id: str, steps: Sequence[dict[str, Any]], work_dir: Path) -> str:
    """Return the error of a crashed run: where it was, what it left, and what to do about that."""
    begun = [step for step in steps if step['state'] != 'PENDING']
    running = [step for step in begun if step['state'] == 'RUNNING']
    where = f'its last step was {(running or begun)[-1]["name"]!r}' if begun else 'no step had begun'
    words = [f'The process ended without a word; {where}.']
    files = _files(work_dir)
    if files:
        more = f' and {len(files) - _NAMED} more' if len(files) > _NAMED else ''
        words.append(f'It left {", ".join(files[:_NAMED])}{more} in {work_dir}; copy what you want to keep.')
    words.append(
        f'`synapse-plugins runs remove {run_id}` removes its record{" and its files" if files else ""}.'
    )
    return ' '.join(words)


def _files(folder: Path) -> list[str]:
    """Return the files below a folder, those that were kept on purpose first."""
    found = [Path(parent, name).relative_to(folder) for parent, _, names in os.walk(folder) for name in names]
    found.sort(key=lambda path: (_KEPT not in path.parts, path.as_posix()))
    return [path.as_posix() for path in found]
