"""Converting again: nothing is done twice, and the result is the same as from scratch."""

from __future__ import annotations

import importlib
import json
import os
import random
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import Conversion, batches, convert, stream
from synapse_plugins.datasets.ledger import LEDGER_FILE, Entry
from synapse_plugins.errors import LossError, OutputExistsError

if TYPE_CHECKING:
    from pathlib import Path

TARGETS = ('dm_v2', 'yolo', 'coco', 'pascal_voc')


@pytest.fixture
def source(make: Any, tmp_path: Path) -> Path:
    """A dataset in which something is respelled, clipped, dropped, renamed and left over."""
    samples: dict[str, Any] = {}
    for number in range(30):
        label = (' x', 'y', 'z')[number % 3]
        boxes = [
            make.box(
                label, -3 if number % 5 == 0 else 3, 1, 9 + number, 9, attrs=[{'name': 'n', 'value': number}]
            )
        ]
        samples[f'{("train", "valid")[number % 2]}/{number:03}.bmp'] = {'bounding_box': boxes}
    samples['train/A.jpg'] = samples['train/sub/a.png'] = {'bounding_box': [make.box('y', 1, 1, 5, 5)]}
    root: Path = make.dm(tmp_path / 'in', {k: v for k, v in samples.items() if '/sub/' not in k})
    make.picture(root / 'train' / 'original_files' / 'a' / 'a.png')
    (root / 'train' / 'json' / 'a').mkdir()
    (root / 'train' / 'json' / 'a' / 'a.json').write_text(
        json.dumps({'images': [samples['train/A.jpg']]}), encoding='utf-8'
    )
    make.picture(root / 'valid' / 'original_files' / 'over.jpg')
    (root / 'valid' / 'original_files' / '011.bmp').write_bytes(b'')
    return root


def files_of(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes().replace(bytes(root), b'ROOT')
        for path in sorted(root.rglob('*'))
        if path.is_file() and path.name != LEDGER_FILE
    }


def change(root: Path, number: int, x: float) -> None:
    split = ('train', 'valid')[number % 2]
    path = root / split / 'json' / f'{number:03}.json'
    content = json.loads(path.read_text(encoding='utf-8'))
    content['images'][0]['bounding_box'][0]['data'][0] = x
    path.write_text(json.dumps(content), encoding='utf-8')


@pytest.mark.parametrize('to', TARGETS)
@pytest.mark.parametrize('workers', [1, 2])
def test_only_what_changed_is_converted_anew(
    to: str, workers: int, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if workers > 1:
        monkeypatch.setattr(stream, 'SMALL', 1)
        monkeypatch.setattr(batches, 'BATCH', 4)
    out = tmp_path / 'out'
    first = convert(source, out, to=to, workers=workers, overwrite=True)
    assert (first.reused, first.is_hit) == (0, False)
    change(source, 4, 7)
    second = convert(source, out, to=to, workers=workers, overwrite=True)
    assert second.reused == first.count - 1
    scratch = convert(source, tmp_path / 'scratch', to=to, workers=1)
    assert files_of(out) == files_of(scratch.path)
    assert second.report.to_dict() == scratch.report.to_dict()


@pytest.mark.parametrize('to', TARGETS)
def test_unchanged_work_is_not_done_again(to: str, source: Path, make: Any, tmp_path: Path) -> None:
    out = tmp_path / 'out'
    first = convert(source, out, to=to, overwrite=True)
    before, identity = make.snapshot(out), out.stat().st_ino
    again = convert(source, out, to=to, overwrite=True)
    assert again.is_hit
    assert again.reused == again.count == first.count
    assert again.report.to_dict() == first.report.to_dict()
    assert make.snapshot(out) == before
    assert out.stat().st_ino == identity
    make.picture(source / 'train' / 'original_files' / 'another left over.jpg')
    assert not convert(source, out, to=to, overwrite=True).is_hit


def test_unchanged_work_with_a_ledger_needs_no_leave_to_overwrite(
    source: Path, make: Any, tmp_path: Path
) -> None:
    out = tmp_path / 'out'
    convert(source, out, to='yolo', remember=True)
    before = make.snapshot(out)
    assert convert(source, out, to='yolo').is_hit
    with pytest.raises(OutputExistsError, match='--overwrite'):
        convert(source, out, to='yolo', classes=['y'])
    with pytest.raises(OutputExistsError, match='--overwrite'):
        convert(source, out, to='yolo', remember=False)
    change(source, 4, 7)
    with pytest.raises(OutputExistsError, match='--overwrite'):
        convert(source, out, to='yolo')
    assert make.snapshot(out) == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith('.')] == []


@pytest.mark.parametrize('link', ['hard', 'symlink', 'copy'])
@pytest.mark.parametrize('longer', [True, False])
def test_a_picture_changed_in_the_output_is_placed_anew(
    link: str, longer: bool, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / 'out'
    options: dict[str, Any] = {'link': link, 'overwrite': True}
    convert(source, out, to='yolo', **options)
    assert convert(source, out, to='yolo', **options).is_hit
    picture = out / 'train' / 'images' / '000.bmp'
    content = picture.read_bytes()
    picture.unlink()  # not written through a link: another file in its place
    picture.write_bytes(content + b'!' if longer else b'!' * len(content))
    again = convert(source, out, to='yolo', **options)
    assert not again.is_hit
    assert picture.read_bytes() == content


@pytest.mark.parametrize('to', TARGETS)
def test_any_change_is_noticed(to: str, source: Path, tmp_path: Path, seed: int, rounds: int) -> None:
    """Change something at random, convert again and from scratch: the two are equal."""
    chance, out = random.Random(seed), tmp_path / 'out'
    convert(source, out, to=to, remember=True)
    for number in range(max(3, rounds // 25)):
        spoil(source, out, chance)
        options: dict[str, Any] = {} if chance.random() < 0.7 else {'classes': ['x', 'y']}
        convert(source, out, to=to, overwrite=True, **options)
        scratch = convert(source, tmp_path / f'scratch-{number}', to=to, **options)
        assert files_of(out) == files_of(scratch.path)


def spoil(source: Path, out: Path, chance: random.Random) -> None:
    documents = sorted(source.rglob('json/*.json'))
    pictures = sorted(source.rglob('original_files/*.bmp'))
    match chance.randrange(7):
        case 0:
            change(
                source,
                chance.choice([int(path.stem) for path in documents if path.stem.isdecimal()]),
                chance.random(),
            )
        case 1:
            chance.choice(documents).unlink()
        case 2:
            chance.choice(pictures).unlink()
        case 3:
            picture = chance.choice(pictures)
            other = shutil.copy(picture, picture.with_name(f'new {chance.random()}.bmp'))
            document = picture.parent.parent / 'json' / f'{picture.stem}.json'
            if document.exists():
                shutil.copy(document, document.with_name(f'{other.stem}.json'))
        case 4:  # somebody edits the output
            written = sorted(
                path for path in out.rglob('*') if path.suffix in ('.txt', '.json', '.xml', '.yaml')
            )
            path = chance.choice(written)
            content = path.read_bytes()
            path.unlink()
            path.write_bytes(content + b' ')
        case 5:
            written = sorted(path for path in out.rglob('*') if path.suffix in ('.txt', '.xml', '.bmp'))
            if written:
                chance.choice(written).unlink()
        case _:
            (out / LEDGER_FILE).write_bytes((out / LEDGER_FILE).read_bytes()[: chance.randrange(2000)])


def test_a_picture_counts_by_content_if_asked(source: Path, make: Any, tmp_path: Path) -> None:
    out = tmp_path / 'out'
    convert(source, out, to='yolo', overwrite=True, verify_cache=True)
    picture = source / 'train' / 'original_files' / '002.bmp'
    status = picture.stat()
    width = int.from_bytes(picture.read_bytes()[18:22], 'little')
    content = bytearray(picture.read_bytes())
    content[18:22], content[22:26] = content[22:26], content[18:22]  # upright instead of lying
    assert width == 64
    picture.write_bytes(bytes(content))
    os.utime(picture, ns=(status.st_atime_ns, status.st_mtime_ns))
    convert(source, out, to='yolo', overwrite=True, verify_cache=True)
    scratch = convert(source, tmp_path / 'scratch', to='yolo')
    assert files_of(out) == files_of(scratch.path)


def test_a_hit_is_no_way_around_on_loss(source: Path, tmp_path: Path) -> None:
    out = tmp_path / 'out'
    convert(source, out, to='yolo')
    before = files_of(out)
    with pytest.raises(LossError):
        convert(source, out, to='yolo', overwrite=True, on_loss='error')
    assert files_of(out) == before


def test_names_in_a_ledger_do_not_lead_outside(source: Path, tmp_path: Path) -> None:
    out = tmp_path / 'out'
    convert(source, out, to='yolo', overwrite=True)
    secret = tmp_path / 'secret.txt'
    secret.write_text('secret', encoding='utf-8')
    lines = (out / LEDGER_FILE).read_bytes().splitlines(keepends=True)
    spoiled = [line.replace(b'train/labels/', b'train/labels/../../../') for line in lines]
    (out / LEDGER_FILE).write_bytes(b''.join(spoiled))
    assert any(Entry.from_line(line) for line in lines)
    assert not any(b'/../' in line and Entry.from_line(line) for line in spoiled)
    made = convert(source, out, to='yolo', overwrite=True)
    assert 0 < made.reused < made.count
    assert Conversion.load(out).count == made.count


def test_what_is_asked_once_leaves_no_ledger(source: Path, tmp_path: Path) -> None:
    assert not (convert(source, tmp_path / 'out', to='yolo').path / LEDGER_FILE).exists()


def test_another_output_can_be_taken_over_from(source: Path, tmp_path: Path) -> None:
    old = convert(source, tmp_path / 'old', to='yolo', remember=True)
    before = files_of(old.path)
    change(source, 4, 7)
    made = convert(source, tmp_path / 'new', to='yolo', remember=True, reuse=old.path)
    assert made.reused == made.count - 1
    assert files_of(made.path) == files_of(convert(source, tmp_path / 'scratch', to='yolo').path)
    assert files_of(old.path) == before


def test_another_function_gives_another_result(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    out = tmp_path / 'out'
    for name in ('first', 'second'):
        lines = [
            'def change(sample):',
            '    for one in sample.annotations:',
            f'        one.label = {name!r}',
            '    return sample',
        ]
        (tmp_path / 'my_changes.py').write_text('\n'.join(lines) + '\n', encoding='utf-8')
        monkeypatch.delitem(sys.modules, 'my_changes', raising=False)
        importlib.invalidate_caches()
        shutil.rmtree(tmp_path / '__pycache__', ignore_errors=True)
        made = convert(source, out, to='yolo', overwrite=True, transforms=['my_changes:change'])
        assert made.classes == [name]
        assert made.reused == 0
    assert convert(source, out, to='yolo', overwrite=True, transforms=['my_changes:change']).reused
    monkeypatch.delitem(sys.modules, 'my_changes')


def test_a_picture_that_is_not_wanted_is_noticed_too(source: Path, make: Any, tmp_path: Path) -> None:
    out = tmp_path / 'out'
    convert(source, out, to='yolo', overwrite=True, sample='30%')
    assert convert(source, out, to='yolo', overwrite=True, sample='30%').is_hit
    for number in range(3):
        shutil.copy(source / 'train' / 'json' / '002.json', source / 'train' / 'json' / f'new {number}.json')
        make.picture(source / 'train' / 'original_files' / f'new {number}.jpg')
    made = convert(source, out, to='yolo', overwrite=True, sample='30%')
    assert not made.is_hit
    scratch = convert(source, tmp_path / 'scratch', to='yolo', sample='30%')
    assert made.report.to_dict() == scratch.report.to_dict()


def test_another_format_in_the_same_place_is_told_of(source: Path, tmp_path: Path) -> None:
    out = tmp_path / 'out'
    first = convert(source, out, to='yolo')
    assert (first.replaced, first.replacement_lines()) == (None, [])
    made = convert(source, out, to='coco', overwrite=True)
    (line,) = made.replacement_lines()
    assert line == f'{out} was yolo before, and is coco now.'
    assert line in made.warnings
    scratch = convert(source, tmp_path / 'scratch', to='coco')
    assert made.report.to_dict() == scratch.report.to_dict()
    assert convert(source, out, to='coco', overwrite=True).replacement_lines() == []
    change(source, 4, 7)
    again = convert(source, out, to='coco', overwrite=True)
    assert (again.replaced, again.replacement_lines()) == ('coco', [])
