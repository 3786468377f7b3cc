"""What is no file among the files of a dataset, and folders that are called as files are."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert
from synapse_plugins.datasets.files import read_bytes, scan
from synapse_plugins.datasets.images import probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

needs_pipes = pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='this system has no pipes among its files')


@pytest.fixture
def pipe() -> Iterator[Callable[[Path], Path]]:
    """Makes pipes in the place of files; whoever waits for one at the end is let go."""
    made: list[Path] = []

    def make(path: Path) -> Path:
        path.unlink(missing_ok=True)
        os.mkfifo(path)
        made.append(path)
        return path

    yield make
    for path in made:
        with suppress(OSError):
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


def done(function: Callable[[], Any]) -> Any:
    """Return what a function returns, or raised, which takes no longer than a moment."""
    found: list[Any] = []

    def call() -> None:
        try:
            found.append(function())
        except Exception as exc:
            found.append(exc)

    thread = Thread(target=call, daemon=True)
    thread.start()
    thread.join(20)
    assert found, 'it hangs'
    return found[0]


@needs_pipes
@pytest.mark.parametrize('read', [read_bytes, probe])
@pytest.mark.parametrize('name', ['pipe', '/dev/zero'])
def test_what_is_no_file_is_not_read(
    read: Callable[[Path], Any], name: str, pipe: Callable[[Path], Path], tmp_path: Path
) -> None:
    path = pipe(tmp_path / name) if name == 'pipe' else Path(name)
    assert 'it is a pipe or a device' in str(done(lambda: read(path)))


@needs_pipes
@pytest.mark.parametrize(
    ('form', 'name'),
    [
        ('dm_v2', 'original_files/0.png'),
        ('dm_v2', 'json/0.json'),
        ('yolo', 'images/0.png'),
        ('yolo', 'labels/0.txt'),
        ('coco', 'images/0.png'),
        ('pascal_voc', 'Annotations/0.xml'),
        ('pascal_voc', 'JPEGImages/0.png'),
    ],
)
def test_a_pipe_in_a_dataset_is_told_of(
    form: str, name: str, make: Any, pipe: Callable[[Path], Path], tmp_path: Path
) -> None:
    boxes = {f'{number}.png': {'bounding_box': [make.box('a', 1, 1, 5, 5)]} for number in range(3)}
    source = make.dm(tmp_path / 'in', boxes)
    if form != 'dm_v2':
        source = convert(source, tmp_path / form, to=form, link='copy', workers=1).path
    pipe(source / name)
    to = 'coco' if form == 'yolo' else 'yolo'
    for _ in range(2):
        made = done(
            lambda: convert(source, tmp_path / 'out', to=to, source_format=form, workers=1, overwrite=True)
        )
        found = [(one.reason, one.count) for one in (*made.report.quarantined, *made.report.dropped)]
        reason = 'its file is missing' if form == 'coco' else 'it is a pipe or a device, not a file'
        assert (reason, 1) in found
        assert made.count == (3 if name == 'labels/0.txt' else 2)


def test_a_folder_that_is_called_as_a_picture_is_looked_into(make: Any, tmp_path: Path) -> None:
    for name in ('a.jpg', 'set1.jpg/b.jpg', 'scan.tif/page.png/c.png'):
        make.picture(tmp_path / 'in' / name)
    assert sorted(scan(tmp_path / 'in', frozenset(('.jpg', '.png')))) == [
        'a.jpg',
        'scan.tif/page.png/c.png',
        'set1.jpg/b.jpg',
    ]


@pytest.mark.parametrize('form', ['dm_v2', 'yolo'])
def test_samples_below_a_folder_that_is_called_as_a_picture_come_along(
    form: str, make: Any, tmp_path: Path
) -> None:
    boxes = {f'{number}.png': {'bounding_box': [make.box('a', 1, 1, 5, 5)]} for number in range(2)}
    source = make.dm(tmp_path / 'in', boxes)
    if form != 'dm_v2':
        source = convert(source, tmp_path / form, to=form, link='copy', workers=1).path
    places = (
        (('images', 'png'), ('labels', 'txt'))
        if form == 'yolo'
        else (('original_files', 'png'), ('json', 'json'))
    )
    for folder, suffix in places:
        inner = source / folder / 'set1.png'
        inner.mkdir()
        shutil.move(source / folder / f'1.{suffix}', inner / f'1.{suffix}')
    made = convert(source, tmp_path / 'out', to='coco', source_format=form, workers=1)
    assert made.report.kept['bounding_box'] == made.count == 2
