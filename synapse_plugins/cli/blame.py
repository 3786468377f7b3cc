"""Where in somebody's own code an exception was raised."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING

from .hints import short_path

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ['origin_of']

_OURS = {'synapse_plugins', 'builtin_steps'}


def origin_of(error: BaseException) -> str | None:
    """Return type and place of what made *error* happen, e.g. ``KeyError at my_plugin/steps.py:12``.

    The place is the last line of code that is the user's own; else of a package that is installed. None where
    nothing but this package and the standard library was at work.
    """
    cause = error.__cause__
    while cause is not None:
        places = [place for place in _places(cause) if not _is_standard(place[0])]
        own = [place for place in places if not _is_installed(place[0])]
        if places:
            file, line = (own or places)[-1]
            return f'{type(cause).__name__} at {short_path(file)}:{line}'
        cause = cause.__cause__
    return None


def _places(error: BaseException) -> Iterator[tuple[Path, int]]:
    for frame, line in walk_tb(error.__traceback__):
        if str(frame.f_globals.get('__name__')).partition('.')[0] not in _OURS:
            yield Path(frame.f_code.co_filename), line


def _is_installed(file: Path) -> bool:
    paths = sysconfig.get_paths()
    return any(file.is_relative_to(paths[kind]) for kind in ('purelib', 'platlib'))


def _is_standard(file: Path) -> bool:
    paths = sysconfig.get_paths()
    inside = any(file.is_relative_to(paths[kind]) for kind in ('stdlib', 'platstdlib'))
    # What Python makes at run time, e.g. a dataclass's methods, has a name in brackets for a file.
    return str(file).startswith('<') or (inside and not _is_installed(file))
