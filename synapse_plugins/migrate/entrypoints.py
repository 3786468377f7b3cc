"""Gives a plain function or class that config.yaml names as an action the action class it lacks.

The vendor's scaffold makes such entrypoints for several categories, and no executor can run them: they have no
`dispatch`. A small action class beside them calls them with its parameters.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import ConfigError
from .records import FileChange, Note

if TYPE_CHECKING:
    from pathlib import Path

    from .records import Migration

__all__ = ['Wrapping', 'apply_wrapping', 'wrap_entrypoints']


@dataclass
class Wrapping:
    """Entrypoints that are wrapped, before anything is written.

    Attributes:
        contents: File -> its content with the action classes.
        what: File -> what was changed in it.
        references: Action -> its new entrypoint.
        notes: Why others are not.
    """

    contents: dict[str, bytes] = field(default_factory=dict)
    what: dict[str, list[str]] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def wrap_entrypoints(root: Path, migration: Migration) -> Wrapping:
    """Wrap what config.yaml names and what is no action; the files' content is taken from *migration* first."""
    from ..plugin_config.syncing import find_config
    from ..plugin_config.yaml_text import edit, read

    wrapping = Wrapping()
    try:
        path = find_config(root)
        text = path.read_bytes().decode('utf-8')
        _, config = read(text, path)
    except (ConfigError, OSError, UnicodeDecodeError):
        return wrapping
    entries = config.get('actions') if isinstance(config, dict) else None
    wanted = deepcopy(config)
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        reference = entry.get('entrypoint') if isinstance(entry, dict) else entry
        if isinstance(reference, str) and isinstance(name, str):
            new = _wrap(root, name, reference, migration, wrapping)
            if new is not None:
                wanted['actions'][name] = (
                    {**entry, 'entrypoint': new} if isinstance(entry, dict) else {'entrypoint': new}
                )
    if wanted != config:
        try:
            after = edit(text, path, wanted).encode('utf-8')
        except ConfigError as exc:
            wrapping.notes.append(Note('look', path.name, 1, f'entrypoints are to change: {exc}'))
            return wrapping
        wrapping.contents[path.name] = after
        wrapping.what[path.name] = ['entrypoints of what became actions']
    return wrapping


def _wrap(root: Path, name: str, reference: str, migration: Migration, wrapping: Wrapping) -> str | None:
    from .wrapping import NotWrapped, wrap

    module, separator, target = _parted(reference)
    found = _file_of(root, module)
    if found is None:
        return None
    path = found.relative_to(root).as_posix()
    content = (
        wrapping.contents.get(path)
        or next((change.after for change in migration.changes if change.path == path), None)
        or found.read_bytes()
    )
    try:
        made = wrap(content, name, target)
    except NotWrapped as exc:
        wrapping.notes.append(
            Note('look', path, exc.line, f'{target} is the action {name!r}, and is none: {exc}')
        )
        return None
    if made is None:
        return None
    wrapping.contents[path] = made.content
    wrapping.what.setdefault(path, []).append(f'{made.class_name} runs {target}')
    return f'{module}{separator}{made.class_name}'


def _parted(reference: str) -> tuple[str, str, str]:
    separator = ':' if ':' in reference else '.'
    return reference.rpartition(separator)


def _file_of(root: Path, module: str) -> Path | None:
    parts = module.split('.')
    for top in (root / 'src', root):
        for path in (top.joinpath(*parts).with_suffix('.py'), top.joinpath(*parts, '__init__.py')):
            if module and path.is_file():
                return path
    return None


def apply_wrapping(migration: Migration, wrapping: Wrapping) -> None:
    """Put the wrapped entrypoints among the changes of a migration."""
    migration.notes.extend(wrapping.notes)
    changes = {change.path: change for change in migration.changes}
    for path, content in wrapping.contents.items():
        old = changes.get(path)
        before = old.before if old else (migration.root / path).read_bytes()
        what = (*(old.what if old else ()), *wrapping.what[path])
        changes[path] = FileChange(path, before, content, what)
    migration.changes = list(changes.values())
