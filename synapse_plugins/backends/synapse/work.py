"""Tasks and assignments: what people annotate, listed with its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import BackendError
from ..filters import PAGING, check_keys, chooses_nothing, given_of
from .fetching import fetch_json
from .paging import Walk, first_page, no_rows
from .part import ClientPart, path_id

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ['Work']

_TIMEOUT = (5.0, 60.0)
_BY_ID = frozenset({'ids', 'ids_ex', 'search', 'id', 'id__in', 'id__gt', 'id__gte', 'id__lt', 'id__lte'})
_TASKS = _BY_ID | {
    'project', 'data_unit', 'schema', 'is_discarded', 'has_assignment', 'has_reached_max_assignments', 'status_label',
    'status_review', 'assignments', 'assignments__is_discarded', 'labelers', 'reviewers', 'groups', 'stages',
    'workshops', 'tags', 'discarded_filter', 'created__gt', 'created__gte', 'created__lt', 'created__lte',
}  # fmt: skip
_ASSIGNMENTS = _BY_ID | {
    'project', 'tasks', 'workshop', 'users', 'reviewers', 'groups', 'stages', 'task_tags', 'tags', 'status_label',
}  # fmt: skip
"""What the platform filters by, as far as is known; a key that it does not know would not be refused there."""


class Work(ClientPart):
    """Tasks and assignments of projects, walked page by page, each once. Data that is kept elsewhere is fetched."""

    def list_tasks(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        url_conversion: Mapping[str, Any] | None = None,
        list_all: bool = False,
        page_size: int = 50,
    ) -> Any:
        """Return tasks; filters: ``project``, ``status_label``, ``tags`` ...; ``expand`` takes ``data_unit``.

        Raises:
            UnknownNameError: For a filter that nobody knows: the server would answer with everything.
        """
        return self._list_work('sdk/tasks/', params, _TASKS, list_all=list_all, page_size=page_size)

    def get_assignment(self, assignment_id: int) -> dict[str, Any]:
        """Return an assignment with what was annotated.

        Raises:
            NotFoundError: If there is none.
        """
        row: dict[str, Any] = self.transport.get(f'assignments/{path_id(assignment_id, "assignment")}/')
        return row

    def list_assignments(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        url_conversion: Mapping[str, Any] | None = None,
        list_all: bool = False,
        page_size: int = 100,
    ) -> Any:
        """Return assignments; filters: ``project``, ``tasks``, ``users``, ``status_label`` ...

        Raises:
            UnknownNameError: For a filter that nobody knows: the server would answer with everything.
        """
        return self._list_work(
            'sdk/assignments/', params, _ASSIGNMENTS, list_all=list_all, page_size=page_size
        )

    def _list_work(
        self,
        path: str,
        params: Mapping[str, Any] | None,
        known: frozenset[str],
        *,
        list_all: bool,
        page_size: int,
    ) -> Any:
        asked = given_of(params)
        check_keys(asked, known | PAGING, f'the list {path.strip("/")}')
        if chooses_nothing(asked):
            return no_rows(list_all=list_all)
        asked.setdefault('page_size', page_size)

        def shape(row: dict[str, Any]) -> dict[str, Any]:
            data = row.get('data')
            if isinstance(data, dict) and data.get('presigned_url'):
                row['data'] = self._fetch_work(path, row)
            return row

        if not list_all:
            page = first_page(self.transport, path, asked, timeout=_TIMEOUT)
            page['results'] = [shape(row) for row in page['results']]
            return page
        walk = Walk(self.transport, path, asked, lambda row: row.get('id'), timeout=_TIMEOUT)
        return map(shape, walk.rows()), walk.count

    def _fetch_work(self, path: str, row: Mapping[str, Any]) -> Any:
        """Return the data of a row that the answer only points at."""
        told: Mapping[str, Any] = row['data']

        def renew() -> str:
            walk = Walk(self.transport, path, {'ids': row.get('id')}, lambda found: found.get('id'))
            for fresh in walk.rows():
                data = fresh.get('data')
                if fresh.get('id') == row.get('id') and isinstance(data, dict) and data.get('presigned_url'):
                    return str(data['presigned_url'])
            raise BackendError(f'The data of {path}{row.get("id")} cannot be asked for again.')

        return fetch_json(
            self.transport, str(told['presigned_url']), renew, told.get('size'), told.get('data_digest')
        )
