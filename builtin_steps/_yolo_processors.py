"""How many threads a training on the CPU may use. Runs in the child."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ['limit_threads', 'usable_processors']

_QUOTA = Path('/sys/fs/cgroup/cpu.max')


def limit_threads() -> None:
    """Lower the number of threads to what this process may use.

    The trainer takes one less than the machine has processors, up to 8, which is too many in a container that
    may use two of 64. It is never raised: on two processors a second thread gains a tenth when they are idle,
    and loses half when they are not.
    """
    import torch

    torch.set_num_threads(min(torch.get_num_threads(), max(1, usable_processors() - 1)))


def usable_processors(quota: Path = _QUOTA) -> int:
    """Return the processors that this process may use: of the machine, by affinity, by a container's quota."""
    affinity = getattr(os, 'sched_getaffinity', None)
    count = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    try:
        allowed, period = quota.read_text(encoding='ascii').split()
        return max(1, min(count, -(-int(allowed) // int(period))))
    except (OSError, ValueError):  # no quota: another system, or "max"
        return count
