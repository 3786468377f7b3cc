"""What there is to do in a conversion, a sample at a time, and how it travels to another process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .reader import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ['Job', 'Packed', 'pack', 'unpack']


class Job(NamedTuple):
    """One sample to be written.

    Attributes:
        source: Which reader it belongs to, by its place.
        unit: What that reader makes a sample of.
        key: The key that it has in the output's report.
        split: The split that it goes to.
        stem: The file name that it gets, without suffix.
        old: What the ledger of an earlier conversion says of it.
    """

    source: int
    unit: Unit
    key: str
    split: str | None
    stem: str
    old: bytes | None = None


Packed = tuple[int, tuple[str, str | None, str, Any], str, str | None, str, bytes | None]
"""A job for another process: plain tuples, which take a third of the time to pickle and to read."""


def pack(jobs: Sequence[Job]) -> list[Packed]:
    """Return jobs ready to be sent to another process."""
    return [(job[0], tuple(job[1]), *job[2:]) for job in jobs]


def unpack(jobs: Sequence[Packed]) -> list[Job]:
    """Return the jobs that `pack` was given."""
    return [
        Job(source, Unit._make(unit), key, split, stem, old) for source, unit, key, split, stem, old in jobs
    ]
