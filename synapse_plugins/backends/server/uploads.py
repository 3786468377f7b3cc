"""What is on its way in: chunked uploads and objects of presigned addresses, on disk until they are taken.

They survive a restart of the server, so that a half-sent file can be gone on with.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from ...errors import NotFoundError, ParamsError
from ...store import require_space
from ...store.turns import one_at_a_time
from ..names import safe_file_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ['ChunkRange', 'Uploads', 'file_hash']

_RANGE = re.compile(r'bytes (\d{1,18})-(\d{1,18})/(\d{1,18})')
_PIECE = 1024 * 1024
_OLD = 3 * 24 * 3600.0


class ChunkRange:
    """Which bytes of a file a chunk is.

    Args:
        header: A ``Content-Range``, e.g. ``bytes 0-99/1000``.

    Raises:
        ParamsError: If it is none.
    """

    def __init__(self, header: str) -> None:
        found = _RANGE.fullmatch(header.strip())
        if found is None:
            raise ParamsError(f'A chunk needs a Content-Range such as bytes 0-99/1000, not {header[:80]!r}.')
        self.start, end, self.total = (int(number) for number in found.groups())
        self.size = end - self.start + 1
        if self.size < 1 or end >= self.total:
            raise ParamsError(f'{header!r} is no range of a file.')


class Uploads:
    """The uploads of one store, which several servers may serve.

    Args:
        folder: Where they lie; made when absent. What nobody wrote to for days is removed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)
        for old in folder.iterdir():
            with suppress(FileNotFoundError):  # another server that starts removes it too
                if time.time() - old.stat().st_mtime > _OLD:
                    shutil.rmtree(old, ignore_errors=True)

    def incoming(self) -> Path:
        """Return a new place for a body that comes in."""
        place = self.folder / 'incoming'
        place.mkdir(mode=0o700, exist_ok=True)
        return place / token_hex(16)

    # -- chunks ---------------------------------------------------------------------------------------

    def begin(self, filename: str, total: int) -> str:
        """Begin a chunked upload, and return its id."""
        require_space(self.folder, total, f'Taking {filename}')
        upload_id = str(uuid4())
        place = self.folder / upload_id
        place.mkdir(mode=0o700)
        (place / 'data').touch(mode=0o600)
        self._note(
            upload_id, {'filename': safe_file_name(filename, 'file'), 'total': total, 'created_at': _now()}
        )
        return upload_id

    def state(self, upload_id: str) -> dict[str, Any]:
        """Return what is known of an upload.

        Raises:
            NotFoundError: If there is none.
        """
        place = self.folder / _checked_id(upload_id)
        try:
            told: dict[str, Any] = json.loads((place / 'meta.json').read_text(encoding='utf-8'))
        except OSError:
            raise NotFoundError(f'There is no chunked upload {upload_id}.') from None
        data = place / 'data'
        offset = data.stat().st_size if data.exists() else told['total']
        done = told.get('completed_at')
        return {'id': upload_id, 'offset': offset, 'status': 2 if done else 1, 'completed_at': None, **told}

    def append(self, upload_id: str, chunk: Path, where: ChunkRange) -> dict[str, Any]:
        """Add a chunk that came in, if it is the one that comes next; the state tells which that is.

        Raises:
            ParamsError: If it is not what its range says, or not the next.
        """
        with self._locked(self.folder / _checked_id(upload_id)):
            state = self.state(upload_id)
            if state['completed_at']:
                raise ParamsError(f'The upload {upload_id} is complete.')
            if where.total != state['total'] or chunk.stat().st_size != where.size:
                raise ParamsError('The chunk is not as long as its Content-Range says.')
            if where.start != state['offset']:
                raise ParamsError(
                    f'Offsets do not match: {where.start} was sent, {state["offset"]} comes next.'
                )
            place = self.folder / upload_id / 'data'
            with place.open('ab') as whole, chunk.open('rb') as piece:
                shutil.copyfileobj(piece, whole, _PIECE)
            return self.state(upload_id)

    def finish(self, upload_id: str, md5: str) -> dict[str, Any]:
        """Check a whole upload, and say that it is complete; twice is as good as once.

        Raises:
            ParamsError: If it is not whole, or not what was sent.
        """
        with self._locked(self.folder / _checked_id(upload_id)):
            state = self.state(upload_id)
            if state['completed_at']:
                if state['md5'] != md5.lower():
                    raise ParamsError(f'The upload {upload_id} is complete, with another md5.')
                return state
            if state['offset'] != state['total']:
                raise ParamsError(f'The upload has {state["offset"]} of {state["total"]} bytes.')
            place = self.folder / upload_id
            data, whole = place / 'data', place / 'file' / state['filename']
            found = file_hash(data if data.exists() else whole, 'md5')  # a server may have died below
            if found != md5.lower():
                raise ParamsError(f'md5 checksum does not match: {found} came in, {md5} was sent.')
            whole.parent.mkdir(exist_ok=True)
            if data.exists():
                data.replace(whole)
            told = {key: state[key] for key in ('filename', 'total', 'created_at')}
            self._note(upload_id, {**told, 'completed_at': _now(), 'md5': found, 'size': state['total']})
            return self.state(upload_id)

    def taken_file(self, upload_id: Any) -> Path:
        """Return the file of a complete upload.

        Raises:
            ParamsError: If it is not complete.
        """
        state = self.state(str(upload_id))
        if not state['completed_at']:
            raise ParamsError(f'The upload {upload_id} is not complete: its md5 was not sent.')
        return self.folder / str(upload_id) / 'file' / str(state['filename'])

    # -- objects --------------------------------------------------------------------------------------

    def new_key(self, filename: str) -> str:
        """Return the key of an object that will be put."""
        return f'{uuid4().hex}/{safe_file_name(filename, "file")}'

    def object_path(self, key: str) -> Path:
        """Return where the object of a key lies, or will lie.

        Raises:
            NotFoundError: If it is no key of ours.
        """
        head, _, name = key.partition('/')
        if not re.fullmatch('[0-9a-f]{32}', head) or safe_file_name(name, '') != name:
            raise NotFoundError(f'There is no object {key[:120]!r}.')
        return self.folder / head / name

    def put_object(self, key: str, body: Path, part: int | None = None) -> str:
        """Take the body of an object, or of a part of it, and return its ETag."""
        place = self.object_path(key)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        etag = file_hash(body, 'md5')
        body.replace(place if part is None else place.with_name(f'.part-{part}-{etag}'))
        return etag

    def assemble(self, key: str, parts: list[tuple[int, str]]) -> Path:
        """Join the parts of an object.

        Raises:
            ParamsError: If one is not there, or not the one that came in.
        """
        place = self.object_path(key)
        with self._locked(place.parent):
            if place.exists():  # confirmed before
                return place
            pieces = [place.with_name(f'.part-{number}-{etag}') for number, etag in sorted(parts)]
            for piece, (number, _) in zip(pieces, sorted(parts), strict=True):
                if not piece.exists():
                    raise ParamsError(f'Part {number} of {key} did not come in.')
            joined = place.with_name('.joined')
            with joined.open('wb') as whole:
                for piece in pieces:
                    with piece.open('rb') as reading:
                        shutil.copyfileobj(reading, whole, _PIECE)
            joined.replace(place)
            for piece in pieces:
                piece.unlink()
        return place

    def drop(self, path: Path) -> None:
        """Remove what was taken in by the store."""
        top = self.folder / path.relative_to(self.folder).parts[0]
        shutil.rmtree(top, ignore_errors=True)

    # -- inside ---------------------------------------------------------------------------------------

    def _note(self, upload_id: str, told: dict[str, Any]) -> None:
        place = self.folder / upload_id / 'meta.json'
        fresh = place.with_suffix('.new')
        fresh.write_text(json.dumps(told), encoding='utf-8')
        os.replace(fresh, place)  # noqa: PTH105 - atomic on every system

    @contextmanager
    def _locked(self, place: Path) -> Iterator[None]:
        """Let one at a time change what lies in a folder; other threads and other servers of this store wait."""
        if not place.is_dir():
            raise NotFoundError(f'There is no upload {place.name}.')
        with one_at_a_time(place / '.lock'):
            yield


def file_hash(path: Path, kind: str) -> str:
    """Return a digest of a file, hexadecimal."""
    with path.open('rb') as reading:
        return hashlib.file_digest(reading, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest()


def _checked_id(upload_id: str) -> str:
    try:
        same = str(UUID(upload_id)) == upload_id
    except ValueError:
        same = False
    if not same:  # it becomes the name of a folder
        raise NotFoundError(f'There is no chunked upload {upload_id[:60]!r}.')
    return upload_id


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec='milliseconds')
