"""Jobs, their logs, and what belongs to plugins on the platform: releases."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from ...errors import ParamsError
from .bodies import FileSlice, FormBody
from .part import SLOW, ClientPart, checked_fields, path_id
from .transport import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ['Jobs', 'Releases', 'data_uri']

_STATUSES = ('PENDING', 'RUNNING', 'STOPPED', 'SUCCEEDED', 'FAILED')
_JOB = ('status', 'progress_record', 'metrics_record', 'console_logs', 'result', 'meta')
_LOG = ('job', 'event', 'data', 'datetime', 'step', 'level', 'file')
_BATCH = 1000
_LARGEST_PICTURE = 32 * 1024 * 1024


class Jobs(ClientPart):
    """What a run reports of itself."""

    def create_job(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Create a job: ``action``, ``params``. On the platform itself jobs are made by running a plugin."""
        job: dict[str, Any] = self.transport.ask(Request('POST', 'jobs/', json=dict(data)))
        return job

    def get_job(self, job_id: int | str, *, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a job with its status and records."""
        job: dict[str, Any] = self.transport.get(f'jobs/{path_id(job_id, "job")}/', params)
        return job

    def list_jobs(self, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a page of jobs; filter: ``status``."""
        page = self._listing('jobs/', params, ('status', 'action', 'plugin', 'ids', 'search'))
        assert isinstance(page, dict)
        return page

    def update_job(self, job_id: int | str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Change a job; each record given replaces what was there.

        Raises:
            UnknownNameError: For a key that a job does not have.
            ParamsError: For a status that does not exist.
        """
        changes = checked_fields(data, _JOB, 'job')
        if changes.get('status', _STATUSES[0]) not in _STATUSES:
            raise ParamsError(
                f'{changes["status"]!r} is no status of a job; there is {", ".join(_STATUSES)}.'
            )
        job: dict[str, Any] = self.transport.ask(
            Request('PATCH', f'jobs/{path_id(job_id, "job")}/', json=changes)
        )
        return job

    def create_logs(self, data: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
        """Add log entries, in batches. `file` may be the path of a picture.

        Raises:
            ParamsError: If an entry lacks something, or its file cannot be sent; nothing was sent then.
            AnswerLostError: If the server did not say whether it took a batch.
        """
        entries = [_log_entry(entry) for entry in ([data] if isinstance(data, Mapping) else data)]
        made: list[Any] = []
        for start in range(0, len(entries), _BATCH):
            batch = entries[start : start + _BATCH]
            told = self.transport.ask(Request('POST', 'logs/', json=batch if len(batch) > 1 else batch[0]))
            made += told if isinstance(told, list) else [told]
        return made

    def list_logs(
        self, params: Mapping[str, Any] | None = None, *, list_all: bool = False, page_size: int = 100
    ) -> Any:
        """Return log entries in their order; filters: ``job``, ``event``, ``step``, ``level``."""
        known = ('job', 'event', 'step', 'level')
        return self._listing('logs/', params, known, list_all=list_all, page_size=page_size)

    def list_job_console_logs(self, job_id: int | str) -> Any:
        """Return what a job's program printed."""
        return self.transport.get(f'jobs/{path_id(job_id, "job")}/console_logs/')

    def tail_job_console_logs(self, job_id: int | str) -> Iterator[str]:
        """Yield the lines that a job's program prints, as they come, until it has ended.

        Raises:
            RequestError: If the server refuses, or the connection breaks; what came before was yielded.
        """
        path = f'jobs/{path_id(job_id, "job")}/tail_console_logs/'
        # Nothing may be printed for a long time.
        request = Request('GET', path, timeout=(self.transport.timeout[0], 3600.0))
        with self.transport.open(request) as answer:
            answer.encoding = answer.encoding or 'utf-8'
            try:
                yield from answer.iter_lines(chunk_size=1, decode_unicode=True)
            except (requests.RequestException, OSError) as exc:
                raise self.transport.broke(exc, 'GET', str(answer.url)) from exc


class Releases(ClientPart):
    """Releases of plugins."""

    def list_plugin_releases(self, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a page of releases; filters: ``plugin`` (its code), ``version``."""
        page = self._listing('plugin_releases/', params, ('plugin', 'version', 'ids', 'search'))
        assert isinstance(page, dict)
        return page

    def get_plugin_release(
        self, ref: int | str, *, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return a release by its id, or as ``code@version``."""
        from urllib.parse import quote

        told: dict[str, Any] = self.transport.get(f'plugin_releases/{quote(str(ref), safe="@")}/', params)
        return told

    def create_plugin_release(self, data: Mapping[str, Any], *, file: str | Path) -> dict[str, Any]:
        """Send a release.

        Args:
            data: ``plugin`` (its code), ``version``, ``config``, and if wanted ``requirements``, ``debug``.
            file: The archive.

        Raises:
            RequestError: If the server refuses it; a version that is there, for example.
        """
        given = checked_fields(
            data, ('plugin', 'version', 'config', 'requirements', 'debug'), 'plugin release'
        )
        path = Path(file)

        def form() -> tuple[FormBody, str]:
            made = FormBody(given, FileSlice(path), path.name)
            return made, made.content_type

        def look() -> dict[str, Any] | None:
            rows = self.list_plugin_releases({'plugin': given['plugin']})['results']
            return next((row for row in rows if str(row.get('version')) == str(given['version'])), None)

        # One that was there before is not ours: the server refuses the second one, and says so.
        was_there = look() is not None
        release: dict[str, Any] = self.transport.ask(
            Request('POST', 'plugin_releases/', body=form, timeout=SLOW, look=None if was_there else look)
        )
        return release


def _log_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    made = checked_fields(entry, _LOG, 'log entry')
    missing = [key for key in ('job', 'event') if key not in made]
    if missing:
        raise ParamsError(f'A log entry needs {" and ".join(missing)}.')
    made.setdefault('data', {})
    if file := made.get('file'):
        made['file'] = data_uri(file)
    return made


def data_uri(file: str | Path) -> str:
    """Return a picture as a data URI; one that is a data URI already stays as it is.

    Raises:
        ParamsError: If it cannot be read, is too large, or what it is cannot be told by its name.
    """
    if isinstance(file, str) and file.startswith('data:'):
        return file
    path = Path(file).expanduser()
    kind = mimetypes.guess_type(path.name)[0]
    if kind is None:
        raise ParamsError(f'{path} cannot be sent with a log: its name does not tell what it is.')
    try:
        if path.stat().st_size > _LARGEST_PICTURE:
            raise ParamsError(f'{path} cannot be sent with a log: it has more than {_LARGEST_PICTURE} bytes.')
        content = path.read_bytes()
    except OSError as exc:
        raise ParamsError(f'{path} cannot be sent with a log: {exc.strerror or exc}.') from exc
    return f'data:{kind};base64,{base64.b64encode(content).decode("ascii")}'
