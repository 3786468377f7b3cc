"""Fetches a file: streamed to disk, gone on with where it broke off, verified, whole or absent."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from hashlib import new as new_hash
from typing import TYPE_CHECKING, Any

from requests import exceptions as broken

from ...datasets.files import overwrite_bytes
from ...errors import (
    AuthenticationError,
    BackendError,
    ForbiddenError,
    InvalidRequestError,
    NoAnswerError,
    RateLimitError,
    RequestError,
    ServerError,
)
from ...store.turns import one_at_a_time
from ..jsontext import json_value
from .plain import read_whole
from .redact import shown_url
from .transport import Request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from requests import Response

    from .transport import Transport

__all__ = ['Fetch', 'fetch_json', 'fetch_once']

_PIECE = 1024 * 1024
_ARRIVING = 64 * 1024
"""Bytes that are written at a time: what breaks off within a piece is lost."""
_TIMEOUT = (5.0, 60.0)
_RENEWALS = 3
_WRONG = 3
"""How often a file is fetched from its first byte that turns out to be another one."""
_DIGESTS = {'sha256': 64, 'sha1': 40, 'md5': 32}
_STALE = (AuthenticationError, ForbiddenError, InvalidRequestError)
"""What a storage answers when the signature of an address has expired: 400, 401, 403."""


class Fetch:
    """One file on its way in.

    Attributes:
        size_there: The bytes that came in so far.

    Args:
        transport: The transport; the token goes along to its own server only.
        url: The file's address.
        target: Where to. What came in so far lies beside it, and is gone on with by the next fetch to there.
        size: Its bytes, where known.
        checksum: Its digest, where known: ``sha256:...``, ``sha1:...``, ``md5:...``.
        renew: Returns a fresh address, for one that has expired.
        progress: Called with the bytes that are there, and their number at the end, or None.
    """

    def __init__(
        self,
        transport: Transport,
        url: str,
        target: str | Path,
        *,
        size: int | None = None,
        checksum: str | None = None,
        renew: Callable[[], str] | None = None,
        progress: Callable[[int, int | None], object] | None = None,
    ) -> None:
        self._transport = transport
        self._url = url
        # Plain text: a Path of each of many files costs time, and until Python 3.13 its parts stay in memory for ever.
        self._target = os.fspath(target)
        self._part = f'{self._target}.part'
        self._size = size
        self._checksum = checksum
        self._renew = renew
        self._renewals = 0
        self._progress = progress
        self._etag = ''
        self.size_there = 0
        self._digest: Any = None  # of all that is there, where it came in one go

    def run(self) -> None:
        """Fetch it.

        Raises:
            BackendError: If it cannot be had whole, with what is wrong; what came in stays for the next time,
                unless it is wrong itself.
        """
        failures = wrongs = 0
        if not self._checksum:
            self._start_anew()  # nothing could tell whether what is there belongs to the same file
        self.size_there = self._have()
        while True:
            before = self.size_there
            try:
                self._receive()
                self._check_length()
                wrong = self._wrong()
            except (NoAnswerError, RateLimitError, ServerError) as exc:
                self.size_there = self._have()
                failures = 0 if self.size_there > before else failures  # it goes on, if slowly
                failures += 1
                if failures >= self._transport.retries.attempts or (
                    exc.status is not None and not _passes(exc)
                ):
                    raise
                asked = getattr(exc, 'retry_after', None)
                self._transport.sleep(self._transport.retries.wait(failures) if asked is None else asked)
                continue
            if wrong is None:
                os.replace(self._part, self._target)  # noqa: PTH105 - for each of many small files
                return
            # What lies there may have been begun from another file: once more, from its first byte.
            self._start_anew()
            wrongs += 1
            if wrongs == _WRONG:
                raise wrong

    def _have(self) -> int:
        try:
            return os.stat(self._part).st_size  # noqa: PTH116 - for each of many small files
        except FileNotFoundError:
            return 0

    def _start_anew(self) -> None:
        with suppress(FileNotFoundError):
            os.unlink(self._part)  # noqa: PTH108 - for each of many small files
        self.size_there = 0

    def _receive(self) -> None:
        """Take in what is missing."""
        have = self.size_there
        if have and self._size is not None and have >= self._size:
            self._digest = None
            return
        headers = {'Accept-Encoding': 'identity'}
        if have:
            headers['Range'] = f'bytes={have}-'
            if self._etag:
                headers['If-Range'] = self._etag
        with self._answer(headers) as answer:
            if answer.status_code == 416:  # there is nothing behind what we have
                if self._size is None and _total(answer) != have:
                    self._start_anew()
                return
            resumed = answer.status_code == 206 and _start(answer) == have
            if answer.status_code == 206 and not resumed:
                self._start_anew()
                raise NoAnswerError(
                    f'GET {shown_url(self._url)}: the server sent another range than was asked for.'
                )
            etag = answer.headers.get('ETag', '')
            self._etag = '' if etag.startswith('W/') else etag
            if not resumed and _is_small(answer):
                self._write_at_once(answer)
            else:
                self._write(answer, have if resumed else 0)

    def _write_at_once(self, answer: Response) -> None:
        """Write a body that is one piece."""
        try:
            body = read_whole(answer)
        except (broken.RequestException, OSError) as exc:
            raise self._transport.broke(exc, 'GET', self._url) from exc
        kind = (self._checksum or '').partition(':')[0]
        try:
            overwrite_bytes(self._part, body)
        except OSError as exc:
            raise self._not_written(exc) from exc
        self._digest = new_hash(kind, body, usedforsecurity=False) if kind in _DIGESTS else None
        self.size_there = len(body)
        if self._progress is not None:
            self._progress(len(body), len(body))

    def _not_written(self, error: OSError) -> BackendError:
        return BackendError(f'{self._target} cannot be written: {error.strerror or error}.')

    def _write(self, answer: Response, at: int) -> None:
        kind = (self._checksum or '').partition(':')[0]
        digest = new_hash(kind, usedforsecurity=False) if kind in _DIGESTS and not at else None
        self._digest = None
        told = answer.headers.get('Content-Length', '')
        total = at + int(told) if told.isdecimal() else self._size
        with open(self._part, 'ab' if at else 'wb') as writing:  # noqa: PTH123 - see __init__
            try:
                for piece in answer.iter_content(_ARRIVING):
                    writing.write(piece)
                    if digest is not None:
                        digest.update(piece)
                    at += len(piece)
                    if self._size is not None and at > self._size:
                        break  # whatever this is, it is not the file, and need not fill the disk
                    if self._progress is not None:
                        self._progress(at, total)
            except (broken.RequestException, TimeoutError, ConnectionError) as exc:
                raise self._transport.broke(exc, 'GET', self._url) from exc
            except OSError as exc:
                raise self._not_written(exc) from exc
        self.size_there = at
        self._digest = digest

    def _answer(self, headers: dict[str, str]) -> Response:
        request = Request('GET', self._url, headers=headers, timeout=_TIMEOUT)
        while True:
            try:
                return self._transport.open(request, accept=frozenset({416}))
            except _STALE:
                if self._renew is None or self._renewals >= _RENEWALS:
                    raise
                self._renewals += 1
                self._url = request.path = self._renew()

    def _check_length(self) -> None:
        """Refuse a file that is shorter than it was told to be; what is there of it is gone on with."""
        if self._size is not None and self.size_there < self._size:
            raise NoAnswerError(
                f'GET {shown_url(self._url)}: {self.size_there} of {self._size} bytes came, and the server says '
                'that is all.'
            )

    def _wrong(self) -> BackendError | None:
        """Return what is wrong with what came in, None if it is as it was told to be."""
        if not self.size_there and not os.path.exists(self._part):  # noqa: PTH110
            return BackendError(f'{shown_url(self._url)}: nothing came in')
        if self._size is not None and self.size_there != self._size:
            return BackendError(
                f'{shown_url(self._url)} has changed: it has {self.size_there} bytes, and had {self._size}'
            )
        kind, _, digest = (self._checksum or '').rpartition(':')
        if len(digest) != _DIGESTS.get(kind):
            return None
        found = self._digest
        if found is None:
            found = new_hash(kind, usedforsecurity=False)
            with open(self._part, 'rb') as reading:  # noqa: PTH123
                while piece := reading.read(_PIECE):
                    found.update(piece)
        if found.hexdigest() == digest.lower():
            return None
        return BackendError(
            f'{shown_url(self._url)} has changed: its {kind} is {found.hexdigest()[:12]}..., and was {digest[:12]}...'
        )


def fetch_once(
    transport: Transport,
    url: str,
    target: Path,
    *,
    size: int | None = None,
    checksum: str | None = None,
    renew: Callable[[], str] | None = None,
) -> Path:
    """Return a file of a cache, fetched unless it is there. Others that want it at the same time wait for it.

    Raises:
        BackendError: If it cannot be had whole, as of `Fetch.run`.
    """

    def is_there() -> bool:
        return target.is_file() and (size is None or target.stat().st_size == size)

    if not is_there():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with one_at_a_time(target.with_name(f'{target.name}.lock')):
            if not is_there():
                Fetch(transport, url, target, size=size, checksum=checksum, renew=renew).run()
    return target


def fetch_json(
    transport: Transport, url: str, renew: Callable[[], str], size: int | None, digest: str | None
) -> Any:
    """Fetch a JSON document by an address that may expire.

    Args:
        transport: The transport.
        url: The address.
        renew: Returns a fresh address.
        size: Its bytes, where known.
        digest: Its SHA-256, where known.

    Raises:
        BackendError: If it cannot be had, or is not what was told.
    """
    for attempt in range(_RENEWALS + 1):
        try:
            content = _bytes(transport, url)
            break
        except _STALE:
            if attempt == _RENEWALS:
                raise
            url = renew()
    name = shown_url(url)
    if size is not None and len(content) != size:
        raise BackendError(f'{name} has {len(content)} bytes, and should have {size}')
    if digest and new_hash('sha256', content).hexdigest() != digest.removeprefix('sha256:').lower():
        raise BackendError(f'{name}: its sha256 is not the one that was told')
    try:
        return json_value(content)
    except ValueError as exc:
        raise BackendError(f'{name} is not JSON: {exc}') from exc


def _bytes(transport: Transport, url: str) -> bytes:
    """Return a small body whole, with the repetitions of the transport."""
    failures = 0
    while True:
        try:
            with transport.open(Request('GET', url, timeout=(5.0, 120.0))) as answer:
                try:
                    return answer.content
                except (broken.RequestException, OSError) as exc:
                    raise transport.broke(exc, 'GET', url) from exc
        except (NoAnswerError, RateLimitError, ServerError) as exc:
            failures += 1
            if failures >= transport.retries.attempts or (exc.status is not None and not _passes(exc)):
                raise
            asked = getattr(exc, 'retry_after', None)
            transport.sleep(transport.retries.wait(failures) if asked is None else asked)


def _passes(error: RequestError) -> bool:
    """Tell whether a status is one that goes away by itself."""
    return error.status in {429, 500, 502, 503, 504}


def _is_small(answer: Response) -> bool:
    """Tell whether a body comes in one piece, as it will lie there."""
    told = answer.headers.get('Content-Length', '')
    return told.isdecimal() and int(told) <= _ARRIVING and 'Content-Encoding' not in answer.headers


def _start(answer: Response) -> int:
    found = re.match(r'bytes (\d+)-', answer.headers.get('Content-Range', ''))
    return int(found[1]) if found else -1


def _total(answer: Response) -> int:
    found = re.search(r'/(\d+)$', answer.headers.get('Content-Range', ''))
    return int(found[1]) if found else -1
