"""The COCO files of one split as one: instances, and beside them keypoints and stuff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from ...errors import FormatError
from ..encoded import encoded
from .coco_file import CocoFile
from .coco_joining import join

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..pool import Pool
    from .coco_file import ImageRecord
    from .coco_records import Seen

__all__ = ['CocoSplit']


class CocoSplit:
    """One split.

    A record with keypoints that has the id of an instance is that instance; records of stuff get ``stuff``.

    Args:
        paths: Role -> file; the first is the one that others add to.
        seen: Where to add what a survey has to know of the annotation records.
        pool: Processes that can read records.

    Attributes:
        images: The image records, one for each file name, those of the first file first.
        again: File name -> the ids of further records of it, where there are any.
        categories: The category records of all files.
    """

    def __init__(self, paths: Mapping[str, Path], seen: set[Seen], pool: Pool | None = None) -> None:
        self.path = next(iter(paths.values()))
        self._files: dict[str, CocoFile] = {}
        try:
            for role, path in paths.items():
                self._files[role] = CocoFile(path, seen, pool)
        except BaseException:
            self.close()
            raise
        files = list(self._files.values())
        self._alone = len(files) == 1 and next(iter(self._files)) != 'stuff'
        images = self._all_images(files) if len(files) > 1 else files[0].images
        self.images, self.again = _by_name(images)
        self.categories = [record for file in files for record in file.categories]

    @staticmethod
    def _all_images(files: list[CocoFile]) -> list[ImageRecord]:
        known: dict[Any, ImageRecord] = {}
        for file in files:
            for record in file.images:
                number, name, _ = record
                if (other := known.setdefault(number, record).name) != name:
                    raise FormatError(
                        f'{file.path} calls image {number!r} {name!r}, another file of its split calls it '
                        f'{other!r}. Give the images the same ids in all files of a split.'
                    )
        return list(known.values())

    def annotations_of(self, image: ImageRecord) -> bytes:
        """Return the annotation records of an image, of all records of its file name, as a JSON list."""
        numbers = (image.number, *self.again.get(image.name, ()))
        if self._alone:
            return next(iter(self._files.values())).annotations_of(*numbers)
        by_role = {role: orjson.loads(file.annotations_of(*numbers)) for role, file in self._files.items()}
        return encoded(self._joined(by_role), str(self.path))

    @staticmethod
    def _joined(by_role: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
        records = by_role.get('instances', [])
        free: dict[tuple[Any, Any], list[dict[str, Any]]] = {}
        for record in records:
            if (what := _what(record)) is not None:
                free.setdefault(what, []).append(record)
        for record in by_role.get('person_keypoints', []):
            alike = free.get(_what(record) or (None, None))
            if not alike:
                records.append(record)
            else:
                # several of one id belong together in the order in which they stand
                join(alike.pop(0), record)
        records += [{**record, 'stuff': 1} for record in by_role.get('stuff', [])]
        return records

    def orphans(self) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
        """Yield (image id, records) of annotations that belong to no image."""
        for file in self._files.values():
            yield from file.orphans()

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files.values():
            file.close()


def _what(record: dict[str, Any]) -> tuple[Any, Any] | None:
    """Return what an instance and the record of its keypoints have in common; None for one without a usable id."""
    number, category = record.get('id'), record.get('category_id')
    usable = isinstance(number, int | str) and isinstance(category, int | float | str)
    return (number, category) if usable else None


def _by_name(images: list[ImageRecord]) -> tuple[list[ImageRecord], dict[str, list[Any]]]:
    """Return the first record of every file name, and the ids of the others."""
    first: dict[str, ImageRecord] = {}
    again: dict[str, list[Any]] = {}
    for image in images:
        if first.setdefault(image.name, image) is not image:
            again.setdefault(image.name, []).append(image.number)
    return (list(first.values()) if again else images), again
