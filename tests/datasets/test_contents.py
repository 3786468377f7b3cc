"""What a conversion is known to have written, and what an overwrite leaves alone."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import Conversion, convert
from synapse_plugins.datasets.contents import contents_of
from synapse_plugins.errors import OutputExistsError

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = ['dm_v1', 'dm_v2', 'yolo', 'coco', 'pascal_voc']


@pytest.fixture
def out(blood: Path, tmp_path: Path) -> Path:
    return convert(blood, tmp_path / 'out', to='yolo').path


def again(blood: Path, out: Path, **ways: Any) -> Conversion:
    return convert(blood, out, **{'to': 'yolo', 'overwrite': True, **ways})


@pytest.mark.parametrize('to', FORMATS)
def test_an_output_that_nobody_touched_is_replaced(to: str, blood: Path, tmp_path: Path) -> None:
    for ways in ({}, {}, {'seed': 1, 'split': {'train': 1}}, {'link': 'copy'}):
        made = convert(blood, tmp_path / 'out', to=to, overwrite=True, **ways)
        assert made.files == contents_of(made.path) == Conversion.load(made.path).files


@pytest.mark.parametrize('remember', [True, False])
@pytest.mark.parametrize(
    'name',
    [
        'notes.txt',
        'train/images/features.npy',
        'runs/train/weights.pt',
        'train/images/new.jpg',
        'train/labels/새.txt',
        '.git/config',
        'x/.keep',
    ],
)
def test_files_of_others_stay(name: str, remember: bool, blood: Path, tmp_path: Path) -> None:
    out = convert(blood, tmp_path / 'out', to='yolo', remember=remember).path
    mine = out / name
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text('mine', encoding='utf-8')
    before = {path: path.stat().st_mtime_ns for path in out.rglob('*')}
    with pytest.raises(OutputExistsError, match='files that no conversion wrote') as caught:
        again(blood, out, link='copy')
    assert name in str(caught.value)
    assert {path: path.stat().st_mtime_ns for path in out.rglob('*')} == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith('.')] == []
    mine.unlink()
    assert again(blood, out, link='copy').count == 4


def test_many_files_of_others_are_counted_and_the_first_named(blood: Path, out: Path) -> None:
    for number in range(9):
        (out / f'n{number}.txt').write_text('x', encoding='utf-8')
    with pytest.raises(
        OutputExistsError, match=r'\(9: n0\.txt, n1\.txt, n2\.txt, n3\.txt, n4\.txt, \.\.\.\)'
    ):
        again(blood, out)


def test_an_older_file_in_a_folder_of_ours_is_counted(blood: Path, out: Path) -> None:
    (out / 'train/labels/old.txt').write_text('x', encoding='utf-8')
    os.utime(out / 'train/labels/old.txt', (1, 1))
    with pytest.raises(OutputExistsError, match='1 more files in train/labels/'):
        again(blood, out)


def test_what_trainers_derive_may_go(blood: Path, out: Path) -> None:
    for name in ('train/labels.cache', 'labels.cache', 'train/images/a.npy', '.DS_Store', 'export.json'):
        (out / name).write_bytes(b'x')
    assert again(blood, out).count == 4
    assert not (out / 'labels.cache').exists()


@pytest.mark.parametrize('remember', [True, False])
def test_what_somebody_took_away_is_no_reason(remember: bool, blood: Path, tmp_path: Path) -> None:
    for _ in range(2):  # the second time, files have been handed over
        out = convert(blood, tmp_path / 'out', to='yolo', remember=remember, overwrite=True).path
    (out / 'train/labels/a.txt').unlink()
    shutil.rmtree(out / 'test')
    assert again(blood, out, remember=remember).count == 4


def test_something_new_in_the_place_of_something_gone_is_seen(blood: Path, out: Path) -> None:
    (out / 'train/images/a.jpg').rename(out / 'train/images/mine.jpg')
    (out / 'train/images/mine.jpg').unlink()
    (out / 'train/images/mine.jpg').write_bytes(b'x')
    with pytest.raises(OutputExistsError, match=r'train/images/mine\.jpg'):
        again(blood, out)


def test_nothing_is_refused_where_nothing_is_replaced(blood: Path, tmp_path: Path) -> None:
    out = convert(blood, tmp_path / 'out', to='yolo', remember=True).path
    (out / 'notes.txt').write_text('mine', encoding='utf-8')
    assert again(blood, out).is_hit


def test_an_output_that_does_not_say_what_it_holds_is_replaced(blood: Path, out: Path) -> None:
    record = json.loads((out / 'report.json').read_text('utf-8'))
    del record['files']
    (out / 'report.json').write_text(json.dumps(record), encoding='utf-8')
    assert again(blood, out).count == 4


# -- how it was made -----------------------------------------------------------------------------------------


def test_the_report_says_how_an_output_was_made(blood: Path, make: Any, tmp_path: Path) -> None:
    other = make.dm(tmp_path / 'other', {'train/z.jpg': {'bounding_box': [make.box('PLT', 1, 1, 5, 5)]}})
    coco = convert(other, tmp_path / 'coco', to='coco').path
    ways: dict[str, Any] = {
        'classes': ['cell', 'PLT'],
        'rename': {'RBC': 'cell'},
        'sample': '90%',
        'split': {'train': 0.5, 'val': 0.5},
        'seed': 4,
        'parts': 'split',
    }
    made = convert([blood, coco], tmp_path / 'out', to='yolo', **ways)
    told = json.loads((made.path / 'report.json').read_text('utf-8'))['made_with']
    assert told == Conversion.load(made.path).made_with == made.made_with
    assert told.pop('synapse_plugins')
    assert told == {
        'sources': ['dm_v2', 'coco'],
        'classes': ['cell', 'PLT'],
        'rename': {'RBC': 'cell'},
        'sample': '90%',
        'split': {'train': 0.5, 'valid': 0.5},
        'seed': 4,
        'transforms': [],
        'drop_empty': False,
        'task': None,
        'link': 'hard',
        'verify': False,
        'on_loss': 'warn',
        'allow': [],
        'options': {'bounds': 'clip', 'parts': 'split', 'skeleton': None, 'tolerance': 1.0},
    }
    moved = shutil.copytree(blood, tmp_path / 'elsewhere' / 'blood')
    again_made = convert([moved, coco], tmp_path / 'out-2', to='yolo', workers=1, **ways)
    assert (made.path / 'report.json').read_bytes() == again_made.report_path.read_bytes()
    assert str(tmp_path) not in made.report_path.read_text('utf-8')


def test_another_choice_that_changes_nothing_is_written_down(blood: Path, tmp_path: Path) -> None:
    convert(blood, tmp_path / 'out', to='yolo', remember=True)
    made = again(blood, tmp_path / 'out', seed=5)
    assert not made.is_hit
    assert made.reused == 4
    assert Conversion.load(made.path).made_with['seed'] == 5
    assert again(blood, tmp_path / 'out', seed=5).is_hit


def test_sets_of_numbered_names_are_told_apart(tmp_path: Path) -> None:
    found = set()
    for suffix in ('jpg', 'txt', 'png'):
        for start in (0, 256, 512):
            folder = tmp_path / f'{suffix}{start}'
            (folder / 'in').mkdir(parents=True)
            for number in range(start, start + 256):
                (folder / 'in' / f'img_{number:06}.{suffix}').touch()
            [told] = contents_of(folder).values()
            assert told['count'] == 256
            found.add(told['names'])
    assert len(found) == 9
