"""Lists are walked page by page, lazily; a list that changes meanwhile neither loses nor doubles a row."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from types import NoneType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from ...errors import BackendError
from ..seen import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .transport import Transport

__all__ = ['Walk', 'first_page', 'no_rows']

_MOST_STEPS_BACK = 20
_MOST_IDLE = 20
"""Pages in a row without a new row after which a list is taken for one that never ends."""

_LARGEST = 2**62


def first_page(transport: Transport, path: str, params: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return a page in the form that the embedded backend has: neighbours are page numbers.

    Raises:
        BackendError: If what came back is no page.
    """
    page = transport.get(path, params, **more)
    if isinstance(page, list):  # some lists come without an envelope
        return {'count': len(page), 'next': None, 'previous': None, 'results': page}
    rows = page.get('results') if isinstance(page, dict) else None
    are_rows = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
    if not isinstance(page, dict) or not are_rows or not isinstance(page.get('count'), (int, NoneType)):
        raise BackendError(
            f'{transport.url}/{path} answered with something that is no list. '
            'Check that the address is that of the API.'
        )
    return page


def no_rows(*, list_all: bool) -> Any:
    """Return an empty list in the form of a page, or of all rows."""
    return (iter(()), 0) if list_all else {'count': 0, 'next': None, 'previous': None, 'results': []}


class Walk:
    """All rows of a list.

    Attributes:
        count: How many the server says there are.

    Args:
        transport: The transport.
        path: The list.
        params: Filters, and how many rows a page has.
        key: Returns what tells rows apart.
        more: Further arguments of each request.
    """

    def __init__(
        self,
        transport: Transport,
        path: str,
        params: Mapping[str, Any],
        key: Callable[[dict[str, Any]], Any],
        **more: Any,
    ) -> None:
        self._transport = transport
        self._path = path
        self._params = {name: value for name, value in params.items() if name != 'page'}
        self._key = key
        self._more = more
        self._first: dict[str, Any] | None = self._page(None)
        self.count = int(self._first.get('count') or 0)
        self._seen = _Keys()

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield all rows, each once.

        Raises:
            BackendError: If fewer came than the server says there are.
        """
        try:
            yield from self._rows()
        finally:
            self._seen.close()

    def _rows(self) -> Iterator[dict[str, Any]]:
        page, number = self._first or self._page(None), 1
        self._first = None
        count = page.get('count')
        idle = 0
        while True:
            before = self._seen.count
            yield from self._fresh(page)
            following = _following(page.get('next'), number)
            if following is None:
                break
            idle = 0 if self._seen.count > before else idle + 1
            if idle > _MOST_IDLE:
                raise BackendError(
                    f'{self._transport.url}/{self._path} has brought no new row for {idle} pages, and says that more '
                    'follow. That is a failure of the server: try again later, or ask its operator.'
                )
            page = self._page(following)
            if isinstance(following, int):
                number = following
                # Rows that went away let those behind them move up, over the edge between two pages.
                gone = (count or 0) - (page.get('count') or 0)
                if gone > 0:
                    yield from self._go_back(number, gone)
                    page = self._page(number)
            count = page.get('count')
        self._check(count)

    def _go_back(self, number: int, gone: int) -> Iterator[dict[str, Any]]:
        size = int(self._params.get('page_size') or 100)
        steps = min(-(-gone // size), number - 1, _MOST_STEPS_BACK)
        for earlier in range(number - steps, number):
            yield from self._fresh(self._page(earlier))

    def _page(self, which: int | str | None) -> dict[str, Any]:
        params = dict(self._params)
        if isinstance(which, int):
            params['page'] = which
        elif which is not None:
            params['cursor'] = which
        return first_page(self._transport, self._path, params, **self._more)

    def _fresh(self, page: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        for row in page['results']:
            if self._seen.add(self._key(row)):
                yield row

    def _check(self, count: Any) -> None:
        if isinstance(count, int) and self._seen.count < count:
            raise BackendError(
                f'{self._transport.url}/{self._path} tells of {count} rows and listed {self._seen.count}: it changed '
                'while it was read. Run it again.'
            )


class _Keys:
    """Tells whether a key is new; what it keeps hardly grows with their number.

    Numbers that only grow, as those of a list in order do, are told by the last one. They are kept as runs of
    neighbours, for the case that one comes out of order; that one is kept by itself.
    """

    def __init__(self) -> None:
        self.count = 0
        self._firsts = array('q')
        self._lasts = array('q')
        self._others = Seen()

    def add(self, key: Any) -> bool:
        """Tell whether a key is new; None, for a row that has none, always is."""
        if (
            key is not None
            and not self._is_next(key)
            and (self._is_within(key) or not self._others.add(repr(key)))
        ):
            return False
        self.count += 1
        return True

    def close(self) -> None:
        """Let go of what is kept."""
        self._others.close()

    def _is_next(self, key: Any) -> bool:
        """Tell whether a key is larger than all in order, and keep it then."""
        if type(key) is not int or not -_LARGEST < key < _LARGEST:
            return False
        lasts = self._lasts
        if lasts and key <= lasts[-1]:
            return False
        if lasts and key == lasts[-1] + 1:
            lasts[-1] = key
        else:
            self._firsts.append(key)
            lasts.append(key)
        return True

    def _is_within(self, key: Any) -> bool:
        """Tell whether a key is one of those in order."""
        if type(key) is not int:
            return False
        run = bisect_right(self._firsts, key) - 1
        return run >= 0 and key <= self._lasts[run]


def _following(told: Any, number: int) -> int | str | None:
    """Return the number of the next page, or the cursor that leads there; None after the last.

    Only that is taken from its address: behind a proxy a server may not know what it is called.
    """
    if told is None or told == '':
        return None
    if isinstance(told, int):
        return told
    query = parse_qs(urlsplit(str(told)).query)
    if 'page' in query and query['page'][0].isdecimal():
        return int(query['page'][0])
    if 'cursor' in query:
        return query['cursor'][0]
    return number + 1
