"""Finds the actions in a project's code."""

from __future__ import annotations

import ast
import os
import sys
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    'CodeAction',
    'action_name',
    'find_actions',
    'is_ours',
    'is_vendor',
    'make_importable',
    'reference_of',
]

_NOT_CODE = frozenset(
    {
        '__pycache__',
        'benchmarks',
        'build',
        'dist',
        'docs',
        'env',
        'examples',
        'node_modules',
        'scripts',
        'tests',
        'venv',
    }
)
_NOT_MODULES = ('test_', 'conftest', 'noxfile', 'setup')


@dataclass(frozen=True)
class CodeAction:
    """An action that a module defines.

    Attributes:
        name: Its name: `action_name`, else made of the class's.
        reference: Where it is, ``package.module.Class``.
        cls: The class.
    """

    name: str
    reference: str
    cls: Any


def make_importable(root: Path) -> None:
    """Put the project's folder, and its ``src``, where Python looks for modules."""
    for folder in (root / 'src', root):
        if folder.is_dir() and str(folder) not in sys.path:
            sys.path.insert(0, str(folder))


def find_actions(root: Path) -> tuple[list[CodeAction], list[str]]:
    """Return the actions that the project's modules define, and why modules could not be looked into.

    Only modules with a class that looks like an action are imported; the project has to be importable.
    """
    found: list[CodeAction] = []
    problems: list[str] = []
    for path, module in _modules(root):
        try:
            if not _looks_like_actions(path):
                continue
            loaded = import_module(module)
        except (Exception, SystemExit) as exc:  # noqa: BLE001 - the project's code; told to its author
            problems.append(f'{path.relative_to(root)} cannot be imported: {type(exc).__name__}: {exc}')
            continue
        found.extend(
            CodeAction(action_name(cls), f'{module}.{cls.__name__}', cls)
            for cls in vars(loaded).values()
            if is_ours(cls)
            and not is_helper(cls)
            and cls.__module__ == module
            and not cls.__name__.startswith(('_', 'Base'))
        )
    return found, problems


def action_name(cls: Any) -> str:
    """Return what an action is called: its `action_name`, else its class's name without ``Action``."""
    return str(getattr(cls, 'action_name', None) or cls.__name__.removesuffix('Action').lower())


def is_ours(cls: Any) -> bool:
    """Tell whether something is an action class that is built on this package; an exporter is one too."""
    from ..actions.base import BaseAction
    from ..actions.export import BaseExporter

    return isinstance(cls, type) and issubclass(cls, (BaseAction, BaseExporter))


def is_helper(cls: Any) -> bool:
    """Tell whether an exporter has no name of its own: it is what an action writes by, unless config.yaml names it."""
    from ..actions.export import BaseExporter

    return issubclass(cls, BaseExporter) and cls.action_name is None


def is_vendor(cls: Any) -> bool:
    """Tell whether a class is built on the vendor's SDK."""
    return any(base.__module__.partition('.')[0] == 'synapse_sdk' for base in getattr(cls, '__mro__', ()))


def reference_of(cls: Any) -> str:
    """Return where a class is, ``package.module.Class``."""
    return f'{cls.__module__}.{cls.__qualname__}'


@dataclass(frozen=True)
class LoadedEntry:
    """What the entry of an action names.

    Attributes:
        reference: Its entrypoint.
        found: What that names; None if it cannot be imported.
        is_vendors: Whether it is built on the vendor's SDK, which may not be installed here.
        problem: Why it cannot be run.
    """

    reference: str
    found: Any = None
    is_vendors: bool = False
    problem: str = ''


def load_entry(entry: Any) -> LoadedEntry:
    """Import what the entry of an action in config.yaml names."""
    reference = entry.get('entrypoint') if isinstance(entry, dict) else entry
    if not isinstance(reference, str) or not reference.replace(':', '.').strip('.').count('.'):
        return LoadedEntry(str(reference), problem='its entrypoint is not package.module.Class')
    module, _, name = reference.replace(':', '.').rpartition('.')
    try:
        found = getattr(import_module(module), name)
    except (Exception, SystemExit) as exc:  # noqa: BLE001 - the project's code; told to its author
        told = f'{reference} cannot be imported: {type(exc).__name__}: {exc}'
        return LoadedEntry(reference, is_vendors=_imports_vendor(module), problem=told)
    if is_ours(found):
        return LoadedEntry(reference, found)
    told = f'{reference} is not an action: make it a subclass of synapse_plugins.BaseAction'
    return LoadedEntry(reference, found, is_vendor(found), told)


def _imports_vendor(module: str) -> bool:
    """Tell from its text whether a module that cannot be imported here is written against the vendor's SDK only."""
    try:
        spec = find_spec(module)
        content = Path(spec.origin).read_bytes() if spec is not None and spec.origin else b''
    except (ImportError, OSError, ValueError):
        return False
    return b'synapse_sdk' in content and b'synapse_plugins' not in content


def _modules(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the project's modules by their files, in a stable order."""
    for top in (root / 'src', root):
        for folder, below, names in os.walk(top):
            below[:] = sorted(
                name
                for name in below
                if name.isidentifier() and name not in _NOT_CODE and Path(folder, name) != root / 'src'
            )
            for name in sorted(names):
                path = Path(folder, name)
                if path.suffix == '.py' and path.stem.isidentifier() and not name.startswith(_NOT_MODULES):
                    parts = path.relative_to(top).with_suffix('').parts
                    module = '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)
                    if module:
                        yield path, module


def _looks_like_actions(path: Path) -> bool:
    """Tell from a module's text whether it defines a class built on this package.

    Raises:
        SyntaxError: If it is not Python.
        OSError: If it cannot be read.
    """
    content = path.read_bytes()
    if b'synapse_plugins' not in content:
        return False
    return any(isinstance(node, ast.ClassDef) and node.bases for node in ast.walk(ast.parse(content)))
