"""What a folder looks like that is of no format we read: a cheap look, so that a person is told what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .files import open_regular
from .formats.annotated import darknet_file, entries_of
from .formats.coco_places import contested_splits
from .images import IMAGE_SUFFIXES
from .names import suffix_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ['ARCHIVES', 'PARTS', 'is_empty', 'looks_like']

ARCHIVES = frozenset(('.zip', '.tar', '.tgz', '.gz', '.bz2', '.xz', '.zst', '.7z', '.rar'))
"""Suffixes of what datasets are sent about in."""

PARTS = frozenset(
    (
        'images',
        'labels',
        'annotations',
        'JPEGImages',
        'Annotations',
        'ImageSets',
        'Main',
        'json',
        'original_files',
    )
)
"""What folders within datasets are called, beside splits."""

_HEAD = 1 << 16
"""Bytes of a file that are looked at."""
_FILES = 20
"""Files of a folder that are looked into."""
_FOLDERS = 10
"""Folders that are looked at beside the root."""

_ROW = re.compile(rb'\s*\d+(?:\s+-?[\d.]+(?:[eE][-+]?\d+)?){4}\s*(?:\n|\Z)')
"""The first line of a label file of Darknet."""


def is_empty(root: Path) -> bool:
    """Tell whether there is nothing in a folder."""
    return next(root.iterdir(), None) is None


def looks_like(root: Path) -> str:
    """Return a sentence that names what wrote a folder and how to get it into a format we read; empty if unknown."""
    if contested_splits(root):  # its own reason says which, and what to do
        return 'It looks like COCO, with more than one file of a split.'
    for folder in _places(root):
        for said in (_of_names(folder), *_of_contents(folder)):
            if said:
                return said
    return ''


def _places(root: Path) -> Iterator[Path]:
    yield root
    _, folders = entries_of(root)
    yield from folders[:_FOLDERS]


def _of_names(folder: Path) -> str:
    """Tell by the names of what lies in a folder."""
    found = darknet_file(folder)
    if found:
        return (
            f'It looks like a dataset of Darknet ({found}; CVAT calls it "YOLO 1.1"): export it in the form of '
            'ultralytics (images/ beside labels/, and a YAML file with the names), or as COCO.'
        )
    names = {path.name for path in entries_of(folder)[1]}
    if 'label_2' in names or {'image_2', 'velodyne'} <= names:
        return 'It looks like KITTI (image_2/, label_2/), which is not read: convert it to COCO first.'
    return ''


def _of_contents(folder: Path) -> Iterator[str]:
    """Tell by the heads of the first files in a folder."""
    files, _ = entries_of(folder)
    pictures = {name.rpartition('.')[0] for name in files if suffix_of(name) in IMAGE_SUFFIXES}
    wanted = [name for name in files if suffix_of(name) in _LOOKS]
    for name in wanted[:_FILES]:
        head = _head(folder / name)
        yield _LOOKS[suffix_of(name)](name, head, name.rpartition('.')[0] in pictures)


def _head(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            return file.read(_HEAD)
    except OSError:
        return b''


def _xml(name: str, head: bytes, beside_picture: bool) -> str:
    if b'<annotation' in head and b'<annotations' not in head and (b'<object>' in head or b'<size>' in head):
        where = f'{name} beside its picture' if beside_picture else name
        return (
            f'It looks like Pascal VOC as LabelImg and Roboflow lay it ({where}): put the XML files into Annotations/ '
            'and the pictures into JPEGImages/, two folders in one, and name that one.'
        )
    if b'<annotations>' in head and (b'<meta>' in head or b'<image ' in head or b'<version>' in head):
        return f'It looks like an export of CVAT ({name}): export it there as "COCO 1.0".'
    return ''


def _json(name: str, head: bytes, _: bool) -> str:
    start = head.removeprefix(b'\xef\xbb\xbf').lstrip()
    is_list = start.startswith(b'[')
    if is_list and b'"annotations"' in head and (b'"completed_by"' in head or b'"from_name"' in head):
        return f'It looks like an export of Label Studio ({name}): export it there as COCO.'
    if is_list and b'"coordinates"' in head and b'"label"' in head and b'"image' in head:
        return f'It looks like CreateML ({name}), which is not read: export it as COCO where it was made.'
    if start.startswith(b'{') and b'"images"' in head and b'"file_name"' in head:
        return (
            f'It looks like COCO under a name of its own ({name}): call it instances_train.json, or after another '
            'split, and put it into annotations/, with the pictures in images/ beside that folder.'
        )
    if start.startswith(b'{') and b'"shapes"' in head and (b'"imagePath"' in head or b'"shape_type"' in head):
        return (
            f'It looks like annotations of LabelMe ({name}), which are not read: convert them to COCO first '
            '(labelme has a script for it, labelme2coco).'
        )
    return ''


def _text(name: str, head: bytes, beside_picture: bool) -> str:
    if beside_picture and _ROW.match(head):
        return (
            f'It looks like YOLO in the form of Darknet, without names ({name} beside its picture): put the pictures '
            'into images/ and the texts into labels/, with a classes.txt of one class a line beside the two folders.'
        )
    return ''


_LOOKS = {'.xml': _xml, '.json': _json, '.txt': _text}
