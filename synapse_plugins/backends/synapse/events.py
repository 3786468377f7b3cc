"""Ground-truth events and dataset versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import BackendError, NotFoundError, ParamsError, UnknownNameError, suggestion
from ..filters import EVENT_FILTERS, PAGING, as_list, category_of, check_keys, chooses_nothing, given_of
from ..names import safe_file_name
from .fetching import fetch_json, fetch_once
from .paging import Walk, first_page, no_rows
from .part import ClientPart, path_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ['Events']

_PATH = 'sdk/ground_truth_events/'
_VERSIONS = 'ground_truth_dataset_versions/'
_FIELDS = ('id', 'pgh_id', 'category', 'data', 'files')
_TIMEOUT = (5.0, 60.0)


class Events(ClientPart):
    """Events, walked page by page, each once."""

    def list_ground_truth_events(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        url_conversion: Mapping[str, Any] | None = None,
        list_all: bool = False,
        page_size: int = 100,
    ) -> Any:
        """Return events, see `synapse_plugins.backends.Backend`.

        Data that the server keeps elsewhere is fetched.

        Raises:
            UnknownNameError: For a filter key or a field that nobody knows; the server would ignore it, and answer
                with everything.
            RequestError: If the server refuses, or cannot be reached.
            BackendError: If the list changed so that events are missing.
        """
        asked = _checked(params, page_size)
        if chooses_nothing(asked):
            return no_rows(list_all=list_all)
        shape = self._shaper(asked, with_paths=bool(url_conversion))
        if not list_all:
            page = first_page(self.transport, _PATH, asked, timeout=_TIMEOUT)
            page['results'] = [shape(row) for row in page['results']]
            return page
        walk = Walk(self.transport, _PATH, asked, _event_key, timeout=_TIMEOUT)
        return map(shape, walk.rows()), walk.count

    def _shaper(self, asked: Mapping[str, Any], *, with_paths: bool) -> Any:
        def shape(row: dict[str, Any]) -> dict[str, Any]:
            if _is_outside(row.get('data')):
                row['data'] = self._fetch_data(row, asked)
            if with_paths and 'files' in row:
                row['files'] = {
                    name: self._with_path(row, name, file) for name, file in (row['files'] or {}).items()
                }
            return row

        return shape

    def _fetch_data(self, row: Mapping[str, Any], asked: Mapping[str, Any]) -> Any:
        """Return the data of an event that the answer only points at."""
        told: Mapping[str, Any] = row['data']

        def renew() -> str:
            fresh = self._ask_again(row, asked).get('data')
            if not _is_outside(fresh):
                raise BackendError(f'The data of event {_event_key(row)} cannot be asked for again.')
            return str((fresh or {})['presigned_url'])

        url = str(told['presigned_url'])
        return fetch_json(self.transport, url, renew, told.get('size'), told.get('data_digest'))

    def _ask_again(self, row: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return an event anew, with addresses that have not expired."""
        if row.get('id') is None:
            raise BackendError(
                'An event has no id, so its addresses cannot be asked for again; ask for the field id.'
            )
        wanted = {key: value for key, value in asked.items() if key not in {'page', 'ids_ex', 'search'}}
        rows, _ = Walk(self.transport, _PATH, {**wanted, 'ids': row['id']}, _event_key).rows(), 0
        for fresh in rows:
            if _event_key(fresh) == _event_key(row):
                return fresh
        raise BackendError(f'Event {_event_key(row)} is not there any more.')

    def renew_file_url(self, event: Mapping[str, Any], specification: str, version_id: int) -> str:
        """Return a fresh address for a file of an event, for one that has expired.

        Raises:
            BackendError: If the event or the file is not there any more.
        """
        asked = {'fields': ['id', 'pgh_id', 'files'], 'ground_truth_dataset_versions': version_id}
        file = (self._ask_again(event, asked).get('files') or {}).get(specification)
        url = file if isinstance(file, str) else (file or {}).get('url')
        if not url:
            raise BackendError(
                f'The file {specification} of event {_event_key(event)} is not there any more.'
            )
        return str(url)

    def _with_path(self, row: Mapping[str, Any], specification: str, file: Any) -> dict[str, Any]:
        told = {'url': file} if isinstance(file, str) else dict(file)
        url = told.pop('url', None)
        if url:
            name = safe_file_name(str(told.get('file_name_original') or url.split('?')[0]), specification)
            folder = self._cache_root / 'files' / f'{_event_key(row)}'
            told['path'] = self._fetched(url, folder / f'{specification}-{name}', told)
        return told

    def _fetched(self, url: str, target: Path, told: Mapping[str, Any]) -> Path:
        """Return a file of the cache, fetched unless it is there."""
        return fetch_once(self.transport, url, target, size=told.get('size'), checksum=told.get('checksum'))

    # -- versions -------------------------------------------------------------------------------------

    def list_ground_truth_versions(self, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a page of dataset versions; filters: ``ground_truth_dataset``, ``is_archived``."""
        known = ('ground_truth_dataset', 'is_archived')
        page = self._listing(_VERSIONS, params, known)
        assert isinstance(page, dict)
        return page

    def get_ground_truth_version(self, version_id: int) -> dict[str, Any]:
        """Return one dataset version.

        Raises:
            NotFoundError: If there is none.
        """
        version: dict[str, Any] = self.transport.get(f'{_VERSIONS}{path_id(version_id, "dataset version")}/')
        return version

    def list_datasets(self) -> list[dict[str, Any]]:
        """Return all dataset versions, by name, newest first."""
        return sorted(
            self._versions(), key=lambda row: (str(row.get('name')), -_number(row), -int(row['id']))
        )

    def get_dataset(self, ref: int | str) -> dict[str, Any]:
        """Return the version that an id, a name or a ``name@version`` means; a bare name means the newest.

        Raises:
            NotFoundError: If there is none, with close matches.
        """
        return self.get_ground_truth_version(self.resolve_dataset(ref))

    def resolve_dataset(self, ref: int | str, *, register_folder: bool = True) -> int:
        """Return the id of a dataset version: of an id (digits always are one), a name, or ``name@version``.

        Raises:
            NotFoundError: If there is none, with close matches.
            ParamsError: For a folder: those are for the embedded backend.
        """
        from pathlib import Path

        text = str(ref).strip()
        if text.isdecimal():
            return int(text)
        name, at, number = text.rpartition('@') if '@' in text else (text, '', '')
        known: list[str] = []
        best: tuple[int, int] | None = None
        for row in self._versions():
            label = str(row.get('name'))
            version = row.get('version')
            known.append(label)
            if label == text or (label == name and (not at or str(version) == number)):
                order = _number(row)
                best = max(best or (order, int(row['id'])), (order, int(row['id'])))
        if best is not None:
            return best[1]
        if Path(text).expanduser().is_dir():
            raise ParamsError(
                f'{text} is a folder, and {self.transport.url} is a server: give the id or the name of a dataset '
                'version there, or use --backend local.'
            )
        raise NotFoundError(
            ' '.join(
                filter(
                    None, (f'There is no dataset {text!r} at {self.transport.url}.', suggestion(text, known))
                )
            )
        )

    def _versions(self) -> Iterator[dict[str, Any]]:
        rows = self._listing(_VERSIONS, None, None, list_all=True, page_size=100)
        assert isinstance(rows, tuple)
        return rows[0]


def _number(row: Mapping[str, Any]) -> int:
    """Return the number of a version; a server may tell none."""
    number = row.get('version')
    return number if isinstance(number, int) else 0


def _checked(params: Mapping[str, Any] | None, page_size: int) -> dict[str, Any]:
    """Return the query, with what is needed to tell events apart."""
    asked = given_of(params)
    check_keys(asked, EVENT_FILTERS | PAGING, 'ground-truth events')
    if asked.get('fields'):
        fields = as_list(asked['fields'], 'fields')
        for field in fields:
            if field not in _FIELDS:
                raise UnknownNameError('field', str(field), _FIELDS, 'It was given for ground-truth events.')
        asked['fields'] = list(dict.fromkeys(['id', 'pgh_id', *fields]))
        if 'data' in fields:
            asked.setdefault('expand', 'data')
    for key in ('category', 'categories'):
        if key in asked:
            values = [category_of(value) for value in as_list(asked[key], key)]
            asked[key] = values[0] if len(values) == 1 else values
    if asked.get('pagination') != 'cursor':
        asked.setdefault('ordering', 'pgh_id')  # what is added while it is read comes behind
    asked.setdefault('page_size', page_size)
    return asked


def _event_key(row: Mapping[str, Any]) -> Any:
    """Return what tells events apart: `id` is that of the ground truth, and may come twice."""
    return row.get('pgh_id') if row.get('pgh_id') is not None else row.get('id')


def _is_outside(data: Any) -> bool:
    """Tell whether data only says where it lies."""
    return (
        isinstance(data, dict)
        and bool(data.get('presigned_url'))
        and (data.get('mode') == 'presigned' or bool(data.get('truncated')))
    )
