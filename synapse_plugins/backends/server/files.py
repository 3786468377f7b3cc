"""Files, both ways: chunked and presigned uploads, data files, and what is fetched by a signed address."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from ...errors import ParamsError, SynapsePluginsError
from ..fields import text_field
from ..names import safe_file_name
from .api import Answer, Api, api_of, as_object, call, read_json
from .receiving import receive_form, receive_raw
from .uploads import ChunkRange, file_hash

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from ..local import LocalBackend
    from .api import Limits

__all__ = ['ROUTES', 'shown_file', 'taken_upload']

_MOST_FILES = 1000
_MOST_PARTS = 10_000
_LONGEST_LIFETIME = 7 * 24 * 3600
"""Seconds that an address is good for at most, however long it is asked for."""
_AT_ONCE = 256 * 1024
"""Bytes of a file that is sent in one piece."""
_ETAG = re.compile('[0-9a-f]{32}')


class _Media(FileResponse):
    chunk_size = 1024 * 1024


async def get_media(request: Request) -> Response:
    """Answer with a file; its address was signed."""
    digest, name = request.path_params['digest'], request.path_params['name']
    etag = f'"{digest}"'
    if etag in request.headers.get('if-none-match', ''):
        return Response(status_code=304, headers={'etag': etag})
    whole = request.method == 'GET' and 'range' not in request.headers
    found = await call(_read_media, api_of(request).backend, digest, _AT_ONCE if whole else -1)
    if found is None:
        raise HTTPException(404, f'{name} is not there any more.')
    path, status, content = found
    headers = {'etag': etag, 'x-content-type-options': 'nosniff', 'cache-control': 'private'}
    streamed = _Media(path, headers=headers, filename=name, stat_result=status)
    if content is None:
        return streamed
    answer = Response(content)
    answer.raw_headers = streamed.raw_headers
    return answer


def _read_media(
    backend: LocalBackend, digest: str, most: int
) -> tuple[str, os.stat_result, bytes | None] | None:
    """Return a file, what the system says of it, and its content if that has at most so many bytes.

    That is done at one go: each further step in another thread takes the server longer than to read a picture.
    """
    path = backend.find_file_name(digest)
    if path is None:
        return None
    try:
        with open(path, 'rb') as reading:  # noqa: PTH123
            status = os.fstat(reading.fileno())
            return path, status, reading.read() if status.st_size <= most else None
    except FileNotFoundError:  # it went in this moment
        return None


# -- chunked uploads ----------------------------------------------------------------------------------------


async def put_chunk(request: Request) -> Response:
    """Take a chunk, the first one without an id."""
    api = api_of(request)
    where = ChunkRange(request.headers.get('content-range', ''))
    if where.total > api.limits.chunked:
        raise HTTPException(413, f'At most {api.limits.chunked} bytes are taken.')
    upload_id = request.path_params.get('upload')
    if upload_id is None and where.start:
        raise ParamsError('The first chunk of an upload begins at 0.')
    if upload_id is not None:
        await call(api.uploads.state, upload_id)
    async with receive_form(request) as form:
        chunk = form.file()
        if chunk.stat().st_size != where.size:
            raise ParamsError('The chunk is not as long as its Content-Range says.')
        if upload_id is None:
            upload_id = await call(api.uploads.begin, form.fields.get('filename') or 'file', where.total)
        state = await call(api.uploads.append, upload_id, chunk, where)
    return Answer(_shown_upload(request, state))


async def finish_upload(request: Request) -> Response:
    """Check a whole upload by its md5; without an id it is an empty file."""
    api = api_of(request)
    told = as_object(await read_json(request))
    md5 = text_field(told, 'md5', 'an upload')
    upload_id = request.path_params.get('upload')
    if upload_id is None:
        upload_id = await call(api.uploads.begin, text_field(told, 'filename', 'an upload') or 'file', 0)
    state = await call(api.uploads.finish, upload_id, md5)
    return Answer(_shown_upload(request, state))


async def get_upload(request: Request) -> Response:
    """Answer with the state of an upload."""
    state = await call(api_of(request).uploads.state, request.path_params['upload'])
    return Answer(_shown_upload(request, state))


def _shown_upload(request: Request, state: dict[str, Any]) -> dict[str, Any]:
    url = api_of(request).url(request, f'/chunked_upload/{state["id"]}/')
    return {**state, 'url': url, 'checksum': state.get('md5')}


def taken_upload(api: Api, upload_id: Any) -> Path:
    """Return the file of a complete upload, which is done with after this request."""
    return api.uploads.taken_file(upload_id)


# -- data files ---------------------------------------------------------------------------------------------


async def create_data_file(request: Request) -> Response:
    """Take a data file, in a form or from a chunked upload."""
    api = api_of(request)
    if request.headers.get('content-type', '').startswith('multipart/'):
        async with receive_form(request) as form:
            arrived = form.file()
            name = safe_file_name(form.names['file'], 'file')
            place = api.uploads.object_path(api.uploads.new_key(name))
            place.parent.mkdir(mode=0o700)
            arrived.replace(place)
            try:
                made = await _take(api, place)
            except BaseException:
                await call(api.uploads.drop, place)  # who sent it has no way to name it again
                raise
    else:
        told = as_object(await read_json(request))
        if not told.get('chunked_upload'):
            raise ParamsError('A data file needs a file, or the id of a chunked_upload.')
        made = await _take(api, taken_upload(api, told['chunked_upload']))
    return Answer(shown_file(request, made), 201)


async def _take(api: Api, place: Path, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = await call(api.backend.create_data_file, place, **more)
    await call(api.uploads.drop, place)
    return {**made, 'name': place.name}


def shown_file(request: Request, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the backend with an address that a client can use in place of ours."""
    name = row.get('file_name') or row.get('name') or 'file'
    return {**row, 'file': api_of(request).media_url(request, row['checksum'], str(name))}


async def verify_checksums(request: Request) -> Response:
    """Tell which contents are there."""
    checksums = as_object(await read_json(request)).get('checksums')
    if not isinstance(checksums, list) or not all(isinstance(checksum, str) for checksum in checksums):
        raise ParamsError("Checksums are asked for as {'checksums': [...]}.")
    return Answer(await call(api_of(request).backend.verify_data_files_checksums, checksums))


# -- presigned uploads --------------------------------------------------------------------------------------


async def presign(request: Request) -> Response:
    """Give out addresses to which files are put."""
    told = as_object(await read_json(request))
    files = told.get('files')
    if not isinstance(files, list) or len(files) > _MOST_FILES:
        raise ParamsError(
            f'Give the files, at most {_MOST_FILES}: {{"files": [{{"filename": ..., "size": ...}}]}}.'
        )
    lifetime = float(min(_whole(told.get('expiration', 3600), 'expiration'), _LONGEST_LIFETIME))
    sizes = [_whole(as_object(file).get('size', 0), 'size') for file in files]
    _check_sizes(api_of(request).limits, sizes)
    given = [_presigned(request, file, size, lifetime) for file, size in zip(files, sizes, strict=True)]
    return Answer({'files': given, 'expires_at': datetime.now(UTC) + timedelta(seconds=lifetime)})


def _whole(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ParamsError(f'{what} is a whole number, not {str(value)[:80]!r}.')
    return value


def _check_sizes(limits: Limits, sizes: list[int]) -> None:
    """Refuse files that are too large, and more addresses of parts than an answer should have."""
    if max(sizes, default=0) > limits.chunked:
        raise HTTPException(413, f'At most {limits.chunked} bytes are taken.')
    if sum(-(-size // limits.part) for size in sizes if size > limits.multipart) > _MOST_PARTS:
        raise ParamsError(
            f'These files have more than {_MOST_PARTS} parts together; ask for fewer at a time.'
        )


def _presigned(request: Request, file: dict[str, Any], size: int, lifetime: float) -> dict[str, Any]:
    api, filename = api_of(request), text_field(file, 'filename', 'a file') or 'file'
    key = api.uploads.new_key(filename)
    answer: dict[str, Any] = {'filename': filename, 'file_key': key}
    if size <= api.limits.multipart:
        answer['presigned_url'] = api.url(request, api.signer.sign(f'/storage/{key}', 'PUT', lifetime))
        return answer
    numbers = range(1, -(-size // api.limits.part) + 1)
    parts = [
        {
            'part_number': number,
            'presigned_url': api.url(request, api.signer.sign(f'/storage/{key}/{number}', 'PUT', lifetime)),
        }
        for number in numbers
    ]
    answer['multipart'] = {'upload_id': key.partition('/')[0], 'part_size': api.limits.part, 'parts': parts}
    return answer


async def put_object(request: Request) -> Response:
    """Take an object, or a part of one; its address was signed."""
    api = api_of(request)
    key, part = (
        f'{request.path_params["head"]}/{request.path_params["name"]}',
        request.path_params.get('part'),
    )
    async with receive_raw(request) as body:
        etag = await call(api.uploads.put_object, key, body, part)
    return Response(status_code=200, headers={'etag': f'"{etag}"'})


async def confirm(request: Request) -> Response:
    """Take what was put as data files; each file has its own result, in the order of the request."""
    files = as_object(await read_json(request)).get('files')
    if not isinstance(files, list):
        raise ParamsError(
            'Give the files that were put: {"files": [{"file_key": ..., "checksum": ..., "size": ...}]}.'
        )
    results = [await _confirm_one(api_of(request), as_object(file)) for file in files]
    created = sum(result['success'] for result in results)
    return Answer({'results': results, 'created_count': created, 'failed_count': len(results) - created})


async def _confirm_one(api: Api, file: dict[str, Any]) -> dict[str, Any]:
    result = {'file_key': file.get('file_key'), 'checksum': file.get('checksum')}
    try:
        made = await _confirmed(api, str(file.get('file_key')), file)
    except SynapsePluginsError as exc:
        return {**result, 'data_file_id': None, 'success': False, 'error': str(exc)}
    return {
        **result,
        'checksum': made['checksum'],
        'data_file_id': made['id'],
        'success': True,
        'error': None,
    }


async def _confirmed(api: Api, key: str, file: dict[str, Any]) -> dict[str, Any]:
    place = api.uploads.object_path(key)
    if multipart := file.get('multipart'):
        place = await call(api.uploads.assemble, key, _parts(multipart))
    if not place.is_file():
        raise ParamsError(f'{key} was not put, or was confirmed before.')
    size = place.stat().st_size
    if file.get('size') is not None and size != file['size']:
        raise ParamsError(f'{key} has {size} bytes; {file["size"]} were confirmed.')
    sha1 = await call(file_hash, place, 'sha1')
    if sha1 != str(file.get('checksum')).lower():
        raise ParamsError(f'{key} has the SHA-1 {sha1}; {file.get("checksum")} was confirmed.')
    return await _take(api, place, sha1=sha1)


def _parts(multipart: Any) -> list[tuple[int, str]]:
    """Return the number and the ETag of each part; both become the name of a file."""
    parts = []
    given = as_object(multipart).get('parts')
    for part in given if isinstance(given, list) else []:
        number = _whole(as_object(part).get('part_number'), 'part_number')
        if number > _MOST_PARTS:
            raise ParamsError(f'A file has at most {_MOST_PARTS} parts.')
        etag = str(part.get('etag')).strip('"')
        if not _ETAG.fullmatch(etag):
            raise ParamsError(f'{etag[:80]!r} is not the ETag that part {number} was given.')
        parts.append((number, etag))
    if not parts:
        raise ParamsError("The parts of a file are told as {'parts': [{'part_number': 1, 'etag': ...}]}.")
    return parts


ROUTES = [
    Route('/media/{digest}/{name}', get_media),
    Route('/chunked_upload/', put_chunk, methods=['PUT']),
    Route('/chunked_upload/', finish_upload, methods=['POST']),
    Route('/chunked_upload/{upload}/', put_chunk, methods=['PUT']),
    Route('/chunked_upload/{upload}/', finish_upload, methods=['POST']),
    Route('/chunked_upload/{upload}/', get_upload),
    Route('/data_files/', create_data_file, methods=['POST']),
    Route('/data_files/verify_checksums/', verify_checksums, methods=['POST']),
    Route('/data_files/presigned_upload/upload/', presign, methods=['POST']),
    Route('/data_files/presigned_upload/confirm_upload/', confirm, methods=['POST']),
    Route('/storage/{head}/{name}', put_object, methods=['PUT']),
    Route('/storage/{head}/{name}/{part:int}', put_object, methods=['PUT']),
]
