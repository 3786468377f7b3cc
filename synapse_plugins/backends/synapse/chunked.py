"""Sends a file in chunks: from where the server says, again after a crash, and once only when an answer is lost."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, contextmanager, suppress
from hashlib import md5, sha256
from typing import TYPE_CHECKING, Any

from ...errors import BackendError, InvalidRequestError, MissingObjectError, RequestError
from ...store.turns import unless_taken
from .bodies import FileSlice, FormBody
from .credentials import origin
from .part import SLOW
from .transport import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .transport import Transport

__all__ = ['CHUNK', 'ChunkedUpload']

CHUNK = 50 * 1024 * 1024
_PIECE = 1024 * 1024
_LOOKS = 5
_LOOK_SECONDS = 60.0
_CORRECTIONS = 5
"""How often in a row a server may send us back without taking a byte."""


class ChunkedUpload:
    """One file on its way out.

    Args:
        transport: The transport.
        path: The file; it must not change while it is sent.
        notes: A folder for a note on how far it is, so that another process can go on; None: none is kept.
        content: What tells the file's content, for one that lies in another place each time; None: its path and time.
        chunk: Bytes of a chunk.
        timeout: Seconds to connect, and to wait where the server assembles.
        progress: Called with the bytes that the server has, and how many there are.
    """

    def __init__(
        self,
        transport: Transport,
        path: Path,
        *,
        notes: Path | None = None,
        content: str | None = None,
        chunk: int = CHUNK,
        timeout: tuple[float, float] = SLOW,
        progress: Callable[[int, int], object] | None = None,
    ) -> None:
        self._transport = transport
        self._path = path
        self._chunk = chunk
        self._timeout = timeout
        self._progress = progress
        status = path.stat()
        self._size = status.st_size
        self._stamp = [self._size, status.st_mtime_ns]
        what = f'{transport.url}\n{content or path.resolve()}\n{self._size if content else self._stamp}'
        self._note = (
            None
            if notes is None
            else notes / f'{sha256(what.encode("utf-8", "surrogateescape")).hexdigest()[:32]}.json'
        )
        self._id: Any = None
        self._url = 'chunked_upload/'

    def run(self) -> dict[str, Any]:
        """Send it, and return what the server says of the whole: `id`, which other requests name.

        Raises:
            RequestError: If the server refuses it, or cannot be reached; what it has is gone on with the next time.
            BackendError: If the file changed meanwhile.
        """
        with self._noting():
            resumed = self._resume()
            try:
                return self._send(resumed)
            except (InvalidRequestError, MissingObjectError):
                if not resumed:
                    raise
                # What the server had of it was not ours, or is gone: from the start.
                self._forget()
                return self._send(0)

    def _send(self, offset: int) -> dict[str, Any]:
        stuck = 0
        while offset < self._size:
            told = self._send_chunk(offset)
            self._id = told.get('id', self._id)
            self._url = self._next_url(told.get('url'))
            after = int(told['offset'])
            stuck = stuck + 1 if after <= offset else 0
            if stuck > _CORRECTIONS or after > self._size:
                raise BackendError(
                    f'{self._transport.url} says that it has {after} of {self._size} bytes of {self._path.name}, and '
                    'does not go on. Try again later.'
                )
            offset = after  # whatever was sent: the server knows what it has
            self._remember()
            if self._progress is not None:
                self._progress(offset, self._size)
        return self._finish()

    def _next_url(self, told: Any) -> str:
        """Return where the next chunk goes: where the server says, unless that is another server."""
        url = str(told or '')
        if url and ('://' not in url or origin(url) == origin(self._transport.url)):
            return url
        return f'chunked_upload/{self._id}/'

    def _send_chunk(self, offset: int) -> dict[str, Any]:
        size = min(self._chunk, self._size - offset)

        def body() -> tuple[FormBody, str]:
            self._check_unchanged()
            form = FormBody(
                {'filename': self._path.name}, FileSlice(self._path, offset, size), self._path.name
            )
            return form, form.content_type

        def look() -> dict[str, Any] | None:
            state = self._state()
            return state if int(state['offset']) != offset else None

        request = Request(
            'PUT', self._url,
            body=body, timeout=self._timeout,
            headers={'Content-Range': f'bytes {offset}-{offset + size - 1}/{self._size}'},
            repeatable=self._id is None,  # the beginning of an upload can be made twice: the other one is never used
            look=look,
        )  # fmt: skip
        try:
            told = self._transport.ask(request)
        except InvalidRequestError:
            if self._id is None:
                raise
            told = look()
            if told is None:
                raise
        if not isinstance(told, dict) or not isinstance(told.get('offset'), int):
            raise BackendError(f'{self._transport.url} did not say how much of {self._path.name} it has.')
        return told

    def _finish(self) -> dict[str, Any]:
        digest = self._md5()
        request = Request(
            'POST', self._url, json={'md5': digest, **({} if self._id else {'filename': self._path.name})},
            timeout=self._timeout, look=self._look if self._id is not None else None,
        )  # fmt: skip
        told: dict[str, Any] = self._transport.ask(request)
        self._forget_note()
        return told

    def _look(self) -> dict[str, Any] | None:
        """Look whether a file was completed whose last answer was lost; the server may still be at it."""
        until = time.monotonic() + _LOOK_SECONDS
        for attempt in range(1, _LOOKS + 1):
            state = self._state()
            if state.get('completed_at'):
                return state
            if time.monotonic() > until or attempt == _LOOKS:
                break
            self._transport.sleep(self._transport.retries.wait(attempt))
        return None

    def _state(self) -> dict[str, Any]:
        told = self._transport.get(f'chunked_upload/{self._id}/')
        if not isinstance(told, dict) or not isinstance(told.get('offset'), int):
            raise BackendError(f'{self._transport.url} does not say how far the upload {self._id} is.')
        return told

    def _md5(self) -> str:
        self._check_unchanged()
        found = md5(usedforsecurity=False)
        for piece in FileSlice(self._path, 0, self._size):
            found.update(piece)
        self._check_unchanged()
        return found.hexdigest()

    def _check_unchanged(self) -> None:
        status = self._path.stat()
        if [status.st_size, status.st_mtime_ns] != self._stamp:
            raise BackendError(f'{self._path} was changed while it was sent. Send it again when it is whole.')

    # -- from one process to the next -------------------------------------------------------------------

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Keep notes, unless there is no place for them, or somebody else sends the same file just now."""
        with ExitStack() as held:
            if self._note is not None:
                try:
                    self._note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    is_ours = held.enter_context(unless_taken(self._note.with_suffix('.lock')))
                except OSError:
                    is_ours = False
                self._note = self._note if is_ours else None
            yield

    def _resume(self) -> int:
        """Return how much of the file the server has from before."""
        if self._note is None:
            return 0
        try:
            told = json.loads(self._note.read_text(encoding='utf-8'))
            self._id = told['id']
            self._url = self._next_url(told['url'])
        except (OSError, ValueError, KeyError, TypeError):
            return 0
        try:
            state = self._state()
        except RequestError:
            self._forget()
            return 0
        offset = int(state['offset'])
        if offset > self._size:
            self._forget()
            return 0
        return offset

    def _remember(self) -> None:
        if self._note is None or self._id is None:
            return
        fresh = self._note.with_suffix('.new')
        with suppress(OSError):  # without a note all goes on: it only saves sending again what the server has
            fresh.write_text(json.dumps({'id': self._id, 'url': self._url}), encoding='utf-8')
            fresh.replace(self._note)

    def _forget(self) -> None:
        self._forget_note()
        self._id, self._url = None, 'chunked_upload/'

    def _forget_note(self) -> None:
        if self._note is not None:
            with suppress(OSError):
                self._note.unlink(missing_ok=True)
