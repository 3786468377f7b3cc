"""What the parts of the client share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import ParamsError, UnknownNameError
from ..filters import PAGING, check_keys, chooses_nothing, given_of
from .paging import Walk, first_page, no_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from .transport import Transport

__all__ = ['SLOW', 'ClientPart', 'checked_fields', 'path_id']

SLOW = (5.0, 300.0)
"""Time-outs where a server assembles and checks a file before it answers."""

_DIGITS = 18


class ClientPart:
    """A part of the client.

    Args:
        transport: What sends requests.
        cache_dir: Where files are kept that were fetched, and notes on uploads that can be gone on with.
    """

    def __init__(self, transport: Transport, cache_dir: Path) -> None:
        self.transport = transport
        self._cache_root = cache_dir

    def _listing(
        self,
        path: str,
        params: Mapping[str, Any] | None,
        known: frozenset[str] | tuple[str, ...] | None,
        *,
        list_all: bool = False,
        page_size: int | None = None,
        key: str = 'id',
        timeout: tuple[float, float] | None = None,
    ) -> dict[str, Any] | tuple[Iterator[dict[str, Any]], int]:
        """Return a page, or all rows and their number; unknown filters are refused here."""
        asked = given_of(params)
        if known is not None:
            check_keys(asked, frozenset(known) | PAGING, f'the list {path.strip("/")}')
        if chooses_nothing(asked):
            empty: dict[str, Any] | tuple[Iterator[dict[str, Any]], int] = no_rows(list_all=list_all)
            return empty
        if page_size is not None:
            asked.setdefault('page_size', page_size)
        if not list_all:
            return first_page(self.transport, path, asked, timeout=timeout)
        walk = Walk(self.transport, path, asked, lambda row: row.get(key), timeout=timeout)
        return walk.rows(), walk.count


def checked_fields(
    data: Mapping[str, Any], known: frozenset[str] | tuple[str, ...], what: str
) -> dict[str, Any]:
    """Return what was given of an object, without None, after refusing what it does not have."""
    given = {name: value for name, value in data.items() if value is not None}
    for name in given:
        if name not in known:
            raise UnknownNameError(f'field of a {what}', name, known)
    return given


def path_id(value: Any, what: str) -> str:
    """Return an id as a part of a path; one that would lead elsewhere is refused."""
    text = str(value)
    fine = text.isascii() and text.replace('-', '').isalnum() and len(text) <= 64  # a number, or a UUID
    if isinstance(value, bool) or not isinstance(value, (int, str)) or not fine:
        raise ParamsError(f'{value!r} is not the id of a {what}; ids are whole numbers.')
    return text
