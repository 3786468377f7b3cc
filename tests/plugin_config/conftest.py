"""A plugin project of our own, under a package name that no other test imports."""

from __future__ import annotations

import sys
from itertools import count
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_numbers = count()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Make a project: ``project({'train.py': code}, config)``; ``PKG`` in both is its package."""
    package = f'plugin_{next(_numbers)}'
    path = list(sys.path)

    def make(modules: dict[str, str], config: str) -> Path:
        folder = tmp_path / package
        folder.mkdir(exist_ok=True)
        (folder / '__init__.py').touch()
        for name, code in modules.items():
            (folder / name).write_text(dedent(code).replace('PKG', package), encoding='utf-8')
        (tmp_path / 'README.md').touch()
        text = dedent(config).replace('PKG', package)
        (tmp_path / 'config.yaml').write_text(text, encoding='utf-8', newline='')
        return tmp_path

    yield make
    sys.path[:] = path
    for name in [name for name in sys.modules if name.partition('.')[0] == package]:
        del sys.modules[name]
