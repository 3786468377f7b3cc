"""What the tests of the store share."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from synapse_plugins.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    from synapse_plugins.store import open_store

    with open_store(tmp_path / 'home') as opened:
        yield opened


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python in another process, with this one's import path; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *args: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, '-W', 'error', '-c', code, *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding='utf-8',
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path), 'PYTHONIOENCODING': 'utf-8'},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
