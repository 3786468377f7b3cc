"""YOLO as ultralytics reads it: ``[<split>/]images``, ``[<split>/]labels`` and ``dataset.yaml``.

Under task detect a label line is ``class x_center y_center width height``, under segment
``class x1 y1 x2 y2 ...``, all as shares of the picture's size.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import DatasetError
from ..files import write_bytes
from ..shapes import SHAPES
from ..writer import Writer
from .yolo_reader import YoloReader, detect

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..sample import Annotation, Sample

__all__ = ['YoloReader', 'YoloWriter', 'detect']

_CONFIG = 'dataset.yaml'
_SMALLEST = 10
_TRAINER_SUFFIXES = frozenset(('jpg', 'jpeg', 'png', 'bmp', 'webp', 'tif', 'tiff'))


class YoloWriter(Writer):
    """Writes YOLO."""

    tasks: ClassVar[tuple[str, ...]] = ('detect', 'segment')
    parallel: ClassVar[bool] = True

    def __init__(self, root: Path, **kwargs: Any) -> None:
        super().__init__(root, **kwargs)
        if self.task not in self.tasks:
            raise DatasetError(f'yolo writes the tasks {" and ".join(self.tasks)}, not {self.task!r}.')
        self._shaper = self.shaper(parts='its parts became objects of their own')
        self._encode = self._boxes if self.task == 'detect' else self._polygons
        self._refusal = f'yolo cannot hold it under task {self.task}'
        self._written: dict[str | None, int] = {}

    @classmethod
    def choose_task(cls, tools: Collection[str]) -> str:
        """Return segment if there are polygons or masks, else detect."""
        return 'segment' if {'polygon', 'segmentation'}.intersection(tools) else 'detect'

    @classmethod
    def holds(cls, task: str | None) -> frozenset[str]:  # noqa: ARG003 - the same under any
        """Return the tools that have an area."""
        return SHAPES

    def write(self, sample: Sample) -> None:
        """Write the label file, empty for a picture without annotations, and place the picture."""
        prefix = f'{sample.split}/' if sample.split else ''
        stem, name = self.place(sample, f'{prefix}images')
        self._look_at(sample, name)
        lines: list[str] = []
        for annotation in sample.annotations:
            if annotation.tool not in SHAPES:
                self.report.drop(annotation.tool, self._refusal, sample.key)
                continue
            if annotation.extra.get('iscrowd'):
                self.report.drop(
                    annotation.tool, 'it is a crowd, which yolo would take for one object', sample.key
                )
                continue
            number = self.number_of(annotation, sample.key)
            if number is not None and self._encode(annotation, number, sample, lines) and annotation.attrs:
                self._drop_attributes(annotation, sample.key)
        self.put(f'{prefix}labels', f'{stem}.txt', ''.join(lines).encode())

    def merge(self, split: str | None, record: Any) -> None:
        """Count the sample."""
        self._written[split] = self._written.get(split, 0) + 1

    def _boxes(self, annotation: Annotation, number: int, sample: Sample, lines: list[str]) -> bool:
        image = sample.image
        box = self._shaper.box(annotation, image, sample.key)
        if box is None:
            return False
        left, top, right, bottom = box
        width, height = image.width, image.height
        lines.append(
            '%d %.8g %.8g %.8g %.8g\n'  # noqa: UP031 - half the time of an f-string with four formats
            % (
                number,
                (left + right) / (2 * width),
                (top + bottom) / (2 * height),
                (right - left) / width,
                (bottom - top) / height,
            )
        )
        return True

    def _polygons(self, annotation: Annotation, number: int, sample: Sample, lines: list[str]) -> bool:
        width, height = sample.image.width, sample.image.height
        rings = self._shaper.rings(annotation, sample.image, sample.key)
        for ring in rings or ():
            corners = ' '.join(['%.8g %.8g' % (x / width, y / height) for x, y in ring])  # noqa: UP031
            lines.append(f'{number} {corners}\n')
        return bool(rings)

    def _drop_attributes(self, annotation: Annotation, where: str) -> None:
        for attribute in annotation.attrs:
            if attribute.get('name') != 'rotation' or not isinstance(attribute.get('value'), int | float):
                self.report.drop('attribute', f'yolo cannot hold {attribute.get("name")!r}', where)

    def _look_at(self, sample: Sample, name: str) -> None:
        """Note what the trainer will skip."""
        if min(sample.image.width, sample.image.height) < _SMALLEST:
            self.report.note('image', f'the trainer skips pictures under {_SMALLEST} pixels', sample.key)
        if name.rpartition('.')[2].lower() not in _TRAINER_SUFFIXES:
            self.report.note('image', 'the trainer does not read pictures of this suffix', sample.key)

    def finish(self) -> Path:
        """Write ``dataset.yaml``."""
        import yaml

        config: dict[str, Any] = {'path': self.final_root.as_posix(), **self._splits()}
        config['names'] = dict(enumerate(self.classes))
        text = yaml.safe_dump(config, allow_unicode=True, sort_keys=False, width=1 << 20)
        write_bytes(self.root / _CONFIG, text.encode())
        return Path(_CONFIG)

    def _splits(self) -> dict[str, str]:
        """Return what stands under ``train``, ``val`` and ``test``; the first two are never absent."""
        if self.splits == [None]:
            self.report.warn('The dataset has no splits, so training and validation use the same pictures.')
            return {'train': 'images', 'val': 'images'}
        written = [split for split in self.splits if split and self._written.get(split)]
        for split in self.splits:
            if split and split not in written:
                self.report.warn(f'The split {split} has no pictures, so dataset.yaml does not name it.')
        train = 'train' if 'train' in written else written[0]
        valid = 'valid' if 'valid' in written else train
        for key, split, used in (('training', 'train', train), ('validation', 'valid', valid)):
            if split != used:
                self.report.warn(f'The dataset has no split {split}; dataset.yaml names {used} for {key}.')
        others = {split: f'{split}/images' for split in written if split not in ('train', 'valid')}
        return {'train': f'{train}/images', 'val': f'{valid}/images', **others}
