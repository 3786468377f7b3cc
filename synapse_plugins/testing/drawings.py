"""Draws a small dataset, the same on every machine."""

from __future__ import annotations

import json
import math
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ['CLASSES', 'KINDS', 'SPLITS', 'TASKS', 'draw', 'make_dataset']

TASKS = ('detect', 'segment', 'obb', 'pose', 'classify')

KINDS = (*TASKS, 'mask', 'attributes')
"""What can be drawn: what the tasks need, masks, and boxes with attributes."""

CLASSES = ('ball', '상자')
"""One name is in Hangul, because names in any script have to work."""

SPLITS: Mapping[str | None, int] = MappingProxyType({'train': 4, 'valid': 2})

_COLOURS = ((214, 69, 65), (65, 118, 214), (238, 186, 48), (80, 160, 90))
_ATTRIBUTES: Mapping[str, dict[str, Any]] = {
    'obb': {'rotation': 0.2},
    'attributes': {'occluded': 'yes', '색': '빨강'},
}
_JOINTS = {'nose': (0.5, 0.5), 'left_eye': (0.3, 0.2), 'right_eye': (0.7, 0.2)}
"""Where the joints of a pose lie, as shares of its box."""

_Box = tuple[float, float, float, float]


def make_dataset(
    root: Path | str,
    format: str = 'dm_v2',  # noqa: A002 - the word that stands for it everywhere here
    task: str = 'detect',
    *,
    splits: Mapping[str | None, int] = SPLITS,
    classes: Sequence[str] = CLASSES,
    size: tuple[int, int] = (64, 48),
    **options: Any,
) -> Path:
    """Write a small dataset of coloured shapes, in any format that can be written.

    Every picture has two objects, of classes in turn, and the last one of each split has none; some names of
    files and classes are in Hangul.

    Args:
        root: The folder to make.
        format: Its format.
        task: What it is for: ``detect`` (boxes), ``segment`` (polygons), ``obb`` (rotated boxes), ``pose``
            (keypoints in groups) or ``classify`` (a class for each picture).
        splits: Split -> number of pictures; ``{None: 4}`` has no splits.
        classes: Names of the classes.
        size: Width and height of a picture.
        **options: Options of the conversion to a format other than dm_v2.

    Returns:
        *root*.

    Raises:
        ValueError: If there is no such task.
        DatasetError: If the format cannot be written, or not for this task.
    """
    root = Path(root)
    if task not in TASKS:
        raise ValueError(f'task={task!r} is none of {", ".join(TASKS)}.')
    if format == 'dm_v2' and not options:
        return draw(root, [task], splits=splits, classes=classes, size=size)
    from ..datasets import convert
    from ..packs import get_manager

    get_manager()  # the formats of packs join the table
    with TemporaryDirectory() as folder:
        source = draw(Path(folder) / 'dm_v2', [task], splits=splits, classes=classes, size=size)
        given = {'task': task, 'link': 'copy', **options}
        convert(source, root, to=format, source_format='dm_v2', **given)
    return root


def draw(
    root: Path,
    kinds: Sequence[str],
    *,
    splits: Mapping[str | None, int] = SPLITS,
    classes: Sequence[str] = CLASSES,
    size: tuple[int, int] = (64, 48),
) -> Path:
    """Write a dm_v2 dataset in which every object is annotated in each of *kinds*; no two pictures are equal."""
    for split, count in splits.items():
        folder = root / split if split else root
        for part in ('json', 'original_files'):
            (folder / part).mkdir(parents=True)
        for number in range(count):
            stem = f'{split or "picture"}_{number}' + ('_사진' if number % 2 else '')
            objects = 1 if kinds == ['classify'] else 0 if number == count - 1 and count > 1 else 2
            labels = [classes[(number + place) % len(classes)] for place in range(objects)]
            boxes = [_box(place, size) for place in range(objects)]
            colours = [_COLOURS[classes.index(label) % len(_COLOURS)] for label in labels]
            _paint(folder / 'original_files' / f'{stem}.png', boxes, colours, size)
            tools = _tools(kinds, labels, boxes, size)
            seen = {tool: sorted({item['classification'] for item in items}) for tool, items in tools.items()}
            text = json.dumps({'classification': seen, 'images': [tools]}, ensure_ascii=False, indent=2)
            (folder / 'json' / f'{stem}.json').write_text(text + '\n', encoding='utf-8')
    return root


# -- pictures --------------------------------------------------------------------------------------------------


def _box(place: int, size: tuple[int, int]) -> _Box:
    """Return the box of an object, each in its half of the picture; the numbers are no whole pixels on purpose."""
    width, height = size
    return width * (place / 2 + 0.07), height * 0.21 + place, width * 0.37, height * 0.53


def _paint(path: Path, boxes: list[_Box], colours: list[tuple[int, int, int]], size: tuple[int, int]) -> None:
    from PIL import Image, ImageDraw

    # The ground is of a colour of its own, by the name: what a picture holds tells which one it is.
    number = crc32(path.stem.encode())
    picture = Image.new('RGB', size, (160 + number % 64, 120 + (number >> 6) % 64, 90 + (number >> 12) % 64))
    pen = ImageDraw.Draw(picture)
    for (x, y, width, height), colour in zip(boxes, colours, strict=True):
        pen.ellipse((x, y, x + width, y + height), fill=colour)
    picture.save(path)


# -- annotations -----------------------------------------------------------------------------------------------


def _tools(
    kinds: Sequence[str], labels: list[str], boxes: list[_Box], size: tuple[int, int]
) -> dict[str, list[dict[str, Any]]]:
    """Return what is on a picture as a DM v2 document has it."""
    tools: dict[str, list[dict[str, Any]]] = {}
    for kind in kinds:
        # a picture has one class, whatever else is on it
        for place, label in enumerate(labels[:1] if kind == 'classify' else labels):
            for tool, item in _annotations(kind, boxes[place], size):
                found = tools.setdefault(tool, [])
                own = {'id': f'{tool}-{len(found)}', 'classification': label, 'attrs': [], **item}
                found.append({**own, 'group_id': f'pose-{place}'} if kind == 'pose' else own)
    return tools


def _annotations(kind: str, box: _Box, size: tuple[int, int]) -> list[tuple[str, dict[str, Any]]]:
    """Return an object in one kind: tool, and what the annotation says beside its class."""
    x, y, width, height = box
    if kind == 'classify':
        return [('classification', {'data': {}})]
    if kind == 'segment':
        return [('polygon', {'data': _octagon(box)})]
    if kind == 'mask':
        rows = range(math.ceil(y), int(y + height))
        return [('segmentation', {'data': [[row * size[0] + int(x), int(width)] for row in rows]})]
    if kind == 'pose':
        points = {joint: [x + width * right, y + height * down] for joint, (right, down) in _JOINTS.items()}
        return [
            ('keypoint', {'classification': joint, 'data': point, 'visibility': 2})
            for joint, point in points.items()
        ]
    attrs = [{'name': name, 'value': value} for name, value in _ATTRIBUTES.get(kind, {}).items()]
    return [('bounding_box', {'data': list(box), 'attrs': attrs})]


def _octagon(box: _Box) -> list[list[float]]:
    x, y, width, height = box
    turns = [math.pi * (corner + 0.5) / 4 for corner in range(8)]
    return [
        [round(x + width * (1 + math.cos(turn)) / 2, 3), round(y + height * (1 + math.sin(turn)) / 2, 3)]
        for turn in turns
    ]
