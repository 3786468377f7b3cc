"""Converting again: where the output lies, which files it shares, and what is a picture as it was placed."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import Conversion, batches, convert, stream
from synapse_plugins.datasets.contents import NAMES_FILE
from synapse_plugins.datasets.ledger import LEDGER_FILE

if TYPE_CHECKING:
    from pathlib import Path

HIDDEN = (LEDGER_FILE, NAMES_FILE)
COUNT = 8


@pytest.fixture
def source(make: Any, tmp_path: Path) -> Path:
    """A dataset of pictures of one size and time."""
    samples = {
        f'{number}.bmp': {'bounding_box': [make.box('x', 1, 1, 9 + number, 9)]} for number in range(COUNT)
    }
    root: Path = make.dm(tmp_path / 'in', samples)
    for number in range(COUNT):
        picture = root / 'original_files' / f'{number}.bmp'
        content = bytearray(picture.read_bytes())
        content[-3:] = bytes((number, 0, 0))
        picture.write_bytes(content)
        os.utime(picture, (1, 1))
    return root


@pytest.fixture(params=[1, 2])
def workers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    if request.param > 1:
        monkeypatch.setattr(stream, 'SMALL', 1)
        monkeypatch.setattr(batches, 'BATCH', 2)
    count: int = request.param
    return count


def again(source: Path, out: Path, **ways: Any) -> Conversion:
    return convert(source, out, **{'to': 'yolo', 'overwrite': True, 'workers': 1, **ways})


def files_of(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes().replace(bytes(root), b'ROOT')
        for path in sorted(root.rglob('*'))
        if path.is_file() and path.name not in HIDDEN
    }


# -- where it lies -----------------------------------------------------------------------------------------------


def test_an_output_that_was_moved_names_its_new_place(source: Path, tmp_path: Path) -> None:
    again(source, tmp_path / 'before').path.rename(tmp_path / 'after')
    made = again(source, tmp_path / 'after')
    assert (made.is_hit, made.reused) == (False, COUNT)
    assert made.config_path is not None
    assert f'{tmp_path / "after"}' in made.config_path.read_text('utf-8')
    assert files_of(made.path) == files_of(convert(source, tmp_path / 'scratch', to='yolo').path)
    assert again(source, tmp_path / 'after').is_hit


def test_an_output_that_will_lie_elsewhere_is_another(source: Path, tmp_path: Path) -> None:
    out = tmp_path / 'out'
    assert not again(source, out).is_hit
    assert not again(source, out, final_root=tmp_path / 'x').is_hit
    assert str(tmp_path / 'x') in (out / 'dataset.yaml').read_text('utf-8')
    assert again(source, out, final_root=tmp_path / 'x').is_hit


# -- which files it shares ---------------------------------------------------------------------------------------


def test_two_outputs_share_no_annotation_file(source: Path, tmp_path: Path, workers: int) -> None:
    old = again(source, tmp_path / 'old', workers=workers).path
    before = files_of(old)
    made = again(source, tmp_path / 'new', reuse=old, workers=workers)
    assert made.reused == COUNT
    for name in before:
        if not name.startswith('images/'):
            assert not (old / name).samefile(made.path / name), name
    with (made.path / 'labels' / '0.txt').open('a', encoding='utf-8') as file:
        file.write('edited\n')
    assert files_of(old) == before


@pytest.mark.parametrize('named', [True, False])
def test_the_files_of_an_output_that_is_replaced_are_handed_over(
    named: bool, source: Path, tmp_path: Path
) -> None:
    out = again(source, tmp_path / 'out').path
    (tmp_path / 'link').symlink_to(tmp_path)
    before = (out / 'labels' / '3.txt').stat().st_ino
    made = again(source, out, seed=1, **({'reuse': tmp_path / 'link' / 'out'} if named else {}))
    assert (made.is_hit, made.reused) == (False, COUNT)
    assert (out / 'labels' / '3.txt').stat().st_ino == before


# -- pictures as they were placed --------------------------------------------------------------------------------


def test_pictures_that_changed_names_are_noticed(source: Path, tmp_path: Path, workers: int) -> None:
    out = again(source, tmp_path / 'out', workers=workers).path
    pictures = source / 'original_files'
    (pictures / '1.bmp').rename(pictures / 'x')
    (pictures / '5.bmp').rename(pictures / '1.bmp')
    (pictures / 'x').rename(pictures / '5.bmp')
    made = again(source, out, workers=workers)
    assert not made.is_hit
    assert files_of(out) == files_of(convert(source, tmp_path / 'scratch', to='yolo').path)
    assert again(source, out, workers=workers).is_hit


@pytest.mark.parametrize('link', ['hard', 'symlink'])
def test_another_file_in_the_place_of_a_link_is_noticed(link: str, source: Path, tmp_path: Path) -> None:
    out = again(source, tmp_path / 'out', link=link).path
    placed = out / 'images' / '2.bmp'
    content = placed.read_bytes()
    placed.unlink()
    placed.write_bytes(b'!' * len(content))
    os.utime(placed, (1, 1))
    assert not again(source, out, link=link).is_hit
    assert placed.read_bytes() == content
    assert placed.samefile(source / 'original_files' / '2.bmp')


def test_what_is_copied_for_good_reason_is_no_change(
    source: Path, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.picture(source / 'original_files' / 'cut.jpg')
    cut = source / 'original_files' / 'cut.jpg'
    cut.write_bytes(cut.read_bytes()[:-2])
    (source / 'json' / 'cut.json').write_bytes((source / 'json' / '0.json').read_bytes())
    out = again(source, tmp_path / 'out').path
    assert not (out / 'images' / 'cut.jpg').samefile(cut)
    assert again(source, out).is_hit

    def no_link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, 'no links on this disk')

    monkeypatch.setattr(os, 'link', no_link)
    out = again(source, tmp_path / 'no links').path
    assert not (out / 'images' / '0.bmp').samefile(source / 'original_files' / '0.bmp')
    assert again(source, out).is_hit


# -- what is left out --------------------------------------------------------------------------------------------


def test_another_name_of_a_picture_that_is_not_in_the_sample_is_told(source: Path, tmp_path: Path) -> None:
    out = tmp_path / 'out'
    for number in range(6):
        made = again(source, out, sample=4)
        [left] = made.report.left_out
        scratch = convert(source, tmp_path / f'{number}', to='yolo', sample=4, workers=1)
        assert made.report.to_dict() == scratch.report.to_dict()
        assert files_of(out) == files_of(scratch.path)
        name = left.examples[0].removesuffix('.bmp')
        (source / 'original_files' / f'{name}.bmp').rename(source / 'original_files' / f'n{number}.bmp')
        (source / 'json' / f'{name}.json').rename(source / 'json' / f'n{number}.json')
