"""ImageFolder: a folder a class, ``[<split>/]<class>/<picture>``, as trainers of classifiers read it.

A picture has one class: its first annotation of tool ``classification`` that has a label. Every split has a folder for
every class, also one without pictures, so that trainers number the classes alike. They order classes by folder name.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import DatasetError, FormatError
from ..classes import read_classes
from ..fields import count_attributes
from ..files import scan
from ..images import IMAGE_SUFFIXES
from ..litter import is_litter, visible
from ..names import keys_of, leaf, order_splits, split_name
from ..passed import UNREAD_SUFFIXES, Passed
from ..reader import Evidence, Survey, Unit, UnitReader
from ..sample import Annotation, ImageFile, Sample
from ..writer import SKIPPED, Writer
from .annotated import annotations_among, darknet_file
from .class_folders import class_folders, class_of_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..report import Report

__all__ = ['ClassFolders', 'ImageFolderReader', 'ImageFolderWriter', 'detect']

_SPLITS = frozenset(('train', 'valid', 'test'))
_OTHERS = frozenset(
    (
        'images', 'labels', 'annotations', 'jpegimages', 'imagesets', 'json', 'original_files', 'meta',
        'segmentationclass', 'segmentationobject',
    )
)  # fmt: skip
"""Folders that tell another format."""

_FILES = frozenset(('.yaml', '.yml', '.json', '.xml'))
_DATA = _FILES | {'.jsonl', '.ndjson', '.csv', '.tsv', '.parquet', '.db', '.sqlite'}
_OURS = frozenset(('classes.json', 'report.json', 'export.json'))


def detect(root: Path) -> str | None:
    """Return why a folder is not of this format, None if it is."""
    for name in ('dataset.yaml', 'data.yaml'):
        if (root / name).is_file():
            return f'it holds a {name}'
    found = _split_folders(root)
    if isinstance(found, str):
        return found
    for path in sorted(visible(root)):
        if path.is_file() and _says_more(path, _DATA):
            return f'it holds {path.name}, which may say more'
    if described := darknet_file(root):
        return f'it holds {described}, which may say more'
    folders = [folder for parent in found.values() for folder in _folders(parent)]
    if not any(map(_has_pictures, folders)):
        return 'it holds no folders of pictures'
    return annotations_among(root, folders) or None


def _split_folders(root: Path) -> dict[str | None, Path] | str:
    """Return split -> folder, or why it has none."""
    folders = _folders(root)
    for folder in folders:
        if folder.name.casefold() in _OTHERS:
            return f'it holds no folders of classes but {folder.name}/'
    named: dict[str, Path] = {}
    for folder in folders:
        name = split_name(folder.name)
        if name in _SPLITS:
            if name in named:
                raise FormatError(f'{folder} and {named[name]} are both the split {name}; keep one of them.')
            named[name] = folder
    if not named:
        return _splits_above_classes(root, folders) or {None: root}
    for folder in named.values():
        reason = _not_of_classes(folder)
        if reason:
            return reason
    for folder in folders:  # another name beside train/ is a split too
        if split_name(folder.name) not in named and (_folders(folder) or not _is_of_others(folder)):
            named[folder.name] = folder
    return {name: named[name] for name in order_splits(set(named))}


def _splits_above_classes(root: Path, folders: list[Path]) -> dict[str | None, Path]:
    """Return split -> folder, where splits have names of their own and hold the folders of the declared classes.

    Empty if that is not so, or no classes are declared.
    """
    try:
        classes = frozenset(class_folders(read_classes(root) or ()).values())
    except FormatError:  # whoever reads it says so
        return {}
    splits = [folder for folder in folders if _folders(folder) or not _is_of_others(folder)]
    for folder in splits:
        inner = {below.name for below in _folders(folder)}
        if folder.name in classes or not inner or not inner <= classes:
            return {}
    return {name: root / name for name in sorted(folder.name for folder in splits)}


def _not_splits(splits: list[str], classes: Iterable[str]) -> list[str]:
    """Return the splits that nobody would take for splits when the folders are read."""
    others = [split for split in splits if split.casefold() in _OTHERS]
    if _SPLITS.isdisjoint(splits):  # then the classes tell which folders are splits
        folders = set(class_folders(classes).values())
        others += [split for split in splits if split in folders and split not in others]
    return others


def _not_of_classes(folder: Path) -> str:
    """Return why the folder of a split holds no folders of classes; empty if it does, or nothing at all."""
    for inner in _folders(folder):
        if inner.name.casefold() in _OTHERS:
            return f'it holds no folders of classes but {folder.name}/{inner.name}/'
    if any(_says_more(path, _FILES) for path in visible(folder)):
        return f'it holds annotation files in {folder.name}/'
    if not _folders(folder) and any(visible(folder)):
        return f'it holds no folders of classes in {folder.name}/'
    return ''


def _says_more(path: Path, suffixes: frozenset[str]) -> bool:
    """Tell whether a file may hold annotations."""
    return path.suffix.lower() in suffixes and path.name not in _OURS


def _folders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if not is_litter(entry.name) and _is(entry.is_dir))
    return [folder / name for name in names]


def _is(ask: Callable[[], bool]) -> bool:
    """Return what an entry of a folder answers; False for a link in a circle, which leads nowhere."""
    try:
        return ask()
    except OSError:
        return False


def _class_folders(parent: Path) -> list[Path]:
    """Return the folders of classes: with pictures, or with nothing."""
    return [folder for folder in _folders(parent) if not _is_of_others(folder)]


def _is_of_others(folder: Path) -> bool:
    """Tell whether there are files below a folder, but no pictures: then it is neither a class nor a split."""
    pictures = IMAGE_SUFFIXES | UNREAD_SUFFIXES  # a class stays one though none of its pictures can be read
    return not _has_pictures(folder, pictures) and next(scan(folder), None) is not None


def _has_pictures(folder: Path, suffixes: frozenset[str] = IMAGE_SUFFIXES) -> bool:
    return next(scan(folder, suffixes), None) is not None


class ImageFolderReader(UnitReader):
    """Reads ImageFolder: every picture gets the class of its folder."""

    declares_classes: ClassVar[bool] = True
    listing: ClassVar[tuple[str, ...]] = ('_images', '_loose', '_passed')

    def __init__(
        self,
        root: Path,
        report: Report,
        *,
        folders: dict[str | None, Path] | None = None,
        names: list[str] | None = None,
        loose: Iterable[str] = (),
    ) -> None:
        super().__init__(root, report)
        self._declared = names or read_classes(root) or []
        found = folders or _split_folders(root)
        if isinstance(found, str):
            raise FormatError(f'{root} is not an imagefolder dataset: {found}.')
        self._folders = found
        self.splits = list(found)
        own = {folder: name for name, folder in class_folders(self._declared).items()}
        self._label_of: dict[str, str] = {}
        self._images: dict[str | None, list[tuple[str, str]]] = {}
        self._loose = list(loose)
        self._passed: list[tuple[str, Passed]] = []
        for split, parent in found.items():
            images: list[tuple[str, str]] = []
            prefix = f'{split}/' if split else ''
            for folder in _class_folders(parent):
                self._label_of.setdefault(folder.name, own.get(folder.name) or class_of_folder(folder.name))
                self._passed.append((f'{prefix}{folder.name}/', passed := Passed()))
                images += [(folder.name, name) for name in scan(folder, IMAGE_SUFFIXES, passed)]
            self._images[split] = sorted(images)
            with os.scandir(parent) as entries:
                names = [entry.name for entry in entries if not is_litter(entry.name) and _is(entry.is_file)]
            self._loose += [
                f'{prefix}{name}'
                for name in sorted(names)
                if Path(name).suffix.lower() in IMAGE_SUFFIXES | UNREAD_SUFFIXES
            ]

    @property
    def classes(self) -> list[str]:
        """The class map of the dataset, then other folders by name."""
        folders = [self._label_of[folder] for folder in sorted(self._label_of)]
        return list(dict.fromkeys([*self._declared, *folders]))

    def count(self) -> int:
        """Return how many pictures there are."""
        return sum(len(images) for images in self._images.values())

    def units(self) -> Iterator[Unit]:
        """Yield a unit for every picture, by split, class folder and name: (class folder, name)."""
        for split, images in self._images.items():
            prefix = f'{split}/' if split else ''
            keys = keys_of([f'{folder}/{name}' for folder, name in images])
            for (folder, name), key in zip(images, keys, strict=True):
                yield Unit(f'{prefix}{key}', split, leaf(name), (folder, name))

    def read(self, unit: Unit) -> Sample:
        """Return the sample of a picture."""
        folder, name = unit.source
        image = ImageFile(self._folders[unit.split] / folder / name, name=unit.name)
        label = Annotation('classification', self._label_of[folder], {})
        return Sample(unit.key, unit.split, image, [label])

    def leave(self, facts: list[Any]) -> None:
        """Report pictures that lie in no class's folder."""
        for name in self._loose:
            self.report.drop('image', 'it lies in no folder of a class', name)
        for prefix, passed in self._passed:
            passed.tell_links(self.report, prefix)
            passed.tell_pictures(self.report, prefix)

    def survey_unit(self, unit: Unit, survey: Survey) -> None:
        """Look at the folder's name."""
        survey.add('classification', self._label_of[unit.source[0]])

    def evidence(self, unit: Unit) -> Evidence:
        """Return the picture."""
        folder, name = unit.source
        return Evidence((), (str(self._folders[unit.split] / folder / name),))


class ClassFolders:
    """Puts pictures into the folders of their classes, for a writer.

    Args:
        writer: Whose report, classes and places to use.
        name: The format, for the report.
    """

    def __init__(self, writer: Writer, name: str) -> None:
        self._writer = writer
        self._name = name
        self._folder_of = class_folders(writer.classes)

    def write(self, sample: Sample) -> object:
        """Place the picture; one without a class is dropped."""
        report, where = self._writer.report, sample.key
        chosen: Annotation | None = None
        for annotation in sample.annotations:
            if annotation.tool != 'classification':
                report.drop(annotation.tool, f'{self._name} cannot hold it', where)
            elif annotation.label not in self._folder_of:
                report.drop('classification', 'it has no class', where)
            elif chosen is not None:
                same = annotation.label == chosen.label
                reason = (
                    'its picture has that class already' if same else 'its picture has another class already'
                )
                report.drop('classification', reason, where)
            else:
                chosen = annotation
        if chosen is None or chosen.label is None:
            if self._writer.leaves_out(sample):
                return SKIPPED
            report.drop('image', 'it has no class as a whole', where)
            return SKIPPED
        report.come_through(chosen, where)
        count_attributes(chosen, report, where, self._name)
        prefix = f'{sample.split}/' if sample.split else ''
        self._writer.place(sample, f'{prefix}{self._folder_of[chosen.label]}')
        return None

    def finish(self) -> None:
        """Make a folder for every class in every split, and say where a name had to change."""
        for split in self._writer.splits:
            for folder in self._folder_of.values():
                self._writer.folder(f'{split}/{folder}' if split else folder)
        for name, folder in self._folder_of.items():
            if folder != name:
                self._writer.report.note('class', f'its folder is called {folder}', repr(name))
        if list(self._folder_of.values()) != sorted(self._folder_of.values()):
            self._writer.report.warn(
                'Trainers number these classes by folder name, not in the order of the class map.'
            )


class ImageFolderWriter(Writer):
    """Writes ImageFolder."""

    parallel: ClassVar[bool] = True
    tells_changes: ClassVar[bool] = True

    def __init__(self, root: Path, **kwargs: Any) -> None:
        super().__init__(root, **kwargs)
        self._folders_of_classes = ClassFolders(self, 'imagefolder')
        if taken := _not_splits([split for split in self.splits if split], self.classes):
            raise DatasetError(
                f'An imagefolder cannot have a split called {", ".join(taken)}: a folder of that name is a class, or '
                'tells another format. Give the split another name, or convert into a format with annotation files.'
            )

    @classmethod
    def holds(cls, task: str | None) -> frozenset[str]:  # noqa: ARG003 - the same under any
        """Return the tool that speaks of the picture as a whole."""
        return frozenset(('classification',))

    def write(self, sample: Sample) -> object:
        """Place the picture in the folder of its class."""
        return self._folders_of_classes.write(sample)

    def finish(self) -> Path | None:
        """Make the folders of classes without pictures."""
        self._folders_of_classes.finish()
        return None
