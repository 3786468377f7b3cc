"""Whose fault an exception is: that of a pack, where the last code at work that is no library was the pack's."""

from __future__ import annotations

from traceback import walk_tb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .claims import PackRecord

__all__ = ['fault_of', 'place_in']

_OURS = frozenset(('synapse_plugins', 'builtin_steps'))


def fault_of(error: BaseException, records: Iterable[PackRecord]) -> str:
    """Return what to say of an exception that the code of a pack raised; empty if another's did.

    Args:
        error: The exception, with its traceback.
        records: The packs.
    """
    packs = {_top(record.module): record for record in records if not record.is_builtin}
    found = place_in(error, packs)
    if found is None:
        return ''
    top, place = found
    record = packs[top]
    return (
        f'The code of the pack {record.name!r} of {record.origin} failed: {type(error).__name__}: {error} ({place}). '
        'Whoever wrote it can mend that.'
    )


def place_in(error: BaseException, tops: Iterable[str]) -> tuple[str, str] | None:
    """Return the package, of these, that raised an exception, and the file, line and function in it.

    A package that calls a library with what that refuses counts as having raised it. None where our own code was at
    work last.

    Args:
        error: The exception, with its traceback.
        tops: Names of packages.
    """
    wanted = frozenset(tops)
    for frame, line in reversed(list(walk_tb(error.__traceback__))):
        top = _top(str(frame.f_globals.get('__name__')))
        if top in wanted:
            return top, f'{frame.f_code.co_filename}, line {line}, in {frame.f_code.co_qualname}'
        if top in _OURS:
            return None
    return None


def _top(module: str) -> str:
    return module.partition('.')[0]
