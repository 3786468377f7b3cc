"""The one form in which everything that a run reports reaches a logger."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ['Kind', 'LogRecord']

Kind = Literal[
    'event', 'message', 'progress', 'metrics', 'metric', 'visualization', 'artifact', 'steps', 'step'
]


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One thing that was reported.

    Attributes:
        kind: What it is; it decides what `data` holds (below).
        time: When it was reported, in UTC.
        step: The step that it belongs to; None between steps.
        order: That step's place in the run, from 0, where it is known.
        level: How much it matters, the value of a `LogLevel`.
        event: Name of the event; for the other kinds the same as the kind.
        data: See below.
        file: Path of the file that belongs to it.

    The data of each kind:

    ===============  =============================================================================
    `event`          what the step gave
    `message`        ``content``, a text for people, and ``key`` if the message has a code
    `progress`       ``current``, ``total``, ``percent`` of the step; ``time_remaining`` of the step in
                     seconds; ``overall`` (0 to 100) and ``overall_time_remaining`` of the run; each
                     None where unknown
    `metrics`        the values, by name
    `metric`         ``category``, ``key``, ``value``, ``metrics``
    `visualization`  ``category``, ``group``, ``index``, and what else the step gave; the picture is `file`
    `artifact`       ``kind``, ``name``; the artifact is `file`
    `steps`          ``steps``: the plan of the run as ``[name, normalised weight]`` in order
    `step`           the current step changed to `step`: ``{}``; at the end of a plan ``finished``: whether
                     it succeeded; `step` failed: ``failed``, the reason, and ``stopped``, whether it was
                     asked to; `step` was undone: ``rolled_back``, whether it could be, and ``error``
    ===============  =============================================================================
    """

    kind: Kind
    time: datetime
    step: str | None
    order: int | None
    level: str
    event: str
    data: dict[str, Any] = field(default_factory=dict)
    file: str | None = None
