"""Datamaker v1: one document of the platform an image, its ``annotations`` and ``annotationsData`` by media id.

The folders are those of `dm_folder`. A document is turned into version 2 when it is read, and into version 1 when it is
written (`datasets.dm`); what the other version cannot hold travels beside it, so that nothing is lost on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from .. import dm
from ..dm.carried import META
from ..encoded import encoded
from ..writer import Writer
from .dm_folder import DmReader, make_folders
from .dm_items import count_kept, document_of
from .dm_places import refusal

if TYPE_CHECKING:
    from pathlib import Path

    from ..sample import Sample

__all__ = ['DmV1Reader', 'DmV1Writer', 'detect']


def detect(root: Path) -> str | None:
    """Return why a folder is not of this format, None if it is."""
    return refusal(root, 1)


class DmV1Reader(DmReader):
    """Reads Datamaker v1."""

    version: ClassVar[int] = 1


class DmV1Writer(Writer):
    """Writes Datamaker v1."""

    parallel: ClassVar[bool] = True
    tells_changes: ClassVar[bool] = True
    holds_media: ClassVar[bool] = True

    def write(self, sample: Sample) -> None:
        """Write the document, and what only version 2 holds beside it, and place the picture."""
        images, documents, metas = make_folders(sample.split)
        stem, _ = self.place(sample, images)
        count_kept(sample, self.report)
        data = document_of(sample)
        document = dm.to_v1(data, sample.meta.get(META))
        if sample.image.media == 'image' and sample.image.width:
            self._add_size(document, sample)
        self.put(documents, f'{stem}.json', encoded(document, sample.key))
        rest = dm.keep_rest(data, document)
        if rest is not None:
            self.put(metas, f'{stem}.json', encoded(rest, sample.key))

    @staticmethod
    def _add_size(document: dict[str, dict[str, dict[str, int]]], sample: Sample) -> None:
        """Tell the size of a picture that came from elsewhere; masks of the platform need it."""
        if META not in sample.meta:
            size = {'width': sample.image.width, 'height': sample.image.height}
            document['extra'].setdefault('image_1', size)

    def finish(self) -> Path | None:
        """Make the folders of splits without samples."""
        for split in self.splits:
            images, documents, _ = make_folders(split)
            self.folder(documents)
            self.folder(images)
        return None
