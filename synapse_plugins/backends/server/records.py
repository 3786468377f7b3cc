"""Models, jobs, collections, units, tasks, releases: rows in, rows out."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from ...errors import ParamsError
from ..log_entries import check_log_file
from ..names import safe_file_name
from .api import Answer, api_of, as_object, call, page_answer, params_of, read_json
from .files import shown_file, taken_upload
from .receiving import receive_form

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

__all__ = ['ROUTES']

_OVER = ('STOPPED', 'SUCCEEDED', 'FAILED')
_TAIL_SECONDS = 0.5


# -- models -------------------------------------------------------------------------------------------------


async def list_models(request: Request) -> Response:
    """Answer with a page of models."""
    page = await call(api_of(request).backend.list_models, params_of(request))
    page['results'] = [shown_file(request, row) for row in page['results']]
    return page_answer(request, page)


async def create_model(request: Request) -> Response:
    """Register a model whose file came in chunks."""
    api = api_of(request)
    told = as_object(await read_json(request))
    upload = told.pop('chunked_upload', None)
    if upload is None:
        raise ParamsError('A model needs the id of a chunked_upload.')
    file = await call(taken_upload, api, upload)
    model = await call(api.backend.create_model, told, file=file)
    await call(api.uploads.drop, file)
    return Answer(shown_file(request, model), 201)


async def get_model(request: Request) -> Response:
    """Answer with a model."""
    model = await call(api_of(request).backend.get_model, request.path_params['model'])
    return Answer(shown_file(request, model))


async def update_model(request: Request) -> Response:
    """Change what is known of a model."""
    told = as_object(await read_json(request))
    model = await call(api_of(request).backend.update_model, request.path_params['model'], told)
    return Answer(shown_file(request, model))


async def delete_model(request: Request) -> Response:
    """Remove a model."""
    await call(api_of(request).backend.delete_model, request.path_params['model'])
    return Response(status_code=204)


# -- jobs ---------------------------------------------------------------------------------------------------


async def list_jobs(request: Request) -> Response:
    """Answer with a page of jobs."""
    return page_answer(request, await call(api_of(request).backend.list_jobs, params_of(request)))


async def create_job(request: Request) -> Response:
    """Create a job."""
    return Answer(await call(api_of(request).backend.create_job, as_object(await read_json(request))), 201)


async def get_job(request: Request) -> Response:
    """Answer with a job."""
    return Answer(await call(api_of(request).backend.get_job, request.path_params['job']))


async def update_job(request: Request) -> Response:
    """Change a job."""
    told = as_object(await read_json(request))
    return Answer(await call(api_of(request).backend.update_job, request.path_params['job'], told))


async def get_console_logs(request: Request) -> Response:
    """Answer with what a job's program printed."""
    job = await call(api_of(request).backend.get_job, request.path_params['job'])
    return Answer(_as_list(job['console_logs']))


async def tail_console_logs(request: Request) -> Response:
    """Answer with what a job's program prints, line by line, until it has ended."""
    job = await call(api_of(request).backend.get_job, request.path_params['job'])
    return StreamingResponse(_tail(request, job), media_type='text/plain; charset=utf-8')


async def _tail(request: Request, job: dict[str, Any]) -> AsyncIterator[str]:
    told = 0
    while True:
        entries = _as_list(job['console_logs'])
        for entry in entries[told:]:
            yield f'{_line(entry)}\n'
        told = len(entries)
        if job['status'] in _OVER or await request.is_disconnected():
            return
        await asyncio.sleep(_TAIL_SECONDS)
        job = await call(api_of(request).backend.get_job, job['id'])


def _as_list(logs: Any) -> list[Any]:
    return logs if isinstance(logs, list) else [] if logs is None else [logs]


def _line(entry: Any) -> str:
    if isinstance(entry, dict) and isinstance(entry.get('message'), str):
        entry = entry['message']
    return (entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False)).replace('\n', ' ')


async def create_logs(request: Request) -> Response:
    """Add log entries: an object, or a list of them."""
    told = await read_json(request)
    entries = [as_object(entry) for entry in (told if isinstance(told, list) else [told])]
    for entry in entries:
        check_log_file(entry.get('file'))
    made = await call(api_of(request).backend.create_logs, entries)
    # The entries went out of the client's hands; its pictures need not travel back.
    rows = [{key: value for key, value in row.items() if key != 'file'} for row in made]
    return Answer(rows if isinstance(told, list) else rows[0], 201)


async def list_logs(request: Request) -> Response:
    """Answer with a page of log entries."""
    return page_answer(request, await call(api_of(request).backend.list_logs, params_of(request)))


# -- uploaded data ------------------------------------------------------------------------------------------


async def list_collections(request: Request) -> Response:
    """Answer with a page of data collections."""
    page = await call(api_of(request).backend.list_data_collections, params_of(request))
    return page_answer(request, page)


async def create_collection(request: Request) -> Response:
    """Create a data collection."""
    told = as_object(await read_json(request))
    return Answer(await call(api_of(request).backend.create_data_collection, told), 201)


async def get_collection(request: Request) -> Response:
    """Answer with a data collection and its file specifications."""
    return Answer(await call(api_of(request).backend.get_data_collection, request.path_params['collection']))


async def list_units(request: Request) -> Response:
    """Answer with a page of data units."""
    page = await call(api_of(request).backend.list_data_units, params_of(request))
    page['results'] = [_shown_unit(request, row) for row in page['results']]
    return page_answer(request, page)


async def get_unit(request: Request) -> Response:
    """Answer with a data unit."""
    return Answer(
        _shown_unit(request, await call(api_of(request).backend.get_data_unit, request.path_params['unit']))
    )


async def create_units(request: Request) -> Response:
    """Create data units: an object, or a list of them, all or none."""
    told = await read_json(request)
    units = [as_object(unit) for unit in (told if isinstance(told, list) else [told])]
    made = await call(api_of(request).backend.create_data_units, units)
    rows = [_shown_unit(request, row) for row in made]
    return Answer(rows if isinstance(told, list) else rows[0], 201)


def _shown_unit(request: Request, row: dict[str, Any]) -> dict[str, Any]:
    for file in row['files'].values():
        file['url'] = api_of(request).media_url(request, file['checksum'], file['file_name_original'])
    return row


async def delete_row(request: Request) -> Response:
    """Remove a data file, unit or collection; one that is not there is no error."""
    backend = api_of(request).backend
    remove = {
        'file': backend.delete_data_file,
        'unit': backend.delete_data_unit,
        'collection': backend.delete_data_collection,
    }
    ((kind, row_id),) = request.path_params.items()
    await call(remove[kind], row_id)
    return Response(status_code=204)


async def list_tasks(request: Request) -> Response:
    """Answer with a page of tasks."""
    return page_answer(request, await call(api_of(request).backend.list_tasks, params_of(request)))


async def create_tasks(request: Request) -> Response:
    """Create tasks, all or none."""
    return Answer(await call(api_of(request).backend.create_tasks, as_object(await read_json(request))), 201)


async def list_assignments(request: Request) -> Response:
    """Answer with a page of assignments."""
    page = await call(api_of(request).backend.list_assignments, params_of(request))
    page['results'] = [_shown_assignment(request, row) for row in page['results']]
    return page_answer(request, page)


async def get_assignment(request: Request) -> Response:
    """Answer with an assignment."""
    row = await call(api_of(request).backend.get_assignment, request.path_params['assignment'])
    return Answer(_shown_assignment(request, row))


def _shown_assignment(request: Request, row: dict[str, Any]) -> dict[str, Any]:
    row = _shown_unit(request, row)
    file = row['files'].get(row['file'].get('specification'))
    return {**row, 'file': file or {}}


# -- releases -----------------------------------------------------------------------------------------------


async def list_releases(request: Request) -> Response:
    """Answer with a page of plugin releases."""
    page = await call(api_of(request).backend.list_plugin_releases, params_of(request))
    page['results'] = [_shown_release(request, row) for row in page['results']]
    return page_answer(request, page)


async def get_release(request: Request) -> Response:
    """Answer with a plugin release, by its id or as ``code@version``."""
    release = await call(api_of(request).backend.get_plugin_release, request.path_params['release'])
    shown = _shown_release(request, release)
    if 'plugin' in request.query_params.getlist('expand'):
        shown['plugin'] = {
            'code': release['plugin'],
            'name': release['config'].get('name') or release['plugin'],
        }
    return Answer(shown)


async def create_release(request: Request) -> Response:
    """Take a plugin release, a form with an archive."""
    async with receive_form(request) as form:
        told: dict[str, Any] = {key: form.fields[key] for key in ('plugin', 'version') if key in form.fields}
        try:
            told['config'] = json.loads(form.fields.get('config') or '{}')
        except (ValueError, RecursionError) as exc:
            raise ParamsError(f'config is not JSON: {exc}.') from exc
        told['requirements'] = form.fields.get('requirements', '')
        told['debug'] = form.fields.get('debug', '').lower() == 'true'
        archive = form.file()
        named = archive.with_name(f'{archive.name}-{safe_file_name(form.names["file"], "release")}')
        form.files['file'] = archive.rename(named)  # the store keeps the suffix
        release = await call(api_of(request).backend.create_plugin_release, told, file=named)
    return Answer(_shown_release(request, release), 201)


def _shown_release(request: Request, row: dict[str, Any]) -> dict[str, Any]:
    return shown_file(request, {**row, 'name': f'{row["plugin"]}-{row["version"]}.zip'})


def _rows(path: str, listing: Callable[..., Any], creating: Callable[..., Any]) -> list[Route]:
    return [Route(path, listing), Route(path, creating, methods=['POST'])]


ROUTES = [
    *_rows('/models/', list_models, create_model),
    Route('/models/{model}/', get_model),
    Route('/models/{model}/', update_model, methods=['PATCH']),
    Route('/models/{model}/', delete_model, methods=['DELETE']),
    *_rows('/jobs/', list_jobs, create_job),
    Route('/jobs/{job}/', get_job),
    Route('/jobs/{job}/', update_job, methods=['PATCH']),
    Route('/jobs/{job}/console_logs/', get_console_logs),
    Route('/jobs/{job}/tail_console_logs/', tail_console_logs),
    *_rows('/logs/', list_logs, create_logs),
    *_rows('/data_collections/', list_collections, create_collection),
    Route('/data_collections/{collection}/', get_collection),
    *_rows('/data_units/', list_units, create_units),
    Route('/data_units/{unit}/', get_unit),
    *(
        Route(f'/data_{kind}s/{{{kind}}}/', delete_row, methods=['DELETE'])
        for kind in ('file', 'unit', 'collection')
    ),
    *_rows('/tasks/', list_tasks, create_tasks),
    Route('/sdk/tasks/', list_tasks),
    Route('/sdk/assignments/', list_assignments),
    Route('/assignments/{assignment}/', get_assignment),
    *_rows('/plugin_releases/', list_releases, create_release),
    Route('/plugin_releases/{release}/', get_release),
]
