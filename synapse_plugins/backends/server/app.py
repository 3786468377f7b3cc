"""The application: who may ask, what answers, how failures are told."""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from ..._version import __version__
from ...errors import SynapsePluginsError
from . import events, files, records
from .api import Answer, Api, Limits, api_of, refusal
from .serving import is_loopback
from .signing import Signer
from .uploads import Uploads

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from ..local import LocalBackend

__all__ = ['make_app']

_TOKEN_HEADERS = ('synapse-access-token', 'authorization')
_OPEN = ('/health',)
_SIGNED = ('/media/', '/storage/')


def make_app(
    backend: LocalBackend, *, token: str | None, limits: Limits | None = None, url_lifetime: float = 3600.0
) -> Starlette:
    """Make the application that serves a backend.

    Args:
        backend: The embedded backend; it is not closed here.
        token: Who knows it may do everything; None: everybody may.
        limits: How much is taken; None: see `Limits`.
        url_lifetime: Seconds that the addresses of files are good for.
    """
    app = Starlette(
        routes=[Route('/health', _health), *events.ROUTES, *files.ROUTES, *records.ROUTES],
        exception_handlers={
            SynapsePluginsError: _refuse,
            HTTPException: _refuse,
            OSError: _refuse_disk,
            ClientDisconnect: _let_go,
            Exception: _fail,
        },
        middleware=[Middleware(_Gate, token=token)],
    )
    app.router.redirect_slashes = False
    signer = Signer(url_lifetime)
    app.state.api = Api(backend, Uploads(backend.store.uploads_dir), limits or Limits(), signer)
    app.state.signer = signer
    return app


class _Gate:
    """Lets a request in that brings the token, or whose address is signed."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refusal(scope) if scope['type'] == 'http' else None
        if refused is None:
            await self._app(scope, receive, send)
        else:
            await refused(scope, receive, send)

    def _refusal(self, scope: Scope) -> Answer | None:
        path: str = scope['path']
        if path in _OPEN:
            return None
        if path.startswith(_SIGNED):
            query = parse_qs(scope['query_string'].decode('latin-1'))
            signer: Signer = scope['app'].state.signer
            expires, signature = (query.get(key, [''])[0] for key in ('expires', 'signature'))
            reason = signer.refusal(path, scope['method'], expires, signature)
            return Answer({'detail': reason}, 403) if reason else None
        if self._token is None:
            return _refusal_of_others(scope)
        given = _tokens(scope)
        if any(hmac.compare_digest(token.encode(), self._token.encode()) for token in given):
            return None
        detail = 'Invalid token.' if given else 'Authentication credentials were not provided.'
        return Answer({'detail': detail}, 401, {'www-authenticate': 'Token'})


def _refusal_of_others(scope: Scope) -> Answer | None:
    """Without a token, refuse what a web page asks from within a browser of this machine, by whatever name."""
    headers = {key.decode('latin-1').lower(): value.decode('latin-1') for key, value in scope['headers']}
    try:
        host = urlsplit(f'//{headers.get("host", "")}').hostname or ''
    except ValueError:  # a bracket that nothing closes
        host = ''
    if is_loopback(host) and 'origin' not in headers:
        return None
    return Answer(
        {'detail': 'Without a token only programs of this machine are answered, and no web page.'}, 403
    )


def _tokens(scope: Scope) -> list[str]:
    """Return the tokens that a request brings, as v1 (``Token ...``), OAuth or v2 (bare) clients write them."""
    found: dict[str, str] = {}
    for key, value in scope['headers']:
        found[key.decode('latin-1').lower()] = value.decode('latin-1').strip()
    given = (found[name] for name in _TOKEN_HEADERS if name in found)
    return [value.removeprefix('Token ').removeprefix('Bearer ').strip() for value in given]


async def _health(_: Request) -> Answer:
    return Answer({'status': 'ok', 'version': __version__})


async def _refuse(request: Request, error: Exception) -> Answer:
    return refusal(error, api_of(request).url(request, ''))


async def _refuse_disk(request: Request, error: Exception) -> Answer:
    """Tell of a disk that is full, or a file that cannot be read, without its path."""
    logging.getLogger(__name__).error('%s %s failed', request.method, request.url.path, exc_info=error)
    reason = getattr(error, 'strerror', None) or type(error).__name__
    return Answer({'detail': f'The server cannot use its disk: {reason}.'}, 507)


async def _let_go(_: Request, __: Exception) -> Response:
    """Answer a client that went away while it sent: nobody hears it, and nothing failed."""
    return Response(status_code=400)


async def _fail(_: Request, __: Exception) -> Answer:
    """Tell of a bug of ours no more than that; the traceback goes to the log, and stays on this machine."""
    told: dict[str, Any] = {'detail': 'The server failed; its log says why.'}
    return Answer(told, 500)
