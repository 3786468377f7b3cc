"""Datamaker v2: one document an image, ``{"images": [{tool: [annotation, ...]}]}``, in the folders of `dm_folder`."""

# `from __future__ import annotations` would take the name of a function here.

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from ...errors import FormatError
from ..dm.carried import META
from ..encoded import encoded
from ..sample import Annotation, Sample
from ..writer import Writer
from .dm_folder import DmReader, make_folders
from .dm_items import annotations_of, count_kept, document_of
from .dm_places import refusal

__all__ = ['DmV2Reader', 'DmV2Writer', 'annotations', 'detect', 'document']


def detect(root: Path) -> str | None:
    """Return why a folder is not of this format, None if it is."""
    return refusal(root, 2)


def annotations(document: Mapping[str, Any]) -> list[Annotation]:
    """Return the annotations of the first image of a DM v2 document, in its order.

    Raises:
        FormatError: If it is not such a document.
    """
    try:
        images = document.get('images') or ()
        return annotations_of(images[0]) if images else []
    except (AttributeError, TypeError, KeyError, IndexError) as exc:
        raise FormatError('not a DM v2 document: "images" should be a list of {tool: [annotations]}') from exc


def document(sample: Sample) -> dict[str, Any]:
    """Return a sample as a DM v2 document."""
    return document_of(sample)


class DmV2Reader(DmReader):
    """Reads Datamaker v2."""

    version: ClassVar[int] = 2


class DmV2Writer(Writer):
    """Writes Datamaker v2. Geometry stays as it is; the format lets it reach out of the image."""

    parallel: ClassVar[bool] = True
    tells_changes: ClassVar[bool] = True
    holds_media: ClassVar[bool] = True

    def write(self, sample: Sample) -> None:
        """Write the document, and what only version 1 holds beside it, and place the picture."""
        images, documents, metas = make_folders(sample.split)
        stem, _ = self.place(sample, images)
        count_kept(sample, self.report)
        self.put(documents, f'{stem}.json', encoded(document_of(sample), sample.key))
        meta = sample.meta.get(META) if sample.meta else None
        if meta:
            self.put(metas, f'{stem}.json', encoded(meta, sample.key))

    def finish(self) -> Path | None:
        """Make the folders of splits without samples."""
        for split in self.splits:
            images, documents, _ = make_folders(split)
            self.folder(documents)
            self.folder(images)
        return None
