"""COCO instances.

Written and read: ``annotations/instances_<split>.json`` (``instances.json`` without splits) and the pictures
under ``images/<split>/``. Read only: pictures under ``<split>/``, ``<split>2017/`` or ``images/``, and the layout
with ``<split>/_annotations.coco.json`` beside the pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from ..geometry import area, extent
from ..shapes import SHAPES
from ..writer import Writer
from .coco_reader import CocoReader, detect

if TYPE_CHECKING:
    from io import BufferedWriter
    from pathlib import Path

    from ..geometry import Box
    from ..sample import Annotation, ImageFile, Sample

__all__ = ['CocoReader', 'CocoWriter', 'detect']


class _SplitFile:
    """The JSON file of one split, whose two long lists are written as the samples come."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.images = 0
        self.annotations = 0
        self._parts = {name: path.with_suffix(f'.{name}') for name in ('images', 'annotations')}
        self._files: dict[str, BufferedWriter] = {name: part.open('wb') for name, part in self._parts.items()}

    def add(self, image: bytes, annotations: list[bytes]) -> None:
        """Write the records of an image and of its annotations under the next ids; they lack the opening brace."""
        self.images += 1
        head = b'%b{"id":%d,' % (b',\n' if self.images > 1 else b'\n', self.images)
        self._files['images'].write(head + image)
        number = self.annotations
        lines = []
        for place, record in enumerate(annotations, number + 1):
            start = b',\n' if place > 1 else b'\n'
            lines.append(b'%b{"id":%d,"image_id":%d,%b' % (start, place, self.images, record))
        self._files['annotations'].write(b''.join(lines))
        self.annotations += len(annotations)

    def close(self) -> None:
        """Close the parts."""
        for file in self._files.values():
            file.close()

    def join(self, classes: list[str]) -> None:
        """Make the file of its parts."""
        from shutil import copyfileobj

        self.close()
        categories = [
            {'id': number, 'name': name, 'supercategory': ''} for number, name in enumerate(classes, 1)
        ]
        with self.path.open('wb') as whole:
            whole.write(b'{"info":{},"licenses":[],"categories":' + orjson.dumps(categories))
            for name, part in self._parts.items():
                whole.write(f',\n"{name}":['.encode())
                with part.open('rb') as source:
                    copyfileobj(source, whole, 1 << 20)
                whole.write(b']')
                part.unlink()
            whole.write(b'}\n')


class CocoWriter(Writer):
    """Writes COCO instances; ids count from 1, category ids are the same in every split."""

    layout: ClassVar[str] = 'annotations/instances{}.json'
    parallel: ClassVar[bool] = True

    def __init__(self, root: Path, **kwargs: Any) -> None:
        super().__init__(root, **kwargs)
        self._shaper = self.shaper()
        self._files: dict[str | None, _SplitFile] = {}

    @classmethod
    def holds(cls, task: str | None) -> frozenset[str]:  # noqa: ARG003 - the same under any
        """Return the tools that have an area."""
        return SHAPES

    def write(self, sample: Sample) -> tuple[bytes, list[bytes]]:
        """Place the picture, and return the records of the image and of its annotations, without their ids."""
        split, image = sample.split, sample.image
        _, name = self.place(sample, f'images/{split}' if split else 'images')
        records: list[bytes] = []
        for annotation in sample.annotations:
            if annotation.tool not in SHAPES:
                self.report.drop(annotation.tool, 'coco instances cannot hold it', sample.key)
                continue
            category = self.number_of(annotation, sample.key)
            shape = None if category is None else self._shape(annotation, image, sample.key)
            if shape is not None and category is not None:
                crowd = 1 if annotation.extra.get('iscrowd') else 0
                record = {'category_id': category + 1, **shape, 'iscrowd': crowd}
                if annotation.attrs:
                    record['attributes'] = {
                        str(item.get('name')): item.get('value') for item in annotation.attrs
                    }
                records.append(orjson.dumps(record)[1:])
        about = {'file_name': name, 'width': image.width, 'height': image.height}
        return orjson.dumps(about)[1:], records

    def merge(self, split: str | None, record: tuple[bytes, list[bytes]]) -> None:
        """Write the records under the next ids."""
        self._file(split).add(*record)

    def _file(self, split: str | None) -> _SplitFile:
        file = self._files.get(split)
        if file is None:
            path = self.root / self.layout.format(f'_{split}' if split else '')
            path.parent.mkdir(parents=True, exist_ok=True)
            file = self._files[split] = _SplitFile(path)
        return file

    # -- shapes ---------------------------------------------------------------------------------------

    def _shape(self, annotation: Annotation, image: ImageFile, where: str) -> dict[str, Any] | None:
        match annotation.tool:
            case 'segmentation':
                return self._mask(annotation, image, where)
            case 'polygon':
                return self._polygon(annotation, image, where)
            case _:
                return self._box(annotation, image, where)

    def _box(self, annotation: Annotation, image: ImageFile, where: str) -> dict[str, Any] | None:
        # a rotation is kept, as an attribute
        box = self._shaper.box(annotation, image, where, keeps_rotation=True)
        if box is None:
            return None
        numbers = _numbers(box)
        return {'bbox': numbers, 'area': numbers[2] * numbers[3], 'segmentation': []}

    def _polygon(self, annotation: Annotation, image: ImageFile, where: str) -> dict[str, Any] | None:
        rings = self._shaper.rings(annotation, image, where)
        if rings is None:
            return None
        box = extent(rings)
        return {
            'bbox': _numbers(box),
            'area': sum(area(ring) for ring in rings),
            'segmentation': [[number for point in ring for number in point] for ring in rings],
        }

    def _mask(self, annotation: Annotation, image: ImageFile, where: str) -> dict[str, Any] | None:
        mask = self._shaper.mask(annotation, image, where)
        if mask is None:
            return None
        return {
            'bbox': _numbers(mask.box),
            'area': mask.area,
            'segmentation': mask.to_coco(image.width, image.height),
        }

    def finish(self) -> Path | None:
        """Join the files."""
        for split in self.splits:
            self._file(split).join(self.classes)
        return None

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()


def _numbers(box: Box) -> list[float]:
    left, top, right, bottom = box
    return [left, top, right - left, bottom - top]
