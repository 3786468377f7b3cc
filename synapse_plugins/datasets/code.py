"""Whether the code of a function is what it was."""

from __future__ import annotations

import os
import sys
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from .files import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

__all__ = ['MOST_MODULES', 'code_digest', 'files_of']

MOST_MODULES = 500
"""A package of more is not read whole: it is no pack, and another version of it has another number."""

_MOST_ENTRIES = 20_000
"""Nor one with that much else in its folders, such as pictures."""


def code_digest(reference: str) -> str:
    """Return a digest of the code that a function is made of, which may be changed without another version.

    That is the module that it comes from, with all others of its top-level package: a function calls helpers. Of a
    package that is too large, and of what lies in no package, it is the module alone.

    Args:
        reference: Where the function is found, ``'package.module:function'``; its module has been imported.

    Returns:
        The digest; an empty text where the code cannot be told: for a module that is no file (one in an archive, or
        written in C into Python), and where part of its package cannot be read.
    """
    name = reference.partition(':')[0]
    digest = blake2b(digest_size=12)
    try:
        for place, path in files_of(name):
            content = read_bytes(path)
            digest.update(b'%d\0%b%b' % (len(content), place.encode('utf-8', 'surrogateescape'), content))
    except (OSError, TypeError):
        return ''
    return digest.hexdigest()


def files_of(name: str) -> list[tuple[str, str]]:
    """Return (name, path) of the files whose content counts.

    Raises:
        OSError: If part of the package cannot be read.
        TypeError: If it lies in no file.
    """
    module, top = sys.modules.get(name), sys.modules.get(name.partition('.')[0])
    own: Any = getattr(module, '__file__', None)  # None is refused by what reads it
    package = [] if top is None else _package_files(top)
    is_there = own is not None and os.path.normpath(own) in (os.path.normpath(path) for _, path in package)
    return package if is_there else [*package, (name, own)]


def _package_files(top: ModuleType) -> list[tuple[str, str]]:
    """Return the Python files of a package, in order; none of a plain module, nor of what is too large."""
    found: list[tuple[str, str]] = []
    entries = 0
    for number, root in enumerate(getattr(top, '__path__', ())):
        for name, path in _walk(root):
            entries += 1
            if name.endswith('.py'):
                found.append((f'{number}/{name}', path))
            if len(found) > MOST_MODULES or entries > _MOST_ENTRIES:
                return []
    return sorted(found)


def _walk(root: str) -> Iterator[tuple[str, str]]:
    """Yield (name relative to the root, path) of everything in folders that modules may lie in."""
    if not os.path.isdir(root):  # noqa: PTH112 - in an archive, or the name of a hook
        return
    pending, linked = [''], {os.path.realpath(root)}
    while pending:
        below = pending.pop()
        with os.scandir(os.path.join(root, below)) as entries:  # noqa: PTH118 - as below
            for entry in entries:
                name = f'{below}{entry.name}'
                yield name, entry.path
                if _may_hold_modules(entry, linked):
                    pending.append(f'{name}/')


def _may_hold_modules(entry: os.DirEntry[str], linked: set[str]) -> bool:
    """Tell whether to look into a folder; into one that is a link once, and only if it is a package.

    Args:
        entry: The folder, or something else.
        linked: Where links led so far.
    """
    if not entry.name.isidentifier() or entry.name == '__pycache__':
        return False
    if not entry.is_symlink():
        return entry.is_dir(follow_symlinks=False)
    target = os.path.realpath(entry.path)
    is_new = target not in linked and os.path.isfile(f'{target}/__init__.py')  # noqa: PTH113 - as above
    if is_new:
        linked.add(target)
    return is_new
