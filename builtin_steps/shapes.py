"""A small dataset of coloured shapes, drawn anew on every machine and the same on each: what `demo` trains on."""

from __future__ import annotations

import json
import math
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL.Image import Image

__all__ = ['CLASSES', 'DEMO_PARAMS', 'make_shapes_dataset']

CLASSES = ('circle', 'square', 'triangle')

DEMO_PARAMS: Mapping[str, Any] = {
    'model': 'yolo11n.yaml',
    'epochs': 18,
    'imgsz': 96,
    'batch': 16,
    'optimizer': 'AdamW',
    'lr0': 0.003,
    'nbs': 16,  # the trainer gathers 64 pictures for each step of its optimiser: too few steps for so small a set
    'warmup_epochs': 1.0,
    'mosaic': 0.0,
    'seed': 0,
    'device': 'cpu',
}
"""Parameters with which a nano model learns the shapes from scratch, on two processors in about a minute."""

_SPLITS = ('train', 'valid', 'test')
_COLOURS = {'circle': (214, 69, 65), 'square': (65, 118, 214), 'triangle': (238, 186, 48)}
_FINER = 4
"""Shapes are drawn this much larger and averaged down, which makes their edges smooth."""


class _Shape(NamedTuple):
    """A shape: its class, its outline in pixels, its colour."""

    name: str
    points: list[tuple[float, float]]
    colour: tuple[int, int, int]

    @property
    def box(self) -> list[float]:
        """The box around it as DM v2 has it: left, top, width, height."""
        across, down = [x for x, _ in self.points], [y for _, y in self.points]
        return [
            round(value, 2)
            for value in (min(across), min(down), max(across) - min(across), max(down) - min(down))
        ]


def make_shapes_dataset(root: Path | str, *, images: int = 160, size: int = 96, seed: int = 0) -> Path:
    """Write the dataset as DM v2: splits ``train``, ``valid``, ``test``; three classes.

    Squares are annotated by boxes, circles and triangles by polygons.

    Args:
        root: Folder to write into; it is made when it is not there.
        images: Pictures in all: seven of ten to train, two to validate, one to test.
        size: Side of a picture in pixels.
        seed: Another number gives other pictures.

    Returns:
        *root*.
    """
    root = Path(root)
    tests, valids = max(1, images // 10), max(1, images // 5)
    for split, count in zip(_SPLITS, (max(1, images - tests - valids), valids, tests), strict=True):
        pictures, documents = root / split / 'original_files', root / split / 'json'
        pictures.mkdir(parents=True, exist_ok=True)
        documents.mkdir(parents=True, exist_ok=True)
        for index in range(count):
            name = f'shapes_{split}_{index:04d}'
            # Only `random()` of a text's seed is promised to be the same in every version of Python.
            random = Random(f'{seed}/{name}')  # noqa: S311 - pictures, not secrets
            shapes = _shapes(size, random)
            _picture(shapes, size, random).save(pictures / f'{name}.png')
            text = json.dumps(_document(shapes, name), ensure_ascii=False, indent=2)
            (documents / f'{name}.json').write_text(text + '\n', encoding='utf-8')
    return root


def _shapes(size: int, random: Random) -> list[_Shape]:
    """Return one to four shapes that do not touch."""
    placed: list[_Shape] = []
    circles: list[tuple[float, float, float]] = []
    for _ in range(1 + int(random.random() * 4)):
        for _attempt in range(20):
            radius = size * (0.11 + 0.09 * random.random())
            x, y = (radius + (size - 2 * radius) * random.random() for _ in range(2))
            if all(math.hypot(x - a, y - b) > radius + r + 2 for a, b, r in circles):
                circles.append((x, y, radius))
                placed.append(_shape(x, y, radius, random))
                break
    return placed


def _shape(x: float, y: float, radius: float, random: Random) -> _Shape:
    name = CLASSES[int(random.random() * len(CLASSES))]
    shades = [max(0, min(255, int(value + 50 * (random.random() - 0.5)))) for value in _COLOURS[name]]
    turn = random.random() * 2 * math.pi
    corners = {'circle': 24, 'square': 4, 'triangle': 3}[name]
    if name == 'square':
        turn = math.pi / 4  # upright, so that its box is its outline
    angles = [turn + 2 * math.pi * corner / corners for corner in range(corners)]
    points = [(round(x + radius * math.cos(a), 2), round(y + radius * math.sin(a), 2)) for a in angles]
    return _Shape(name, points, (shades[0], shades[1], shades[2]))


def _picture(shapes: list[_Shape], size: int, random: Random) -> Image:
    """Draw shapes on a grey ground that grows lighter to one side."""
    from PIL import Image, ImageDraw

    dark, light = 40 + int(60 * random.random()), 20 + int(60 * random.random())
    ramp = Image.linear_gradient('L').resize((size * _FINER,) * 2, Image.Resampling.NEAREST)
    ramp = ramp.rotate(90 * int(random.random() * 4)).point(
        [dark + level * light // 255 for level in range(256)]
    )
    picture = Image.merge('RGB', (ramp, ramp, ramp))
    draw = ImageDraw.Draw(picture)
    for shape in shapes:
        draw.polygon([(x * _FINER, y * _FINER) for x, y in shape.points], fill=shape.colour)
    return picture.reduce(_FINER)


def _document(shapes: list[_Shape], name: str) -> dict[str, Any]:
    boxes: list[dict[str, Any]] = []
    polygons: list[dict[str, Any]] = []
    for index, shape in enumerate(shapes):
        annotation = {'id': f'{name}_{index}', 'classification': shape.name, 'attrs': []}
        if shape.name == 'square':
            boxes.append({**annotation, 'data': shape.box})
        else:
            polygons.append({**annotation, 'data': [list(point) for point in shape.points]})
    return {
        'classification': {'bounding_box': ['square'], 'polygon': ['circle', 'triangle']},
        'images': [{'bounding_box': boxes, 'polygon': polygons}],
    }
