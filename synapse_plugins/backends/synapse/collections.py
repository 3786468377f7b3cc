"""Uploaded data: collections, files, units, tasks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import AnswerLostError, MissingObjectError, ParamsError
from .bodies import FileSlice, FormBody
from .chunked import CHUNK, ChunkedUpload
from .part import SLOW, ClientPart, checked_fields, path_id
from .presigned import PresignedUpload, existing_of
from .transport import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ['Collections']

_UNIT = ('data_collection', 'files', 'meta', 'groups')
_BATCH = 200
_VERIFY = 'data_files/verify_checksums/'


class Collections(ClientPart):
    """Data collections, files, units, tasks."""

    def get_data_collection(self, collection_id: int) -> dict[str, Any]:
        """Return a data collection with its `file_specifications`.

        Raises:
            NotFoundError: If there is none.
        """
        path = f'data_collections/{path_id(collection_id, "data collection")}/'
        collection: dict[str, Any] = self.transport.get(path, {'expand': 'file_specifications'})
        return collection

    def list_data_collections(
        self, params: Mapping[str, Any] | None = None, *, list_all: bool = False
    ) -> Any:
        """Return data collections."""
        return self._listing('data_collections/', params, (), list_all=list_all)

    def create_data_collection(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Create a data collection: ``name``, and ``file_specifications``."""
        collection: dict[str, Any] = self.transport.ask(Request('POST', 'data_collections/', json=dict(data)))
        return collection

    # -- files ----------------------------------------------------------------------------------------

    def create_data_file(
        self,
        file_path: str | Path,
        *,
        use_chunked_upload: bool | None = None,
        read_timeout: int | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> dict[str, Any]:
        """Upload a file; the result has its `id` and `checksum`.

        Args:
            file_path: The file.
            use_chunked_upload: In chunks or in one piece; None: in chunks from 50 MiB on.
            read_timeout: Seconds to wait for each answer.
            progress: Called with the bytes that the server has of a file in chunks, and how many there are.
        """
        path = Path(file_path).expanduser()
        if not path.is_file():
            raise ParamsError(f'{path} is not a file.')
        timeout = SLOW if read_timeout is None else (SLOW[0], float(read_timeout))
        chunked = path.stat().st_size > CHUNK if use_chunked_upload is None else use_chunked_upload
        if chunked:
            upload = ChunkedUpload(
                self.transport, path, notes=self._cache_root / 'uploads', timeout=timeout, progress=progress
            )
            body = {'chunked_upload': upload.run()['id']}
            request = Request('POST', 'data_files/', json=body, timeout=timeout)
        else:

            def form() -> tuple[FormBody, str]:
                made = FormBody({}, FileSlice(path), path.name)
                return made, made.content_type

            request = Request('POST', 'data_files/', body=form, timeout=timeout)
        request.look = lambda: self._look_for_file(path)
        made: dict[str, Any] = self.transport.ask(request)
        return made

    def _look_for_file(self, path: Path) -> dict[str, Any] | None:
        """Look whether a file came in whose answer was lost, by its content."""
        digests = {kind: hashlib.new(kind, usedforsecurity=False) for kind in ('sha256', 'sha1', 'md5')}
        for piece in FileSlice(path):
            for digest in digests.values():
                digest.update(piece)
        # The kind of digest is the server's affair.
        checksums = [
            f'sha256:{digests["sha256"].hexdigest()}',
            *(digest.hexdigest() for digest in digests.values()),
        ]
        found = existing_of(self.verify_data_files_checksums(checksums), checksums)
        checksum = next((checksum for checksum in checksums if checksum in found), None)
        return None if checksum is None else {'id': None, 'checksum': checksum, 'size': path.stat().st_size}

    def verify_data_files_checksums(self, checksums: Sequence[str]) -> dict[str, Any]:
        """Tell which contents were uploaded."""
        body = {'checksums': list(checksums)}
        told: dict[str, Any] = self.transport.ask(Request('POST', _VERIFY, json=body, repeatable=True))
        return told

    def create_data_files(self, paths: Sequence[str | Path], *, workers: int = 8) -> list[dict[str, Any]]:
        """Send many files straight to the server's storage, by presigned addresses.

        Args:
            paths: The files.
            workers: How many are sent at a time.

        Returns:
            For each, in order: `path`, `success`, `checksum`, `id`, `error`.
        """
        return PresignedUpload(self.transport, workers).run([Path(path).expanduser() for path in paths])

    # -- units and tasks ------------------------------------------------------------------------------

    def create_data_units(self, data: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
        """Create data units of uploaded files, in batches; each batch as a whole.

        Where an answer is lost, the server's units are looked through, so that none is made twice.

        Raises:
            RequestError: If the server refuses; a note says how many units of the batches before were made.
        """
        units = [data] if isinstance(data, Mapping) else list(data)
        checked = [checked_fields(unit, _UNIT, 'data unit') for unit in units]
        made: list[dict[str, Any]] = []
        for start in range(0, len(checked), _BATCH):
            batch = checked[start : start + _BATCH]
            try:
                made += self._create_units(batch)
            except Exception as exc:
                exc.add_note(f'{len(made)} of {len(checked)} data units were made before.')
                raise
        return made

    def _create_units(self, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
        collections = {unit['data_collection'] for unit in batch}
        before = self._count_units(collections)

        def look() -> list[dict[str, Any]] | None:
            after = self._count_units(collections)
            return self._look_for_units(batch, (after or 0) - (before or 0))

        # A server that tells no number leaves open what was made; then it is not asked again.
        able = None if before is None else look
        request = Request('POST', 'data_units/', json=batch, timeout=SLOW, look=able)
        told = self.transport.ask(request)
        if isinstance(told, dict):
            told = told.get('results', [told])
        return list(told)

    def _count_units(self, collections: set[Any]) -> int | None:
        """Return how many units there are, None if the server does not tell."""
        filters = ({'data_collection': collection, 'page_size': 1} for collection in collections)
        counts = [self.list_data_units(params).get('count') for params in filters]
        return None if None in counts else sum(map(int, counts))

    def _look_for_units(self, batch: list[dict[str, Any]], more: int) -> list[dict[str, Any]] | None:
        """Look whether a batch was made; it is made whole or not at all.

        Args:
            batch: The units.
            more: How many units there are more than before: others like these may have been there already.
        """
        if more <= 0:
            return None
        wanted = {_unit_key(unit) for unit in batch}
        found: dict[str, list[dict[str, Any]]] = {}
        for collection in {unit['data_collection'] for unit in batch}:
            rows, _ = self.list_data_units({'data_collection': collection}, list_all=True)
            for row in rows:
                if (key := _unit_key(row)) in wanted:
                    found.setdefault(key, []).append(row)
        newest = {key: sorted(rows, key=lambda row: int(row['id'])) for key, rows in found.items()}
        made = [newest[key].pop() for key in map(_unit_key, reversed(batch)) if newest.get(key)]
        if not made:
            return None
        if len(made) < len(batch) or more < len(batch):
            raise AnswerLostError(f'{len(made)} of {len(batch)} data units are there; their answer was lost.')
        return made[::-1]

    def get_data_unit(self, unit_id: int, *, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a data unit."""
        unit: dict[str, Any] = self.transport.get(f'data_units/{path_id(unit_id, "data unit")}/', params)
        return unit

    def list_data_units(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        url_conversion: Mapping[str, Any] | None = None,
        list_all: bool = False,
        page_size: int = 100,
        timeout: int = 60,
    ) -> Any:
        """Return data units; filter: ``data_collection``."""
        return self._listing(
            'data_units/', params, ('data_collection', 'ids', 'search'),
            list_all=list_all, page_size=page_size, timeout=(SLOW[0], float(timeout)),
        )  # fmt: skip

    def delete_data_file(self, file_id: int) -> None:
        """Remove an uploaded file; one that is not there is no error.

        Raises:
            NeededError: If a data unit needs it.
        """
        self._delete(f'data_files/{path_id(file_id, "data file")}/')

    def delete_data_unit(self, unit_id: int) -> None:
        """Remove a data unit, not its files; one that is not there is no error."""
        self._delete(f'data_units/{path_id(unit_id, "data unit")}/')

    def delete_data_collection(self, collection_id: int) -> None:
        """Remove a data collection; one that is not there is no error.

        Raises:
            NeededError: If it has units.
        """
        self._delete(f'data_collections/{path_id(collection_id, "data collection")}/')

    def _delete(self, path: str) -> None:
        with suppress(MissingObjectError):
            self.transport.ask(Request('DELETE', path))

    def create_tasks(self, data: Mapping[str, Any]) -> Any:
        """Create tasks: ``project``, and ``data``, one object a task with its ``data_unit``."""
        given = checked_fields(data, ('project', 'data'), 'request for tasks')
        return self.transport.ask(Request('POST', 'tasks/', json=given, timeout=SLOW))


def _unit_key(unit: Mapping[str, Any]) -> str:
    """Return what a unit is made of: its collection, its files' contents, and what is said of it."""
    files = {name: str((file or {}).get('checksum')) for name, file in (unit.get('files') or {}).items()}
    parts = [
        unit.get('data_collection'),
        sorted(files.items()),
        unit.get('meta') or {},
        list(unit.get('groups') or []),
    ]
    return repr(parts)
