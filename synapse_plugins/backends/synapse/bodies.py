"""Multipart bodies that are read from disk while they are sent, so that a file needs no memory."""

from __future__ import annotations

import json
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from ...errors import BackendError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ['FileSlice', 'FormBody']

_PIECE = 1024 * 1024


class FileSlice:
    """A part of a file, as a body.

    Args:
        path: The file.
        start: The first byte.
        size: How many bytes; None: all that follow.
    """

    def __init__(self, path: Path, start: int = 0, size: int | None = None) -> None:
        self.path = path
        self.start = start
        self.size = path.stat().st_size - start if size is None else size

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        left = self.size
        with self.path.open('rb') as reading:
            reading.seek(self.start)
            while left:
                piece = reading.read(min(_PIECE, left))
                if not piece:
                    raise BackendError(
                        f'{self.path} became shorter while it was sent. Send it again when it is whole.'
                    )
                left -= len(piece)
                yield piece


class FormBody:
    """A multipart form with one file.

    Attributes:
        content_type: The header that goes with it.

    Args:
        fields: Further fields; objects become JSON, everything else text.
        file: The file's bytes.
        filename: What the file is called.
    """

    def __init__(self, fields: Mapping[str, Any], file: FileSlice, filename: str) -> None:
        boundary = token_hex(16)
        self.content_type = f'multipart/form-data; boundary={boundary}'
        self._file = file
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{_text(value)}\r\n'
            for name, value in fields.items()
        ]
        quoted = filename.replace('\\', '_').replace('"', '%22').replace('\r', '%0D').replace('\n', '%0A')
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n'
        self._head = (''.join(parts) + head + 'Content-Type: application/octet-stream\r\n\r\n').encode()
        self._tail = f'\r\n--{boundary}--\r\n'.encode()

    def __len__(self) -> int:
        return len(self._head) + len(self._file) + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        yield from self._file
        yield self._tail


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)
