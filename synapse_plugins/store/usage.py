"""Which runs are at work in a store, and what they need."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .process import ProcessId, is_alive

if TYPE_CHECKING:
    from .home import Store

__all__ = ['WorkingRun', 'runs_at_work']


@dataclass(frozen=True)
class WorkingRun:
    """A run whose process lives.

    Attributes:
        id: Its id.
        action: What it does.
        dataset: Id of the dataset version that it works on; None without one.
        checkpoint: Id of the model that it starts from; None without one.
    """

    id: str
    action: str
    dataset: int | None
    checkpoint: int | None


def runs_at_work(store: Store) -> list[WorkingRun]:
    """Return the runs over the store's own backend that are at work."""
    rows = store.database('runs').rows("SELECT * FROM run WHERE state = 'RUNNING' ORDER BY started")
    found = []
    for row in rows:
        heard = datetime.fromisoformat(row['heartbeat'] or row['started'])
        silent_for = (datetime.now(UTC) - heard).total_seconds()
        if not is_alive(ProcessId.parse(row['process']), silent_for=silent_for):
            continue
        is_ours = row['backend'] == f'local:{store.id}'
        dataset, params = json.loads(row['dataset']), json.loads(row['params'])
        found.append(
            WorkingRun(
                row['id'],
                row['action'],
                _id(dataset.get('id') if isinstance(dataset, dict) else None) if is_ours else None,
                _id(params.get('checkpoint') if isinstance(params, dict) else None) if is_ours else None,
            )
        )
    return found


def _id(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
