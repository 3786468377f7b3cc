"""Ground-truth events and dataset versions."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from ..filters import as_list
from ..jsontext import json_bytes
from ..local.part import as_id
from .api import Answer, api_of, call, page_answer, params_of

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ['ROUTES']


async def list_events(request: Request) -> Response:
    """Answer with a page of events."""
    return page_answer(request, await _page(request))


async def list_event_data(request: Request) -> Response:
    """Answer with a page of events without their files."""
    return page_answer(request, await _page(request, ('id', 'pgh_id', 'data')))


async def list_event_files(request: Request) -> Response:
    """Answer with a page of events whose files are a list."""
    page = await _page(request, ('id', 'pgh_id', 'files'))
    for row in page['results']:
        row['files'] = list(row['files'].values())
    return page_answer(request, page)


async def list_ground_truths(request: Request) -> Response:
    """Answer with a page of events; here they are chosen by their dataset as well."""
    api, params = api_of(request), params_of(request, whole_rows=False)
    if (dataset := params.pop('ground_truth_dataset', None)) is not None:
        wanted = [as_id(value, 'dataset') for value in as_list(dataset, 'ground_truth_dataset')]
        versions = [row['id'] for row in await call(api.backend.list_datasets) if row['dataset'] in wanted]
        asked = params.get('ground_truth_dataset_versions')
        if asked is not None:
            asked = [as_id(value, 'dataset version') for value in as_list(asked, 'versions')]
            versions = [version for version in versions if version in asked]
        params['ground_truth_dataset_versions'] = versions
    return page_answer(request, await _page(request, params=params))


async def _page(
    request: Request, fields: tuple[str, ...] | None = None, *, params: dict[str, Any] | None = None
) -> dict[str, Any]:
    api = api_of(request)
    params = params_of(request, whole_rows=False) if params is None else params
    mode = params.pop('response_mode', 'inline')
    if fields is not None:
        params['fields'] = list(fields)
    page: dict[str, Any] = await call(api.backend.list_ground_truth_events, params)
    for row in page['results']:
        for file in (row.get('files') or {}).values():
            file['url'] = api.media_url(request, file['checksum'], file['file_name_original'])
        if mode == 'presigned' and row.get('data') is not None:
            row['data'] = _outside(request, row)
    return page


def _outside(request: Request, row: dict[str, Any]) -> dict[str, Any]:
    """Return what stands for the data of an event when it is fetched by itself."""
    content = json_bytes(row['data'])
    event = row.get('pgh_id') or row.get('id')
    if event is None:
        raise HTTPException(400, 'fields: presigned data needs pgh_id or id.')
    api = api_of(request)
    return {
        'mode': 'presigned',
        'presigned_url': api.url(request, api.signer.sign(f'/media/events/{event}.json')),
        'size': len(content),
        'data_digest': sha256(content).hexdigest(),
    }


async def get_event_data(request: Request) -> Response:
    """Answer with the data of one event; its address was signed."""
    event = request.path_params['event']
    page = await call(api_of(request).backend.list_ground_truth_events, {'ids': event, 'fields': ['data']})
    if not page['results']:
        raise HTTPException(404, f'There is no event {event}.')
    return Response(json_bytes(page['results'][0]['data']), media_type='application/json')


async def list_versions(request: Request) -> Response:
    """Answer with a page of dataset versions."""
    params = params_of(request)
    return page_answer(request, await call(api_of(request).backend.list_ground_truth_versions, params))


async def get_version(request: Request) -> Response:
    """Answer with a dataset version."""
    wanted = request.path_params['version']
    return Answer(await call(api_of(request).backend.get_ground_truth_version, wanted))


ROUTES = [
    Route('/sdk/ground_truth_events/', list_events),
    Route('/sdk/ground_truth_events/data/', list_event_data),
    Route('/sdk/ground_truth_events/files/', list_event_files),
    Route('/ground_truths/', list_ground_truths),
    Route('/ground_truth_dataset_versions/', list_versions),
    Route('/ground_truth_dataset_versions/{version}/', get_version),
    Route('/media/events/{event:int}.json', get_event_data),
]
