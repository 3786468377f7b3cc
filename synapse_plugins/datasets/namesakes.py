"""Pictures of one name that come from several sources, and may be the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .names import nfc
from .report import EXAMPLES

if TYPE_CHECKING:
    from .report import Report

__all__ = ['Namesakes']


_NEW_SPLITS = 'New splits (--split) put pictures of one name and folder into one.'
_FOLDERS_DIFFER = (
    'They lie in folders of different names, which count for new splits (--split), too: give the folders of copies one '
    'name in all sources, or leave the copies out of one.'
)


class Namesakes:
    """Looks for pictures that have a namesake in an earlier source, but none in their own split.

    It keeps a number for every name, and no names: a merge may have millions of pictures.
    """

    def __init__(self) -> None:
        self._earlier: dict[int, int] = {}
        self._own: dict[int, int] = {}
        self._source = 0
        self._bits: dict[str | None, int] = {}
        self._count = 0
        self._examples: list[str] = []

    def see(self, source: int, name: str, split: str | None, key: str) -> None:
        """See a picture; those of one source come together.

        Args:
            source: The place of its source.
            name: Its file name.
            split: The split that it goes to.
            key: What to call it in a report.
        """
        if source != self._source:
            for one, splits in self._own.items():
                self._earlier[one] = self._earlier.get(one, 0) | splits
            self._own, self._source = {}, source
        bit = self._bits.setdefault(split, 1 << len(self._bits))
        own = hash(nfc(name.rpartition('.')[0]))
        elsewhere = self._earlier.get(own, bit)
        if not elsewhere & bit:
            self._count += 1
            if len(self._examples) < EXAMPLES:
                self._examples.append(key)
        self._own[own] = self._own.get(own, 0) | bit

    def warn(self, report: Report, *, is_new: bool) -> None:
        """Warn of them, if there are any.

        Args:
            report: Where to.
            is_new: The splits are new ones, that the user chose.
        """
        if self._count:
            more = ', ...' if self._count > len(self._examples) else ''
            report.warn(
                f'{self._count} pictures have the name of one in another source that is in another split '
                f'({", ".join(self._examples)}{more}). If they are the same pictures, what is trained with is tested '
                f'with, too. {_FOLDERS_DIFFER if is_new else _NEW_SPLITS}'
            )
