"""What is read of a run."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..store.process import ProcessId, is_alive
from .crash import crash_words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from sqlite3 import Row

__all__ = ['MESSAGES', 'STATES', 'RunRecord', 'read_record']

STATES = ('RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'CRASHED')
"""States of a run; the last is not written by anyone: the process is gone, and did not say how it ended.

A process of another machine or container cannot be seen: it is gone when it gave no sign for ten minutes.
"""

MESSAGES = 1000
"""How many messages of a run a record holds at most, the last ones; `RunStore.events` has all."""


@dataclass(frozen=True)
class RunRecord:
    """A run as it is recorded; all of it is plain data.

    Attributes:
        id: The run's id.
        action: What was run.
        state: One of `STATES`.
        params: With what.
        steps: Each a dictionary: `name`, `order`, `weight`, `state` (``PENDING``, ``RUNNING``, ``SUCCEEDED``,
            ``SKIPPED``, ``FAILED``, ``ROLLED_BACK``), `seconds`, `result` (what the step told), `error`,
            `rollback` (what is needed to undo it), `rollback_error`.
        metrics: The last value of each metric.
        messages: The last messages, each `time`, `step`, `level`, `content`; none in a listing.
        artifacts: Files it made, by reference: `name`, `kind`, `file`, `step`.
        progress: Per step, and under an empty name for the whole run, the last progress.
        result: What the action returned.
        error: Why it failed; of a crashed run where it was, what it left and what to do.
        started: When, in UTC (ISO 8601).
        finished: When; None while it lasts, and after a crash.
        dataset: The dataset it ran on, e.g. ``bccd@2``.
        backend: The identity of its backend.
        executor: Where it ran.
        versions: Of the software.
        work_dir: Its own folder; it is gone when nothing was left in it.
    """

    id: str
    action: str
    state: str
    params: dict[str, Any]
    steps: list[dict[str, Any]] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    progress: dict[str, dict[str, Any]] = field(default_factory=dict)
    result: Any = None
    error: str | None = None
    started: str = ''
    finished: str | None = None
    dataset: str | None = None
    backend: str = ''
    executor: str = ''
    versions: dict[str, Any] = field(default_factory=dict)
    work_dir: str = ''


def read_record(
    run: Row, steps: Iterable[Row], events: Iterable[Row], progress: Iterable[Row], work_dir: Path
) -> RunRecord:
    """Put a record together from rows; *events* in their order."""
    metrics: dict[str, Any] = {}
    messages, artifacts = [], []
    for event in events:
        data = json.loads(event['data'])
        if event['kind'] == 'metrics':
            metrics.update(data)
        elif event['kind'] == 'message':
            shared = {name: event[name] for name in ('time', 'step', 'level')}
            messages.append({**shared, 'content': data.get('content', '')})
        elif event['kind'] == 'artifact':
            shared = {name: event[name] for name in ('file', 'step')}
            artifacts.append({'name': data.get('name'), 'kind': data.get('kind'), **shared})
    result = json.loads(run['result'])
    if isinstance(result, dict) and isinstance(result.get('metrics'), dict):
        metrics.update(result['metrics'])
    state, told = _state(run), [_step(row) for row in steps]
    return RunRecord(
        id=run['id'],
        action=run['action'],
        state=state,
        params=json.loads(run['params']),
        steps=told,
        metrics=metrics,
        messages=messages,
        artifacts=artifacts,
        progress={row['step']: json.loads(row['data']) for row in progress},
        result=result,
        error=crash_words(run['id'], told, work_dir) if state == 'CRASHED' else run['error'],
        started=run['started'],
        finished=run['finished'],
        dataset=_label(json.loads(run['dataset'])),
        backend=run['backend'],
        executor=run['executor'],
        versions=json.loads(run['versions']),
        work_dir=str(work_dir),
    )


def _state(run: Row) -> str:
    if run['state'] != 'RUNNING':
        return str(run['state'])
    heard = datetime.fromisoformat(run['heartbeat'] or run['started'])
    silent_for = (datetime.now(UTC) - heard).total_seconds()
    return 'RUNNING' if is_alive(ProcessId.parse(run['process']), silent_for=silent_for) else 'CRASHED'


def _step(row: Row) -> dict[str, Any]:
    return {
        'name': row['name'],
        'order': row['position'],
        'weight': row['weight'],
        'state': row['state'],
        'seconds': row['seconds'],
        'result': json.loads(row['result']),
        'error': row['error'],
        'rollback': json.loads(row['rollback']),
        'rollback_error': row['rollback_error'],
    }


def _label(dataset: Any) -> str | None:
    """Return what a person calls a dataset that may have been given as a version, a name or an id."""
    if isinstance(dataset, dict) and dataset.get('name') and dataset.get('version') is not None:
        return f'{dataset["name"]}@{dataset["version"]}'
    if isinstance(dataset, dict):
        dataset = dataset.get('name') or dataset.get('id')
    return None if dataset is None else str(dataset)
