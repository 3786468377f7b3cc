"""Plain GETs over the connections of a session, beneath the library's own preparations, which cost more than a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests import exceptions as broken
from requests.cookies import extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict
from requests.utils import select_proxy
from urllib3 import Timeout
from urllib3 import exceptions as low

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requests.adapters import HTTPAdapter
    from urllib3 import HTTPConnectionPool

__all__ = ['PlainGets', 'read_whole']

_PLAIN = re.compile(
    r"(https?://(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]+(?::[0-9]{1,5})?)((?:/(?!\.)(?:[\w~!$&'()*+,;=:@.-]|%[0-9A-F]{2})*)+"
    r"(?:\?(?:[\w~!$&'()*+,;=:@/?.-]|%[0-9A-F]{2})*)?)",
    re.ASCII,
)
"""Addresses that go over the wire as they stand: nothing to quote, no dots that lead up, no password."""

_IMPLIED = {'Accept': '*/*', 'Connection': 'keep-alive'}
"""What a request means that does not say it; each line costs."""


@dataclass(frozen=True)
class _Server:
    """What all requests to one server have in common."""

    pool: HTTPConnectionPool
    headers: dict[str, str]


class PlainGets:
    """Sends GETs without a body; threads may share it.

    Whatever is out of the ordinary (a proxy, cookies, an address that needs quoting) is left to the session.

    Args:
        session: Whose headers, cookies and connections are used.
        verify: The file or the folder of the authorities that are trusted.
        proxies_for: Returns the proxies for an address.
    """

    def __init__(
        self, session: requests.Session, verify: str, proxies_for: Callable[[str], Mapping[str, str]]
    ) -> None:
        self._session = session
        self._tls: dict[str, Any] = {
            'cert_reqs': 'CERT_REQUIRED',
            'ca_cert_dir' if Path(verify).is_dir() else 'ca_certs': verify,
        }
        self._proxies_for = proxies_for
        self._servers: dict[str, _Server | None] = {}

    def send(
        self, url: str, headers: Mapping[str, str], timeout: tuple[float, float]
    ) -> requests.Response | None:
        """Send a request, and return its answer before its body is read; None if this is one for the session.

        Raises:
            requests.RequestException: As the session does.
        """
        if (parts := _PLAIN.fullmatch(url)) is None or self._session.cookies:
            return None
        base, target = parts.groups()
        if base not in self._servers:
            self._servers[base] = self._server(base)
        if (server := self._servers[base]) is None:
            return None
        sent = {**server.headers, **headers}
        try:
            raw = server.pool.urlopen(
                'GET', target, headers=sent, timeout=Timeout(connect=timeout[0], read=timeout[1]),
                retries=False, redirect=False, assert_same_host=False, preload_content=False,
                decode_content=False,
            )  # fmt: skip
        except (low.HTTPError, OSError) as exc:
            raise _as_of_session(exc) from exc
        return self._answer(url, sent, raw)

    def _server(self, base: str) -> _Server | None:
        if select_proxy(base, dict(self._proxies_for(base))):
            return None
        parts = urlsplit(base)
        adapter: HTTPAdapter = self._session.get_adapter(base)  # type: ignore[assignment]
        pool = adapter.poolmanager.connection_from_host(
            parts.hostname,
            parts.port,
            parts.scheme,
            pool_kwargs=self._tls if parts.scheme == 'https' else None,
        )
        asked = requests.Request('GET', base, headers=dict(self._session.headers))
        prepared = asked.prepare()
        if callable(self._session.auth):
            prepared = self._session.auth(prepared)  # the token, where this is the server it is for
        headers = {str(name): str(value) for name, value in prepared.headers.items()}
        return _Server(pool, {name: value for name, value in headers.items() if _IMPLIED.get(name) != value})

    def _answer(self, url: str, headers: dict[str, str], raw: Any) -> requests.Response:
        request = requests.PreparedRequest()
        request.method, request.url, request.headers = 'GET', url, CaseInsensitiveDict(headers)
        answer = requests.Response()
        answer.status_code, answer.reason, answer.url = raw.status, raw.reason, url
        answer.headers = CaseInsensitiveDict(raw.headers)
        answer.encoding = requests.utils.get_encoding_from_headers(answer.headers)
        answer.raw, answer.request = raw, request
        if 'Set-Cookie' in answer.headers:
            extract_cookies_to_jar(self._session.cookies, request, raw)  # type: ignore[no-untyped-call]
        return answer


def read_whole(answer: requests.Response) -> bytes:
    """Return the body of an answer at one go; it is as it came over the wire.

    Raises:
        requests.RequestException: If it breaks off.
    """
    try:
        body: bytes = answer.raw.read()
    except low.ReadTimeoutError as exc:
        raise broken.ConnectionError(exc) from exc
    except low.SSLError as exc:
        raise broken.SSLError(exc) from exc
    except low.HTTPError as exc:
        raise broken.ChunkedEncodingError(exc) from exc
    return body


def _as_of_session(error: Exception) -> broken.RequestException:
    """Return the exception that the session raises for one of the library beneath it."""
    kind: type[broken.RequestException] = broken.ConnectionError
    if isinstance(error, low.SSLError):
        kind = broken.SSLError
    elif isinstance(error, low.ReadTimeoutError):
        kind = broken.ReadTimeout
    elif isinstance(error, low.ConnectTimeoutError) and not isinstance(error, low.NewConnectionError):
        kind = broken.ConnectTimeout
    return kind(error)
