"""A pipe or a device in place of a file that describes a whole dataset: nothing waits for it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, inspect
from synapse_plugins.datasets.files import open_regular, read_text
from synapse_plugins.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='there are no pipes in folders here')

WHOLE = [
    ('dm_v2', 'classes.json'),
    ('yolo', 'classes.txt'),
    ('yolo', 'dataset.yaml'),
    ('pascal_voc', 'ImageSets/Main/train.txt'),
    ('coco', 'annotations/instances.json'),
]


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    """Let nothing here take long."""

    def ring(*_: object) -> None:
        raise AssertionError('it waits')

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def source(tmp_path: Path, make: Any) -> Path:
    samples = {
        f'p{number}.jpg': {
            'bounding_box': [make.box('cat', 4, 6, 20, 10)],
            'classification': [{'id': 'c', 'classification': 'cat'}],
        }
        for number in range(3)
    }
    return make.dm(tmp_path / 'source', samples)


@pytest.mark.parametrize(('to', 'place'), WHOLE)
def test_a_pipe_for_the_whole_dataset_is_an_error(to: str, place: str, source: Path, tmp_path: Path) -> None:
    root = convert(source, tmp_path / 'data', to=to, link='copy').path
    if place == 'classes.txt':
        (root / 'dataset.yaml').unlink()
    (root / place).unlink(missing_ok=True)
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(root / place)
    if place.endswith(('classes.txt', 'dataset.yaml')):  # there are the classes of classes.json
        assert convert(root, tmp_path / 'out', to='coco').count == 3
        return
    for read in (lambda: convert(root, tmp_path / 'out', to='dm_v2'), lambda: inspect(root)):
        with pytest.raises(DatasetError, match='it is a pipe'):
            read()


def test_a_pipe_in_place_of_a_list(source: Path, tmp_path: Path) -> None:
    root = convert(source, tmp_path / 'data', to='yolo', link='copy').path
    (root / 'dataset.yaml').write_text('names: [cat]\ntrain: list.txt\nval: list.txt\n', encoding='utf-8')
    os.mkfifo(root / 'list.txt')
    with pytest.raises(DatasetError, match=r'list\.txt'):
        convert(root, tmp_path / 'out', to='coco')
    (root / 'dataset.yaml').write_text(
        'names: [cat]\ntrain: images\nval: images\nmore: list.txt\n', encoding='utf-8'
    )
    assert convert(root, tmp_path / 'out', to='coco').count == 3


def test_pipes_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'pipe')
    for read in (read_text, open_regular):
        with pytest.raises(OSError, match='it is a pipe or a device'):
            read(tmp_path / 'pipe')


@pytest.mark.skipif(not os.path.exists('/dev/zero'), reason='there is no such device here')  # noqa: PTH110
def test_devices_without_an_end_are_no_files(tmp_path: Path) -> None:
    link = tmp_path / 'a.json'
    link.symlink_to('/dev/zero')
    for read in (read_text, open_regular):
        with pytest.raises(OSError, match='it is a pipe'):
            read(link)


def test_text_is_read_as_python_reads_it(tmp_path: Path) -> None:
    path = tmp_path / 'a.txt'
    for content in (b'', b'\xef\xbb\xbfa\r\nb\rc\n', '가\x85나\u2028다'.encode()):
        path.write_bytes(content)
        assert read_text(path) == path.read_text(encoding='utf-8-sig')
