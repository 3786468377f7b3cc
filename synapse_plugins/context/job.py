"""Sends what a run reports to the job that it is for a backend."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from threading import Condition, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..errors import AnswerLostError, ParamsError, UnknownNameError
from .job_records import JobProgress, entry_of, with_file
from .spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .records import LogRecord

__all__ = ['JobLogger']

_BATCH = 200
_INTERVAL = 2.0
_PATCH_INTERVAL = 1.0
_LONGEST_WAIT = 30.0
_PATIENCE = 10.0
_SHOWN = 3
_LOOKED_THROUGH = 1000
_COME_AGAIN = frozenset((401, 403, 408, 425, 429))
"""Statuses below 500 that say nothing against the entries themselves."""


class JobLogger:
    """A sink that sends log entries in batches, and progress and metrics once a second, from a thread of its own.

    What waits lies on disk, so that it costs hardly any memory, delays nobody and is never dropped. While the backend
    cannot be reached it is tried again, with longer waits; one entry that the backend refuses holds up no other. At
    the end `finish` sends the rest, for as long as its patience lasts, and `problems` says what could not be reported.

    Args:
        client: A backend: ``create_logs`` and ``update_job`` are used.
        job_id: The job.
        folder: Where reports wait; None: a temporary folder.
        interval: Seconds after which entries are sent, if they do not fill a batch before.
        batch: Entries in one request.
        patience: Seconds that `finish` tries without getting on; None: ten.
    """

    def __init__(
        self,
        client: Any,
        job_id: Any,
        *,
        folder: Path | None = None,
        interval: float = _INTERVAL,
        batch: int = _BATCH,
        patience: float | None = None,
    ) -> None:
        self.job_id = job_id
        self.refused = 0
        self._client = client
        self._interval, self._batch = interval, batch
        self._patience = _PATIENCE if patience is None else patience
        # The spool removes its folder when nothing waits in it.
        own = Path(tempfile.mkdtemp(prefix='synapse-plugins-job-')) if folder is None else folder / 'reports'
        self._spool = Spool(own)
        self._progress = JobProgress()
        self._state = Condition()
        self._dirty = False
        self._deadline: float | None = None
        self._thread: Thread | None = None
        self._last_error: Exception | None = None
        self._reasons: list[str] = []
        self._pictures = self._lost = 0
        self._patched = 0.0

    # -- what a run reports ---------------------------------------------------------------------------

    def emit(self, record: LogRecord) -> None:
        """Take one record; nothing is sent here."""
        if self._deadline is not None:
            return
        with self._state:
            try:
                self._keep(record)
            except Exception as exc:  # noqa: BLE001 - one that cannot be kept must not cost the others
                self._lost += 1
                self._note_reason(record.event, exc)
            if self._thread is None:
                self._thread = Thread(target=self._run, name='job-reports', daemon=True)
                self._thread.start()
            if len(self._spool) >= self._batch:
                self._state.notify()

    def _keep(self, record: LogRecord) -> None:
        changed = self._progress.take(record)
        self._dirty = self._dirty or changed
        if self._progress.is_undoing and record.kind == 'step' and not record.data:
            return  # a step is entered to be rolled back, and does not start
        entry = entry_of(record, self.job_id, self._spool)
        if entry is not None:
            self._pictures += 'file_error' in entry['data']
            self._spool.put(entry)

    def _note_reason(self, event: str, error: Exception) -> None:
        """Keep a reason to tell of, each once."""
        reason = _text_of(error)
        if len(self._reasons) < _SHOWN and not any(known.endswith(reason) for known in self._reasons):
            self._reasons.append(f'{event}: {reason}')

    def finish(self) -> None:
        """Send what waits. When nothing gets through any more, it returns after the patience."""
        if self._deadline is not None:
            return
        with self._state:
            self._deadline = monotonic() + self._patience
            self._state.notify()
        self._join()
        if self._thread is None or not self._thread.is_alive():
            self._tell_loss()
            self._spool.close()

    def _join(self) -> None:
        """Wait for the thread, as long as it gets on."""
        if self._thread is None:
            return
        waiting = len(self._spool) + 1
        while self._thread.is_alive() and len(self._spool) < waiting:
            waiting = len(self._spool)
            self._thread.join(self._patience + 1.0)

    @property
    def undelivered(self) -> int:
        """How many entries the backend has not got."""
        return len(self._spool) + self.refused + self._lost

    @property
    def problems(self) -> list[str]:
        """What could not be reported, as sentences; empty if all was."""
        told = []
        if waiting := len(self._spool):
            told.append(
                f'{waiting} reports did not reach job {self.job_id} ({_text_of(self._last_error)}); '
                f'they are kept in {self._spool.path}.'
            )
        if self.refused:
            told.append(
                f'{self.refused} reports were refused by job {self.job_id}: {"; ".join(self._reasons)}.'
            )
        if self._lost:
            told.append(
                f'{self._lost} reports could not be kept for job {self.job_id}: {"; ".join(self._reasons)}.'
            )
        if self._dirty and self._last_error is not None and not waiting:
            told.append(f'The last progress did not reach job {self.job_id}: {_text_of(self._last_error)}.')
        if self._pictures:
            told.append(f'{self._pictures} pictures could not be read; their entries say why.')
        return told

    def progress_record(self) -> dict[str, Any]:
        """Return the final record of progress."""
        return self._progress.progress_record(final=True)

    # -- the thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        wait = self._interval
        while True:
            with self._state:
                if self._deadline is None:
                    self._state.wait(wait)
                closing = self._deadline is not None
            sent = self._round()
            if closing and (sent or monotonic() >= (self._deadline or 0.0)):
                return
            if sent:
                wait = self._interval
            else:
                wait = min(2 * wait, _LONGEST_WAIT)
                if closing:
                    with self._state:
                        self._state.wait(min(0.2, self._patience / 10))

    def _round(self) -> bool:
        """Send what there is; tell whether all of it went through."""
        told = self._try(self._send_records)
        return self._try(self._send_entries) and told  # neither holds up the other

    def _try(self, part: Callable[[], None]) -> bool:
        try:
            part()
        except Exception as exc:  # noqa: BLE001 - whatever a client raises; it is tried again, and told at the end
            self._last_error = exc
            return False
        return True

    def _send_entries(self) -> None:
        while batch := self._next_batch():
            self._send(batch)

    def _send_records(self) -> None:
        with self._state:
            due = self._deadline is not None or monotonic() - self._patched >= _PATCH_INTERVAL
            if not (self._dirty and due):
                return
            self._dirty = False
            data = {
                'progress_record': self._progress.progress_record(),
                'metrics_record': self._progress.metrics_record(),
            }
        self._patched = monotonic()
        try:
            self._client.update_job(self.job_id, data)
        except Exception:
            self._dirty = True
            raise

    def _next_batch(self) -> list[dict[str, Any]]:
        """Return the next entries: up to one with a picture, which goes alone."""
        entries = self._spool.peek(self._batch)
        for number, entry in enumerate(entries):
            if 'kept_file' in entry:
                return entries[: number or 1]
        return entries

    def _send(self, batch: list[dict[str, Any]]) -> None:
        """Send entries; when some are refused, one by one, so that the others get through."""
        try:
            self._client.create_logs([with_file(entry) for entry in batch])
        except AnswerLostError:
            if not self._arrived(batch):
                raise
        except Exception as exc:
            if not _is_final(exc):
                raise
            if len(batch) > 1:
                for entry in batch:
                    self._send([entry])
                return
            self.refused += 1
            self._note_reason(batch[0]['event'], exc)
        self._spool.drop(len(batch))

    def _arrived(self, batch: list[dict[str, Any]]) -> bool:
        """Look whether entries whose answer was lost are there, among the last of the job's log.

        A batch is taken whole or not at all. Where that cannot be seen it is sent again: rather twice than never.
        """
        try:
            params = {'job': self.job_id, 'page_size': _LOOKED_THROUGH}
            first = self._client.list_logs({**params, 'page_size': 1})
            last = max(1, -(-int(first['count']) // _LOOKED_THROUGH))
            pages = [
                self._client.list_logs({**params, 'page': page}) for page in range(max(1, last - 1), last + 1)
            ]
            there = {_mark(row) for page in pages for row in page['results']}
        except Exception:  # noqa: BLE001 - not every backend shows its logs
            return False
        return all(_mark(entry) in there for entry in batch)

    def _tell_loss(self) -> None:
        """Leave a word in the job's own log."""
        counts = {'refused': self.refused, 'lost': self._lost}
        if not any(counts.values()):
            return
        from datetime import UTC, datetime

        entry = {
            'event': 'joblog_loss',
            'data': {**{name: count for name, count in counts.items() if count}, 'reasons': self._reasons},
            'datetime': datetime.now(UTC).isoformat(timespec='milliseconds'),
            'job': self.job_id,
            'level': 'warning',
        }
        try:
            self._client.create_logs([entry])
        except Exception as exc:  # noqa: BLE001 - `problems` says it all the same
            self._last_error = exc


def _text_of(error: Exception | None) -> str:
    """Return what an error says, without the stop at its end, because a sentence goes on after it."""
    return 'there was no time' if error is None else str(error).rstrip('.') or type(error).__name__


def _mark(entry: Mapping[str, Any]) -> str:
    """Return what an entry is known again by."""
    data = {name: value for name, value in (entry.get('data') or {}).items() if name != 'file_error'}
    return json.dumps([entry.get('event'), entry.get('datetime'), entry.get('step'), data], sort_keys=True)


def _is_final(error: Exception) -> bool:
    """Tell whether asking again would be answered in the same way."""
    if isinstance(error, (ParamsError, UnknownNameError)):
        return True
    status = getattr(error, 'status', None) or getattr(error, 'status_code', None)
    return isinstance(status, int) and 400 <= status < 500 and status not in _COME_AGAIN
