"""What the tests of exports share: a backend with a dataset of six pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins import RuntimeContext, backends
from synapse_plugins.testing import RecordingLogger, make_dataset

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Any]:
    with backends.open('local', home=tmp_path / 'home') as opened:
        yield opened


@pytest.fixture
def version(backend: Any, tmp_path: Path) -> int:
    return int(backend.import_dataset(make_dataset(tmp_path / 'data'), 'data')['id'])


@pytest.fixture
def logger() -> RecordingLogger:
    return RecordingLogger()


@pytest.fixture
def runtime(backend: Any, logger: RecordingLogger, tmp_path: Path) -> RuntimeContext:
    runtime = RuntimeContext(logger=logger, client=backend)
    runtime.work_dir = tmp_path / 'work'
    return runtime


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where exports go."""
    folder = tmp_path / '내보내기'
    folder.mkdir()
    return folder
