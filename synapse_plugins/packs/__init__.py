"""Packs: installed distributions that provide steps, formats, actions or loggers by hook."""

from __future__ import annotations

from .claims import Claim, PackRecord
from .manager import PackManager, get_manager
from .selection import ROLE_PARAMS

__all__ = ['ROLE_PARAMS', 'Claim', 'PackManager', 'PackRecord', 'get_manager']
