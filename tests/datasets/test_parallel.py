"""A conversion gives the same output whatever the number of processes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import batches, convert, pool, stream
from synapse_plugins.datasets.ledger import LEDGER_FILE
from synapse_plugins.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

TARGETS = [
    ('yolo', 'detect'), ('yolo', 'segment'), ('yolo', 'obb'), ('yolo', 'pose'), ('yolo', 'classify'), ('coco', None),
    ('pascal_voc', None), ('imagefolder', None), ('dm_v1', None), ('dm_v2', None),
]  # fmt: skip

SCRIPT = """
import sys
from synapse_plugins.datasets import convert, stream
stream.SMALL = 1
print(convert(sys.argv[1], sys.argv[2], to='yolo', workers=2).count)
"""


@pytest.fixture
def parallel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, 'SMALL', 1)
    monkeypatch.setattr(batches, 'BATCH', 7)


@pytest.fixture(scope='module')
def mixed(tmp_path_factory: pytest.TempPathFactory, make: Any) -> Path:
    """A dataset with everything that goes to the report from several places."""
    samples: dict[str, Any] = {}
    for number in range(60):
        label = ('x ', 'y', 'z\u0301a')[number % 3]
        tools: dict[str, Any] = {
            'bounding_box': [
                make.box(label, number % 7, 1, 9 + number, 9, attrs=[{'name': 'n', 'value': number}])
            ],
        }
        if number % 4 == 0:
            tools['polygon'] = [make.polygon('poly', (1, 1), (70, 2), (5, 40))]
        if number % 5 == 0:
            tools['keypoint'] = [{'id': 'k', 'classification': 'nose', 'attrs': [], 'data': [1, 2]}]
        samples[f'{("train", "valid")[number % 2]}/{number:03}.bmp'] = tools
    root: Path = make.dm(tmp_path_factory.mktemp('mixed') / 'in', samples)
    (root / 'train' / 'original_files' / '010.bmp').write_bytes(b'')
    (root / 'valid' / 'json' / '011.json').write_text('{', encoding='utf-8')
    (root / 'valid' / 'original_files' / '013.bmp').unlink()
    make.picture(root / 'valid' / 'original_files' / 'left over.jpg')
    return root


def files_of(root: Path) -> dict[str, bytes]:
    """Return every file's content, the place of the output left out."""
    found = {
        path.relative_to(root).as_posix(): path.read_bytes().replace(bytes(root), b'ROOT')
        for path in sorted(root.rglob('*'))
        if path.is_file()
    }
    if LEDGER_FILE in found:  # its end has digests of files that name the place
        found[LEDGER_FILE] = found[LEDGER_FILE].rpartition(b'{')[0]
    return found


@pytest.mark.usefixtures('parallel')
@pytest.mark.parametrize('name', ['dm_v2', 'yolo', 'coco', 'pascal_voc'])
def test_any_number_of_processes_gives_the_same(name: str, mixed: Path, tmp_path: Path) -> None:
    source = convert(mixed, tmp_path / 'source', to=name, workers=1).path
    assert files_of(convert(mixed, tmp_path / 'again', to=name, workers=3).path) == files_of(source)
    for target in ('dm_v2', 'yolo', 'coco', 'pascal_voc'):
        alone, several = tmp_path / f'{target}-1', tmp_path / f'{target}-3'
        convert(source, alone, to=target, workers=1, remember=True)
        convert(source, several, to=target, workers=3, remember=True)
        assert files_of(several) == files_of(alone)


@pytest.mark.usefixtures('parallel')
def test_an_error_is_the_first_in_order_whoever_meets_it(make: Any, tmp_path: Path) -> None:
    tools = {'bounding_box': [make.box('x', 1, 1, 9, 9)]}
    root = make.dm(tmp_path / 'in', {f'{number:03}.bmp': tools for number in range(60)})
    source = convert(root, tmp_path / 'yolo', to='yolo').path
    for number in (21, 22, 50):
        (source / 'labels' / f'{number:03}.txt').write_text('7 .5 .5 .1 .1\n', encoding='utf-8')
    for workers in (1, 2):
        with pytest.raises(DatasetError, match=r'021\.txt, line 1'):
            convert(source, tmp_path / 'out', to='coco', workers=workers)
        assert not (tmp_path / 'out').exists()


def test_a_script_needs_no_guard(mixed: Path, tmp_path: Path) -> None:
    script = tmp_path / 'script.py'
    script.write_text(SCRIPT, encoding='utf-8')
    command = [sys.executable, str(script), str(mixed), str(tmp_path / 'out')]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == '57\n'


def test_no_processes_is_refused(mixed: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match='workers=0'):
        convert(mixed, tmp_path / 'out', to='yolo', workers=0)


def test_more_processes_than_make_sense_are_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, 'cores', lambda: 2)
    assert [pool.count_of(given) for given in (None, 1, 3, 16, 3000)] == [2, 1, 3, 16, 16]
    monkeypatch.setattr(pool, 'cores', lambda: 64)
    assert [pool.count_of(given) for given in (None, 64, 3000)] == [16, 64, 256]


@pytest.mark.usefixtures('parallel')
def test_processes_are_gone_before_the_work_folder_is_removed(
    mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else they go on writing while it is removed, and it stays behind."""
    children: list[subprocess.Popen[bytes]] = []
    alive: list[bool] = []

    class Seen(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            children.append(self)

    def rmtree(path: Path, **options: Any) -> None:
        alive.extend(child.poll() is None for child in children)
        remove(path, **options)

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    remove = shutil.rmtree
    monkeypatch.setattr(subprocess, 'Popen', Seen)
    monkeypatch.setattr(shutil, 'rmtree', rmtree)
    with pytest.raises(KeyboardInterrupt):
        convert(mixed, tmp_path / 'place' / 'out', to='yolo', task='detect', workers=3, progress=stop)
    assert alive == [False, False]
    assert list((tmp_path / 'place').iterdir()) == []


@pytest.mark.parametrize(('to', 'task'), TARGETS)
def test_pictures_of_which_nothing_is_left_are_left_out(
    to: str, task: str | None, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what is left after the conversion, in one process or several, from scratch or again; counted, with no file."""
    source = half_lost(make, tmp_path / 'in')
    holds_all = to.startswith('dm')
    options: dict[str, Any] = {'to': to, 'task': task, 'drop_empty': True, 'bounds': 'drop'}
    first = convert(source, tmp_path / 'first', workers=1, **options)
    assert first.count == (8 if holds_all else 4)  # also with boxes of no class
    pictures = [path for path in first.path.rglob('*') if path.suffix == '.bmp']
    assert {path.stem for path in pictures} >= {f'good{number}' for number in range(4)}
    assert len(pictures) == first.count
    left_out = sum(one.count for one in first.report.left_out if one.kind == 'image')
    assert left_out == 16 - first.count
    assert not [one for one in first.report.dropped if one.kind == 'image']
    assert [one for one in first.report.dropped if one.kind != 'image']
    monkeypatch.setattr(stream, 'SMALL', 1)
    monkeypatch.setattr(batches, 'BATCH', 3)
    for name, more in (
        ('many', {'workers': 2}),
        ('again', {'overwrite': True}),
        ('again', {'overwrite': True}),
    ):
        made = convert(source, tmp_path / name, **options, **more)
        found = files_of(made.path)
        found.pop(LEDGER_FILE, None)
        assert found == files_of(first.path)
        assert made.report.to_dict() == first.report.to_dict()
    kept = convert(source, tmp_path / 'kept', to='yolo', task='detect', bounds='drop')
    assert kept.count == 16


def half_lost(make: Any, root: Path) -> Path:
    """Make four pictures with annotations, four whose box lies outside, four whose box has no class, four empty."""
    whole = {'id': 'c', 'classification': 'x', 'attrs': [], 'data': None}
    joint = {'id': 'k', 'classification': 'nose', 'attrs': [], 'data': [5, 5], 'group_id': 'g'}
    good = {
        'bounding_box': [make.box('x', 1, 1, 9, 9, group_id='g')],
        'classification': [whole],
        'keypoint': [joint],
    }
    samples: dict[str, Any] = {}
    for number in range(4):
        samples[f'good{number}.bmp'] = good
        samples[f'out{number}.bmp'] = {'bounding_box': [make.box('x', 500, 500, 9, 9)]}
        samples[f'bare{number}.bmp'] = {'bounding_box': [make.box(None, 1, 1, 9, 9)]}
        samples[f'none{number}.bmp'] = {}
    made: Path = make.dm(root, samples)
    return made


@pytest.mark.usefixtures('parallel')
def test_where_no_process_can_be_started_this_one_does_it_all(
    mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert(mixed, tmp_path / 'usual', to='yolo', workers=2)
    monkeypatch.setattr(sys, 'executable', str(tmp_path / 'python that was removed'))
    convert(mixed, tmp_path / 'alone', to='yolo', workers=2)
    assert files_of(tmp_path / 'alone') == files_of(tmp_path / 'usual')
