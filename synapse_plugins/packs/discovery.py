"""Finds the entry points of packs; nothing of a pack is imported here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._version import __version__
from ..hookspecs import PROJECT
from .declared import declared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .declared import Declared

__all__ = ['BUILTIN_DISTRIBUTION', 'BUILTIN_MODULE', 'FoundPack', 'discover', 'normalised']

_REQUIREMENT = re.compile(r'^(?P<name>[\w.-]+)\s*(\[[^\]]*\])?\s*(?P<versions>[^;@]*)$')

BUILTIN_MODULE = 'builtin_steps.pack'
BUILTIN_DISTRIBUTION = 'synapse-plugins'


@dataclass(frozen=True, order=True)
class FoundPack:
    """An entry point.

    Attributes:
        distribution: The distribution that declares it.
        name: Its name.
        version: The distribution's version.
        module: The module that it names.
        needs: What the distribution requires of synapse-plugins, e.g. ``>=2,<3``; empty: anything.
    """

    distribution: str
    name: str
    version: str
    module: str
    needs: str = ''


def discover() -> Iterator[FoundPack]:
    """Yield the built-in pack, then the installed ones by distribution and name."""
    yield FoundPack(BUILTIN_DISTRIBUTION, 'builtin', __version__, BUILTIN_MODULE)
    found: set[FoundPack] = set()  # a set: where lib64 is a link to lib, one distribution is listed twice
    for entry_point in declared(PROJECT):
        if entry_point.value != BUILTIN_MODULE:
            found.add(_found(entry_point))
    yield from sorted(found)


def _found(entry_point: Declared) -> FoundPack:
    known = _headers(entry_point.read('METADATA') or entry_point.read('PKG-INFO') or '')
    needs = next(filter(None, map(_of_this_package, known.get('requires-dist', ()))), '')
    return FoundPack(known['name'][0], entry_point.name, known['version'][0], entry_point.value, needs)


def _headers(text: str) -> dict[str, list[str]]:
    """Return the headers of a distribution's metadata by lower-case name, without the description.

    `Distribution.metadata` reads and parses the whole file anew at each access, which is most of the time that
    looking at a few hundred packs takes.
    """
    headers: dict[str, list[str]] = {'name': ['(unknown)'], 'version': ['0']}
    for line in text.partition('\n\n')[0].splitlines():
        name, colon, value = line.partition(':')
        if (
            colon and not name[:1].isspace()
        ):  # the others go on from the line before; none that is asked for does
            headers.setdefault(name.lower(), []).insert(0, value.strip())
    return headers


def _of_this_package(requirement: str) -> str:
    """Return the versions that a requirement asks for if it is one for this package without a condition."""
    match = _REQUIREMENT.match(requirement)
    if match is None or normalised(match['name']) != BUILTIN_DISTRIBUTION:
        return ''
    return match['versions'].strip(' ()')


def normalised(name: str) -> str:
    """Return a distribution's name in the form in which names are compared."""
    return name.strip().lower().replace('_', '-').replace('.', '-')
