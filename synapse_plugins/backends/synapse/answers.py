"""What came back, or did not, as an error that says which request, what was answered, what to do."""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests
from requests import exceptions as broken
from urllib3 import exceptions as low

from ...errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    MissingObjectError,
    NoAnswerError,
    RateLimitError,
    RequestError,
    ServerError,
    TLSError,
)
from .redact import clean_text, shown_url

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ['CA_VARIABLE', 'RETRIED', 'moved_to', 'no_answer', 'refused', 'retry_after', 'was_sent']

CA_VARIABLE = 'SYNAPSE_CA_BUNDLE'
RETRIED = frozenset({429, 502, 503, 504})
_LONGEST_WAIT = 60.0
_SHOWN = 500

_SENTENCES = re.compile(r"""[.!?]['"`)]?\s+\S""")
"""Where a sentence ends and another one begins."""

_KINDS: dict[int, tuple[type[RequestError], str]] = {
    400: (InvalidRequestError, ''),
    401: (
        AuthenticationError,
        (
            'The token is missing, wrong or no longer valid: `synapse-plugins login`, or set SYNAPSE_ACCESS_TOKEN. '
            '`synapse-plugins doctor` says which one is used.'
        ),
    ),
    403: (ForbiddenError, 'The token may not do this; ask for the permission, or use another one.'),
    404: (MissingObjectError, 'Check the id, and that the address is that of the API.'),
    409: (ConflictError, ''),
    413: (InvalidRequestError, 'It is larger than the server takes.'),
    422: (InvalidRequestError, ''),
    429: (RateLimitError, 'Try again later, or with fewer requests at a time.'),
}


def refused(answer: requests.Response, secrets: Iterable[str]) -> RequestError:
    """Return the error that an answer with a status of 300 or above is."""
    status = answer.status_code
    kind, advice = _KINDS.get(status, (RequestError, ''))
    if status >= 500:
        kind, advice = ServerError, 'That is a failure of the server: try again later, or ask its operator.'
    method, url = str(answer.request.method), shown_url(str(answer.url))
    detail = _cleaned(_detail(answer), tuple(secrets))
    said = clean_text(_sentence(detail), secrets)[:_SHOWN]
    if status == 404 and _SENTENCES.search(said):
        advice = ''  # who says more than that it is not there says what to do, and knows better
    text = f'{method} {url} was answered with {status}{f": {said}" if said else f" {answer.reason}"}'
    text = text if text.endswith(('.', '!', '?')) else f'{text}.'
    return kind(f'{text} {advice}'.rstrip(), method=method, url=url, status=status, detail=detail)


def _detail(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        text = answer.text.strip()
        return '' if text.startswith('<') else text[:_SHOWN]  # a page of a proxy says nothing


def _cleaned(detail: Any, secrets: tuple[str, ...]) -> Any:
    """Return what an answer says without secrets that it repeats: it may be logged whole."""
    if isinstance(detail, str):
        return clean_text(detail, secrets)
    if isinstance(detail, list):
        return [_cleaned(item, secrets) for item in detail]
    if isinstance(detail, dict):
        return {clean_text(key, secrets): _cleaned(value, secrets) for key, value in detail.items()}
    return detail


def _sentence(detail: Any) -> str:
    """Return what an answer says as one line: of DRF, of v2, or plain."""
    if isinstance(detail, dict):
        for key in ('detail', 'message'):
            if isinstance(detail.get(key), str):
                return str(detail[key])
        if isinstance(detail.get('error'), dict):
            return _sentence(detail['error'])
        return '; '.join(f'{key}: {_sentence(value)}' for key, value in detail.items())
    if isinstance(detail, list):
        return ', '.join(map(_sentence, detail))
    return str(detail)


def moved_to(answer: requests.Response) -> str:
    """Return the address that an answer sends a request on to; empty if it is none."""
    try:
        target = urljoin(str(answer.url), answer.headers.get('Location', ''))
        _ = urlsplit(target).port
    except ValueError:
        return ''
    return target


def retry_after(answer: requests.Response) -> float | None:
    """Return the seconds that a server asks to wait, bounded; None if it does not ask."""
    told = answer.headers.get('Retry-After', '').strip()
    if not told:
        return None
    if told.isdecimal():
        return min(float(told[:9]), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(told)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), _LONGEST_WAIT)


def no_answer(error: Exception, method: str, url: str, secrets: Iterable[str]) -> NoAnswerError:
    """Return the error that a request without a whole answer is."""
    shown = shown_url(url)
    host = urlsplit(url).hostname
    if isinstance(error, broken.SSLError):
        reason = clean_text(str(_innermost(error)), secrets)
        advice = (
            'It may speak plain HTTP there: see whether the address has the right port, and begins as it should.'
            if 'WRONG_VERSION_NUMBER' in reason
            else 'If its certificate is signed by a private authority, name the file of that one: '
            f'{CA_VARIABLE}=/path/to/ca.pem'
        )
        return TLSError(
            f'{method} {shown}: no trusted connection to {host}: {reason}. {advice}',
            method=method,
            url=shown,
        )
    if isinstance(error, broken.ProxyError):
        what, advice = 'the proxy does not let it through', 'Check HTTPS_PROXY and NO_PROXY.'
    elif isinstance(error, broken.ConnectTimeout):
        what, advice = 'the server did not take the connection in time', 'Check the address and the network.'
    elif isinstance(error, broken.ReadTimeout) or _is_read_timeout(error):
        what, advice = 'the answer did not come in time', 'Try again later.'
    elif was_sent(error):
        what, advice = 'the connection broke before the answer was whole', 'Try again.'
    else:
        what, advice = 'the server cannot be reached', 'Check the address, and that the server is up.'
    inner = clean_text(str(_innermost(error)), secrets)[:_SHOWN]
    return NoAnswerError(f'{method} {shown}: {what} ({inner}). {advice}', method=method, url=shown)


def was_sent(error: Exception) -> bool:
    """Tell whether a request may have reached the server, so that it may have been done."""
    if isinstance(error, (broken.ConnectTimeout, broken.ProxyError, broken.SSLError)):
        return False
    for cause in _chain(error):
        # A NewConnectionError is also what a name that nobody knows becomes.
        if isinstance(cause, (low.NewConnectionError, low.ConnectTimeoutError, low.LocationValueError)):
            return False
    return not isinstance(error, (broken.InvalidURL, broken.InvalidSchema, broken.MissingSchema))


def _is_read_timeout(error: Exception) -> bool:
    return any(isinstance(cause, (low.ReadTimeoutError, TimeoutError)) for cause in _chain(error))


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            waiting += [getattr(item, 'reason', None), item.__cause__, item.__context__, *item.args]
    return found


def _innermost(error: BaseException) -> BaseException:
    """Return what says most: the error of the system or of TLS, else the error itself."""
    chain = _chain(error)
    for cause in chain:
        if isinstance(cause, ssl.SSLError):
            return cause
    plain = [cause for cause in chain if isinstance(cause, OSError) and cause.strerror]
    return plain[-1] if plain else chain[-1]
