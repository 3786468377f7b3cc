"""Small datasets of our own, made as they are needed."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path


def save_picture(
    path: Path, size: tuple[int, int] = (64, 48), *, orientation: int = 1, form: str | None = None
) -> Path:
    """Save a plain picture in the form that the suffix names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if orientation != 1:
        exif[0x0112] = orientation
    with Image.new('RGB', size, (200, 120, 40)) as image:
        image.save(path, form, **({'exif': exif} if orientation != 1 else {}))
    return path


def box(label: str | None, *data: float, **more: Any) -> dict[str, Any]:
    return {'id': 'b', 'classification': label, 'attrs': [], 'data': list(data), **more}


def polygon(label: str, *points: tuple[float, float]) -> dict[str, Any]:
    return {'id': 'p', 'classification': label, 'attrs': [], 'data': [list(point) for point in points]}


def write_dm(root: Path, samples: dict[str, dict[str, Any]], *, size: tuple[int, int] = (64, 48)) -> Path:
    """Write a dm_v2 dataset: ``'train/a.jpg'`` (or ``'a.jpg'``) -> tools."""
    for name, tools in samples.items():
        split, _, leaf = name.rpartition('/')
        folder = root / split
        save_picture(folder / 'original_files' / leaf, size)
        document = folder / 'json' / f'{leaf.rpartition(".")[0]}.json'
        document.parent.mkdir(parents=True, exist_ok=True)
        document.write_text(json.dumps({'images': [tools]}, ensure_ascii=False), encoding='utf-8')
    return root


def snapshot(root: Path) -> dict[str, tuple[bytes, int]]:
    """Return every file's content and time of change."""
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(root.rglob('*'))
        if path.is_file()
    }


@pytest.fixture(scope='session')
def make() -> SimpleNamespace:
    """The makers of this page, for tests and for properties alike."""
    return SimpleNamespace(picture=save_picture, box=box, polygon=polygon, dm=write_dm, snapshot=snapshot)


@pytest.fixture
def blood(tmp_path: Path) -> Path:
    """A dm_v2 dataset with three splits and two classes."""
    return write_dm(
        tmp_path / 'blood',
        {
            'train/a.jpg': {'bounding_box': [box('RBC', 4, 6, 20, 10), box('WBC', 30, 20, 12, 12)]},
            'train/b.png': {'bounding_box': [box('RBC', 0, 0, 64, 48)]},
            'valid/c.jpg': {'bounding_box': [box('WBC', 8, 8, 16, 16)]},
            'test/d.jpg': {'bounding_box': []},
        },
    )
