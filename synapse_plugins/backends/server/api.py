"""What the handlers of the server share: its state, parameters in, answers out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ...errors import (
    AuthenticationError,
    BackendError,
    NeededError,
    NotFoundError,
    ParamsError,
    StoreError,
    SynapsePluginsError,
    UnknownNameError,
)
from ...store.plain import dump
from ..filters import PAGING
from ..names import safe_file_name
from .signing import Signer

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from ..local import LocalBackend
    from .uploads import Uploads

__all__ = ['Answer', 'Api', 'Limits', 'api_of', 'call', 'page_answer', 'params_of', 'read_json', 'refusal']

_LARGEST_PAGE = 1000
_DIGITS = 18
"""Of a number that is read; Python refuses thousands of them."""
_TOLD = 1000
"""Characters of a message at either end."""
_SHOWN_ONLY = PAGING - {'page', 'page_size'}
"""Keys that choose how rows are shown; lists that are always shown whole take them without a word."""


@dataclass(frozen=True)
class Limits:
    """Sizes, in bytes, beyond which the server does not go.

    Attributes:
        json: Of a JSON body.
        upload: Of a file that comes in one request, or of one chunk.
        chunked: Of a file that comes in chunks, or in parts.
        multipart: From this size on a presigned upload goes in parts.
        part: Of such a part.
    """

    json: int = 64 * 1024 * 1024
    upload: int = 1024 * 1024 * 1024
    chunked: int = 1024 * 1024 * 1024 * 1024
    multipart: int = 100 * 1024 * 1024
    part: int = 64 * 1024 * 1024


@dataclass
class Api:
    """The state of one server.

    Attributes:
        backend: The embedded backend that is served.
        uploads: What is on its way in.
        limits: How much is taken.
        signer: Signs the addresses of files.
    """

    backend: LocalBackend
    uploads: Uploads
    limits: Limits = field(default_factory=Limits)
    signer: Signer = field(default_factory=Signer)

    def media_url(self, request: Request, checksum: str, name: str) -> str:
        """Return an address, good for a while, from which a file is fetched; it ends on the file's name."""
        last = safe_file_name(name, 'file')
        return self.url(request, self.signer.sign(f'/media/{checksum.removeprefix("sha256:")}/{last}'))

    def url(self, request: Request, path: str) -> str:
        """Return the whole address of a path, as this client sees the server."""
        return f'{str(request.base_url).rstrip("/")}{path}'


class Answer(Response):
    """JSON; whatever it cannot hold becomes text."""

    media_type = 'application/json'

    def render(self, content: Any) -> bytes:
        """Return the content as JSON."""
        if content is None:
            return b''
        try:
            return orjson.dumps(content, default=_plain, option=orjson.OPT_NON_STR_KEYS)
        except TypeError:
            return _python_json(content)


def _python_json(content: Any) -> bytes:
    """Return as JSON what orjson does not write: a number beyond 64 bits, half of a character, what is nested deep."""
    try:
        return json.dumps(content, default=_plain, separators=(',', ':')).encode('ascii')
    except (
        RecursionError
    ):  # it was read, so it is not endless; what is too deep is shortened, as in the store
        return dump(content).encode('ascii')


def _plain(value: Any) -> Any:
    return str(value)


def api_of(request: Request) -> Api:
    """Return the state of the server."""
    api: Api = request.app.state.api
    return api


async def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call what touches the disk or the database away from the event loop."""
    return await run_in_threadpool(function, *args, **kwargs)


async def read_json(request: Request) -> Any:
    """Return the body, which is JSON.

    Raises:
        HTTPException: If it is too large.
        ParamsError: If it is something else.
    """
    body = bytearray()
    async for piece in stream(request, api_of(request).limits.json):
        body += piece
    try:
        return json.loads(bytes(body) or b'null', parse_constant=_no_constant)
    except (ValueError, RecursionError) as exc:
        raise ParamsError(f'The body is not JSON: {exc}.') from exc


async def stream(request: Request, limit: int) -> Any:
    """Yield the body piece by piece, up to a limit."""
    told = request.headers.get('content-length', '')
    if told.isdecimal() and (len(told) > _DIGITS or int(told) > limit):
        raise HTTPException(413, f'The body has {told[:40]} bytes, and at most {limit} are taken here.')
    taken = 0
    async for piece in request.stream():
        taken += len(piece)
        if taken > limit:
            raise HTTPException(413, f'The body has more than the {limit} bytes that are taken here.')
        yield piece


def _no_constant(name: str) -> Any:
    raise ValueError(f'{name} is no JSON')


def as_object(value: Any) -> dict[str, Any]:
    """Return a body that has to be an object."""
    if not isinstance(value, dict):
        raise ParamsError(f'An object is needed here, not {type(value).__name__}.')
    return value


def params_of(request: Request, *, whole_rows: bool = True) -> dict[str, Any]:
    """Return the query; a key that is there often has a list.

    Args:
        request: The request.
        whole_rows: Leave out what chooses parts of rows, because these rows are always whole.
    """
    query = request.query_params
    params: dict[str, Any] = {}
    for key in query:
        values = query.getlist(key)
        params[key] = values[0] if len(values) == 1 else values
    params.pop('url_host', None)
    if whole_rows:
        for key in _SHOWN_ONLY & params.keys():
            del params[key]
    for key in ('page', 'page_size'):
        if key in params and not (isinstance(params[key], str) and params[key].isdecimal()):
            raise ParamsError(f'{key}={params[key]!r} is no number.')
    if len(params.get('page_size', '')) > _DIGITS or int(params.get('page_size') or 1) > _LARGEST_PAGE:
        params['page_size'] = _LARGEST_PAGE
    return params


def page_answer(request: Request, page: dict[str, Any]) -> Answer:
    """Return a page with the addresses of its neighbours."""
    for key in ('next', 'previous'):
        if page[key] is not None:
            query = [(name, value) for name, value in request.query_params.multi_items() if name != 'page']
            query.append(('page', str(page[key])))
            page[key] = api_of(request).url(request, f'{request.url.path}?{urlencode(query)}')
    return Answer(page)


def refusal(error: Exception, address: str) -> Answer:
    """Return the answer to a request that failed in a way that is foreseen.

    Args:
        error: What it failed of.
        address: This server's, as the client sees it: a command that lists what is here needs it there.
    """
    headers = None
    if isinstance(error, HTTPException):
        status, headers = error.status_code, error.headers
        text = str(error.detail)
    else:
        text = _LISTING.sub(lambda found: f'{found[0]} --backend {address}', str(error))
        status = 500
        for kind, code in _STATUS:
            if isinstance(error, kind):
                status = code
                break
    if len(text) > 2 * _TOLD:  # it repeats what was sent, and why that is wrong stands before or behind it
        text = f'{text[:_TOLD]} ... {text[-_TOLD:]}'
    return Answer({'detail': text}, status, headers)


_LISTING = re.compile(r'synapse-plugins (?:datasets|models) list\b')
"""Commands that errors of the embedded backend name."""

_STATUS: tuple[tuple[type[SynapsePluginsError], int], ...] = (
    (AuthenticationError, 401),
    (NotFoundError, 404),
    (NeededError, 409),
    (ParamsError, 400),
    (UnknownNameError, 400),
    (StoreError, 507),
    (BackendError, 400),
    (SynapsePluginsError, 400),
)
