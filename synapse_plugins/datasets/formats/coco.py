"""COCO: instances, person_keypoints and stuff.

Layout ``coco``: ``annotations/instances_<split>.json`` (``instances.json`` without splits) and the pictures under
``images/<split>/``. Poses stand in ``person_keypoints_<split>.json``, masks of what cannot be counted in
``stuff_<split>.json``; an object that is in two files has one id in both. Layout ``roboflow``: all in one
``<train|valid|test>/_annotations.coco.json``, beside the pictures.

Read are also pictures under ``<split>/``, ``<split>2017/`` or ``images/``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from ...errors import DatasetError, suggestion
from ..encoded import encoded
from ..fields import hold_plain_fields
from ..figures import turn_of
from ..geometry import area, extent, read_box, rotated, within
from ..names import nfc
from ..options import FormatOption, one_of, several
from ..poses import NO_GROUP, count_group, count_joint_attributes, joints_of, poses_of, tight_box
from ..sample import MISSING
from ..shapes import SHAPES
from ..skeletons import Skeleton
from ..writer import SKIPPED, Writer
from .coco_attributes import written_attributes
from .coco_parts import Records, SplitFiles
from .coco_places import BESIDE, ROLES
from .coco_turned import in_degrees, turned_of
from .pose_classes import POSED, bare_class_of, joint_names, pose_class_names, pose_labels, skeleton_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from ..geometry import Box
    from ..poses import Pose
    from ..reader import Survey
    from ..sample import Annotation, ImageFile, Sample

__all__ = ['CocoWriter']

LAYOUTS = ('coco', 'roboflow')
_INSTANCES, _KEYPOINTS, _STUFF = ROLES


_TURNS = "coco cannot hold 'rotation' of what is no rotated box, for it would make one of it"


class CocoWriter(Writer):
    """Writes COCO; category ids are the same in every split.

    Args:
        root: As every writer's.
        layout: ``coco`` or ``roboflow``; see the top of this page.
        category_ids: 1 or 0, from which they count; ``keep`` leaves those of a source that has some.
        stuff: Classes whose masks and polygons are stuff rather than instances.
        skeleton: The joints of poses, from the survey.
        skeletons: Class -> its joints, where they are not the same for all, from the survey.
        bare_class: The class of poses that tell none, from the survey.
        numbers: Class -> category id in the source, from the survey.
        supercategories: Class -> its supercategory in the source, from the survey.
        kwargs: As every writer's.
    """

    parallel: ClassVar[bool] = True
    tells_changes: ClassVar[bool] = True
    keeps_bounds: ClassVar[bool] = True
    inner: ClassVar[frozenset[str]] = frozenset(
        ('skeleton', 'skeletons', 'bare_class', 'numbers', 'supercategories')
    )
    options: ClassVar[tuple[FormatOption, ...]] = (
        FormatOption(
            name='layout',
            values=', '.join(LAYOUTS),
            about='where files lie: annotations/, or beside the pictures',
        ),
        FormatOption(
            name='category_ids',
            values='1, 0, keep',
            about='the first category id; keep leaves those of a COCO source',
        ),
        FormatOption(
            name='stuff',
            values='names of classes',
            about='classes whose polygons and masks are stuff, not instances',
            many=True,
        ),
    )

    def __init__(
        self,
        root: Path,
        *,
        layout: str = 'coco',
        category_ids: int | str = 1,
        stuff: Collection[str] = (),
        skeleton: Mapping[str, Any] | None = None,
        skeletons: Mapping[str, Mapping[str, Any]] | None = None,
        bare_class: str | None = None,
        numbers: Mapping[str, int] | None = None,
        supercategories: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(root, **kwargs)
        one_of('layout', layout, LAYOUTS)
        self._layout = layout
        self._ids = _category_ids(self.classes, category_ids, numbers or {})
        several('stuff', stuff, f'[{stuff!r}]' if isinstance(stuff, str) else "['sky']")
        self._stuff = frozenset(nfc(str(name).strip()) for name in stuff or ())
        self.bare_class = bare_class
        self._skeleton = Skeleton.from_dict(skeleton) if skeleton else None
        self._skeletons = {name: Skeleton.from_dict(one) for name, one in (skeletons or {}).items()}
        self._kinds = supercategories or {}
        self._shaper = self.shaper()
        self._files: dict[str | None, SplitFiles] = {}
        self._posed: set[int] = set()

    # -- before the first sample ----------------------------------------------------------------------

    @classmethod
    def holds(cls, task: str | None) -> frozenset[str]:  # noqa: ARG003 - the same under any
        """Return the tools that have an area, and what poses are made of."""
        return POSED

    @classmethod
    def class_names(cls, survey: Survey, task: str | None) -> set[str]:  # noqa: ARG003
        """Return the labels that are classes; those of keypoints are joints."""
        return pose_class_names(survey)

    @classmethod
    def not_classes(cls, survey: Survey, task: str | None) -> set[str]:  # noqa: ARG003
        """Return the joints of poses."""
        return joint_names(survey)

    @classmethod
    def prepare(cls, survey: Survey | None, task: str | None) -> dict[str, Any]:  # noqa: ARG003
        """Return what poses need, and the category ids and supercategories of the source."""
        options: dict[str, Any] = {}
        if survey is not None and ('grouped' in survey.traits or survey.skeleton is not None):
            whole = skeleton_of(survey)
            options['skeleton'], options['bare_class'] = whole.to_dict(), bare_class_of(survey)
            if any(one.joints != whole.joints for one in survey.skeletons.values()):
                options['skeletons'] = {name: one.to_dict() for name, one in survey.skeletons.items()}
        if survey is not None and survey.numbers:
            options['numbers'] = survey.numbers
        if survey is not None and survey.supercategories:
            options['supercategories'] = survey.supercategories
        return options

    def labels(self, annotations: list[Annotation]) -> set[str | None]:
        """Return the classes that a sample shows."""
        return pose_labels(annotations, self._skeleton, self.bare_class)

    # -- the samples ----------------------------------------------------------------------------------

    def write(self, sample: Sample) -> object:
        """Place the picture, and return the records of the image and of its annotations, without their ids."""
        split, image = sample.split, sample.image
        poses: list[Pose] = []
        rest = sample.annotations
        if self._skeleton is not None:
            poses, rest = poses_of(rest)
        records: list[tuple[str, bytes, int]] = []
        posed: list[int] = []
        for pose in poses:
            number = self._pose(pose, sample, records)
            count_group(pose, sample, self.report, 'coco', is_written=number is not None)
            if number is not None:
                posed.append(number)
        for annotation in rest:
            found = self._object(annotation, image, sample.key)
            if found is not None:
                role = self._role(annotation)
                if role == _STUFF and self._layout == 'roboflow':
                    found['stuff'] = 1  # the file of all roles would not tell
                records.append((role, encoded(found, sample.key)[1:], -1))
        if not records and self.leaves_out(sample):
            return SKIPPED
        inside = (split or '') if self._layout == 'roboflow' else f'images/{split}' if split else 'images'
        _, name = self.place(sample, inside)
        about = {'file_name': name, 'width': image.width, 'height': image.height}
        return orjson.dumps(about)[1:], records, posed  # `Records`, as plain data, for it is written down

    def _role(self, annotation: Annotation) -> str:
        if annotation.tool == 'bounding_box':
            return _INSTANCES
        is_stuff = annotation.label in self._stuff or (annotation.extra and annotation.extra.get('stuff'))
        return _STUFF if is_stuff else _INSTANCES

    def _object(
        self, annotation: Annotation, image: ImageFile, where: str, *, is_posed: bool = False
    ) -> dict[str, Any] | None:
        """Return the record of an annotation, which may be that of a pose; None, and counted, if it has none."""
        if annotation.tool not in SHAPES:
            stray = annotation.tool == 'keypoint'
            self.report.drop(annotation.tool, NO_GROUP if stray else 'coco cannot hold it', where)
            return None
        number = self.number_of(annotation, where)
        if number is None:
            return None
        shape = self._shape(annotation, image, where)
        if shape is None:
            return None
        crowd = 1 if annotation.extra and annotation.extra.get('iscrowd') else 0
        record = {'category_id': self._ids[number], **shape, 'iscrowd': crowd}
        turn = record.pop('attributes', {})
        attributes = written_attributes(annotation, self.report, where) | turn
        if annotation.extra:
            used = ('stuff', 'group_id') if is_posed else ('stuff',)
            hold_plain_fields(attributes, annotation, self.report, where, 'coco', used)
        if not turn and 'rotation' in attributes and turned_of({**record, 'attributes': attributes}):
            del attributes['rotation']
            self.report.drop('attribute', _TURNS, where)
        return {**record, 'attributes': attributes} if attributes else record

    def _pose(self, pose: Pose, sample: Sample, records: list[tuple[str, bytes, int]]) -> int | None:
        """Add the records of a pose; return its class number, None, and counted, if it has none."""
        assert self._skeleton is not None
        image, where, shape = sample.image, sample.key, None
        if pose.shape is not None:
            shape = self._object(pose.shape, image, where, is_posed=True)
            number = self.number.get(pose.shape.label or '')  # also where its shape is none in the image
        else:
            number = self.number.get(pose.label or self.bare_class or '')
        if number is None:
            self.report.drop('keypoint', 'its object has no class', where, len(pose.points))
            return None
        counted = self.report.apart()
        skeleton = self._skeletons.get(self.classes[number], self._skeleton)
        joints = joints_of(pose, skeleton, image, counted, where, tolerance=self._tolerance)
        record = shape
        if record is None:
            box = tight_box(joints, image.width, image.height)
            if box is None:
                reason = 'its object has neither a box nor a joint in the image'
                self.report.drop('keypoint', reason, where, len(pose.points))
                return None
            self.report.note('keypoint', 'its object got the box around its joints', where)
            record = {'category_id': self._ids[number], **_of_box(box), 'iscrowd': 0}
        self.report.merge(counted.take())
        count_joint_attributes(pose.points, self.report, where, 'coco')
        seen = sum(1 for _, _, visibility in joints if visibility != MISSING)
        whole = {**record, 'num_keypoints': seen, 'keypoints': [value for joint in joints for value in joint]}
        if shape is None or self._layout == 'roboflow':
            records.append((_KEYPOINTS, encoded(whole, where)[1:], -1))
        else:
            records.append((_INSTANCES, encoded(shape, where)[1:], -1))
            records.append((_KEYPOINTS, encoded(whole, where)[1:], len(records) - 1))
        return number

    def merge(self, split: str | None, record: Sequence[Any]) -> None:
        """Write the records under the next ids."""
        records = Records(*record)
        self._split_files(split).add(records)
        self._posed.update(records.posed)

    def _split_files(self, split: str | None) -> SplitFiles:
        files = self._files.get(split)
        if files is None:
            if self._layout == 'roboflow':
                path = self.root / (split or '') / BESIDE
                paths = dict.fromkeys(ROLES, path)
            else:
                end = f'_{split}' if split else ''
                paths = {role: self.root / 'annotations' / f'{role}{end}.json' for role in ROLES}
            next(iter(paths.values())).parent.mkdir(parents=True, exist_ok=True)
            files = self._files[split] = SplitFiles(paths)
        return files

    # -- shapes ---------------------------------------------------------------------------------------

    def _shape(self, annotation: Annotation, image: ImageFile, where: str) -> dict[str, Any] | None:
        match annotation.tool:
            case 'segmentation':
                return self._mask(annotation, image, where)
            case 'polygon':
                return self._polygon(annotation, image, where)
            case _:
                if annotation.attrs and (angle := turn_of(annotation)):
                    return self._turned(annotation, angle, image, where)
                box = self._shaper.box(annotation, image, where)
                return None if box is None else _of_box(box)

    def _turned(
        self, annotation: Annotation, angle: float, image: ImageFile, where: str
    ) -> dict[str, Any] | None:
        """Return a rotated box with its corners; those that lie outside are moved to the border."""
        ring = self._shaper.corners(annotation, image, where)
        if ring is None:
            return None
        left, top, right, bottom = read_box(annotation.data)
        is_whole = within(extent([rotated((left, top, right, bottom), angle)]), image.width, image.height)
        return {
            'bbox': _numbers(extent([ring])),
            'area': (right - left) * (bottom - top) if is_whole else area(ring),
            'segmentation': [[number for point in ring for number in point]],
            'attributes': {'rotation': in_degrees(angle)},
        }

    def _polygon(self, annotation: Annotation, image: ImageFile, where: str) -> dict[str, Any] | None:
        found = self._shaper.polygon(annotation, image, where)
        if found is None:
            return None
        rings, box, size = found
        return {
            'bbox': _numbers(box),
            'area': size,
            'segmentation': [[number for point in ring for number in point] for ring in rings],
        }

    def _mask(self, annotation: Annotation, image: ImageFile, where: str) -> dict[str, Any] | None:
        found = self._shaper.mask(annotation, image, where)
        if found is None:
            return None
        mask, code = found
        return {'bbox': _numbers(mask.box), 'area': mask.area, 'segmentation': code}

    # -- after the last -------------------------------------------------------------------------------

    def finish(self) -> Path | None:
        """Join the files, and say which classes of stuff there are none of."""
        for name in sorted(self._stuff.difference(self.classes)):
            hint = suggestion(name, self.classes)
            self.report.warn(f'There is no class {name!r} that could be stuff. {hint}'.rstrip())
        files = [self._split_files(split) for split in self.splits]
        roles = {_INSTANCES}.union(*(one.roles for one in files))
        categories = dict.fromkeys(ROLES, self._categories(with_joints=False))
        if _KEYPOINTS in roles:
            categories[_KEYPOINTS] = [one for one in self._categories(with_joints=True) if 'keypoints' in one]
        if self._layout == 'roboflow':
            categories = dict.fromkeys(ROLES, self._categories(with_joints=True))
        for one in files:
            one.join(categories, roles)
        return None

    def _categories(self, *, with_joints: bool) -> list[dict[str, Any]]:
        categories: list[dict[str, Any]] = []
        for number, name in enumerate(self.classes):
            kind = self._kinds.get(name, '')
            category: dict[str, Any] = {'id': self._ids[number], 'name': name, 'supercategory': kind}
            skeleton = self._skeletons.get(name, self._skeleton)
            if with_joints and skeleton is not None and number in self._posed:
                category['keypoints'] = list(skeleton.joints)
                category['skeleton'] = [[start + 1, end + 1] for start, end in skeleton.edges]
            categories.append(category)
        return sorted(categories, key=lambda category: int(category['id']))

    def close(self) -> None:
        """Close the files."""
        for files in self._files.values():
            files.close()


def _category_ids(classes: list[str], wish: int | str, numbers: Mapping[str, int]) -> list[int]:
    """Return the category id of every class.

    Raises:
        DatasetError: If the wish is none of those known.
    """
    if isinstance(wish, int) and wish in (0, 1):
        return list(range(wish, len(classes) + wish))
    if wish != 'keep':
        raise DatasetError(f"category_ids={wish!r} is none of 0, 1 and 'keep'.")
    ids: list[int] = []
    free = max(numbers.values(), default=0)
    for name in classes:
        number = numbers.get(name)
        if number is None or number in ids:
            free += 1
            number = free
        ids.append(number)
    return ids


def _of_box(box: Box) -> dict[str, Any]:
    numbers = _numbers(box)
    return {'bbox': numbers, 'area': numbers[2] * numbers[3], 'segmentation': []}


def _numbers(box: Box) -> list[float]:
    left, top, right, bottom = box
    return [left, top, right - left, bottom - top]
