"""Requests to one server: pooled, with time-outs, repeated where that does no harm, and without leaking a token."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests import exceptions as broken
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from ..._version import __version__
from ...errors import (
    AnswerLostError,
    NoAnswerError,
    RateLimitError,
    RequestError,
    ServerError,
    TLSError,
)
from ..jsontext import json_value
from .answers import RETRIED, moved_to, no_answer, refused, retry_after, was_sent
from .credentials import origin
from .environment import ca_bundle, timeout_of_environment
from .plain import PlainGets
from .redact import clean_chain, clean_text, hide_in_logs, shown_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .credentials import Credentials

__all__ = ['Request', 'Retries', 'Transport']

_CONNECTIONS = 32
_HOPS = 5
_MOVED = frozenset({301, 302, 303, 307, 308})
_SAFE = frozenset({'GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'})
"""Methods whose repetition does no harm: a PATCH of the platform replaces what it names."""


@dataclass(frozen=True)
class Retries:
    """How often and when a request is repeated.

    Attributes:
        attempts: How often it is sent at most.
        first: Seconds before the first repetition; each further wait is up to twice as long.
        longest: Seconds of the longest wait.
    """

    attempts: int = 5
    first: float = 0.5
    longest: float = 30.0

    def wait(self, attempt: int) -> float:
        """Return the seconds before the repetition that follows an attempt (from 1): up to a limit, by chance."""
        limit = min(self.longest, self.first * 2 ** (attempt - 1))
        return random.uniform(limit / 2, limit)  # noqa: S311 - spreads clients out, and guards nothing


@dataclass
class Request:
    """A request to make.

    Attributes:
        method: ``GET``, ``POST`` ...
        path: Relative to the server's address, or a whole address.
        params: The query; a list repeats its key.
        json: A body as JSON.
        body: Makes the body, and its content type, anew for each attempt.
        headers: Further headers.
        timeout: Seconds to connect and to wait for each piece of the answer; None: the transport's.
        look: For what must not be done twice: tells whether a request whose answer was lost was done, by returning
            what it made, else None. Without it such a request is not repeated.
        repeatable: Whether doing it twice is as good as once; None: as its method says.
        attempts: How often it is sent at most; None: as the transport does.
    """

    method: str
    path: str
    params: Mapping[str, Any] | None = None
    json: Any = None
    body: Callable[[], tuple[Any, str]] | None = None
    headers: Mapping[str, str] | None = None
    timeout: tuple[float, float] | None = None
    look: Callable[[], Any] | None = None
    repeatable: bool | None = None
    attempts: int | None = None

    @property
    def is_repeatable(self) -> bool:
        """Whether doing it twice is as good as once."""
        return self.method in _SAFE if self.repeatable is None else self.repeatable


class Transport:
    """Sends requests to one server.

    Threads may share it.

    Args:
        credentials: Who asks, and whom.
        timeout: Seconds to connect, and to wait for each piece of an answer.
        retries: How often and when a request is repeated.

    Raises:
        ConfigError: If the file of authorities that a variable names is not there.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        timeout: tuple[float, float] | None = None,
        retries: Retries | None = None,
    ) -> None:
        self.url = credentials.host.value
        self.timeout = timeout or timeout_of_environment()
        self.retries = retries or Retries()
        self.secrets = credentials.secrets()
        self.sleep: Callable[[float], None] = time.sleep
        self._url_host = credentials.url_host.value if credentials.url_host else None
        self._verify = ca_bundle()
        self._proxies: dict[tuple[str, str, int | None], dict[str, str]] = {}
        self._session = requests.Session()
        # The library would ask the environment anew for each request, and ~/.netrc for a password.
        self._session.trust_env = False
        self._session.auth = self._auth = _Headers(self.url, credentials.headers())
        self._session.headers['User-Agent'] = f'synapse-plugins/{__version__}'
        for scheme in ('http://', 'https://'):
            self._session.mount(
                scheme, HTTPAdapter(pool_connections=8, pool_maxsize=_CONNECTIONS, max_retries=0)
            )
        self._plain = PlainGets(self._session, self._verify, self._proxies_for)
        hide_in_logs()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    # -- whole answers --------------------------------------------------------------------------------

    def get(self, path: str, params: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """GET a path."""
        return self.ask(Request('GET', path, params=params, **more))

    def ask(self, request: Request) -> Any:
        """Make a request and return what the answer holds: JSON, text, or None for nothing.

        Raises:
            RequestError: Of the kind that the status is, after all attempts.
            AnswerLostError: If it may have been done, and nobody can tell.
        """
        return self._repeat(request, self._once)

    def ask_headers(self, request: Request) -> Mapping[str, str]:
        """Make a request and return the headers of its answer; the rest is as in `ask`."""
        headers: Mapping[str, str] = self._repeat(request, self._headers_of)
        return headers

    def _headers_of(self, request: Request) -> Mapping[str, str]:
        with self.open(request) as answer:
            return answer.headers

    def _repeat(self, request: Request, once: Callable[[Request], Any]) -> Any:
        attempt = 0
        while True:
            attempt += 1
            try:
                return once(request)
            except (NoAnswerError, RateLimitError, ServerError) as exc:
                if not _is_worth_repeating(exc):
                    raise
                if _may_be_done(exc) and not request.is_repeatable:
                    found = self._look(request, exc)
                    if found is not None:
                        return found
                if attempt >= (request.attempts or self.retries.attempts):
                    raise
                asked = getattr(exc, 'retry_after', None)
                self.sleep(self.retries.wait(attempt) if asked is None else asked)

    def _look(self, request: Request, error: RequestError) -> Any:
        """Look whether a request was done whose answer was lost."""
        if request.look is not None:
            try:
                return request.look()
            except RequestError as exc:
                error.add_note(f'Looking whether it was done failed too: {exc}')
        lost = AnswerLostError(
            f'{error} It may have been done, so it was not repeated; look there before you run it again.',
            method=error.method, url=error.url, status=error.status, detail=error.detail,
        )  # fmt: skip
        raise lost from error

    def _once(self, request: Request) -> Any:
        with self.open(request) as answer:
            try:
                content = answer.content
            except (broken.RequestException, OSError) as exc:
                raise self.broke(exc, request.method, answer.url) from exc
            if answer.status_code == 204 or not content:
                return None
            kind = answer.headers.get('Content-Type', 'json')
            if 'html' in kind:
                raise RequestError(
                    f'{request.method} {shown_url(str(answer.url))} was answered with a web page. Check that the '
                    'address is that of the API, and that no proxy answers in its place.',
                    method=request.method, url=shown_url(str(answer.url)), status=answer.status_code,
                )  # fmt: skip
            if 'json' not in kind:
                return answer.text
            try:
                return json_value(content, answer.json)
            except ValueError as exc:
                cut = broken.ChunkedEncodingError('the answer is not whole JSON')
                raise self.broke(cut, request.method, answer.url) from exc

    # -- streamed answers -----------------------------------------------------------------------------

    def open(self, request: Request, *, accept: frozenset[int] = frozenset()) -> requests.Response:
        """Send a request once, and return its answer before its body is read; close it.

        Args:
            request: The request.
            accept: Statuses of 300 and above that are no error.

        Raises:
            RequestError: Of the kind that the status is.
        """
        url = self._address(request.path)
        for hop in range(_HOPS):
            answer = self._send(request, url, None if hop else request.params)
            if answer.status_code in _MOVED and answer.status_code not in accept:
                url = self._next_hop(request, answer)
                continue
            if answer.status_code < 300 or answer.status_code in accept:
                return answer
            with answer:
                try:
                    error = refused(answer, self.secrets)
                except (broken.RequestException, OSError) as exc:
                    raise self.broke(exc, request.method, url) from exc
                if answer.status_code in RETRIED:
                    error.retry_after = retry_after(answer)  # type: ignore[attr-defined]
                raise error
        raise RequestError(
            f'{request.method} {shown_url(url)} is sent on and on; check the address of the server.',
            method=request.method, url=shown_url(url),
        )  # fmt: skip

    def _send(self, request: Request, url: str, params: Mapping[str, Any] | None) -> requests.Response:
        body, kind = request.body() if request.body is not None else (None, '')
        headers = {**({'Content-Type': kind} if kind else {}), **(request.headers or {})}
        params = dict(params or {})  # none where it was sent on: the address there has its own
        if self._url_host and origin(url) == origin(self.url):
            params.setdefault('url_host', self._url_host)
        how: dict[str, Any] = {
            'stream': True, 'allow_redirects': False, 'timeout': request.timeout or self.timeout,
            'verify': self._verify, 'proxies': self._proxies_for(url),
        }  # fmt: skip
        try:
            if request.method == 'GET' and body is None and request.json is None:
                if not params and (answer := self._plain.send(url, headers, how['timeout'])) is not None:
                    return answer
                return self._session.send(self._prepare_get(url, params, headers), **how)
            return self._session.request(
                request.method, url, params=params, json=request.json, data=body, headers=headers, **how
            )
        except (broken.RequestException, OSError) as exc:
            raise self.broke(exc, request.method, url) from exc

    def _prepare_get(
        self, url: str, params: Mapping[str, Any], headers: Mapping[str, str]
    ) -> requests.PreparedRequest:
        """Prepare a request without a body: the merging that the library does costs as much as reading a file."""
        made = requests.PreparedRequest()
        made.method = 'GET'
        made.prepare_url(url, params)
        made.prepare_headers({**self._session.headers, **headers})
        made.prepare_cookies(self._session.cookies)
        return self._auth(made)

    def _proxies_for(self, url: str) -> dict[str, str]:
        """Return the proxies that the usual variables name for a server; they are asked once for each."""
        server = origin(url)
        if server not in self._proxies:
            self._proxies[server] = dict(get_environ_proxies(url))
        return self._proxies[server]

    def broke(self, error: Exception, method: str, url: str) -> NoAnswerError:
        """Return the error that a broken exchange is; *error* and what it came from are cleaned of secrets."""
        clean_chain(error, self.secrets)
        made = no_answer(error, method, url, self.secrets)
        made.was_sent = was_sent(error)  # type: ignore[attr-defined]
        return made

    def _next_hop(self, request: Request, answer: requests.Response) -> str:
        """Return where an answer sends a request on to, if it may go there."""
        with answer:
            target = moved_to(answer)
        here, there = urlsplit(str(answer.url)), urlsplit(target)
        keeps_method = request.method in {'GET', 'HEAD'} or answer.status_code in {307, 308}
        same = origin(str(answer.url)) == origin(target)
        if there.scheme not in {'http', 'https'} or (here.scheme == 'https' and there.scheme == 'http'):
            reason = 'that is no secure address'
        elif not keeps_method or (request.method not in {'GET', 'HEAD'} and not same):
            reason = 'what is sent would go astray on the way'
        else:
            return target  # the token goes along to the same server only, see _Headers
        moved = f'{there.scheme}://{there.netloc.rpartition("@")[2]}' if there.netloc else 'elsewhere'
        advice = f' If that is the server, use its address: SYNAPSE_HOST={moved}' if there.netloc else ''
        raise RequestError(
            f'{request.method} {shown_url(str(answer.url))} is sent on to {moved}, and {reason}.{advice}',
            method=request.method, url=shown_url(str(answer.url)), status=answer.status_code,
        )  # fmt: skip

    def _address(self, path: str) -> str:
        if '://' not in path:
            return f'{self.url}/{path.lstrip("/")}'
        try:
            origin(path)
        except ValueError as exc:
            raise RequestError(
                f'{self.url} told an address that is none: {clean_text(path, self.secrets)[:200]!r}. That is a failure '
                'of the server: ask its operator.',
                method='GET', url='',
            ) from exc  # fmt: skip
        return path


class _Headers(requests.auth.AuthBase):
    """Puts the headers that say who asks onto requests to one server, and no other."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._origin = origin(url)
        self._headers = headers

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if origin(str(request.url)) == self._origin:
            request.headers.update(self._headers)
        return request


def _is_worth_repeating(error: RequestError) -> bool:
    if isinstance(error, NoAnswerError):
        return not isinstance(error, TLSError)
    return error.status in RETRIED


def _may_be_done(error: RequestError) -> bool:
    """Tell whether the server may have done what was asked; too much asked means that it did not."""
    if isinstance(error, NoAnswerError):
        return bool(getattr(error, 'was_sent', True))
    return error.status != 429
