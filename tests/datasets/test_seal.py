"""A seal tells whether an output is as it was written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from synapse_plugins.datasets import seal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def output(tmp_path: Path) -> Path:
    for name, text in {'a/json/1.json': '{}', 'a/json/2.json': '[]', 'a/1.jpg': 'x', '2.jpg': 'yy'}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding='utf-8')
        os.utime(tmp_path / name, ns=(0, 10**18))
    return tmp_path


def _swap(folder: Path) -> None:
    one, other = folder / 'a/json/1.json', folder / 'a/json/2.json'
    one.write_text('[]', encoding='utf-8')
    other.write_text('{}', encoding='utf-8')


@pytest.mark.parametrize(
    'change',
    [
        _swap,
        lambda folder: (folder / 'a/json/1.json').write_text('{ }', encoding='utf-8'),
        lambda folder: (folder / 'a/1.jpg').write_text('y', encoding='utf-8'),
        lambda folder: (folder / 'a/1.jpg').rename(folder / 'a/3.jpg'),
        lambda folder: (folder / '2.jpg').unlink(),
        lambda folder: (folder / 'new.txt').touch(),
    ],
)
def test_whatever_changes_breaks_it(output: Path, change: Callable[[Path], object]) -> None:
    before = seal(output)
    change(output)
    assert seal(output) != before


def test_what_is_written_about_it_does_not(output: Path) -> None:
    before = seal(output)
    assert len(before) == 64
    for name in ('export.json', 'report.json', 'labels.cache', '.hidden'):
        (output / name).touch()
    assert seal(output) == before
