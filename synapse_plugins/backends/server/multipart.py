"""Takes a multipart form apart while it comes in: fields into memory, files to disk, neither without a limit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...errors import ParamsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

__all__ = ['FormParser', 'boundary_of']

_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,200})"|([^;\s,]{1,200}))', re.IGNORECASE)
_PARAMETER = re.compile(r';\s*(\w+)(\*?)=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')
_HEADERS_LIMIT = 16 * 1024
_FIELDS_LIMIT = 4 * 1024 * 1024
_PARTS_LIMIT = 200


def boundary_of(content_type: str) -> bytes:
    """Return what stands between the parts.

    Raises:
        ParamsError: If it is no multipart form.
    """
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith('multipart/form-data') or found is None:
        raise ParamsError(f'A multipart form is needed here, not {content_type[:80]!r}.')
    return (found[1] or found[2]).encode('latin-1')


class FormParser:
    """Fed with the pieces of a body, in order.

    Attributes:
        fields: The fields that came, by name.
        files: The names that the files were given, by the name of their part.
        is_whole: Whether the end of the form was seen.

    Args:
        boundary: What stands between the parts, see `boundary_of`.
        open_file: Called with the name of a file part; what it returns takes the content and is closed after it.
    """

    def __init__(self, boundary: bytes, open_file: Callable[[str], BinaryIO]) -> None:
        self.fields: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.is_whole = False
        self._mark = b'\r\n--' + boundary
        self._open_file = open_file
        self._buffer = (
            b'\r\n'  # the first mark begins the body, without the line end that others have in front
        )
        self._in_part = False
        self._name = ''
        self._sink: BinaryIO | None = None
        self._field = bytearray()
        self._kept = self._parts = 0

    def feed(self, piece: bytes) -> None:
        """Take the next piece.

        Raises:
            ParamsError: If it is no form, or more than a form should be.
        """
        self._buffer += piece
        while not self.is_whole and (self._body() if self._in_part else self._head()):
            pass
        if self.is_whole:
            self._buffer = b''  # what follows the end is of no interest

    def close(self) -> None:
        """Close what is open; a form that broke off leaves a file half written."""
        if self._sink is not None:
            self._sink.close()
            self._sink = None

    def _head(self) -> bool:
        """Take a mark and the headers behind it; False if more is needed."""
        mark = len(self._mark)
        if len(self._buffer) < mark + 2:
            return False
        if not self._buffer.startswith(self._mark):
            raise ParamsError('This is no multipart form: it does not begin with its boundary.')
        if self._buffer[mark : mark + 2] == b'--':
            self.is_whole = True
            return False
        end = self._buffer.find(b'\r\n\r\n', mark)
        if end < 0:
            if len(self._buffer) > _HEADERS_LIMIT:
                raise ParamsError('The headers of a part of the form are too long.')
            return False
        self._begin(self._buffer[mark:end])
        self._buffer = self._buffer[end + 4 :]
        self._in_part = True
        return True

    def _begin(self, head: bytes) -> None:
        self._parts += 1
        if self._parts > _PARTS_LIMIT:
            raise ParamsError(f'The form has more than {_PARTS_LIMIT} parts.')
        if len(head) > _HEADERS_LIMIT:
            raise ParamsError('The headers of a part of the form are too long.')
        lines = head.decode('utf-8', 'replace').split('\r\n')
        disposition = next((line for line in lines if line.lower().startswith('content-disposition:')), '')
        given = _parameters(disposition)
        self._name = given.get('name', '')
        if 'filename' in given:
            self.files[self._name] = given['filename']
            self._sink = self._open_file(self._name)

    def _body(self) -> bool:
        """Take content up to the next mark; False if more is needed."""
        at = self._buffer.find(self._mark)
        if at < 0:
            safe = len(self._buffer) - len(self._mark) + 1  # the mark may have begun
            if safe > 0:
                self._take(self._buffer[:safe])
                self._buffer = self._buffer[safe:]
            return False
        self._take(self._buffer[:at])
        self._buffer = self._buffer[at:]
        self._end()
        return True

    def _take(self, content: bytes) -> None:
        if self._sink is not None:
            self._sink.write(content)
            return
        self._kept += len(content)
        if self._kept > _FIELDS_LIMIT:
            raise ParamsError(f'The fields of the form have more than {_FIELDS_LIMIT} bytes.')
        self._field += content

    def _end(self) -> None:
        if self._sink is not None:
            self.close()
        else:
            self.fields[self._name] = self._field.decode('utf-8', 'replace')
        self._field = bytearray()
        self._in_part = False


def _parameters(disposition: str) -> dict[str, str]:
    """Return the parameters of a Content-Disposition; ``filename*`` wins over ``filename``."""
    from urllib.parse import unquote

    plain: dict[str, str] = {}
    extended: dict[str, str] = {}
    for name, star, quoted, bare in _PARAMETER.findall(disposition):
        if star:
            extended[name.lower()] = unquote(bare.rpartition("'")[2], errors='replace')
        else:
            # Browsers and clients write a quote in a name as %22 or as \"
            plain[name.lower()] = re.sub(r'\\(.)', r'\1', quoted) if quoted else bare
    return {**plain, **extended}
