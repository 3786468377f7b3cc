"""What the tests of uploads share: a folder of pictures with documents, a collection for them, a backend to hinder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.actions.upload import UploadContext
from synapse_plugins.backends.local import LocalBackend
from synapse_plugins.store import open_store
from synapse_plugins.testing import RecordingLogger
from synapse_plugins.testing.recording import recording_runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SPECIFICATIONS = [
    {'name': 'image_1', 'file_type': 'image', 'is_required': True, 'is_primary': True},
    {'name': 'data_1', 'file_type': 'data', 'is_required': False},
]


class HinderedBackend(LocalBackend):
    """The embedded backend, with a say before and after each call: what is raised there the caller gets."""

    before: Callable[[str, Any], None] = staticmethod(lambda name, given: None)
    after: Callable[[str, Any], None] = staticmethod(lambda name, given: None)

    def create_data_file(self, file_path: Any, **options: Any) -> Any:
        self.before('create_data_file', file_path)
        made = super().create_data_file(file_path, **options)
        self.after('create_data_file', file_path)
        return made

    def create_data_units(self, data: Any) -> Any:
        self.before('create_data_units', data)
        made = super().create_data_units(data)
        self.after('create_data_units', data)
        return made


def state_of(backend: LocalBackend) -> dict[str, int]:
    """Return how much of what an upload makes is there."""
    rows = backend._rows
    names = ('data_file', 'data_unit', 'data_unit_file', 'data_collection', 'file')
    return {name: rows(f'SELECT count(*) FROM {name}')[0][0] for name in names} | {
        'stored': sum(1 for path in backend.store.files.root.rglob('*') if path.is_file())
    }


@pytest.fixture
def state() -> Callable[[LocalBackend], dict[str, int]]:
    return state_of


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Seven units of a picture and a document; a name is Hangul, a file lies deeper."""
    from PIL import Image

    root = tmp_path / 'files'
    for name in ('image_1/더 깊이', 'data_1'):
        (root / name).mkdir(parents=True)
    for number in range(7):
        stem = f'그림 {number}'
        folder = root / 'image_1' / ('더 깊이' if number == 3 else '')
        Image.new('RGB', (8 + number, 6), (number * 30, 9, 9)).save(folder / f'{stem}.png')
        (root / 'data_1' / f'{stem}.json').write_text(json.dumps({'n': number}), encoding='utf-8')
    (root / 'image_1' / '.hidden').write_text('x', encoding='utf-8')
    return root


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[HinderedBackend]:
    with HinderedBackend(open_store(tmp_path / 'home')) as opened:
        yield opened


@pytest.fixture
def collection(backend: HinderedBackend) -> dict[str, Any]:
    return backend.create_data_collection({'name': '수집', 'file_specifications': SPECIFICATIONS})


@pytest.fixture
def logger() -> RecordingLogger:
    return RecordingLogger()


@pytest.fixture
def context(
    tmp_path: Path, backend: HinderedBackend, collection: dict[str, Any], files: Path, logger: Any
) -> UploadContext:
    runtime = recording_runtime(tmp_path / 'run', client=backend)
    runtime.logger = logger
    return UploadContext(runtime, params={'path': str(files), 'data_collection': collection['id']})
