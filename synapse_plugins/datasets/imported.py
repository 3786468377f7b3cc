"""Whether the functions that this process has imported are those that other processes, importing them now, would find.

A module may have been imported long ago, in a notebook or by a service, and its file edited since. This process would
go on with the old code, its workers would take the new one, and what is remembered of the work would be called by it.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from hashlib import blake2b
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from ..errors import DatasetError
from .code import files_of
from .files import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__all__ = ['check_imported']

_known: dict[str, tuple[Any, bytes]] = {}
"""Module -> (its spec, of which each import makes another; a digest of its file as it was first seen)."""


def check_imported(reference: str) -> None:
    """Refuse a function that other processes would not find, or with other code than this one.

    That is the code of its module, and of all others of its package that are imported. What was edited before the
    first look at it is known by its functions, later edits by any change of the files.

    Args:
        reference: Where the function is found, ``'package.module:function'``; its module has been imported.

    Raises:
        DatasetError: If it is so.
    """
    name = reference.partition(':')[0]
    if name == '__main__':  # that of other processes is another; nobody sends it to them
        return
    _check_found(name)
    try:
        paths = {os.path.normpath(path) for _, path in files_of(name)}
    except (OSError, TypeError):  # in no file; then nothing is remembered of it
        return
    top = name.partition('.')[0]
    for other, module in list(sys.modules.items()):
        path = getattr(module, '__file__', None) if other.partition('.')[0] == top else None
        if path is not None and os.path.normpath(path) in paths and not _is_as_imported(other, module, path):
            or_reload = f', or take the new code with importlib.reload({other})' if len(paths) == 1 else ''
            raise DatasetError(
                f'transforms: {path} has changed since this process imported it, so that other processes would do '
                f'something else than this one. Start Python anew{or_reload}.'
            )


# -- whether they find it ------------------------------------------------------------------------------------


def _check_found(name: str) -> None:
    """Refuse a module, or a package that it is in, that a new process would not find where this one did."""
    path: Any = None
    whole = ''
    for part in name.split('.'):
        whole = f'{whole}.{part}' if whole else part
        module = sys.modules.get(whole)
        spec = _spec_of(whole, path)
        own = getattr(module, '__file__', None)
        there = spec.origin if spec is not None and spec.has_location else None
        is_plain = '.' not in name and not hasattr(module, '__path__')
        if spec is None or not (_is_same(own, there) or (is_plain and _is_copy(own, there))):
            raise DatasetError(
                f'transforms: {name} was imported from {own or "no file"}, where other processes do not find it: to '
                f'them {whole} is {there or "no module at all"}. Put the folder that it lies in on sys.path '
                '(PYTHONPATH), before others that hold a module of that name, or install it.'
            )
        path = getattr(module, '__path__', None)


def _spec_of(name: str, path: Any) -> ModuleSpec | None:
    """Return what a new process would import; `importlib.util.find_spec` knows only what this one did."""
    for finder in sys.meta_path:
        with suppress(Exception):  # that of a stranger
            spec = finder.find_spec(name, path)
            if spec is not None:
                return spec
    return None


def _is_same(own: str | None, there: str | None) -> bool:
    if own is None or there is None:
        return own == there
    with suppress(OSError):
        return Path(own).samefile(there)
    return os.path.normpath(own) == os.path.normpath(there)  # in an archive


def _is_copy(own: str | None, there: str | None) -> bool:
    """Tell whether two files say the same: of a module in no package that is all that counts."""
    with suppress(OSError):
        return own is not None and there is not None and read_bytes(own) == read_bytes(there)
    return False


# -- whether it is what it was -------------------------------------------------------------------------------


def _is_as_imported(name: str, module: ModuleType, path: str) -> bool:
    spec = getattr(module, '__spec__', None)
    try:
        digest = blake2b(read_bytes(path), digest_size=12).digest()
    except OSError:
        return True  # it is gone, so nobody has other code
    known = _known.get(name)
    if known is not None and known[0] is spec:
        return known[1] == digest
    if not _has_the_functions_of(module, spec):
        return False
    _known[name] = (spec, digest)
    return True


def _has_the_functions_of(module: ModuleType, spec: ModuleSpec | None) -> bool:
    """Tell whether the functions of a module are in the file that it was made of."""
    if spec is None or type(spec.loader) is not SourceFileLoader:
        return True  # others may make something else of it
    try:  # its text: what is compiled beside it may be of an edit before, made in the same second
        place = spec.loader.get_filename(spec.name)
        whole = spec.loader.source_to_code(spec.loader.get_data(place), place)
    except (SyntaxError, ValueError):
        return False  # it could be imported once
    except (ImportError, OSError):
        return True
    there = {_content(code) for code in _within(whole)}
    return all(_content(code) in there for code in _codes_of(module) if code.co_filename == whole.co_filename)


def _codes_of(module: ModuleType) -> Iterator[CodeType]:
    """Yield the code of the functions and methods of a module."""
    for value in list(vars(module).values()):
        is_own = isinstance(value, type) and value.__module__ == module.__name__
        for one in list(vars(value).values()) if is_own else (value,):
            found = getattr(one, '__func__', one)
            while isinstance(found, FunctionType):
                yield found.__code__
                found = found.__dict__.get('__wrapped__')


def _within(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _within(one)


def _content(code: CodeType) -> tuple[Any, ...]:
    """Return what a piece of code does, wherever in its file it stands."""
    names = (code.co_name, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    return (*names, *counts, code.co_code, tuple(map(_constant, code.co_consts)))


def _constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return _content(value)
    if isinstance(value, tuple):
        return tuple(map(_constant, value))
    if isinstance(value, frozenset):
        return value
    return type(value), repr(value)  # 1, 1.0 and True are equal
