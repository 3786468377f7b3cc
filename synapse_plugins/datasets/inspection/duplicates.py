"""Files of one content, found with little memory: by size, then by their ends, then by a digest of the whole.

What is known of each file is written to a temporary file; two numbers a file stay in memory.
"""

from __future__ import annotations

import os
from array import array
from hashlib import blake2b
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Self

__all__ = ['DuplicateFinder', 'Entry']

_END = 1 << 14
_CHUNK = 1 << 20
_READ = os.O_RDONLY | getattr(os, 'O_BINARY', 0) | getattr(os, 'O_CLOEXEC', 0)
_T = TypeVar('_T')


class Entry(NamedTuple):
    """A file that was added.

    Attributes:
        path: Where it lies.
        key: The key of its sample.
        split: Its split; empty in a dataset without splits.
        said: What its annotations say, in a few characters; differs where they do in number or classes.
    """

    path: str
    key: str
    split: str
    said: str = ''


class DuplicateFinder:
    """Takes files one at a time and then tells which are of one content.

    It is a context manager, because it owns a temporary file.
    """

    def __init__(self) -> None:
        self._spool = TemporaryFile(prefix='synapse-plugins-')  # noqa: SIM115 - closed by __exit__
        self._sizes = array('q')
        self._places = array('q')
        self._place = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def add(self, entry: Entry, size: int) -> None:
        """Add a file of *size* bytes."""
        line = '\0'.join(entry).encode('utf-8', 'surrogatepass')
        record = len(line).to_bytes(4, 'little') + line
        self._spool.write(record)
        self._sizes.append(size)
        self._places.append(self._place)
        self._place += len(record)

    def groups(self, checked: Callable[[int, int], None] | None = None) -> Iterator[tuple[int, list[Entry]]]:
        """Yield the size and the files of each content that more than one file has.

        Args:
            checked: Is called with how many files were compared, and how many must be.
        """
        candidates = list(self._of_one_size())
        total = sum(map(len, candidates))
        done = 0
        for numbers in candidates:
            size = self._sizes[numbers[0]]
            if size:  # files without content are no pictures; they are named elsewhere
                for group in self._of_one_content(numbers, size):
                    yield size, group
            done += len(numbers)
            if checked is not None:
                checked(done, total)

    def _of_one_size(self) -> Iterator[list[int]]:
        import numpy as np

        if not self._sizes:
            return
        sizes = np.frombuffer(self._sizes, np.int64)
        order = np.argsort(sizes, kind='stable')
        _, starts = np.unique(sizes[order], return_index=True)
        for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(order)], strict=True):
            if end - start > 1:
                yield order[start:end].tolist()

    def _of_one_content(self, numbers: list[int], size: int) -> Iterator[list[Entry]]:
        by_ends = _grouped((_ends(self._entry(number).path, size), number) for number in numbers)
        for alike in by_ends:
            if size <= 2 * _END:
                yield [self._entry(number) for number in alike]
            else:
                for same in _grouped((_whole(self._entry(number).path), number) for number in alike):
                    yield [self._entry(number) for number in same]

    def _entry(self, number: int) -> Entry:
        self._spool.seek(self._places[number])
        length = int.from_bytes(self._spool.read(4), 'little')
        path, key, split, said = self._spool.read(length).decode('utf-8', 'surrogatepass').split('\0')
        return Entry(path, key, split, said)


def _grouped(digests: Iterable[tuple[bytes | None, _T]]) -> list[list[_T]]:
    """Return what has a digest in common, in order of the first."""
    groups: dict[bytes, list[_T]] = {}
    for digest, value in digests:
        if digest is not None:
            groups.setdefault(digest, []).append(value)
    return [group for group in groups.values() if len(group) > 1]


def _ends(path: str, size: int) -> bytes | None:
    """Return a digest of the beginning and the end of a file; None if it cannot be read."""
    try:
        fd = os.open(path, _READ)
    except OSError:
        return None
    try:
        content = os.read(fd, 2 * _END if size <= 2 * _END else _END)
        if size > 2 * _END:
            os.lseek(fd, size - _END, os.SEEK_SET)
            content += os.read(fd, _END)
    except OSError:
        return None
    finally:
        os.close(fd)
    return blake2b(content, digest_size=16).digest()


def _whole(path: str) -> bytes | None:
    """Return a digest of a file; None if it cannot be read."""
    digest = blake2b(digest_size=16)
    try:
        fd = os.open(path, _READ)
    except OSError:
        return None
    try:
        while chunk := os.read(fd, _CHUNK):
            digest.update(chunk)
    except OSError:
        return None
    finally:
        os.close(fd)
    return digest.digest()
