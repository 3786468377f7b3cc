"""Reading COCO; the other half of `coco`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from ...errors import DatasetError, FormatError
from ..classes import merged_numbers
from ..marks import mark
from ..names import Fence, keys_of, leaf
from ..reader import UNREADABLE, Evidence, Survey, Unit, UnitReader
from ..sample import ImageFile, Sample
from ..skeletons import Skeleton
from .coco_joining import count_differences
from .coco_pictures import Places, unnamed
from .coco_places import detect, files_of, unread
from .coco_records import (
    annotations_of_record,
    drop_record,
    joint_names,
    plain_box,
    seen_in,
    skeleton_of_category,
    tool_of,
)
from .coco_split import CocoSplit
from .coco_strays import count_unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..marks import Mark
    from ..pool import Pool
    from ..report import Report
    from ..sample import Annotation
    from .coco_records import Seen

__all__ = ['CocoReader']


_NAMED_AGAIN = 'a further image record has its file name, so the annotations of both were put together'


class CocoReader(UnitReader):
    """Reads COCO: boxes, polygons of any number of rings, masks in both run-length codes, and keypoints.

    An annotation with a polygon or a mask is that; its ``bbox`` only counts where there is neither. Keypoints make a
    pose with it. Several files of one split are one: keypoints join the instance of their id.
    """

    declares_classes: ClassVar[bool] = True
    uses_pool: ClassVar[bool] = True
    listing: ClassVar[tuple[str, ...]] = ('_documents', '_seen', '_unread')

    def __init__(self, root: Path, report: Report, *, pool: Pool | None = None) -> None:
        super().__init__(root, report)
        files = files_of(root)
        if not files:
            raise FormatError(f'{root} is not a coco dataset: {detect(root)}.')
        self._paths = {split: next(iter(roles.values())) for split, roles in files.items()}
        self._unread = unread(root, files)
        self.splits = list(files)
        self._fence = Fence(root)
        self._places: dict[str | None, Places] = {}
        self._seen: set[Seen] = set()
        self._documents: dict[str | None, CocoSplit] = {}
        try:
            for split, roles in files.items():
                self._documents[split] = CocoSplit(roles, self._seen, pool)
        except BaseException:
            self.close()
            raise
        self._names: Mapping[Any, str] = self._read_names()  # asked for whatever an annotation says
        self._merged = merged_numbers(self._names)
        self._plain = {number: name for number, name in self._names.items() if number not in self._merged}
        self._skeletons = self._read_skeletons()
        most = max((posed for _, _, posed, _ in self._seen), default=0)
        self._unnamed = Skeleton('object', joint_names((), most)) if most else None

    @property
    def classes(self) -> list[str]:
        """The category names, by id."""
        return list(dict.fromkeys(self._names.values()))

    @property
    def class_numbers(self) -> dict[str, int]:
        """The category ids."""
        return {name: number for number, name in reversed(list(self._names.items()))}

    @property
    def skeleton(self) -> Skeleton | None:
        """The joints of the first category that declares some; if none does, as many as a pose has, without names."""
        return next(iter(self._skeletons.values()), self._unnamed)

    @property
    def skeletons(self) -> dict[str, Skeleton]:
        """Category name -> its joints, for each that declares some or has poses."""
        most: dict[Any, int] = {}
        for _, number, posed, _ in self._seen:
            most[number] = max(posed, most.get(number, 0))
        found: dict[str, Skeleton] = {}
        for number, name in self._names.items():
            own = self._skeletons.get(number, Skeleton('object', ()))
            own = own.with_joints(joint_names(own.joints, most.get(number, 0))[len(own.joints) :])
            if own.joints:
                found[name] = found[name].joined(own) if name in found else own
        return found

    @property
    def supercategories(self) -> dict[str, str]:
        """Category name -> its supercategory, where it has one."""
        kinds: dict[str, str] = {}
        for document in self._documents.values():
            for category in document.categories:
                kind = category.get('supercategory')
                if isinstance(kind, str) and kind:
                    kinds.setdefault(str(category['name']), kind)
        return kinds

    def _read_skeletons(self) -> dict[Any, Skeleton]:
        found: dict[Any, Skeleton] = {}
        for document in self._documents.values():
            for category in document.categories:
                skeleton = skeleton_of_category(category)
                if skeleton is not None:
                    found.setdefault(int(category['id']), skeleton)
        return found

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
        """Return how many pictures the image records name."""
        return sum(len(document.images) for document in self._documents.values())

    def close(self) -> None:
        """Let go of the files."""
        for document in self._documents.values():
            document.close()

    def units(self) -> Iterator[Unit]:
        """Yield a unit for every picture, by split and then in the order of the file."""
        for split, document in self._documents.items():
            keys = keys_of([image.name.replace('\\', '/') for image in document.images])
            for image, own_key in zip(document.images, keys, strict=True):
                key = f'{split}/{own_key}' if split else own_key
                content, again = document.annotations_of(image), len(document.again.get(image.name, ()))
                name = leaf(image.name.replace('\\', '/'))
                yield Unit(key, split, name, (image.name, content, image.size, again))

    def read(self, unit: Unit) -> Sample | None:
        """Return the sample of an image record; None if there is no such file."""
        key, split, _, (name, content, size, again) = unit
        path, records = self._paths[split], orjson.loads(content)
        found = self._find(split, name)
        if found is None:
            self.report.drop('image', 'its file is missing', f'{split}/{name}' if split else name)
            self._drop_all(records, 'its image is missing', key)
            self.tell(split)
            return None
        if again:
            self.report.note('image', _NAMED_AGAIN, key, again)
        image = ImageFile(found, name=found.rpartition(os.sep)[2], declared=size)
        has_masks = b'"counts":' in content  # or the word stands elsewhere, which does no harm
        is_read = has_masks and self.measure(image, key)
        pixels = (image.width, image.height) if is_read else None
        annotations: list[Annotation] = []
        marks: list[Mark] = []
        for place, record in enumerate(records, 1):
            box = plain_box(record, self._plain)
            if box is not None:
                annotations.append(box)
            else:
                annotations += self._annotations(record, place, path, key, pixels, marks)
        if has_masks and not is_read:
            self.lose(annotations, UNREADABLE, key)
            return None
        sample = Sample(key, split, image, annotations)
        mark(sample, marks)
        return sample

    def _find(self, split: str | None, name: str) -> str | None:
        return self._places_of(split).find(name)

    def _places_of(self, split: str | None) -> Places:
        places = self._places.get(split)
        if places is None:
            places = self._places[split] = Places(self.root, self._paths[split], split, self._fence)
        return places

    def leave(self, facts: list[Any]) -> None:
        """Report annotations of no image, files and pictures not used, and where missing ones were looked for."""
        count_unread(self._unread, self.splits, self.root, self.report)
        for split in dict.fromkeys(facts):
            self.report.warn(
                f'Pictures of {self._paths[split].name} are missing. They were looked for in '
                f'{", ".join(self._places_of(split).looked)}, where their file_name leads from each.'
            )
        for split, document in self._documents.items():
            name = self._paths[split].name
            for number, records in document.orphans():
                self._drop_all(records, 'it belongs to no image', f'{name}, image_id {number}')
        named = [
            (self._places_of(split), [record.name for record in document.images])
            for split, document in self._documents.items()
        ]
        for path in unnamed(self.root, named):
            self.report.drop('image', 'no annotation file names it', path)

    def _drop_all(self, records: list[dict[str, Any]], reason: str, where: str) -> None:
        for record in records:
            drop_record(record, reason, self.report, where, f', annotation {record.get("id")}')

    def _annotations(
        self,
        record: dict[str, Any],
        place: int,
        path: Path,
        key: str,
        size: tuple[int, int] | None,
        marks: list[Mark],
    ) -> list[Annotation]:
        number: Any = record.get('category_id')
        if not isinstance(number, int | float | str):
            where = f'{key}, annotation {record.get("id")}'
            self.report.quarantine('annotation', 'its category_id is no number', where)
            self.report.drop(tool_of(record), 'its category_id is no number', where)
            return []
        name = self._names.get(number)
        if name is None and self.goes_on:
            where = f'{key}, annotation {record.get("id")}: category_id {number}'
            self.report.quarantine('annotation', 'its category_id is not among the categories', where)
            return []
        if name is None:
            raise DatasetError(
                f'{path}: annotation {record.get("id")} has category_id {number}, which is not among the categories. '
                'Correct it or the categories; `synapse-plugins inspect` lists all such annotations.'
            )
        if number in self._merged:
            self.report.change('class', f'of several categories called {name!r} one was made', key)
        reasons = count_differences(record, self.report, key)
        skeleton = self._skeletons.get(number)
        joints = () if skeleton is None else skeleton.joints
        found = annotations_of_record(record, place, name, joints, self.report, key, size, marks)
        marks += [(found[0], reason) for reason in reasons if found]
        return found

    # -- what it holds --------------------------------------------------------------------------------

    def known_survey(self) -> Survey:
        """Return what the records hold."""
        survey = Survey()
        for seen in self._seen:
            self._add(survey, seen)
        return survey

    def _add(self, survey: Survey, seen: Seen) -> None:
        tool, number, posed, is_turned = seen
        survey.add(tool, self._names.get(number))
        if is_turned:
            survey.traits.add('rotated')
        if posed:
            survey.traits.add('grouped')
            skeleton = self._skeletons.get(number)
            for joint in joint_names(() if skeleton is None else skeleton.joints, posed):
                survey.add('keypoint', joint)

    def survey_unit(self, unit: Unit, survey: Survey) -> None:
        """Look at the records, not at the picture."""
        for seen in seen_in(orjson.loads(unit.source[1])):
            self._add(survey, seen)

    def evidence(self, unit: Unit) -> Evidence | None:
        """Return the records and the picture."""
        found = self._find(unit.split, unit.source[0])
        return Evidence((unit.source[1],), () if found is None else (found,))
