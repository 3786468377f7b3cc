"""Files by content: each is kept once, under its SHA-256.

Files are added in batches. A batch gathers and hashes them aside, in a folder of its own; `Batch.settle` moves
them into place in one go, inside the transaction that refers to them, so that no removal can come between.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, Self

from ..errors import StoreError
from .temporary import claim_folder, remove_tree, sweep, sync_folder

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO

__all__ = ['Batch', 'FileStore', 'Link', 'StoredFile', 'file_digest', 'stored_suffix']

Link = Literal['copy', 'hard']

_CHUNK = 1024 * 1024
_SUFFIX = re.compile(r'\.[a-z0-9]{1,10}')


@dataclass(frozen=True)
class StoredFile:
    """A file in the store.

    Attributes:
        digest: SHA-256 of its content, hexadecimal.
        size: In bytes.
        suffix: Kept, in lower case, for readers that tell a file's type by it; empty for an unusual one.
        link: ``hard`` if it is another name of the user's own file.
    """

    digest: str
    size: int
    suffix: str
    link: Link = 'copy'


class FileStore:
    """The folder of files by content.

    Args:
        root: The folder; made when absent.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(mode=0o700, exist_ok=True)
        sweep(root)

    def batch(self) -> Batch:
        """Begin to add files; use it as a context manager."""
        return Batch(self)

    def add(self, path: Path, link: Link = 'copy') -> StoredFile:
        """Add one file, durably."""
        with self.batch() as batch:
            stored = batch.add(path, link)
            batch.settle()
        return stored

    def path_of(self, digest: str, suffix: str = '') -> Path:
        """Return where the file of this content lies, or would lie."""
        return self.root / digest[:2] / f'{digest}{suffix}'

    def discard(self, digest: str, suffix: str = '') -> None:
        """Remove a file that nothing refers to any more; one that is not there is no error."""
        self.path_of(digest, suffix).unlink(missing_ok=True)


class Batch:
    """Files on their way into the store; what was not settled is gone when the batch is left."""

    def __init__(self, files: FileStore) -> None:
        self._files = files
        self._folder = claim_folder(files.root)
        self._staged: dict[tuple[str, str], int] = {}
        self._unsynced: list[int] = []
        self._altered: set[tuple[str, str]] = set()
        self._taken = self._synced = 0

    @property
    def folder(self) -> Path:
        """A folder of this batch, for other things that must be gone with it."""
        return self._folder

    def add(self, path: Path, link: Link = 'copy') -> StoredFile:
        """Take in a file; with ``hard`` as another name of it, where the file systems allow that.

        Returns:
            What was taken in; its `link` says how.

        Raises:
            StoreError: If it cannot be read, or does not fit on the disk.
        """
        self._taken += 1
        staged = self._folder / f'{self._taken}'
        try:
            taken: Link = 'hard' if link == 'hard' and _hard_link(path, staged) else 'copy'
            if taken == 'hard':
                digest, size = file_digest(staged)
            else:
                digest, size = _copy(path, staged)
        except OSError as exc:
            staged.unlink(missing_ok=True)
            raise StoreError(f'{path} cannot be added to the store: {exc.strerror or exc}.') from exc
        stored = StoredFile(digest, size, stored_suffix(path), taken)
        if self._staged.setdefault((stored.digest, stored.suffix), self._taken) != self._taken:
            staged.unlink()  # the same content twice in one batch
        elif taken == 'copy':
            self._unsynced.append(self._taken)
        return stored

    def sync(self) -> None:
        """Make the contents durable, and look at what the store has of them; call it before the transaction in
        which they settle.
        """  # noqa: D205
        with ThreadPoolExecutor(max_workers=8, thread_name_prefix='sync') as pool:
            list(pool.map(_sync, (self._folder / f'{number}' for number in self._unsynced)))
            sound = list(pool.map(self._is_sound, self._staged))
        self._unsynced.clear()
        self._synced = self._taken
        self._altered = {key for key, fine in zip(self._staged, sound, strict=True) if not fine}

    def settle(self) -> None:
        """Move everything into place, durably.

        Where a removal of files is possible at the same time, call it inside the write transaction that refers
        to them.
        """
        if self._synced != self._taken:
            self.sync()
        folders = set()
        for key, number in self._staged.items():
            staged = self._folder / f'{number}'
            place = self._files.path_of(*key)
            if place.exists() and key not in self._altered:
                staged.unlink()
                continue
            place.parent.mkdir(mode=0o700, exist_ok=True)
            staged.replace(place)
            folders.add(place.parent)
        self._staged.clear()
        # Side by side: 256 of them one by one take longer than the files of a small import.
        if len(folders) > 1:
            with ThreadPoolExecutor(max_workers=8, thread_name_prefix='sync') as pool:
                list(pool.map(sync_folder, folders))
            folders.clear()
        for folder in (*folders, self._files.root):
            sync_folder(folder)

    def _is_sound(self, key: tuple[str, str]) -> bool:
        """Tell whether what lies in the place of a content is that content, as far as anything lies there.

        Somebody may have changed it: through the other name of a file that came in by a hard link, or by hand.
        """
        place = self._files.path_of(*key)
        try:
            return place.samefile(self._folder / f'{self._staged[key]}') or file_digest(place)[0] == key[0]
        except FileNotFoundError:
            return True
        except OSError:  # it cannot be read, so it is of no use
            return False

    def discard(self) -> None:
        """Drop what was not settled."""
        remove_tree(self._folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()


def stored_suffix(path: Path) -> str:
    """Return the suffix that a file keeps in the store: its own in lower case, or none if that is unusual."""
    suffix = path.suffix.lower()
    return suffix if _SUFFIX.fullmatch(suffix) else ''


def file_digest(path: Path) -> tuple[str, int]:
    """Return SHA-256 and size of a file, read piece by piece."""
    with path.open('rb') as source:
        return _digest_while_copying(source, None)


def _copy(source: Path, target: Path) -> tuple[str, int]:
    with source.open('rb') as reading, open(target, 'xb', opener=_private) as writing:
        return _digest_while_copying(reading, writing)


def _digest_while_copying(source: BinaryIO, target: BinaryIO | None) -> tuple[str, int]:
    digest, size = sha256(), 0
    while piece := source.read(_CHUNK):
        digest.update(piece)
        size += len(piece)
        if target is not None:
            target.write(piece)
    return digest.hexdigest(), size


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _hard_link(source: Path, target: Path) -> bool:
    """Link where that works; what is wrong otherwise, the copy meets too."""
    try:
        os.link(source.resolve(), target)
    except OSError:
        return False
    return True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
