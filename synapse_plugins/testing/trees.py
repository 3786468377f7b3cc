"""What lies in a folder, and how it changed."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ['differences', 'stamped_tree', 'tree']


def tree(root: Path) -> dict[str, str]:
    """Return what lies in a folder: path -> what it is, by content; empty where there is no folder."""
    if not root.exists():
        return {}
    return {'.': 'folder'} | {
        path.relative_to(root).as_posix(): _kind(path) for path in sorted(root.rglob('*'))
    }


def stamped_tree(root: Path) -> dict[str, str]:
    """Return the same with mode and time of change, which show that a file was touched."""
    found = {}
    for name, kind in tree(root).items():
        status = (root / name).lstat()
        found[name] = f'{kind} {status.st_mode:o} {status.st_mtime_ns if kind != "folder" else ""}'
    return found


def _kind(path: Path) -> str:
    if path.is_symlink():
        return f'link to {path.readlink()}'
    return 'folder' if path.is_dir() else f'file {sha256(path.read_bytes()).hexdigest()}'


def differences(before: Any, after: Any) -> str:
    """Return how two states differ, as text; the names are listed where both are mappings."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return f'it was {before!r}, it is {after!r}'
    changed = {name: before[name] for name in before if name in after and before[name] != after[name]}
    told = [_named('left over', after, before), _named('gone', before, after), _named('changed', changed, {})]
    return '; '.join(filter(None, told))


def _named(word: str, here: Mapping[Any, Any], there: Mapping[Any, Any]) -> str:
    names = [str(name) for name in here if name not in there]
    more = f' and {len(names) - 5} more' if len(names) > 5 else ''
    return f'{word}: {", ".join(names[:5])}{more}' if names else ''
