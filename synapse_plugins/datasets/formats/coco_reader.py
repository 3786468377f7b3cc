"""Reading COCO instances; the other half of `coco`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from ...errors import DatasetError, FormatError
from ..classes import merged_numbers
from ..names import Fence, keys_of, leaf, order_splits, split_name
from ..reader import Evidence, Survey, Unit, UnitReader
from ..sample import Annotation, ImageFile, Sample
from .coco_file import CocoFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..report import Report

__all__ = ['CocoReader', 'detect']

_FILE = re.compile(r'instances(?:_(?P<split>.+?))?\.json')
_BESIDE = '_annotations.coco.json'
_SINGLE = ('annotations.json', 'instances.json', _BESIDE)
_YEAR = re.compile(r'(?<=[a-z])(?:19|20)\d\d$')
_SHOWN = frozenset(('id', 'image_id', 'category_id', 'bbox', 'segmentation', 'area', 'attributes', 'iscrowd'))


def detect(root: Path) -> str | None:
    """Return why a folder is not of this format, None if it is."""
    if _files(root):
        return None
    return f'it holds neither annotations/instances_*.json nor {_BESIDE}'


def _files(root: Path) -> dict[str | None, Path]:
    """Return split -> annotation file; the split is None for a dataset without splits."""
    named: dict[str, Path] = {}
    single: Path | None = None
    folder = root / 'annotations'
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        match = _FILE.fullmatch(path.name)
        if match and match['split']:
            _put(named, split_name(_YEAR.sub('', match['split'])), path)
        elif match:
            single = path
    for beside in sorted(root.glob(f'*/{_BESIDE}')):
        _put(named, split_name(beside.parent.name), beside)
    if named:
        return {name: named[name] for name in order_splits(set(named))}
    if single is None:
        single = next((root / name for name in _SINGLE if (root / name).is_file()), None)
    return {} if single is None else {None: single}


def _put(named: dict[str, Path], split: str, path: Path) -> None:
    if named.setdefault(split, path) != path:
        raise FormatError(f'{path} and {named[split]} are both the split {split}; keep one of them.')


class CocoReader(UnitReader):
    """Reads COCO instances: boxes, polygons of any number of rings, and masks in both run-length codes.

    An annotation with a polygon or a mask is that; its ``bbox`` only counts where there is neither.
    """

    declares_classes: ClassVar[bool] = True
    listing: ClassVar[tuple[str, ...]] = ('_documents', '_seen')

    def __init__(self, root: Path, report: Report) -> None:
        super().__init__(root, report)
        self._paths = _files(root)
        if not self._paths:
            raise FormatError(f'{root} is not a coco dataset: {detect(root)}.')
        self.splits = list(self._paths)
        self._fence = Fence(root)
        self._places: dict[str | None, _Places] = {}
        self._seen: set[tuple[str, Any]] = set()
        self._documents: dict[str | None, CocoFile] = {}
        try:
            for split, path in self._paths.items():
                self._documents[split] = CocoFile(path, self._look)
        except BaseException:
            self.close()
            raise
        self._names: Mapping[Any, str] = self._read_names()  # asked for whatever an annotation says
        self._merged = merged_numbers(self._names)

    @property
    def classes(self) -> list[str]:
        """The category names, by id."""
        return list(dict.fromkeys(self._names.values()))

    def _read_names(self) -> dict[int, str]:
        names: dict[int, str] = {}
        for split, document in self._documents.items():
            for category in document.categories:
                try:
                    number, name = int(category['id']), str(category['name'])
                except (TypeError, KeyError, ValueError) as exc:
                    raise FormatError(
                        f'{self._paths[split]}: a category has no id or no name: {category!r}.'
                    ) from exc
                if names.setdefault(number, name) != name:
                    raise FormatError(
                        f'{self._paths[split]} calls category {number} {name!r}, another split calls it '
                        f'{names[number]!r}. Number the categories alike.'
                    )
        return {number: names[number] for number in sorted(names)}

    def count(self) -> int:
        """Return how many image records there are."""
        return sum(len(document.images) for document in self._documents.values())

    def close(self) -> None:
        """Let go of the files."""
        for document in self._documents.values():
            document.close()

    def units(self) -> Iterator[Unit]:
        """Yield a unit for every image record, by split and then in the order of the file: its annotations."""
        for split, document in self._documents.items():
            keys = keys_of([name.replace('\\', '/') for _, name in document.images])
            for (number, name), own_key in zip(document.images, keys, strict=True):
                key = f'{split}/{own_key}' if split else own_key
                content = document.annotations_of(number)
                yield Unit(key, split, leaf(name.replace('\\', '/')), (name, content))

    def read(self, unit: Unit) -> Sample | None:
        """Return the sample of an image record; None if there is no such file."""
        key, split, _, (name, content) = unit
        path, records = self._paths[split], orjson.loads(content)
        found = self._find(split, name)
        if found is None:
            self.report.drop('image', 'its file is missing', f'{split}/{name}' if split else name)
            self._drop_all(records, 'its image is missing', key)
            return None
        annotations = [
            item for record in records if (item := self._annotation(record, path, key)) is not None
        ]
        return Sample(key, split, ImageFile(found, name=found.name), annotations)

    def _find(self, split: str | None, name: str) -> Path | None:
        places = self._places.get(split)
        if places is None:
            places = self._places[split] = _Places(self.root, self._paths[split], split, self._fence)
        return places.find(name)

    def leave(self, facts: list[Any]) -> None:
        """Report annotations that belong to no image."""
        for split, document in self._documents.items():
            name = self._paths[split].name
            for number, records in document.orphans():
                self._drop_all(records, 'it belongs to no image', f'{name}, image_id {number}')

    def _drop_all(self, records: list[dict[str, Any]], reason: str, where: str) -> None:
        for record in records:
            self.report.drop(_tool(record), reason, f'{where}, annotation {record.get("id")}')
            if record.get('keypoints'):
                self.report.drop('keypoint', reason, where)

    def _annotation(self, record: dict[str, Any], path: Path, key: str) -> Annotation | None:
        number: Any = record.get('category_id')
        if not isinstance(number, int | float | str):
            where = f'{key}, annotation {record.get("id")}'
            self.report.quarantine('annotation', 'its category_id is no number', where)
            self.report.drop(_tool(record), 'its category_id is no number', where)
            return None
        name = self._names.get(number)
        if name is None:
            raise DatasetError(
                f'{path}: annotation {record.get("id")} has category_id {number}, which is not among the categories.'
            )
        if number in self._merged:
            self.report.change('class', f'of several categories called {name!r} one was made', key)
        attributes = record.get('attributes')
        attrs = (
            [{'name': key, 'value': value} for key, value in attributes.items()]
            if isinstance(attributes, dict)
            else []
        )
        extra: dict[str, Any] = {'iscrowd': 1} if record.get('iscrowd') else {}
        if record.get('keypoints'):
            self.report.drop('keypoint', 'keypoints of coco objects are not read', key)
        tool, data = self._geometry(record, extra)
        return Annotation(tool, name, data, _text(record.get('id')), attrs, extra)

    @staticmethod
    def _geometry(record: dict[str, Any], extra: dict[str, Any]) -> tuple[str, Any]:
        segmentation = record.get('segmentation')
        if isinstance(segmentation, dict):
            from ..masks import Mask

            try:
                mask, width, _ = Mask.from_coco(segmentation)
            except ValueError:
                return 'segmentation', None  # the writer counts it as malformed
            extra.update(encoding='dm_rle', isCompressed=True, compressionFormat='rle')
            return 'segmentation', mask.to_runs(width)
        if isinstance(segmentation, list) and segmentation:
            if not isinstance(segmentation[0], list):  # one ring without the list around it
                segmentation = [segmentation]
            rings = [_points(ring) for ring in segmentation]
            if len(rings) > 1:
                extra['parts'] = rings[1:]
            return 'polygon', rings[0]
        return 'bounding_box', record.get('bbox')

    # -- what it holds --------------------------------------------------------------------------------

    def _look(self, records: list[dict[str, Any]]) -> None:
        """See records go by when the file is gone through, so that nobody needs to read it for a survey."""
        for record in records:
            number = record.get('category_id')
            self._seen.add((_tool(record), number if isinstance(number, int) else None))

    def known_survey(self) -> Survey:
        """Return what the records hold."""
        survey = Survey()
        for tool, number in self._seen:
            survey.add(tool, self._names.get(number))
        return survey

    def survey_unit(self, unit: Unit, survey: Survey) -> None:
        """Look at the records, not at the picture."""
        for record in orjson.loads(unit.source[1]):
            number = record.get('category_id')
            survey.add(_tool(record), self._names.get(number) if isinstance(number, int) else None)

    def evidence(self, unit: Unit) -> Evidence | None:
        """Return the records and the picture."""
        found = self._find(unit.split, unit.source[0])
        return None if found is None else Evidence((unit.source[1],), (str(found),))


def _tool(record: dict[str, Any]) -> str:
    segmentation = record.get('segmentation')
    if isinstance(segmentation, dict):
        return 'segmentation'
    return 'polygon' if isinstance(segmentation, list) and segmentation else 'bounding_box'


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _points(ring: Any) -> Any:
    """Return ``[x1, y1, x2, y2, ...]`` as pairs; anything else as it is, for the writer to count."""
    if not isinstance(ring, list) or len(ring) % 2:
        return None
    return [[x, y] for x, y in zip(ring[::2], ring[1::2], strict=True)]


class _Places:
    """Where the pictures of one annotation file lie."""

    def __init__(self, root: Path, file: Path, split: str | None, fence: Fence) -> None:
        self._file = file
        self._fence = fence
        match = _FILE.fullmatch(file.name)
        own = (match['split'] or '') if match else ''
        names = list(dict.fromkeys(name for name in (own, split or '', _YEAR.sub('', own)) if name))
        folders = [root / 'images' / name for name in names] + [root / name for name in names]
        folders += [root / 'images', root, file.parent]
        if file.name == _BESIDE:
            folders.insert(0, file.parent)
        self._folders = [folder for folder in folders if folder.is_dir()]

    def find(self, name: str) -> Path | None:
        """Return the picture of that name; the folder that had the last one is tried first."""
        for place, folder in enumerate(self._folders):
            path = self._fence.file(folder, name, self._file)
            if path is not None:
                if place:
                    self._folders.insert(0, self._folders.pop(place))
                return path
        return None
