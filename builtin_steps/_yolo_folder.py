"""Where a training or an evaluation works."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

__all__ = ['make_folder', 'shared_fonts']


def make_folder(context: Any, name: str) -> Path:
    """Make a step's folder within the run's; what an earlier try of the same run left there is removed.

    The step's rollback is told of it before it is made.
    """
    work_dir = getattr(context.runtime_ctx, 'work_dir', None)
    if work_dir is None:
        folder = Path(tempfile.mkdtemp(prefix=f'synapse-plugins-{name}-'))
        context.log_message(f'The run has no folder of its own; its files will be in {folder}.')
    else:
        folder = Path(work_dir).resolve() / name
    if context.current_step is not None and hasattr(context, 'save_rollback'):
        context.save_rollback(folder=str(folder))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def shared_fonts(context: Any) -> Path | None:
    """Return where the list of this machine's fonts is kept from one run to the next, if the runs share a cache."""
    cache = getattr(context.runtime_ctx, 'cache_dir', None)
    return None if cache is None else Path(cache) / 'matplotlib'
