"""Takes in bodies that hold files."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...errors import ParamsError
from .api import api_of, stream
from .multipart import FormParser, boundary_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from typing import BinaryIO

    from starlette.requests import Request

__all__ = ['Form', 'receive_form', 'receive_raw']


@dataclass
class Form:
    """A multipart form that came in.

    Attributes:
        fields: Its fields.
        names: What the files were called, by the name of their part.
        files: Where they lie, until the request is done.
    """

    fields: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)

    def file(self, name: str = 'file') -> Path:
        """Return where a file lies.

        Raises:
            ParamsError: If there is none of that name.
        """
        if name not in self.files:
            raise ParamsError(f'The form has no file {name!r}.')
        return self.files[name]


@asynccontextmanager
async def receive_form(request: Request) -> AsyncIterator[Form]:
    """Receive a multipart form; its files are gone when the context is left, unless they were moved.

    Raises:
        ParamsError: If it is no form, or broke off.
    """
    api, form = api_of(request), Form()

    def open_file(name: str) -> BinaryIO:
        if name in form.files:
            raise ParamsError(f'The form has several files {name!r}; send one at a time.')
        form.files[name] = api.uploads.incoming()
        return form.files[name].open('xb')

    parser = FormParser(boundary_of(request.headers.get('content-type', '')), open_file)
    try:
        async for piece in stream(request, api.limits.upload):
            parser.feed(piece)
        if not parser.is_whole:
            raise ParamsError('The form broke off.')
        form.fields, form.names = parser.fields, parser.files
        yield form
    finally:
        parser.close()
        for path in form.files.values():
            path.unlink(missing_ok=True)


@asynccontextmanager
async def receive_raw(request: Request) -> AsyncIterator[Path]:
    """Receive a body as it is; it is gone when the context is left, unless it was moved."""
    api = api_of(request)
    place = api.uploads.incoming()
    try:
        with place.open('xb') as writing:
            async for piece in stream(request, api.limits.upload):
                writing.write(piece)
        yield place
    finally:
        place.unlink(missing_ok=True)
