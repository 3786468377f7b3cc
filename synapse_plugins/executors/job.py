"""The job that a run is for a backend: its status, its reports, its result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..context.job import JobLogger
from ..errors import RunCancelledError
from ..store.plain import plain

if TYPE_CHECKING:
    from ..context import RuntimeContext

__all__ = ['Job']

_TRIES = 3


class Job:
    """A job of a backend while a run is its work.

    Args:
        client: The backend.
        job_id: The job's id.

    Raises:
        NotFoundError: If there is no such job.
    """

    def __init__(self, client: Any, job_id: int | str) -> None:
        self._client = client
        self.id = client.get_job(job_id)['id']
        self._logger: JobLogger | None = None
        self._problems: list[str] = []

    def begin(self, ctx: RuntimeContext) -> JobLogger:
        """Say that the job runs, and return what takes its reports."""
        ctx.job_id = str(self.id)
        self._patch({'status': 'RUNNING'})
        folder = None if ctx.work_dir is None else Path(ctx.work_dir) / 'job'
        self._logger = JobLogger(self._client, self.id, folder=folder)
        return self._logger

    def end(self, state: str, *, result: Any = None, error: BaseException | None = None) -> list[str]:
        """Say how it ended, after the last report; return what could not be reported.

        Args:
            state: ``SUCCEEDED``, ``FAILED`` or ``CANCELLED``.
            result: What the action returned.
            error: Why it failed.
        """
        status = 'STOPPED' if state == 'CANCELLED' or isinstance(error, RunCancelledError) else state
        data: dict[str, Any] = {'status': status}
        if error is not None:
            data['result'] = {'error': str(error) or type(error).__name__}
        else:
            data['result'] = plain(result)
        if self._logger is not None:
            data['progress_record'] = self._logger.progress_record()
            self._problems.extend(self._logger.problems)
        self._patch(data)
        return self._problems

    def _patch(self, data: dict[str, Any]) -> None:
        """Change the job; when that fails, the run goes on and it is told."""
        error: Exception | None = None
        for _ in range(_TRIES):
            try:
                self._client.update_job(self.id, data)
            except Exception as exc:  # noqa: BLE001 - a report must not fail the work
                error = exc
            else:
                return
        self._problems.append(f'Job {self.id} was not told that it is {data["status"]}: {error}.')
