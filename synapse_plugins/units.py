"""Numbers as people read them."""

from __future__ import annotations

__all__ = ['human_size']


def human_size(count: int) -> str:
    """Return a number of bytes as people write it, in powers of 1000: ``999 B``, ``1.5 GB``, ``250 kB``."""
    size = float(count)
    for unit in ('B', 'kB', 'MB', 'GB'):
        if size < 999.5:  # what would be rounded to 1000 is 1.0 of the next
            return f'{size:.0f} {unit}' if unit == 'B' or size >= 99.5 else f'{size:.1f} {unit}'
        size /= 1000
    return f'{size:.1f} TB'
