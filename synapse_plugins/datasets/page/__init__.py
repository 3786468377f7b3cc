"""An inspection as one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

from .writing import write_page

__all__ = ['write_page']
