"""Whether the functions that this process has imported are those that other processes, importing them now, would find.

A module may have been imported long ago, in a notebook or by a service, and its file edited since. This process goes on
with the old code; its workers would take the new one, and what is remembered of the work would be called by it.
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

from .code import files_of
from .files import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__all__ = ['edited_since', 'why_hidden']

_known: dict[str, tuple[Any, bytes]] = {}
"""Module -> (its spec, of which each import makes another; a digest of its file as it was first seen)."""


def edited_since(name: str) -> str | None:
    """Return a module whose file was edited since this process imported it; None if there is none.

    It may be the module *name*, or any other of its package. What was edited before the first look at it is known by
    its functions, later edits by any change of the file.

    Args:
        name: A module that has been imported.
    """
    try:
        paths = {os.path.normpath(path) for _, path in files_of(name)}
    except (OSError, TypeError):  # in no file
        return None
    top = name.partition('.')[0]
    for other, module in list(sys.modules.items()):
        path = getattr(module, '__file__', None) if other.partition('.')[0] == top else None
        if path is not None and os.path.normpath(path) in paths and not _is_as_imported(other, module, path):
            return other
    return None


# -- whether they find it ------------------------------------------------------------------------------------


def why_hidden(name: str) -> str | None:
    """Return why a new process would not find a module, or a package that it is in, where this one did.

    Args:
        name: A module that has been imported.

    Returns:
        Where it was imported from, what other processes find, and what to do; None if they find the same.
    """
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
            return _hidden(name, whole, there)
        path = getattr(module, '__path__', None)
    return None


def _hidden(name: str, whole: str, there: str | None) -> str:
    own = getattr(sys.modules.get(name), '__file__', None)
    if own is None:
        return f'{name} was made by this process and lies in no file; write it into one that can be imported.'
    top = name.partition('.')[0]
    return (
        f'{name} was imported from {own}, where other processes do not find it: to them {whole} is '
        f'{there or "no module at all"}. Put the folder that holds {top} on PYTHONPATH, before others that hold a '
        'module of that name, or install it.'
    )


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
