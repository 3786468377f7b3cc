"""Packs that are known to exist, installed or not: who could bring what is missing here."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

__all__ = ['known_packs', 'who_brings']

_HERE = Path(__file__).resolve().parent
_PLACES = (_HERE / 'known-packs.toml', _HERE.parents[1] / 'docs' / 'known-packs.toml')
"""The list is a page of the docs; the wheel holds a copy of it beside this module."""


@cache
def known_packs() -> tuple[dict[str, Any], ...]:
    """Return the packs of the list: `distribution`, `summary`, `install` (the line to type), and what each provides."""
    import tomllib

    place = next((path for path in _PLACES if path.is_file()), None)
    if place is None:
        return ()
    return tuple(tomllib.loads(place.read_text(encoding='utf-8')).get('pack', ()))


def who_brings(kind: str, name: str) -> str:
    """Return a sentence that says which known packs provide something, with the line to type; empty if none does.

    Args:
        kind: ``steps`` (*name* is ``role:name``), ``formats``, ``actions``, ``loggers``, or ``trains`` for the formats
            that its trainers serve.
        name: What is missing.
    """
    found = [pack for pack in known_packs() if name in pack.get(kind, ())]
    return ' '.join(f'{pack["distribution"]} brings it: {pack["install"]}' for pack in found)
