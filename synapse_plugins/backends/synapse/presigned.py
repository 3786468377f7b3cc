"""Sends files straight to a storage, by addresses that are signed for a while."""

from __future__ import annotations

import mimetypes
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha1
from itertools import chain, compress
from typing import TYPE_CHECKING, Any

from ...errors import (
    AnswerLostError,
    AuthenticationError,
    BackendError,
    ForbiddenError,
    InvalidRequestError,
)
from .bodies import FileSlice
from .part import SLOW
from .transport import Request

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .transport import Transport

__all__ = ['PresignedUpload', 'existing_of']

_ASK, _CONFIRM = 'data_files/presigned_upload/upload/', 'data_files/presigned_upload/confirm_upload/'
_BATCH = 200
_LIFETIME = 3600
_STALE = (AuthenticationError, ForbiddenError, InvalidRequestError)


class PresignedUpload:
    """Sends many files.

    Args:
        transport: The transport; the token stays at home.
        workers: How many files are sent at a time.
    """

    def __init__(self, transport: Transport, workers: int = 8) -> None:
        self._transport = transport
        self._workers = workers

    def run(self, paths: Sequence[Path]) -> list[dict[str, Any]]:
        """Send files.

        Returns:
            For each path, in order: `path`, `success`, `checksum`, `id` (of the data file, where the server told
            it), `error`. One that failed does not keep the others.

        Raises:
            RequestError: If the server gives out no addresses.
        """
        is_there = [path.is_file() for path in paths]
        there = list(compress(paths, is_there))
        starts = range(0, len(there), _BATCH)
        sent = chain.from_iterable([self._batch(there[start : start + _BATCH]) for start in starts])
        return [next(sent) if found else _absent(path) for path, found in zip(paths, is_there, strict=True)]

    def _batch(self, paths: list[Path]) -> list[dict[str, Any]]:
        places = self._ask(paths)
        with ThreadPoolExecutor(self._workers, thread_name_prefix='upload') as pool:
            sent = list(pool.map(self._send, paths, places))
        told = self._confirm([item for item in sent if 'error' not in item])
        results = []
        for path, item in zip(paths, sent, strict=True):
            answer = told.get(item.get('file_key'), {})
            error = item.get('error') or answer.get('error')
            success = bool(answer.get('success')) and not error
            results.append(
                {
                    'path': path,
                    'success': success,
                    'checksum': answer.get('checksum') or item.get('checksum'),
                    'id': answer.get('data_file_id'),
                    'error': None if success else error or 'the server did not say what became of it',
                }
            )
        return results

    def _ask(self, paths: list[Path]) -> list[dict[str, Any]]:
        """Return where each file goes. Asking again gives other addresses, and does no harm."""
        files = [
            {'filename': path.name, 'size': path.stat().st_size, 'content_type': _content_type(path)}
            for path in paths
        ]
        body = {'files': files, 'expiration': _LIFETIME}
        told = self._transport.ask(Request('POST', _ASK, json=body, timeout=SLOW, repeatable=True))
        places = told.get('files') if isinstance(told, dict) else None
        if not isinstance(places, list) or len(places) != len(paths):
            raise BackendError(
                f'{self._transport.url}/{_ASK} did not give an address for each of {len(paths)} files.'
            )
        # By name where that is told: another order must not send a file to the place of another one.
        for path, place in zip(paths, places, strict=True):
            if place.get('filename', path.name) != path.name:
                raise BackendError(
                    f'{self._transport.url}/{_ASK} gave the addresses in another order than asked.'
                )
        return places

    def _send(self, path: Path, place: dict[str, Any]) -> dict[str, Any]:
        try:
            try:
                return self._put(path, place)
            except _STALE:  # perhaps it waited too long in the queue
                return self._put(path, self._ask([path])[0])
        except (BackendError, OSError) as exc:
            return {'file_key': place.get('file_key'), 'error': str(exc)}

    def _put(self, path: Path, place: dict[str, Any]) -> dict[str, Any]:
        size = path.stat().st_size
        digest = sha1(usedforsecurity=False)
        for piece in FileSlice(path, 0, size):
            digest.update(piece)
        told = {'file_key': place['file_key'], 'checksum': digest.hexdigest(), 'size': size}
        multipart = place.get('multipart')
        if not multipart:
            self._put_slice(str(place['presigned_url']), path, 0, size)
            return told
        part_size, parts = int(multipart['part_size']), []
        for part in sorted(multipart['parts'], key=lambda item: int(item['part_number'])):
            start = (int(part['part_number']) - 1) * part_size
            etag = self._put_slice(str(part['presigned_url']), path, start, min(part_size, size - start))
            parts.append({'part_number': part['part_number'], 'etag': etag})
        return {**told, 'multipart': {'upload_id': multipart['upload_id'], 'parts': parts}}

    def _put_slice(self, url: str, path: Path, start: int, size: int) -> str:
        """Put bytes, and return the ETag that the storage gives them."""
        kind = _content_type(path)

        def body() -> tuple[Any, str]:
            return (FileSlice(path, start, size) if size else b''), kind

        return str(self._transport.ask_headers(Request('PUT', url, body=body, timeout=SLOW)).get('ETag', ''))

    def _confirm(self, sent: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
        """Say what was put; an answer that was lost is made up for by looking which contents are there."""
        if not sent:
            return {}
        try:
            return self._told_of(sent)
        except AnswerLostError:
            there = self._there([item['checksum'] for item in sent])
            known = {
                item['file_key']: {**item, 'success': True} for item in sent if item['checksum'] in there
            }
            missing = [item for item in sent if item['file_key'] not in known]
            return {**known, **(self._told_of(missing) if missing else {})}

    def _told_of(self, sent: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
        told = self._transport.ask(Request('POST', _CONFIRM, json={'files': sent}, timeout=SLOW))
        return {result.get('file_key'): result for result in told.get('results', [])}

    def _there(self, checksums: list[str]) -> set[str]:
        path = 'data_files/verify_checksums/'
        told = self._transport.ask(Request('POST', path, json={'checksums': checksums}, repeatable=True))
        return existing_of(told, checksums)


def _absent(path: Path) -> dict[str, Any]:
    return {'path': path, 'success': False, 'checksum': None, 'id': None, 'error': f'{path} is not a file.'}


def existing_of(told: Any, checksums: Sequence[str]) -> set[str]:
    """Return which of the checksums a server says it has; it says so in one of several forms."""
    if isinstance(told, dict):
        for key in ('existing', 'existing_checksums', 'exists', 'found', 'results'):
            if isinstance(told.get(key), list):
                told = told[key]
                break
        else:
            return {checksum for checksum in checksums if told.get(checksum) is True}
    found = set()
    for item in told if isinstance(told, list) else []:
        if isinstance(item, dict) and item.get('exists', True):
            item = item.get('checksum')
        if isinstance(item, str) and item in checksums:
            found.add(item)
    return found


def _content_type(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or 'application/octet-stream'
