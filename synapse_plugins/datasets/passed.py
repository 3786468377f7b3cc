"""What lies among pictures and annotation files and is not read: it goes into the report, so that nobody misses it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from .litter import is_litter
from .names import suffix_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from os import DirEntry

    from .report import Report

__all__ = ['NOT_READ', 'UNREAD_SUFFIXES', 'Passed']

UNREAD_SUFFIXES = frozenset(
    (
        '.heic', '.heif', '.avif', '.jxl', '.jp2', '.j2k', '.jpx', '.jfif', '.jpe', '.mpo', '.dng', '.cr2', '.cr3',
        '.nef', '.arw', '.orf', '.rw2', '.raf', '.pfm', '.pgm', '.ppm', '.pbm', '.pnm', '.tga', '.psd',
        '.exr', '.hdr', '.ico',
    )
)  # fmt: skip
"""Suffixes of pictures that are not looked for, in lower case."""

NOT_READ = 'its suffix is not read'
_LINK = 'it is a link to a folder, and not followed'


class Passed:
    """Keeps what a `scan` passes over.

    Attributes:
        links: Links to folders, relative to the folder that is scanned.
        pictures: Pictures of suffixes that are not read, likewise.
    """

    def __init__(self) -> None:
        self.links: list[str] = []
        self.pictures: list[str] = []

    def look(self, entry: DirEntry[str], path: str) -> None:
        """Keep what is no folder and not wanted, if it is one of these."""
        if suffix_of(entry.name) in UNREAD_SUFFIXES:
            self.pictures.append(path)
        elif entry.is_symlink() and not is_litter(entry.name):
            with suppress(OSError):  # links in a circle lead nowhere
                if entry.is_dir():
                    self.links.append(path)

    def tell_links(self, report: Report, prefix: str) -> None:
        """Note the links, with *prefix* before their paths."""
        for name in sorted(self.links):
            report.note('folder', _LINK, f'{prefix}{name}')

    def tell_pictures(self, report: Report, prefix: str, used: Collection[str] = ()) -> None:
        """Count the pictures as dropped, but for those that an annotation file named and that were *used*."""
        for name in sorted(self.pictures):
            if name not in used:
                report.drop('image', NOT_READ, f'{prefix}{name}')
