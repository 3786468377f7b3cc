"""What is reported of a run, in the form in which the platform keeps it with a job."""

from __future__ import annotations

import base64
import json
from mimetypes import guess_type
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .records import LogRecord
    from .spool import Spool

__all__ = ['JobProgress', 'entry_of', 'with_file']

_LARGEST_FILE = 16 * 1024 * 1024
_EVENTS = {'message', 'metric', 'visualization', 'artifact', 'event'}


def entry_of(record: LogRecord, job: Any, spool: Spool) -> dict[str, Any] | None:
    """Return the log entry of a record; None for one that is no entry of the log, such as progress.

    A picture that cannot be read leaves an entry without it, which says why.
    """
    named = _named(record)
    if named is None:
        return None
    event, data = named
    entry: dict[str, Any] = {
        'event': event,
        'data': plain(data),
        'datetime': record.time.isoformat(timespec='milliseconds'),
        'job': job,
        'level': _level_of(record),
    }
    if record.step is not None:
        entry['step'] = record.step
    if record.file is not None and record.kind == 'visualization':
        try:
            entry['kept_file'] = str(_keep(Path(record.file), spool))
        except (OSError, ValueError) as exc:
            entry['data']['file_error'] = f'{record.file}: {exc}'
            entry['level'] = 'warning'
    elif record.file is not None:
        entry['data'].setdefault('path', record.file)
    return entry


def with_file(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry as it is sent, its picture in it."""
    sent = {name: value for name, value in entry.items() if name != 'kept_file'}
    if kept := entry.get('kept_file'):
        path = Path(kept)
        try:
            content = base64.b64encode(path.read_bytes()).decode('ascii')
            sent['file'] = f'data:{_type_of(path)};base64,{content}'
        except OSError as exc:
            sent['data'] = {**sent['data'], 'file_error': f'{path}: {exc}'}
    return sent


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it; numbers that are not finite become texts."""
    return json.loads(json.dumps(value, default=_shown, skipkeys=True), parse_constant=str)


def _shown(value: Any) -> Any:
    if hasattr(value, 'tolist'):  # numpy and torch
        return value.tolist()
    return str(value)


def _named(record: LogRecord) -> tuple[str, dict[str, Any]] | None:
    if record.kind in _EVENTS:
        return record.event, dict(record.data)
    if record.kind != 'step' or record.step is None:
        return None
    if 'failed' in record.data:
        return 'step_failed', {'step': record.step, 'reason': record.data['failed']}
    if 'rolled_back' in record.data:
        return 'step_rolled_back', {'step': record.step, **record.data}
    return ('step_start', {'step': record.step}) if not record.data else None


def _level_of(record: LogRecord) -> str:
    if record.kind != 'step' or 'failed' not in record.data:
        return record.level
    return 'warning' if record.data.get('stopped') else 'error'


def _keep(path: Path, spool: Spool) -> Path:
    if path.stat().st_size > _LARGEST_FILE:
        raise ValueError(f'it is larger than {_LARGEST_FILE // 1024**2} MiB')
    if not _type_of(path).startswith('image/'):
        raise ValueError('it is no picture by its name')
    return spool.keep_file(path)


def _type_of(path: Path) -> str:
    return guess_type(path.name)[0] or 'application/octet-stream'


class JobProgress:
    """The records of progress and metrics that a job has: each is sent whole, and replaces the last one.

    Attributes:
        is_undoing: Whether a step has failed, and those before it are entered to be rolled back.
    """

    def __init__(self) -> None:
        self.is_undoing = False
        self._began = monotonic()
        self._steps: dict[str, dict[str, Any]] = {}
        self._metrics: dict[str, dict[str, Any]] = {}
        self._current: dict[str, Any] = {}
        self._at_work: str | None = None
        self._entered: set[str] = set()
        self._overall = 0.0

    def take(self, record: LogRecord) -> bool:
        """Take a record; tell whether something changed."""
        if record.kind == 'steps':
            self.is_undoing = False
            for order, (name, weight) in enumerate(record.data['steps']):
                self._steps.setdefault(name, {'percent': 0.0, 'time_remaining': None}).update(
                    proportion=round(100 * weight), order=order
                )
        elif record.kind == 'progress':
            self._report(record)
        elif record.kind == 'metrics' and record.step is not None:
            self._metrics.setdefault(record.step, {}).update(plain(record.data))
        elif record.kind == 'step':
            self._change(record)
        else:
            return False
        return True

    def _report(self, record: LogRecord) -> None:
        if self.is_undoing:
            return  # what is undone is no progress
        data = record.data
        self._overall = max(self._overall, float(data.get('overall') or 0.0))
        if record.step is not None:
            step = self._steps.setdefault(record.step, {})
            step.update(percent=data.get('percent'), time_remaining=data.get('time_remaining'))
            self._current = {'step': record.step, **step}

    def _change(self, record: LogRecord) -> None:
        if record.data.get('finished'):
            self._overall = 100.0
            for step in (*self._steps.values(), self._current):
                step.update(percent=100.0, time_remaining=0.0)
        if 'failed' in record.data:  # it stays as far as it came, and is where the run ended
            self.is_undoing, self._at_work = True, None
        elif 'finished' in record.data:
            self.is_undoing = False
        elif not record.data and (record.step is None or record.step not in self._entered):
            self.is_undoing = False  # only what was entered before is undone: something else goes on
        if record.data or self.is_undoing:
            return
        self._entered.add(record.step or '')
        if self._at_work in self._steps and record.step != self._at_work:
            for step in (self._steps[self._at_work], self._current):
                step.update(percent=100.0, time_remaining=0.0)
        self._at_work = record.step
        if record.step is not None:
            step = self._steps.setdefault(record.step, {'percent': 0.0, 'time_remaining': None})
            self._current = {'step': record.step, **step}

    def progress_record(self, *, final: bool = False) -> dict[str, Any]:
        """Return the record of progress; the final one has the time that the run took."""
        current = {**self._current, 'overall': round(self._overall, 2)}
        if final:
            current['time_elapsed'] = round(monotonic() - self._began, 3)
        steps = {name: dict(step) for name, step in self._steps.items()}
        return {'record': {'steps': steps}, 'current_progress': current}

    def metrics_record(self) -> dict[str, Any]:
        """Return the record of metrics."""
        return {'record': {'steps': {name: dict(values) for name, values in self._metrics.items()}}}
