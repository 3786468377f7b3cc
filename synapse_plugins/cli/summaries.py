"""What an action of a plugin project says of itself, read from its source: a listing imports no code of the user's."""

from __future__ import annotations

import ast
from pathlib import Path

__all__ = ['summary_of']


def summary_of(reference: str, plugin: Path | None) -> str:
    """Return the first line of the docstring of an action's class, or nothing where there is none to be read.

    Args:
        reference: ``pkg.mod:Class`` or ``pkg.mod.Class``.
        plugin: Folder of the plugin project; None: the current one.
    """
    if ':' not in reference:
        module, _, name = reference.rpartition('.')
    else:
        module, _, name = reference.partition(':')
    source = _source(Path(plugin or '.'), module)
    try:
        tree = ast.parse(source.read_bytes()) if source is not None else None
    except (OSError, SyntaxError, ValueError):  # a run of the action says what is wrong with it
        return ''
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.ClassDef) and node.name == name:
            return (ast.get_docstring(node) or '').strip().partition('\n')[0]
    return ''


def _source(root: Path, module: str) -> Path | None:
    """Return the file of a module of the project, as the project's folders are searched for it."""
    parts = module.split('.')
    for folder in (root / 'src', root):
        place = folder.joinpath(*parts)
        for candidate in (place / '__init__.py', place.with_name(f'{place.name}.py')):
            if candidate.is_file():
                return candidate
    return None
