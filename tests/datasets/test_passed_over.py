"""What lies among pictures and annotation files and is not read: nothing of it goes without a word."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, inspect
from synapse_plugins.datasets.files import scan
from synapse_plugins.datasets.passed import UNREAD_SUFFIXES, Passed

if TYPE_CHECKING:
    from pathlib import Path

    from synapse_plugins.datasets import Report

WAYS = {
    'dm_v2': ('original_files', 'json'),
    'dm_v1': ('original_files', 'json'),
    'yolo': ('images', 'labels'),
    'pascal_voc': ('JPEGImages', 'Annotations'),
    'imagefolder': ('cat',),
}
"""Format -> its folders of pictures and of annotation files."""

LINK, NOT_READ = 'it is a link to a folder, and not followed', 'its suffix is not read'


@pytest.fixture
def source(tmp_path: Path, make: Any) -> Path:
    samples = {
        f'p{number}.jpg': {
            'bounding_box': [make.box('cat', 4, 6, 20, 10)],
            'classification': [{'id': 'c', 'classification': 'cat'}],
        }
        for number in range(3)
    }
    root: Path = make.dm(tmp_path / 'source', samples)
    return root


def told(report: Report, bucket: str) -> dict[tuple[str, str], tuple[int, list[str]]]:
    return {(one.kind, one.reason): (one.count, one.examples) for one in getattr(report, bucket)}


def target(way: str) -> str:
    return 'dm_v2' if way == 'imagefolder' else 'coco'


@pytest.mark.parametrize('way', WAYS)
def test_folders_that_are_links_are_noted(way: str, source: Path, tmp_path: Path) -> None:
    root = convert(source, tmp_path / 'data', to=way, link='copy').path
    plain = convert(root, tmp_path / 'plain', to=target(way))
    for folder in WAYS[way]:
        shutil.copytree(root / folder, tmp_path / 'elsewhere' / folder)
        (root / folder / 'link').symlink_to(tmp_path / 'elsewhere' / folder)
        (root / folder / 'round').symlink_to(root / folder)
        (root / folder / 'itself').symlink_to('itself')
    made = convert(root, tmp_path / 'out', to=target(way), remember=True)
    assert (made.count, made.report.kept) == (plain.count, plain.report.kept)
    expected = sorted(f'{folder}/{name}' for folder in WAYS[way] for name in ('link', 'round'))
    count, examples = told(made.report, 'noted')['folder', LINK]
    assert (count, sorted(examples)) == (len(expected), expected)
    assert convert(root, tmp_path / 'out', to=target(way)).is_hit
    found = [one for one in inspect(root).findings if LINK in one.title]
    assert [(one.count, one.severity) for one in found] == [(len(expected), 'note')]
    (root / WAYS[way][0] / 'more').symlink_to(tmp_path)
    again = convert(root, tmp_path / 'out', to=target(way), overwrite=True)
    assert told(again.report, 'noted')['folder', LINK][0] == len(expected) + 1


@pytest.mark.parametrize('suffix', ['.heic', '.AVIF', '.jp2'])
@pytest.mark.parametrize('way', WAYS)
def test_pictures_of_other_suffixes_are_counted(way: str, suffix: str, source: Path, tmp_path: Path) -> None:
    root = convert(source, tmp_path / 'data', to=way, link='copy').path
    pictures = root / WAYS[way][0]
    (pictures / 'below').mkdir()
    (pictures / f'b{suffix}').write_bytes(b'x')
    (pictures / f'below/c{suffix}').write_bytes(b'x')
    (pictures / 'notes.md').write_text('none of them', encoding='utf-8')
    made = convert(root, tmp_path / 'out', to=target(way))
    names = [f'{WAYS[way][0]}/{name}{suffix}' for name in ('b', 'below/c')]
    assert told(made.report, 'dropped')['image', NOT_READ] == (2, names)
    assert made.count == 3


@pytest.mark.parametrize('way', ['dm_v2', 'dm_v1', 'yolo'])
def test_so_are_their_annotations(way: str, source: Path, tmp_path: Path) -> None:
    root = convert(source, tmp_path / 'data', to=way, link='copy').path
    pictures = root / WAYS[way][0]
    (pictures / 'p1.jpg').rename(pictures / 'p1.heic')
    made = convert(root, tmp_path / 'out', to='coco')
    dropped = told(made.report, 'dropped')
    assert dropped['image', NOT_READ] == (1, [f'{WAYS[way][0]}/p1.heic'])
    reason = 'its image is missing' if way == 'yolo' else 'the suffix of its image is not read'
    assert dropped['annotation file', reason][0] == dropped['bounding_box', reason][0] == 1


def test_a_picture_that_is_named_is_looked_at(source: Path, tmp_path: Path) -> None:
    from PIL import Image

    root = convert(source, tmp_path / 'data', to='pascal_voc', link='copy').path
    with Image.open(root / 'JPEGImages/p1.jpg') as picture:
        picture.save(root / 'JPEGImages/p1.ppm')
    (root / 'JPEGImages/p1.jpg').unlink()
    document = root / 'Annotations/p1.xml'
    document.write_text(document.read_text('utf-8').replace('p1.jpg', 'p1.ppm'), encoding='utf-8')
    made = convert(root, tmp_path / 'out', to='coco')
    assert made.count == made.report.kept['bounding_box'] == 3
    assert not made.report.dropped


@pytest.mark.parametrize('splits', [True, False])
def test_a_class_of_such_pictures_alone_stays_a_class(splits: bool, source: Path, tmp_path: Path) -> None:
    root = convert(source, tmp_path / 'data', to='imagefolder', link='copy').path
    (root / 'dog').mkdir()
    (root / 'dog/a.heic').write_bytes(b'x')
    (root / 'docs').mkdir()
    (root / 'docs/a.md').write_bytes(b'x')
    (root / 'classes.json').unlink()
    (root / 'loose.avif').write_bytes(b'x')
    prefix = ''
    if splits:
        (tmp_path / 'two').mkdir()
        root = root.rename(tmp_path / 'two/train').parent
        prefix = 'train/'
    made = convert(root, tmp_path / 'out', to='dm_v2')
    assert made.classes == ['cat', 'dog']
    dropped = told(made.report, 'dropped')
    assert dropped['image', NOT_READ] == (1, [f'{prefix}dog/a.heic'])
    assert dropped['image', 'it lies in no folder of a class'] == (1, [f'{prefix}loose.avif'])


def test_what_a_scan_passes_over(tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'a.jpg')
    for name in ('b.heic', '.c.heic', 'd.txt', 'deep/e.DNG'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b'x')
    for name in ('one', '@eaDir', 'deep/two', '.three'):
        (tmp_path / name).symlink_to(tmp_path)
    for name, leads in (('file', 'a.jpg'), ('nowhere', 'none')):
        (tmp_path / name).symlink_to(leads)
    passed = Passed()
    assert list(scan(tmp_path, frozenset(('.jpg',)), passed)) == ['a.jpg']
    assert sorted(passed.links) == ['deep/two', 'one']
    assert sorted(passed.pictures) == ['b.heic', 'deep/e.DNG']


def test_suffixes_are_read_or_not() -> None:
    from synapse_plugins.datasets.images import IMAGE_SUFFIXES

    assert IMAGE_SUFFIXES.isdisjoint(UNREAD_SUFFIXES)
