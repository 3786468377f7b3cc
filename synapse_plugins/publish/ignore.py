"""Which files of a project are published: those that no ignore file and no default leaves out.

Ignore files have git's syntax, negation included, and may stand in any folder; a rule of a deeper folder wins over
one of a folder above it. `.synapseignore` wins over the defaults and over `.gitignore`: ``!weights/`` in it publishes
what git ignores, ``!dist/`` what is left out by default. A `.gitignore` takes no default back, for ``!*/`` in it is
about what git sees, not about virtual environments. As with git, nothing below an ignored folder can be taken back in.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError
from .patterns import parse, verdict

if TYPE_CHECKING:
    from .patterns import Pattern

__all__ = ['DEFAULTS', 'IGNORE_FILES', 'Chosen', 'choose_files']

IGNORE_FILES = ('.synapseignore', '.gitignore')
"""The stronger one first."""

DEFAULTS = (
    '__pycache__/',
    '*.py[cod]',
    '*.egg-info/',
    '*.egg',
    '.python-version',
    '.venv/',
    'venv/',
    'env/',
    '.env',
    '.gitignore',
    '.gitattributes',
    '.idea/',
    '.vscode/',
    '*.sw[op]',
    '.DS_Store',
    'Thumbs.db',
    'build/',
    'dist/',
    'node_modules/',
    '.cache/',
    '.mypy_cache/',
    '.nox/',
    '.pytest_cache/',
    '.ruff_cache/',
    '.tox/',
    '.coverage',
    'htmlcov/',
    '*.log',
)
"""What is left out unless an ignore file says otherwise."""

_NEVER = ('.git', '.hg', '.svn')
_ALWAYS = 'always'
_BY_DEFAULT = 'by default'


@dataclass
class Chosen:
    """The files of a project, and what was left out.

    Attributes:
        files: The files that are published, relative to the project, in order.
        left_out: File or folder (with a slash at its end) -> which rule leaves it out.
        notes: What could not be taken along.
    """

    files: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def choose_files(root: Path) -> Chosen:
    """Walk a project and choose what is published.

    Raises:
        ConfigError: If an ignore file cannot be read.
    """
    chosen = Chosen()
    _walk(root.resolve(), '', _Rules(root), chosen)
    chosen.files.sort()
    return chosen


def _walk(root: Path, folder: str, rules: _Rules, chosen: Chosen) -> None:
    rules.enter(folder)
    with os.scandir(root / folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        path = f'{folder}{entry.name}'
        is_folder = entry.is_dir(follow_symlinks=False)
        shown = f'{path}/' if is_folder else path
        if (rule := rules.leaves_out(path, is_folder)) is not None:
            chosen.left_out[shown] = rule
        elif is_folder:
            _walk(root, shown, rules, chosen)
        elif entry.is_symlink() and not _leads_to_a_file_inside(Path(entry.path), root):
            chosen.notes.append(f'{path} is a link to a folder, or out of the project; it is left out')
        elif entry.is_file():
            chosen.files.append(path)
        else:
            chosen.notes.append(f'{path} is no plain file; it is left out')


def _leads_to_a_file_inside(link: Path, root: Path) -> bool:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return False
    return target.is_file() and target.is_relative_to(root)


class _Rules:
    """The rules that are in force while a project is walked."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._defaults = parse(DEFAULTS)
        self._patterns: dict[tuple[str, str], list[Pattern]] = {}

    def enter(self, folder: str) -> None:
        """Read the ignore files of a folder (empty, or with a slash at its end)."""
        for name in IGNORE_FILES:
            path = self._root / folder / name
            if not path.is_file():
                continue
            try:
                self._patterns[name, folder] = parse(path.read_text(encoding='utf-8-sig').splitlines())
            except (OSError, ValueError) as exc:
                raise ConfigError(f'{path} cannot be read: {exc}') from exc

    def leaves_out(self, path: str, is_folder: bool) -> str | None:
        """Return which rule leaves out a file or folder; None if it is published."""
        if path.rpartition('/')[2] in _NEVER:
            return _ALWAYS
        strong, weak = (self._verdict(name, path, is_folder) for name in IGNORE_FILES)
        if strong is not None:
            return strong or None
        if verdict(self._defaults, path, is_folder):
            return _BY_DEFAULT
        return weak or None

    def _verdict(self, name: str, path: str, is_folder: bool) -> str | None:
        """Return which ignore file leaves a path out; an empty text if one takes it in, None if none tells."""
        for folder in _folders_above(path):
            patterns = self._patterns.get((name, folder), [])
            ignored = verdict(patterns, path.removeprefix(folder), is_folder)
            if ignored is not None:
                return f'{folder}{name}' if ignored else ''
        return None


def _folders_above(path: str) -> list[str]:
    """Return the folders that a path lies in, the deepest first, each with a slash at its end; the last is empty."""
    parts = path.split('/')[:-1]
    return [''.join(f'{part}/' for part in parts[:count]) for count in range(len(parts), -1, -1)]
