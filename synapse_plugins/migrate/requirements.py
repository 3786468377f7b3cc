"""Names this package among a project's dependencies."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from .records import FileChange, Note

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['change_pyproject', 'change_requirements']

OURS = 'synapse-plugins'
_THEIRS = re.compile(r'synapse[-_.]sdk(?![\w.-])', re.IGNORECASE)
_OURS = re.compile(r'synapse[-_.]plugins(?![\w.-])', re.IGNORECASE)
_QUOTED = re.compile(r"""(?P<quote>["'])(?P<text>[^"'\n]*)(?P=quote)""")
_OLDEST_PYTHON = (3, 11)


def change_requirements(root: Path) -> FileChange | None:
    """Add this package to requirements.txt, beside the vendor's SDK.

    That one stays even where no code needs it any more: the platform starts a plugin's jobs through it.

    Raises:
        ValueError: If the file cannot be read.
    """
    path = root / 'requirements.txt'
    if not path.is_file():
        return None
    before = path.read_bytes()
    text = before.decode('utf-8-sig')
    lines = text.splitlines(keepends=True)
    if any(_OURS.match(line.strip()) for line in lines):
        return None
    end = '\r\n' if '\r\n' in text else '\n'
    place = next((number for number, line in enumerate(lines, 1) if _THEIRS.match(line.strip())), len(lines))
    if place and not lines[place - 1].endswith('\n'):
        lines[place - 1] += end
    lines.insert(place, f'{OURS}{end}')
    return FileChange('requirements.txt', before, _encoded(lines, before), (f'{OURS} is needed',))


def change_pyproject(root: Path, *, stays: bool) -> FileChange | Note | None:
    """Name this package in pyproject.toml, in place of the vendor's SDK or, where code *stays* on it, beside it.

    Returns:
        The change, or what its author has to do; None where there is nothing to do.

    Raises:
        ValueError: If the file cannot be read.
    """
    path = root / 'pyproject.toml'
    if not path.is_file():
        return None
    before = path.read_bytes()
    text = before.decode('utf-8-sig')
    dependencies = _dependencies(text)
    if not dependencies or any(_OURS.match(name) for name in dependencies):
        return None
    after = _renamed(text, stays=stays)
    if after is None:
        return Note('look', path.name, 1, f'add {OURS} to the dependencies')
    what = [f'{OURS} is needed']
    python = tomllib.loads(text)['project'].get('requires-python', '')
    if (newer := _newer_python(python)) and f'"{python}"' in after:
        after = after.replace(f'"{python}"', f'"{newer}"', 1)
        what.append('Python 3.11 is needed')
    tomllib.loads(after)
    return FileChange(path.name, before, _encoded([after], before), tuple(what))


def _dependencies(text: str) -> list[str]:
    """Return the project's own dependencies."""
    project = tomllib.loads(text).get('project') or {}
    return [str(name) for name in project.get('dependencies') or []]


def _renamed(text: str, *, stays: bool) -> str | None:
    """Return the text with the requirement changed where it is written; None if it cannot be told where."""
    theirs = [name for name in _dependencies(text) if _THEIRS.match(name)]
    spots = [spot for spot in _QUOTED.finditer(text) if spot['text'] in theirs]
    if len(spots) != 1:
        return None
    (spot,) = spots
    quote, start = spot['quote'], text.rfind('\n', 0, spot.start()) + 1
    ours = f'{quote}{OURS}{quote}'
    if not stays:
        return text[: spot.start()] + ours + text[spot.end() :]
    indent = text[start : spot.start()]
    separator = f',\n{indent}' if not indent.strip() else ', '
    return text[: spot.end()] + separator + ours + text[spot.end() :]


def _newer_python(specifier: str) -> str | None:
    """Return the specifier with its lower bound raised to what this package needs; None if it is high enough."""
    found = re.search(r'>=\s*3\.(\d+)', specifier)
    if found is None or int(found[1]) >= _OLDEST_PYTHON[1]:
        return None
    return specifier.replace(found[0], f'>={_OLDEST_PYTHON[0]}.{_OLDEST_PYTHON[1]}')


def _encoded(lines: list[str], before: bytes) -> bytes:
    mark = b'\xef\xbb\xbf' if before.startswith(b'\xef\xbb\xbf') else b''
    return mark + ''.join(lines).encode('utf-8')
