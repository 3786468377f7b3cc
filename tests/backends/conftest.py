"""What the tests of the backends share: a small dataset, a backend over a new store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins import backends

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from synapse_plugins.backends.local import LocalBackend


def _make_dataset(
    root: Path, splits: dict[str | None, int] | None = None, *, labels: tuple[str, ...] = ('고양이', 'dog')
) -> Path:
    """Write a dm_v2 folder: pictures of one colour each, a box on every one."""
    from PIL import Image

    number = 0
    for split, count in ({'train': 3, 'valid': 2, 'test': 1} if splits is None else splits).items():
        folder = root / split if split else root
        for name in ('json', 'original_files'):
            (folder / name).mkdir(parents=True)
        for index in range(count):
            number += 1
            label = labels[index % len(labels)]
            item = {'id': f'b{number}', 'classification': label, 'attrs': [], 'data': [1, 2, 10, 8]}
            document = {'classification': {'bounding_box': [label]}, 'images': [{'bounding_box': [item]}]}
            (folder / 'json' / f'그림 {number}.json').write_text(json.dumps(document), encoding='utf-8')
            colour = (number * 37 % 256, number * 91 % 256, number * 53 % 256)
            Image.new('RGB', (32, 24), colour).save(folder / 'original_files' / f'그림 {number}.jpg')
    return root


def _tree(root: Path) -> dict[str, tuple[bytes, int]]:
    """Return every file below a folder with its content and time."""
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(root.rglob('*'))
        if path.is_file()
    }


@pytest.fixture(scope='session')
def make_dataset() -> Callable[..., Path]:
    return _make_dataset


@pytest.fixture(scope='session')
def tree() -> Callable[[Path], dict[str, tuple[bytes, int]]]:
    return _tree


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return _make_dataset(tmp_path / 'pets')


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[LocalBackend]:
    with backends.open('local', home=tmp_path / 'home') as opened:
        yield opened


@pytest.fixture
def events(backend: LocalBackend) -> Callable[..., list[dict[str, Any]]]:
    """List all events that filters choose."""

    def events(**params: Any) -> list[dict[str, Any]]:
        rows, count = backend.list_ground_truth_events(params, list_all=True)
        found = list(rows)
        assert len(found) == count
        return found

    return events
