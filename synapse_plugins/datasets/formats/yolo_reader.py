"""Reading YOLO; the other half of `yolo`."""

from __future__ import annotations

import errno
import os
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import DatasetError, FormatError
from ..classes import CLASSES_FILE, merged_numbers, read_classes
from ..files import read_bytes, scan
from ..images import IMAGE_SUFFIXES
from ..marks import mark
from ..names import joined_splits, keys_of, nfc
from ..passed import Passed
from ..reader import UNREADABLE, Evidence, Survey, Unit, UnitReader
from ..sample import ImageFile, Sample
from .imagefolder import ImageFolderReader
from .yolo_config import (
    config_file,
    detect,
    is_elsewhere_for_trainers,
    joints_of_config,
    label_of,
    label_path,
    load_config,
    plain_folders,
    read_names,
)
from .yolo_places import listed, unnamed_folders
from .yolo_rows import Row, annotations_of_row, fault_of, parse_row, seen_joints
from .yolo_splits import class_split_folders, splits_of_config, warn_of_repeats
from .yolo_trainer import label_file_trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..marks import Mark
    from ..report import Report
    from ..sample import Annotation
    from ..skeletons import Skeleton

__all__ = ['YoloReader', 'detect']

_NAME_FILES = ('classes.txt', 'obj.names', 'names.txt')
_TEXT = frozenset(('.txt',))
_NO_FILE = frozenset((errno.EINVAL, errno.EISDIR))
"""Errors about what is no file: a pipe or a device, and a folder that is called as one."""

_UNNAMED, _OUTSIDE = 'no split names its folder', 'it lies in a folder that is no part of a split'
_ELSEWHERE = (
    'trainers that replace the last "images" of a whole path by "labels" (ultralytics) look for its labels outside the '
    'dataset, as this lies in a folder called images; they were looked for in it'
)
_UNLISTED, _SPARE = 'no list and no split names it', 'no list and no split names it, nor has it labels'


class YoloReader(UnitReader):
    """Reads YOLO, of any task. A picture without a label file is a background.

    Eight numbers behind the class are a polygon, unless ``task: obb`` in the YAML file says that they are the corners
    of a rotated box; keypoints are read where ``kpt_shape`` says how many there are.
    """

    declares_classes: ClassVar[bool] = True
    listing: ClassVar[tuple[str, ...]] = ('_images', '_passed')

    def __new__(cls, root: Path | None = None, report: Report | None = None) -> Any:
        """Return a reader; for the task classify one of folders of classes."""
        if root is not None and report is not None and (config := config_file(root)) is not None:
            content = load_config(config, strict=False) or {}
            if content.get('task') == 'classify':
                return _class_folders(root, config, report, content)
        return super().__new__(cls)

    def __init__(self, root: Path, report: Report) -> None:
        super().__init__(root, report)
        self._root = os.fspath(root)
        config = config_file(root)
        content = (load_config(config) or {}) if config is not None else {}
        self._joints = joints_of_config(content)
        self._task = task if isinstance(task := content.get('task'), str) else None
        self._turned = self._task == 'obb'
        if config is None:
            self._folders = plain_folders(root)
            self._warn_of_joined()
        else:
            self._folders = splits_of_config(root, config, content, report)
        if not self._folders:
            raise FormatError(f'{root} is not a yolo dataset: no split of it has a folder of pictures.')
        self._names = self._read_names(config, content)
        self._merged = merged_numbers(self._names)
        self.splits = list(self._folders)
        self._passed: dict[Path, Passed] = {}
        self._images = {split: self._find(folders) for split, folders in self._folders.items()}
        warn_of_repeats(self._folders, self._images, report)

    def _warn_of_joined(self) -> None:
        below = {
            split or '': [f'{folder.relative_to(self.root).as_posix()}/' for folder in folders]
            for split, folders in self._folders.items()
        }
        for sentence in joined_splits(below, f'{self.root} has'):
            self.report.warn(sentence)

    # -- what the dataset says of itself --------------------------------------------------------------

    @property
    def skeleton(self) -> Skeleton | None:
        """The joints of poses."""
        return None if self._joints is None else self._joints.skeleton

    @property
    def classes(self) -> list[str]:
        """The names, by number."""
        return list(self._names.values())

    def _read_names(self, config: Path | None, content: dict[str, Any]) -> dict[int, str]:
        names = content.get('names')
        if config is None or names is None:
            names = self._names_beside()
        found = read_names(names)
        if not found:
            raise FormatError(f'{config}: names: should be a list, or a mapping of numbers to names.')
        return found

    def _names_beside(self) -> list[str]:
        names = read_classes(self.root)
        if names is not None:
            return names
        for file in _NAME_FILES:
            if (self.root / file).is_file():
                text = (self.root / file).read_text(encoding='utf-8-sig')
                return [line.strip() for line in text.splitlines() if line.strip()]
        raise FormatError(
            f'{self.root} does not say what its classes are called. Put a dataset.yaml with names:, a classes.txt '
            f'or a {CLASSES_FILE} there.'
        )

    # -- the samples ----------------------------------------------------------------------------------

    def _find(self, folders: list[Path]) -> list[tuple[str, str]]:
        """Return (path below the split, path) of every picture, in order."""
        found: dict[str, str] = {}
        for folder in folders:
            if folder.is_file():
                found.update(listed(self.root, folder))
                continue
            # of several folders each keeps its own name before those of its pictures
            prefix = f'{folder.relative_to(self.root).as_posix()}/' if len(folders) > 1 else ''
            passed = self._passed[folder] = Passed()
            names = scan(folder, IMAGE_SUFFIXES, passed)
            found.update((prefix + name, f'{folder}{os.sep}{name}') for name in names)
        return sorted(found.items())

    def count(self) -> int:
        """Return how many pictures there are."""
        return sum(len(images) for images in self._images.values())

    def units(self) -> Iterator[Unit]:
        """Yield a unit for every picture, by split and then by name: (path below the split, path)."""
        for split, images in self._images.items():
            prefix = f'{split}/' if split else ''
            keys = keys_of([name for name, _ in images])
            for (name, path), own_key in zip(images, keys, strict=True):
                yield Unit(f'{prefix}{own_key}', split, path.rpartition(os.sep)[2], (name, path))

    def read(self, unit: Unit) -> Sample | None:
        """Return the sample of a picture; None if that cannot be read."""
        key, split, leaf_name, (name, path) = unit
        label = label_of(path, self._root)
        image = ImageFile(path, name=leaf_name)
        if self.measure(image, f'{split}/{name}' if split else name):
            marks: list[Mark] = []
            sample = Sample(key, split, image, self._annotations(label, image, key, marks))
            mark(sample, marks)
            return sample
        if Path(label).exists():
            self._lose_rows(self._rows(label, key), UNREADABLE, key)
        return None

    def trouble(self, sample: Sample) -> str:
        """Return why a trainer would skip the picture of a sample for its label file; empty if it would not."""
        label = label_of(str(sample.image.file), self._root)
        return label_file_trouble(label, self._joints, self._task, len(self._names))

    def leave(self, facts: list[Any]) -> None:
        """Report label files whose picture is missing."""
        for split, images in self._images.items():
            self._left_over(split, {nfc(label_path(path, self._root)) for _, path in images})
            elsewhere = [name for name, path in images if is_elsewhere_for_trainers(path, self._root)]
            if elsewhere:
                where = f'{split}/{elsewhere[0]}' if split else elsewhere[0]
                self.report.note('image', _ELSEWHERE, where, len(elsewhere))
        for folder, passed in self._passed.items():
            passed.tell_links(self.report, self._below(folder))
            passed.tell_pictures(self.report, self._below(folder))
        self._leave_unnamed()

    def _below(self, folder: Path) -> str:
        return f'{folder.relative_to(self.root).as_posix()}/' if folder != self.root else ''

    def _leave_unnamed(self) -> None:
        """Count the pictures that no split names: they are lost if there are labels for them."""
        named: set[str] = set()
        listed: set[str] = set()
        for split, places in self._folders.items():
            for place in places:
                if place.is_dir():
                    named.add(os.fspath(place))
                    named.add(os.path.dirname(label_path(f'{place}{os.sep}x.jpg', self._root)))  # noqa: PTH120
                else:  # a list, which need not name all of a folder
                    listed.update(nfc(path) for _, path in self._images[split])
        lost, spare = (_UNLISTED, _SPARE) if listed else (_UNNAMED, _OUTSIDE)
        for folder, pictures in unnamed_folders(self.root, named, self.report, pictures=listed):
            if not any(Path(label_of(path, self._root)).is_file() for path in pictures):
                self.report.note('image', spare, folder, len(pictures))
                continue
            self.report.drop('image', lost, folder, len(pictures))
            for path in pictures:
                self._lose_rows(self._rows(label_of(path, self._root), folder, quiet=True), lost, folder)

    def _left_over(self, split: str | None, used: set[str]) -> None:
        """Count label files whose picture is missing."""
        for folder in self._folders[split]:
            labels = Path(label_path(f'{folder}{os.sep}x.jpg', self._root)).parent
            if folder.is_dir() and labels != folder and labels.is_dir():
                passed = Passed()
                for name in sorted(scan(labels, _TEXT, passed)):
                    if nfc(f'{labels}{os.sep}{name}') not in used:
                        where, reason = f'{split or "labels"}/{name}', 'its image is missing'
                        self.report.drop('annotation file', reason, where)
                        self._lose_rows(self._rows(f'{labels}{os.sep}{name}', where), reason, where)
                links = {name: nfc(f'{labels}{os.sep}{name}{os.sep}') for name in passed.links}
                # in one beside a folder of pictures labels were looked for
                passed.links = [
                    name for name, way in links.items() if not any(one.startswith(way) for one in used)
                ]
                passed.tell_links(self.report, self._below(labels))

    def _lose_rows(self, rows: list[Row], reason: str, where: str) -> None:
        for row in rows:
            self.report.drop(row.tool, reason, where)
            for _ in seen_joints(row, self._joints):
                self.report.drop('keypoint', reason, where)

    def _annotations(self, label: str, image: ImageFile, key: str, marks: list[Mark]) -> list[Annotation]:
        annotations: list[Annotation] = []
        for row in self._rows(label, key):
            name = self._names.get(row.number)
            if name is None:
                known = f'0 to {max(self._names, default=-1)}'
                if self.goes_on:
                    where = f'{key}, line {row.line}: class {row.number}'
                    self.report.quarantine('label line', f'its class is not among the names, {known}', where)
                    continue
                raise DatasetError(
                    f'{label}, line {row.line}: class {row.number} is not among the names ({known}). Correct the label '
                    'or the names; `synapse-plugins inspect` lists all such lines.'
                )
            if row.number in self._merged:
                self.report.change('class', f'of several classes called {name!r} one was made', key)
            annotations += annotations_of_row(row, name, image, self._joints, marks)
        return annotations

    def _rows(self, label: str, key: str, *, quiet: bool = False) -> list[Row]:
        try:
            content = read_bytes(label)
            lines = content.decode('utf-8-sig').splitlines()
        except FileNotFoundError:
            if not quiet:
                self.report.note('image', 'it has no label file, so it is a background', key)
            return []
        except OSError as exc:
            if exc.errno not in _NO_FILE:
                raise
            if not quiet:
                self.report.drop('annotation file', str(exc.strerror), key)
            return []
        except UnicodeDecodeError:
            if not quiet:
                self.report.drop('annotation file', 'it is not text', key)
                read = map(self._row, content.decode('utf-8-sig', 'replace').splitlines(), count(1))
                self._lose_rows([row for row in read if row is not None], 'its label file is not text', key)
            return []
        rows = []
        for place, line in enumerate(lines, 1):
            if line.strip():
                row = self._row(line, place)
                if row is not None:
                    rows.append(row)
                elif not quiet:
                    reason, value = fault_of(line, self._joints)
                    self.report.drop('label line', reason, f'{key}, line {place}{value}')
        return rows

    def _row(self, line: str, place: int) -> Row | None:
        return parse_row(line, place, joints=self._joints, turned=self._turned)

    def survey_unit(self, unit: Unit, survey: Survey) -> None:
        """Look at the label file, not at the picture."""
        for row in self._rows(label_of(unit.source[1], self._root), '', quiet=True):
            survey.add(row.tool, self._names.get(row.number))
            if row.kind == 'turned':
                survey.traits.add('rotated')
            for joint in seen_joints(row, self._joints):
                survey.add('keypoint', joint)
                survey.traits.add('grouped')

    def evidence(self, unit: Unit) -> Evidence:
        """Return the label file and the picture."""
        path = unit.source[1]
        return Evidence((label_of(path, self._root),), (path,))


def _class_folders(root: Path, config: Path, report: Report, content: dict[str, Any]) -> ImageFolderReader:
    """Return a reader of a dataset of the task classify: a folder a class in every split."""
    folders = class_split_folders(root, config, content, report)
    names = list(read_names(content.get('names')).values())
    named = [os.fspath(folder) for folder in folders.values()]
    others = unnamed_folders(root, named, report) if named else ()
    loose = [f'{below}/{Path(path).name}' for below, paths in others for path in paths]
    return ImageFolderReader(root, report, folders=folders or None, names=names, loose=loose)
