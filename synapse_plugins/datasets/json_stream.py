"""A large JSON object read piece by piece: the items of its lists come in batches, the rest is passed over."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import orjson

from ..errors import FormatError
from .encoded import encoded
from .files import open_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

__all__ = ['WINDOW', 'lists_of', 'parts_of']

WINDOW = 1 << 20
"""Bytes that are looked at in one go."""

LARGEST = 32 << 20
"""Bytes of the largest item that is read; a larger one is refused, so that memory stays bounded."""

DEEPEST = 1000
"""Levels of nesting that are followed."""

_TRIES = 8
"""Braces that are looked at for the border between two items."""

_SPACE = re.compile(rb'[ \t\r\n]*')
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_OUTER = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
_INNER = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_SCALAR = re.compile(rb'[^\s,\[\]{}":]+')
_END = re.compile(rb'\}[ \t\r\n]*\](?=[ \t\r\n]*(?:,[ \t\r\n]*"|\}))')
_BORDER = re.compile(rb'\}[ \t\r\n]*,[ \t\r\n]*\Z')


def lists_of(path: Path, wanted: frozenset[str], *, exact: bool = False) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of a JSON object, in the order of the file, each in one or more batches.

    Args:
        path: The file.
        wanted: The names of the lists; a name that is not there yields nothing.
        exact: Read numbers of any length as they are written, which takes several times as long; else those beyond 64
            bits become floats.

    Yields:
        (name, items); at least once for every list that is there.

    Raises:
        FormatError: If it is no JSON object, if something wanted is no list or comes twice, or an item is too large.
    """
    with open_regular(path) as file:
        for name, items in _Scanner(path, file, exact=exact).walk(wanted, frozenset()):
            assert isinstance(items, list)
            yield name, items


def parts_of(
    path: Path, wanted: frozenset[str], unread: frozenset[str]
) -> Iterator[tuple[str, list[Any] | bytes]]:
    """Yield what `lists_of` does, but the items of lists that somebody else reads as bytes.

    Args:
        path: The file.
        wanted: The names of the lists.
        unread: The names of those that somebody else reads.

    Yields:
        (name, items); those of an *unread* list are a JSON list as it stands in the file. Where that turns out to be
        none, a border was guessed wrong, and only `lists_of` can tell.

    Raises:
        FormatError: As `lists_of`, as far as it was looked at.
    """
    with open_regular(path) as file:
        yield from _Scanner(path, file).walk(wanted, unread)


def _exact(content: bytes) -> Any:
    """Read JSON with the numbers as they are written.

    Raises:
        ValueError: If it is none.
    """
    return json.loads(content, parse_constant=_no_constant)


def _no_constant(name: str) -> Any:
    raise ValueError(f'{name} is no JSON')


class _Scanner:
    """The file from where we are: ``buffer[at:]`` is next, more can be read behind it."""

    def __init__(self, path: Path, file: BinaryIO, *, exact: bool = False) -> None:
        self._path = path
        self._file = file
        self._loads: Callable[[bytes], Any] = _exact if exact else orjson.loads
        self._buffer = file.read(WINDOW)
        self._at = 3 if self._buffer.startswith(b'\xef\xbb\xbf') else 0
        self._gone = 0  # bytes before the buffer

    # -- the object -----------------------------------------------------------------------------------

    def walk(self, wanted: frozenset[str], unread: frozenset[str]) -> Iterator[tuple[str, list[Any] | bytes]]:
        if self._next() != b'{':
            raise FormatError(f'{self._path} should hold a JSON object.')
        self._at += 1
        known: set[str] = set()
        closed = self._next() == b'}'
        self._at += closed
        while not closed:
            name = self._name()
            if name in known and name in wanted:
                raise FormatError(f'{self._path} says {name!r} twice; keep one of them.')
            known.add(name)
            if name not in wanted:
                self._skip()
            elif self._next() != b'[':
                raise FormatError(f'{self._path}: {name!r} should be a list.')
            else:
                self._at += 1
                for items in self._unread_items() if name in unread else self._items():
                    yield name, items
            separator = self._next()
            if separator not in (b',', b'}'):
                raise self._broken('a comma or a closing brace is missing')
            self._at += 1
            closed = separator == b'}'
            if not closed and self._next() == b'}':
                raise self._broken('a name is missing')
        if self._next():
            raise self._broken('something follows the end')

    def _name(self) -> str:
        if self._next() != b'"':
            raise self._broken('a name is missing')
        while (match := _STRING.match(self._buffer, self._at)) is None:
            self._grow()
        try:
            name: str = orjson.loads(match[0])
        except orjson.JSONDecodeError as exc:
            raise self._broken(str(exc)) from exc
        self._at = match.end()
        if self._next() != b':':
            raise self._broken('a colon is missing')
        self._at += 1
        return name

    def _next(self) -> bytes:
        """Pass over white space and return the byte that follows, nothing at the end of the file."""
        while True:
            match = _SPACE.match(self._buffer, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._buffer) or not self._more():
                return self._buffer[self._at : self._at + 1]

    # -- reading --------------------------------------------------------------------------------------

    def _more(self) -> bool:
        """Read on, and forget what is behind us; False at the end of the file."""
        chunk = self._file.read(WINDOW)
        if chunk:
            self._gone += self._at
            self._buffer, self._at = self._buffer[self._at :] + chunk, 0
        return bool(chunk)

    def _grow(self) -> None:
        """Read on, because what begins here does not end yet."""
        if len(self._buffer) - self._at > LARGEST:
            raise FormatError(
                f'{self._path}: an item at byte {self._gone + self._at} is larger than {LARGEST >> 20} MB, so the '
                'file was not read.'
            )
        if not self._more():
            raise self._broken('it is cut short')
        # twice as much every time, so that a large item is not looked at again and again
        for _ in range((len(self._buffer) - self._at) // WINDOW - 1):
            self._more()

    def _broken(self, why: str) -> FormatError:
        return FormatError(f'{self._path} is not valid JSON, at byte {self._gone + self._at}: {why}.')

    # -- what is passed over --------------------------------------------------------------------------

    def _skip(self) -> None:
        first = self._next()
        if first == b'"':
            while (match := _STRING.match(self._buffer, self._at)) is None:
                self._grow()
            self._at = match.end()
        elif first in (b'[', b'{'):
            depth = 0
            while True:
                start = self._at
                self._at, depth = self._tokens(depth)
                if depth == 0:
                    return
                if self._at == start:  # a string without end in sight
                    self._grow()
                elif not self._more():
                    raise self._broken('it is cut short')
        else:
            while (match := _SCALAR.match(self._buffer, self._at)) and match.end() == len(self._buffer):
                if not self._more():
                    break
            if match is None:
                raise self._broken('a value is missing')
            self._at = match.end()

    def _tokens(self, depth: int) -> tuple[int, int]:
        """Go through brackets; return where all are closed or a token is not whole, and the depth there."""
        end = self._at
        for token in _INNER.finditer(self._buffer, self._at):
            first = token[0][:1]
            if first == b'"':
                if len(token[0]) == 1 or not _STRING.fullmatch(token[0]):
                    return token.start(), depth
            elif first in b'[{':
                depth = self._deeper(depth)
            else:
                depth -= 1
                if depth == 0:
                    return token.end(), depth
            end = token.end()
        return (end if end == len(self._buffer) else max(end, len(self._buffer) - 1)), depth

    def _deeper(self, depth: int) -> int:
        if depth >= DEEPEST:
            raise self._broken(f'it is nested more than {DEEPEST} levels deep')
        return depth + 1

    # -- items ----------------------------------------------------------------------------------------

    def _items(self) -> Iterator[list[Any]]:
        """Yield the items of the list that was just opened."""
        if self._next() == b']':
            self._at += 1
            yield []
            return
        while True:
            items, closed = self._by_guess() or self._rest_by_guess() or self._by_tokens()
            yield items
            if closed:
                return
            if self._next() == b']':
                raise self._broken('an item is missing')

    def _unread_items(self) -> Iterator[bytes]:
        """Yield the items of the list that was just opened, as they stand in the file."""
        if self._next() == b']':
            self._at += 1
            yield b'[]'
            return
        closed = False
        while not closed:
            if len(self._buffer) - self._at < WINDOW // 2:
                self._more()
            border = None if _END.search(self._buffer, self._at) else self._border()
            if border is not None:
                content = self._buffer[self._at : border.start() + 1]
                self._at = border.end()
            else:  # the list ends in sight, or nobody knows
                items, closed = self._by_guess() or self._rest_by_guess() or self._by_tokens()
                content = encoded(items, str(self._path))[1:-1]
            yield b'[%b]' % content
            if not closed and self._next() == b']':
                raise self._broken('an item is missing')

    def _border(self) -> re.Match[bytes] | None:
        """Return the last ``},{`` in sight; None if there is none."""
        brace, found = len(self._buffer), None
        for _ in range(
            _TRIES
        ):  # the very last brace may open a part of an item, as the mask of a record does
            brace = self._buffer.rfind(b'{', self._at, brace)
            if brace <= self._at:
                break
            found = _BORDER.search(self._buffer, max(self._at, brace - 64), brace)
            if found is not None:
                break
        return found

    def _by_guess(self) -> tuple[list[Any], bool] | None:
        """Return the items up to the last ``},{`` in sight, if it separates two of them; None if nobody knows."""
        if len(self._buffer) - self._at < WINDOW // 2:
            self._more()
        border = self._border()
        if border is None:
            return None
        try:
            items: list[Any] = self._loads(b'[%b]' % self._buffer[self._at : border.start() + 1])
        except (ValueError, RecursionError):
            return None  # the end of the list lies before, or the two braces belong to parts of an item
        self._at = border.end()
        return items, False

    def _rest_by_guess(self) -> tuple[list[Any], bool] | None:
        """Return the items up to the first ``}]`` before a name or the end, if that ends the list; None if not."""
        end = _END.search(self._buffer, self._at)
        if end is None:
            return None
        try:
            items: list[Any] = self._loads(b'[%b' % self._buffer[self._at : end.end()])
        except (ValueError, RecursionError):
            return None  # it ends a list within an item
        self._at = end.end()
        return items, True

    def _by_tokens(self) -> tuple[list[Any], bool]:
        """Return the items that are whole in sight, and whether the list ends behind them."""
        while True:
            depth, last, start = 0, -1, self._at
            position, buffer = start, self._buffer
            while token := (_INNER if depth else _OUTER).search(buffer, position):
                first, position = buffer[token.start() : token.start() + 1], token.end()
                if first == b'"':
                    if not _STRING.fullmatch(token[0]):
                        break
                elif first in b'[{':
                    depth = self._deeper(depth)
                elif first == b',':
                    last = token.start()
                elif depth:
                    depth -= 1
                elif first == b'}':
                    raise self._broken('a bracket does not match')
                else:
                    return self._parsed(start, token.start(), token.end()), True
            if last >= 0:
                return self._parsed(start, last, last + 1), False
            self._grow()

    def _parsed(self, start: int, end: int, after: int) -> list[Any]:
        try:
            items: list[Any] = self._loads(b'[%b]' % self._buffer[start:end])
        except (ValueError, RecursionError) as exc:
            raise self._broken(str(exc)) from exc
        if not items:
            raise self._broken('an item is missing')
        self._at = after
        return items
