"""The patterns of git's ignore files.

Each pattern is asked about one file or folder by its own path, as git does while it walks a tree; what an ignored
folder holds is never asked about. The libraries for such patterns answer for whole paths at once and part from git
where patterns of several files meet; the tests compare this with git itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ['Pattern', 'parse', 'verdict']

_CLASSES = {
    'alnum': r'^\W_',
    'alpha': r'^\W\d_',
    'blank': r' \t',
    'digit': r'0-9',
    'lower': r'a-z',
    'space': r'\s',
    'upper': r'A-Z',
    'xdigit': r'0-9A-Fa-f',
}


@dataclass(frozen=True)
class Pattern:
    """One line of an ignore file.

    Attributes:
        matches: What the path, or the name where the pattern holds no slash, has to look like.
        takes_back: Whether the line begins with ``!``.
        only_folders: Whether it ends with a slash.
        by_name: Whether it is about names in any folder.
    """

    matches: re.Pattern[str]
    takes_back: bool
    only_folders: bool
    by_name: bool

    def applies(self, path: str, is_folder: bool) -> bool:
        """Tell whether it is about this file or folder."""
        if self.only_folders and not is_folder:
            return False
        return self.matches.fullmatch(path.rpartition('/')[2] if self.by_name else path) is not None


def parse(lines: Iterable[str]) -> list[Pattern]:
    """Return the patterns of an ignore file, in order; comments and blank lines are none."""
    return [pattern for line in lines if (pattern := _parse_line(line.rstrip('\r\n'))) is not None]


def verdict(patterns: list[Pattern], path: str, is_folder: bool) -> bool | None:
    """Return whether a path is ignored, by the last pattern about it; None if there is none.

    Args:
        patterns: The patterns of one file.
        path: The path, relative to the folder of that file.
        is_folder: Whether it is a folder.
    """
    for pattern in reversed(patterns):
        if pattern.applies(path, is_folder):
            return not pattern.takes_back
    return None


def _parse_line(line: str) -> Pattern | None:
    while line.endswith(' ') and not line.endswith('\\ '):
        line = line[:-1]
    if not line or line.startswith('#'):
        return None
    takes_back = line.startswith('!')
    body = line.removeprefix('!') if takes_back else line
    only_folders = body.endswith('/')
    body = body.removesuffix('/')
    by_name = '/' not in body
    expression = _translate(body.removeprefix('/'))
    if not body or expression is None:
        return None
    return Pattern(re.compile(expression, re.DOTALL), takes_back, only_folders, by_name)


def _translate(pattern: str) -> str | None:
    """Return the regular expression of a pattern; None for one that nothing can match."""
    made: list[str] = []
    place = 0
    while place < len(pattern):
        rest = pattern[place:]
        starts_part = place == 0 or pattern[place - 1] == '/'
        if starts_part and rest.startswith('**/'):
            made.append('(?:.*/)?')
            place += 3
        elif starts_part and rest == '**':
            made.append('.+' if place else '.*')
            place += 2
        elif rest[0] == '*':
            made.append('[^/]*')
            place += len(rest) - len(rest.lstrip('*'))
        elif rest[0] == '?':
            made.append('[^/]')
            place += 1
        elif rest[0] == '[':
            found = _translate_set(rest)
            if found is None:
                return None
            made.append(found[0])
            place += found[1]
        elif rest[0] == '\\':
            if len(rest) == 1:
                return None
            made.append(re.escape(rest[1]))
            place += 2
        else:
            made.append(re.escape(rest[0]))
            place += 1
    return ''.join(made)


def _translate_set(text: str) -> tuple[str, int] | None:
    """Return the expression of a ``[...]`` at the beginning of *text* and its length; None if it is not closed."""
    place = 1
    negated = text[place : place + 1] in {'!', '^'}
    place += negated
    parts: list[str] = []
    first = True
    while place < len(text) and (first or text[place] != ']'):
        first = False
        if named := re.match(r'\[:(\w+):\]', text[place:]):
            members = _CLASSES.get(named[1])
            if members is None:
                return None
            parts.append(f'[{members}]')
            place += named.end()
            continue
        low, place = _character(text, place)
        if text[place : place + 1] == '-' and text[place + 1 : place + 2] not in {'', ']'}:
            high, place = _character(text, place + 1)
            parts.append(f'[{re.escape(low)}-{re.escape(high)}]' if low <= high else '(?!)')
        else:
            parts.append(re.escape(low))
    if place >= len(text):
        return None
    inside = '|'.join(parts)
    return (f'(?!{inside})[^/]' if negated else f'(?!/)(?:{inside})'), place + 1


def _character(text: str, place: int) -> tuple[str, int]:
    if text[place] == '\\' and place + 1 < len(text):
        place += 1
    return text[place], place + 1
