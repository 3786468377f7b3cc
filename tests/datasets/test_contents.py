"""What a conversion is known to have written, and what an overwrite leaves alone."""

from __future__ import annotations

import json
import os
import shutil
import struct
from typing import TYPE_CHECKING, Any
from unicodedata import normalize
from zlib import crc32

import pytest

from synapse_plugins.datasets import Conversion, convert, inspect, open_dataset
from synapse_plugins.datasets.contents import NAMES_FILE, read_names, write_names
from synapse_plugins.datasets.detection import detect_format
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
        before = (made.path / NAMES_FILE).read_bytes()
        write_names(made.path)
        assert (made.path / NAMES_FILE).read_bytes() == before


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


@pytest.mark.parametrize('lost', [(), ('train/images/a.jpg', 'train/labels/a.txt')])
def test_files_moved_into_an_output_keep_their_time_and_stay(
    lost: tuple[str, ...], blood: Path, out: Path
) -> None:
    for name in lost:
        (out / name).unlink()
    for name in ('train/images/holiday.jpg', 'train/labels/holiday.txt'):
        (out / name).write_text('x', encoding='utf-8')
        os.utime(out / name, (1, 1))
    match = r'\(2: train/images/holiday\.jpg, train/labels/holiday\.txt\)'
    with pytest.raises(OutputExistsError, match=match):
        again(blood, out)
    assert (out / 'train/images/holiday.jpg').read_text('utf-8') == 'x'


def test_a_file_under_another_name_stays(blood: Path, out: Path) -> None:
    (out / 'train/images/a.jpg').rename(out / 'train/images/renamed by me.jpg')
    with pytest.raises(OutputExistsError, match=r'\(1: train/images/renamed by me\.jpg\)'):
        again(blood, out)


def test_a_copy_of_an_output_tells_what_was_put_into_it(blood: Path, tmp_path: Path, out: Path) -> None:
    (out / 'train/images/a.jpg').unlink()
    (out / 'train/images/mine.jpg').write_bytes(b'x')
    copy = shutil.copytree(out, tmp_path / 'copy')
    with pytest.raises(OutputExistsError, match=r'\(1: train/images/mine\.jpg\)'):
        again(blood, copy, to='coco')
    (copy / 'train/images/mine.jpg').unlink()
    assert again(blood, copy, to='coco').count == 4


def test_pictures_edited_in_the_source_are_no_strangers_in_the_output(blood: Path, out: Path) -> None:
    (out / 'train/images/a.jpg').unlink()
    for path in (out / 'train/images').iterdir():
        os.utime(path)  # the source's own file under a second name
    assert again(blood, out).count == 4


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


def test_a_disk_that_spells_names_otherwise_makes_no_strangers(make: Any, tmp_path: Path) -> None:
    for name in ('고양이/사진é.jpg', '고양이/b.jpg', '개/ü.jpg'):
        make.picture(tmp_path / 'in' / name)
    out = convert(tmp_path / 'in', tmp_path / 'out', to='imagefolder').path
    for path in sorted(out.rglob('*'), reverse=True):  # what is in a folder before the folder
        path.rename(path.with_name(normalize('NFD', path.name)))
    again = convert(tmp_path / 'in', tmp_path / 'out', to='imagefolder', overwrite=True)
    assert again.count == 3
    assert normalize('NFC', str(sorted(out.rglob('*')))) == str(sorted(out.rglob('*')))


def test_a_file_of_the_same_name_spelled_otherwise_stays(make: Any, tmp_path: Path) -> None:
    make.picture(tmp_path / 'in/고양이/é.jpg')
    out = convert(tmp_path / 'in', tmp_path / 'out', to='imagefolder').path
    mine = out / '고양이' / normalize('NFD', 'é.jpg')
    try:
        with mine.open('x', encoding='utf-8') as file:
            file.write('mine')
    except FileExistsError:
        pytest.skip('this disk takes both for one name')
    with pytest.raises(OutputExistsError, match=r'no conversion wrote \(1: '):
        convert(tmp_path / 'in', tmp_path / 'out', to='imagefolder', overwrite=True)


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


@pytest.mark.parametrize(
    'report', ['', '{', '[]', '{"my": "own"}', '{"format": "yolo", "files": {}}', '[' * 100_000, None]
)
def test_a_folder_with_a_report_of_somebody_else_is_never_replaced(
    report: str | None, blood: Path, tmp_path: Path
) -> None:
    mine = tmp_path / 'thesis'
    (mine / 'sub').mkdir(parents=True)
    for name in ('thesis.docx', 'sub/x.txt'):
        (mine / name).write_text('years of work', encoding='utf-8')
    if report is None:
        (mine / 'report.json').mkdir()
    else:
        (mine / 'report.json').write_text(report, encoding='utf-8')
    before = sorted(mine.rglob('*'))
    with pytest.raises(OutputExistsError, match='was not written by synapse-plugins') as caught:
        again(blood, mine)
    assert 'It holds report.json, sub, thesis.docx. Move what you need' in str(caught.value)
    with pytest.raises(OutputExistsError) as caught:
        again(blood, mine, overwrite=False)
    assert '--overwrite' not in str(caught.value)
    assert sorted(mine.rglob('*')) == before


@pytest.mark.parametrize(
    'damage', [None, b'', b'{}\n', b'{"version": 1, "folders": {"": 9}}\n', b'x', 'cut', 'more']
)
def test_an_output_that_does_not_say_what_it_holds_is_not_replaced(
    damage: bytes | str | None, blood: Path, out: Path
) -> None:
    path = out / NAMES_FILE
    content = path.read_bytes()
    path.unlink()
    if damage is not None:
        spoiled = {'cut': content[:-1], 'more': content + b'x'}
        path.write_bytes(damage if isinstance(damage, bytes) else spoiled[damage])
    with pytest.raises(OutputExistsError, match=r'\.files in it, .* is missing or damaged') as caught:
        again(blood, out)
    assert 'It holds ' in str(caught.value)
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    assert again(blood, out).count == 4


def test_a_link_to_an_empty_folder_is_told_as_that(blood: Path, tmp_path: Path) -> None:
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'out').symlink_to(tmp_path / 'empty')
    with pytest.raises(
        OutputExistsError, match=r'so it is not replaced\. It leads to an empty folder\. Move'
    ) as caught:
        convert(blood, tmp_path / 'out', to='yolo', overwrite=True)
    assert 'It holds' not in str(caught.value)
    assert (tmp_path / 'out').is_symlink()


@pytest.mark.parametrize('to', [*FORMATS, 'imagefolder'])
def test_what_tells_the_files_disturbs_nobody(to: str, make: Any, tmp_path: Path) -> None:
    label = {'classification': [{'id': 'c', 'classification': 'a', 'attrs': [], 'data': {}}]}
    box = {'bounding_box': [make.box('a', 1, 1, 5, 5)]}
    samples = {f'{number}.png': label if to == 'imagefolder' else box for number in range(4)}
    out = convert(make.dm(tmp_path / 'in', samples), tmp_path / 'out', to=to, link='copy').path
    assert (out / NAMES_FILE).is_file()
    with_it = (detect_format(out), inspect(out).to_dict(), [one.key for one in open_dataset(out)])
    (out / NAMES_FILE).unlink()
    assert (detect_format(out), inspect(out).to_dict(), [one.key for one in open_dataset(out)]) == with_it
    assert with_it[0] == to


def test_many_names_take_four_bytes_each(tmp_path: Path) -> None:
    names = {f'img_{number:06}.jpg' for number in range(500)}
    (tmp_path / '새').mkdir()
    for name in names:
        (tmp_path / '새' / name).touch()
    write_names(tmp_path)
    assert (tmp_path / NAMES_FILE).stat().st_size < 4 * len(names) + 100
    codes = struct.unpack('<500I', read_names(tmp_path)['새'])
    assert list(codes) == sorted(crc32(name.encode()) for name in names)


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
