"""What a check of `doctor` found."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ['Check']


@dataclass(frozen=True)
class Check:
    """One finding.

    Attributes:
        name: What was looked at.
        state: ``ok``, ``note`` (works without it) or ``fault``.
        found: What was found.
        advice: The next command, for a note or a fault.
    """

    name: str
    state: str
    found: str
    advice: str = ''
