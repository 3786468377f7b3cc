"""The kinds of items that are exported: how they are listed, and what an item is made of.

An item is ``{'id', 'key', 'data', 'files', 'specification', 'category', 'all_files'}``: `key` is unique where `id` is
not (a ground truth may have several events), `data` are the annotations, `files` tells of the primary file (``url``,
``file_name_original`` ...), which is that of `specification`, and `all_files` of every one by its specification.
"""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any, ClassVar

from ...backends.filters import EVENT_FILTERS, PAGING, check_keys
from ...errors import BackendError, ParamsError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    'AssignmentExportTargetHandler',
    'ExportTargetHandler',
    'GroundTruthExportTargetHandler',
    'TargetHandlerFactory',
    'TaskExportTargetHandler',
]

_NARROWER = frozenset({'page', 'ids_ex', 'search'})
"""Filters that an item is not asked for again by: its id says more."""


class ExportTargetHandler:
    """How items of one kind are listed. Subclass it, and register yours in `TargetHandlerFactory`.

    Attributes:
        target: The kind's name.
        method: The method of a backend that lists them.
        expand: What is asked for beside the items themselves.
        of_project: Whether each item belongs to a project, and ``project`` is a filter.
    """

    target: ClassVar[str] = ''
    method: ClassVar[str] = ''
    expand: ClassVar[tuple[str, ...]] = ()
    of_project: ClassVar[bool] = False

    def validate_filter(self, value: dict[str, Any], client: Any) -> dict[str, Any]:
        """Return the filter, or refuse it."""
        return value

    def get_results(self, client: Any, filters: Mapping[str, Any]) -> tuple[Iterable[dict[str, Any]], int]:
        """Return the items as the backend lists them, and how many there are.

        Raises:
            ParamsError: If the backend has no such items.
        """
        lister = getattr(client, self.method, None)
        if lister is None:
            raise ParamsError(f'target: this backend has no {self.target} items.')
        params = {**self.params(), **filters}
        takes = signature(lister).parameters
        if 'list_all' not in takes:
            return _walk(lister, params)
        # Files are fetched one by one, verified; other clients fetch whole pages of them unless told not to.
        rows, count = lister(
            params=params, list_all=True, **({'url_conversion': {}} if 'url_conversion' in takes else {})
        )
        return rows, int(count)

    def params(self) -> dict[str, Any]:
        """Return the parameters of the listing that are no filters."""
        return {'expand': list(self.expand)} if self.expand else {}

    def get_export_item(
        self, results: Iterable[Mapping[str, Any]], client: Any = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the items that an exporter gets."""
        for row in results:
            files = self.files_of(row, client)
            specification = _primary(files)
            yield {
                'id': row.get('id', row.get('pgh_id')),
                'key': row.get('pgh_id') or row.get('id'),
                'data': row.get('data'),
                'files': files.get(specification, {}),
                'specification': specification,
                'category': row.get('category'),
                'all_files': files,
            }

    def renew_url(
        self,
        client: Any,
        filters: Mapping[str, Any],
        item: Mapping[str, Any],
        specification: str | None = None,
    ) -> str:
        """Return a fresh address for a file of an item, for one that has expired: the item is listed anew.

        Args:
            client: The backend.
            filters: Those of the listing.
            item: The item.
            specification: Which of its files; None: the primary one.

        Raises:
            BackendError: If the item, or its file, is not there any more.
        """
        kept = {key: value for key, value in filters.items() if key not in _NARROWER}
        rows, _ = self.get_results(client, {**kept, 'ids': item['id']})
        for fresh in self.get_export_item(rows, client):
            file = fresh['all_files'].get(specification or fresh['specification'], {})
            if fresh['key'] == item['key'] and (url := file.get('url')):
                return str(url)
        raise BackendError(f'The file of item {item["key"]} is not there any more.')

    def files_of(self, row: Mapping[str, Any], client: Any) -> dict[str, dict[str, Any]]:
        """Return the files of a row by specification."""
        return _by_specification(row.get('files'))


class GroundTruthExportTargetHandler(ExportTargetHandler):
    """The events of a ground-truth dataset version."""

    target = 'ground_truth'
    method = 'list_ground_truth_events'

    def validate_filter(self, value: dict[str, Any], client: Any) -> dict[str, Any]:
        """Refuse keys that a server would ignore, and answer with everything."""
        check_keys(value, EVENT_FILTERS, 'the export')
        if not {'ground_truth_dataset_versions', 'ground_truth_dataset_version', 'ids'} & value.keys():
            raise ParamsError(
                "filter: it has to say which dataset version, e.g. {'ground_truth_dataset_versions': 3}; without it "
                'everything would be exported.'
            )
        return value

    def params(self) -> dict[str, Any]:
        """Ask for all of an event."""
        return {'fields': ['id', 'pgh_id', 'category', 'files', 'data'], 'expand': 'data'}


class AssignmentExportTargetHandler(ExportTargetHandler):
    """The assignments of a project."""

    target = 'assignment'
    method = 'list_assignments'
    of_project = True

    def files_of(self, row: Mapping[str, Any], client: Any) -> dict[str, dict[str, Any]]:
        """Return the files of an assignment: all of its unit where they are told, else its one file, or several."""
        file = row.get('file')
        if row.get('files'):
            return _by_specification(row['files'])
        if isinstance(file, dict) and file.get('url'):
            return {str(file.get('specification') or 'file'): file}
        return _by_specification(file if isinstance(file, dict) else row.get('files'))


class TaskExportTargetHandler(ExportTargetHandler):
    """The tasks of a project, with the files of their data units."""

    target = 'task'
    method = 'list_tasks'
    of_project = True
    expand = ('data_unit',)

    def get_results(self, client: Any, filters: Mapping[str, Any]) -> tuple[Iterable[dict[str, Any]], int]:
        """Return the tasks; a backend that expands nothing is asked for the units later."""
        try:
            return super().get_results(client, filters)
        except UnknownNameError:
            lister = getattr(client, self.method)
            return _walk(lister, dict(filters))

    def files_of(self, row: Mapping[str, Any], client: Any) -> dict[str, dict[str, Any]]:
        """Return the files of the task's unit."""
        unit = row.get('data_unit')
        if isinstance(unit, int) and hasattr(client, 'get_data_unit'):
            unit = client.get_data_unit(unit)
        return _by_specification(unit.get('files') if isinstance(unit, dict) else row.get('files'))


class TargetHandlerFactory:
    """The kinds by name."""

    _handlers: ClassVar[dict[str, type[ExportTargetHandler]]] = {
        handler.target: handler
        for handler in (
            GroundTruthExportTargetHandler,
            AssignmentExportTargetHandler,
            TaskExportTargetHandler,
        )
    }

    @classmethod
    def get_handler(cls, target: str) -> ExportTargetHandler:
        """Return the handler of a kind.

        Raises:
            UnknownNameError: If there is none.
        """
        if target not in cls._handlers:
            raise UnknownNameError('target', target, cls._handlers)
        return cls._handlers[target]()

    @classmethod
    def register_handler(cls, target: str, handler: type[ExportTargetHandler]) -> None:
        """Add a kind."""
        cls._handlers[target] = handler


def _walk(lister: Any, params: Mapping[str, Any]) -> tuple[Iterator[dict[str, Any]], int]:
    """Go through pages one by one."""
    filters = {key: value for key, value in params.items() if key not in PAGING}
    first = lister(params={**filters, 'page': 1})

    def rows() -> Iterator[dict[str, Any]]:
        page, number, listed = first, 1, 0
        while True:
            yield from page['results']
            listed += len(page['results'])
            if not page.get('next'):
                break
            number += 1
            page = lister(params={**filters, 'page': number})
        if listed != int(first['count']):
            raise BackendError(f'The backend listed {listed} of {first["count"]} items; try again.')

    return rows(), int(first['count'])


def _by_specification(files: Any) -> dict[str, dict[str, Any]]:
    """Return files by specification, however they are told: a mapping, a list, addresses alone, nothing."""
    if isinstance(files, dict):
        pairs = [(name, {'url': file} if isinstance(file, str) else file) for name, file in files.items()]
    else:
        pairs = [
            (file.get('specification') or f'file_{number}', file)
            for number, file in enumerate(files or (), 1)
            if isinstance(file, dict)
        ]
    return {str(name): dict(file) for name, file in sorted(pairs) if isinstance(file, dict) and file}


def _primary(files: Mapping[str, dict[str, Any]]) -> str:
    """Return the specification of the primary file, else of the first picture, else the first; empty without any."""
    primary = [name for name, file in files.items() if file.get('is_primary')]
    pictures = [name for name, file in files.items() if file.get('file_type') == 'image']
    return next(iter([*primary, *pictures, *files]), '')
