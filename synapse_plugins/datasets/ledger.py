"""What a conversion did with each sample, kept beside its output, so that the next one need not do it again.

The ledger is a hidden file of the output: a line for what the samples depend on together (the head), one for each
sample, written or not, and one for what was left over (the foot). A sample is taken over only if everything that it
was made of is as it was. Nothing in the file is trusted further than that: it is plain JSON, names in it stay in
the output.
"""

from __future__ import annotations

import marshal
import os
from contextlib import suppress
from hashlib import blake2b, sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import orjson

from .. import __version__
from .code import code_digest
from .files import read_bytes
from .litter import is_litter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from typing import BinaryIO

    from .jobs import Job
    from .reader import UnitReader
    from .report import Counts
    from .work import Plan

__all__ = [
    'LEDGER_FILE',
    'Entry',
    'Ledger',
    'LedgerWriter',
    'content_digest',
    'digest_of',
    'is_final',
    'signature_of',
    'time_of_ledger',
]

LEDGER_FILE = '.conversion'
"""Its name; hidden files are no part of a dataset."""

_VERSION = 3


class Entry(NamedTuple):
    """What is kept of a sample.

    Attributes:
        key: The sample's key.
        digest: Of everything that it was made of.
        files: (name relative to the output, digest) of each file that was written for it.
        pictures: (which of its evidence, target, whether it is complete) of each picture that was placed.
        record: What the writer returned.
        labels: The labels in it.
        facts: What the reader told.
        respelled: The class names that were brought to another spelling.
        counts: What was counted.
        is_written: Whether it is in the output; it may have been left out, or could not be read.
    """

    key: str
    digest: str
    files: list[tuple[str, str]]
    pictures: list[tuple[int, str, bool]]
    record: Any
    labels: list[str | None]
    facts: list[Any]
    respelled: list[str]
    counts: Any
    is_written: bool

    def to_line(self) -> bytes | None:
        """Return it as a line; None if it cannot be written down, and is not remembered."""
        try:
            return orjson.dumps(tuple(self), default=_plain, option=orjson.OPT_APPEND_NEWLINE)
        except (TypeError, ValueError):  # a name that is no text, or a record of a stranger's making
            return None

    @classmethod
    def from_line(cls, line: bytes) -> Entry | None:
        """Return what a line says; None if it says nothing that can be used."""
        try:
            entry = cls(*orjson.loads(line))
            inside = all(_is_inside(name) for name, _ in entry.files)
            if not inside or not all(_is_inside(name) for _, name, _ in entry.pictures):
                return None
            return entry._replace(record=_unpacked(entry.record))
        except (ValueError, TypeError):
            return None

    def is_there(self, folder: str) -> bool:
        """Tell whether its files lie in *folder* as they were written."""
        try:
            return all(
                content_digest(read_bytes(f'{folder}/{name}')) == digest for name, digest in self.files
            )
        except OSError:
            return False

    def shows(self, folder: str, images: Sequence[str], written: int, *, linked: bool, verify: bool) -> bool:
        """Tell whether its files, and its pictures, lie in *folder* as they were put there.

        Args:
            folder: The output.
            images: The evidence among which the pictures are.
            written: When the output was written, in nanoseconds: a copy that is younger was changed.
            linked: They were linked, but for those that are not complete.
            verify: Compare the content of copies, too.
        """
        try:
            return self.is_there(folder) and all(
                _is_as_placed(
                    images[place], f'{folder}/{name}', written, linked=linked and complete, verify=verify
                )
                for place, name, complete in self.pictures
            )
        except (OSError, IndexError):
            return False


def _is_as_placed(source: str, target: str, written: int, *, linked: bool, verify: bool) -> bool:
    here, there = os.stat(source), os.stat(target)  # noqa: PTH116 - many files, and a Path costs more
    if (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino):
        return True  # a link, and the digest says whether its content is as it was
    if linked and here.st_dev == there.st_dev and here.st_ino:  # a number of 0 says nothing
        return False  # another file came to one of the two names, perhaps of the same size and time
    if here.st_size != there.st_size or there.st_mtime_ns > written:
        return False
    return not verify or read_bytes(source) == read_bytes(target)


def time_of_ledger(folder: str) -> int:
    """Return when the ledger in *folder* was finished, in nanoseconds; 0 if there is none."""
    try:
        return os.stat(f'{folder}/{LEDGER_FILE}').st_mtime_ns  # noqa: PTH116 - as above
    except OSError:
        return 0


def content_digest(content: bytes) -> str:
    """Return a digest of a file's content."""
    return blake2b(content, digest_size=12).hexdigest()


def digest_of(reader: UnitReader, job: Job, *, verify: bool) -> tuple[str, tuple[str, ...]] | None:
    """Return a digest of everything that a sample is made of, and the paths of the pictures among that.

    None if the reader cannot tell what that is.

    Args:
        reader: The reader of the job.
        job: The job.
        verify: Look at the content of pictures, not at their size and time of change.
    """
    digest = blake2b(digest_size=16)
    evidence = None
    try:
        evidence = reader.evidence(job.unit)
        if evidence is None:
            return None
        digest.update(marshal.dumps((tuple(job.unit), job.key, job.split, job.stem), 2))
        for item in evidence.annotations:
            content = _content(reader, item) if isinstance(item, str) else item
            digest.update(b'no file' if content is None else b'%d\0%b' % (len(content), content))
        for path in evidence.images:
            if verify:
                digest.update(sha256(read_bytes(path)).digest())
            else:
                status = os.stat(path)  # noqa: PTH116 - many files, and a Path costs more than the call
                digest.update(b'%d %d' % (status.st_size, status.st_mtime_ns))
    except FileNotFoundError as exc:
        digest.update(f'no {exc.filename}'.encode('utf-8', 'surrogateescape'))
    except (OSError, ValueError):  # what cannot be read, or told in plain data, is looked at anew every time
        return None
    return digest.hexdigest(), evidence.images if evidence is not None else ()


def _content(reader: UnitReader, path: str) -> bytes | None:
    """Return the content of an annotation file; None if there is none, which says nothing about the other files."""
    try:
        return reader.load(path, again=True)
    except FileNotFoundError:
        return None


def is_final(counts: Counts, images: Sequence[str]) -> bool:
    """Tell whether a sample that was not written would not be written next time either, unless its files change.

    A picture may be unreadable for a reason that its size and time of change do not show: who may read it, a disk.

    Args:
        counts: What was counted for it.
        images: The pictures that it was to be made of.
    """
    if not any(bucket == 'quarantined' for bucket, *_ in counts[1]):
        return True
    for path in images:
        try:
            read_bytes(path)
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True


def signature_of(plan: Plan, readers: Sequence[UnitReader], formats: Sequence[Any], *, verify: bool) -> str:
    """Return a digest of what all samples depend on: versions, options, classes, what the sources say of themselves."""
    arguments = {name: value for name, value in plan.arguments.items() if name not in ('root', 'final_root')}
    rest = [plan.writer, plan.holds, plan.chosen, plan.rename, plan.transforms, plan.drop_empty]
    states = [reader.__getstate__() for reader in readers]
    code = [code_digest(one) for one in plan.transforms if isinstance(one, str)]  # of others nothing is kept
    parts = [_VERSION, __version__, formats, arguments, rest, code, states, verify]
    return sha256(_canonical(parts).encode('utf-8', 'surrogatepass')).hexdigest()


def _canonical(value: Any, depth: int = 0) -> str:
    """Return a text that is equal for equal values, in any process."""
    if depth > 20:
        return '...'
    if isinstance(value, dict):
        pairs = [f'{_canonical(key, depth + 1)}:{_canonical(one, depth + 1)}' for key, one in value.items()]
        return f'{{{",".join(pairs)}}}'
    if isinstance(value, set | frozenset):
        return f'<{",".join(sorted(_canonical(one, depth + 1) for one in value))}>'
    if isinstance(value, list | tuple):
        return f'[{",".join(_canonical(one, depth + 1) for one in value)}]'
    if value is None or isinstance(value, str | bytes | int | float):
        return repr(value)
    if isinstance(value, Path):
        return f'path {os.fspath(value)!r}'
    state = getattr(value, '__dict__', None)
    return f'{type(value).__qualname__}{_canonical(state, depth + 1) if state else ""}'


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and '..' not in path.parts and '\\' not in name and ':' not in name[:3]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {'bytes': value.decode('utf-8')}
    raise TypeError(type(value).__name__)


def _unpacked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unpacked(one) for one in value]
    if isinstance(value, dict):
        text = value.get('bytes')
        if len(value) == 1 and isinstance(text, str):
            return text.encode()
        return {key: _unpacked(one) for key, one in value.items()}
    return value


class LedgerWriter:
    """Writes the ledger of a conversion; a context manager.

    Args:
        folder: The output.
        signature: What all samples depend on.
    """

    def __init__(self, folder: Path, signature: str) -> None:
        self._file: BinaryIO = (folder / LEDGER_FILE).open('wb')
        self._file.write(orjson.dumps({'signature': signature}) + b'\n')

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file."""
        self._file.close()

    def add(self, lines: Sequence[bytes]) -> None:
        """Write down samples."""
        self._file.writelines(lines)

    def finish(self, folder: Path, jobs: int, told: Any, own: Collection[str]) -> None:
        """Write down the rest.

        Args:
            folder: The output.
            jobs: How many jobs there were.
            told: What else decides on the output, as `Stream.told` says.
            own: The folders of the output in which files of samples lie; all others are looked through.
        """
        common = sorted(_others(folder, frozenset(own)))
        foot = {'jobs': jobs, 'told': _hashed(told), 'common': common}
        self._file.write(orjson.dumps(foot) + b'\n')


def _hashed(told: Any) -> str:
    return sha256(repr(told).encode('utf-8', 'backslashreplace')).hexdigest()


def _others(folder: Path, own: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield (name, digest) of the files that are there for the dataset as a whole."""
    pending = ['']
    while pending:
        below = pending.pop()
        with os.scandir(f'{folder}{os.sep}{below}') as entries:
            for entry in entries:
                name = f'{below}{entry.name}'
                if entry.is_dir(follow_symlinks=False):
                    if name not in own and not is_litter(entry.name):
                        pending.append(f'{name}/')
                elif not is_litter(entry.name):
                    yield name, content_digest(read_bytes(entry.path))


class Ledger:
    """The ledger of an earlier conversion; a context manager.

    Attributes:
        count: How many samples it knows; 0 if there is none, or it depends on something else.

    Args:
        folder: The output of that conversion.
        signature: What all samples depend on now.
    """

    def __init__(self, folder: Path, signature: str) -> None:
        self.folder = folder
        self._places: dict[int, int] = {}
        self._last: dict[str, Any] = {}
        self._file: BinaryIO | None = None
        with suppress(OSError, ValueError):
            self._file = (folder / LEDGER_FILE).open('rb')
            head = orjson.loads(self._file.readline())
            if isinstance(head, dict) and head.get('signature') == signature:
                self._index(self._file)

    def _index(self, file: BinaryIO) -> None:
        place = file.tell()
        for line in file:
            if line.startswith(b'["') and line.endswith(b'\n'):
                self._places[hash(line[1 : line.index(b'","', 1) + 1])] = place
            elif line.startswith(b'{'):
                self._last = orjson.loads(line)
            place += len(line)

    @property
    def count(self) -> int:
        """How many samples it knows."""
        return len(self._places)

    def line(self, key: str) -> bytes | None:
        """Return what it knows of a sample."""
        try:
            place = self._places.get(hash(orjson.dumps(key)))
        except TypeError:  # a key that is no text
            return None
        if place is None or self._file is None:
            return None
        self._file.seek(place)
        return self._file.readline()

    def ends_with(self, jobs: int, told: Any) -> bool:
        """Tell whether the earlier conversion had so many jobs, the rest was so, and nobody changed its other files.

        Args:
            jobs: How many jobs there are.
            told: What `LedgerWriter.finish` is given.
        """
        last = self._last
        if last.get('jobs') != jobs or last.get('told') != _hashed(told):
            return False
        try:
            return all(
                _is_inside(name) and content_digest(read_bytes(self.folder / name)) == digest
                for name, digest in last['common']
            )
        except (OSError, ValueError, TypeError, KeyError):
            return False

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
