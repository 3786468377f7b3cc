"""The job that a run is for a backend: its status, its reports, its result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..context import RuntimeContext, TeeLogger
from ..context.job import JobLogger
from ..context.message_codes import ExportLogMessageCode, TrainLogMessageCode, UploadLogMessageCode
from ..errors import ConfigError, ParamsError, RunCancelledError, StepFailedError
from ..store.plain import plain

__all__ = ['Job', 'failure_message']

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

    def tell_failure(self, ctx: RuntimeContext, category: Any, error: BaseException) -> None:
        """Put why the run failed into the job's log, for people, by its code and in their language."""
        if self._logger is None or isinstance(error, RunCancelledError):
            return
        code, values = failure_message(str(category or ''), error)
        RuntimeContext(TeeLogger([self._logger]), ctx.env, language=ctx.language).log_message(code, **values)

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
        self._problems.append(
            f'Job {self.id} was not told that it is {data["status"]}: {str(error).rstrip(".")}.'
        )


def failure_message(category: str, error: BaseException) -> tuple[Any, dict[str, Any]]:
    """Return the code of the message that says why a run failed, and the values of its text.

    It goes by the kind of error and the step, never by the words of a message.

    Args:
        category: What the plugin is for: ``neural_net``, ``export``, ``upload`` or another.
        error: Why it failed.
    """
    step, reason = '', str(error) or type(error).__name__
    if isinstance(error, StepFailedError):
        step, reason = error.step, error.reason
    values = {'step_name': step, 'error': reason}
    if category == 'export':
        return ExportLogMessageCode.EXPORT_FAILED_STEP, values
    if category == 'upload':
        return UploadLogMessageCode.UPLOAD_FAILED_STEP, values
    if category != 'neural_net':
        return {'en': '{error}'}, {'error': str(error)}
    causes = _causes(error)
    if any(type(cause).__name__ in {'OutOfMemoryError', 'AcceleratorError'} for cause in causes):
        return TrainLogMessageCode.TRAIN_FAILED_GPU_RESOURCE, {}
    if step == 'model_upload':
        return TrainLogMessageCode.TRAIN_FAILED_MODEL_REGISTER, {'error': reason}
    if any(isinstance(cause, (ConfigError, ParamsError)) for cause in causes):
        return TrainLogMessageCode.TRAIN_FAILED_CONFIG, {'error': reason}
    if step:
        return TrainLogMessageCode.TRAIN_FAILED_STEP, values
    return TrainLogMessageCode.TRAIN_FAILED_ADMIN_CONTACT, {}


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in found:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found
