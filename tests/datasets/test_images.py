from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from synapse_plugins.datasets import convert
from synapse_plugins.datasets.images import probe, probe_and_link
from synapse_plugins.errors import DatasetError

SUFFIXES = ['.jpg', '.JPEG', '.png', '.PNG', '.bmp', '.gif', '.webp', '.tif']


@pytest.mark.parametrize('suffix', SUFFIXES)
def test_the_size_is_what_pillow_says(suffix: str, tmp_path: Path, make: Any) -> None:
    path = make.picture(tmp_path / f'사진{suffix}', (71, 33))
    assert probe(path) == (71, 33, True)


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.webp', '.tif'])
def test_a_turned_picture_has_the_size_that_is_seen(
    suffix: str, orientation: int, tmp_path: Path, make: Any
) -> None:
    path = make.picture(tmp_path / f'turned{suffix}', (71, 33), orientation=orientation)
    assert probe(path)[:2] == ((33, 71) if orientation >= 5 else (71, 33))


@pytest.mark.parametrize('options', [{'lossless': True}, {'lossless': False}, {'quality': 10, 'method': 0}])
def test_every_kind_of_webp(options: dict[str, Any], tmp_path: Path) -> None:
    for mode in ('RGB', 'RGBA'):
        path = tmp_path / f'{mode}.webp'
        Image.new(mode, (300, 7)).save(path, **options)
        assert probe(path) == (300, 7, True)


def test_a_header_behind_a_large_block_is_found(tmp_path: Path) -> None:
    path = tmp_path / 'thumbnail.jpg'
    Image.new('RGB', (40, 30)).save(path, icc_profile=b'x' * 200_000)
    assert probe(path) == (40, 30, True)


def test_a_progressive_jpeg(tmp_path: Path) -> None:
    path = tmp_path / 'progressive.jpg'
    Image.new('RGB', (40, 30)).save(path, progressive=True)
    assert probe(path) == (40, 30, True)


def test_a_bitmap_from_the_top(tmp_path: Path, make: Any) -> None:
    path = make.picture(tmp_path / 'top.bmp', (20, 10))
    content = bytearray(path.read_bytes())
    content[22:26] = (-10).to_bytes(4, 'little', signed=True)
    path.write_bytes(content)
    assert probe(path) == (20, 10, True)


def test_a_jpeg_without_its_end_marker_is_not_complete(tmp_path: Path, make: Any) -> None:
    path = make.picture(tmp_path / 'cut.jpg')
    path.write_bytes(path.read_bytes()[:-2])
    assert probe(path) == (64, 48, False)


@pytest.mark.parametrize(
    ('name', 'content', 'reason'),
    [
        ('empty.jpg', b'', 'the file is empty'),
        ('text.png', b'no picture at all', 'it is not a picture that can be read'),
        ('head.jpg', b'\xff\xd8\xff', 'the header is cut short'),
        ('no-frame.jpg', b'\xff\xd8\xff\xd9', 'no JPEG frame header was found'),
        ('short.png', b'\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'the header is cut short'),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(
    name: str, content: bytes, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=f'^{reason}$'):
        probe(path)


@pytest.mark.parametrize('suffix', ['.png', '.webp'])
def test_a_file_that_is_cut_short_is_refused(suffix: str, tmp_path: Path, make: Any) -> None:
    path = make.picture(tmp_path / f'cut{suffix}', (200, 200))
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(DatasetError, match='cut short'):
        probe(path)


def test_bytes_behind_the_end_of_a_png_do_not_matter(tmp_path: Path, make: Any) -> None:
    path = make.picture(tmp_path / 'more.png')
    path.write_bytes(path.read_bytes() + b'more')
    assert probe(path) == (64, 48, True)


@given(
    head=st.sampled_from(
        [b'\xff\xd8', b'\x89PNG\r\n\x1a\n', b'RIFF\x10\0\0\0WEBP', b'BM', b'GIF89a', b'II*\0', b'']
    ),
    rest=st.binary(max_size=200),
)
def test_no_bytes_make_it_fail_otherwise(head: bytes, rest: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, 'x.jpg')
        path.write_bytes(head + rest)
        try:
            width, height, _ = probe(path)
        except DatasetError:
            return
        assert width > 0
        assert height > 0


def test_a_file_of_tiny_segments_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / 'segments.jpg'
    path.write_bytes(b'\xff\xd8' + b'\xff\xfe\0\x02' * 1_000_000)
    with pytest.raises(DatasetError, match='no JPEG frame header'):
        probe(path)


def test_a_missing_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        probe(os.fspath(tmp_path / 'none.jpg'))


def test_verify_decodes(tmp_path: Path, make: Any) -> None:
    good = {'bounding_box': [make.box('x', 1, 1, 9, 9)]}
    make.dm(tmp_path / 'in', {'a.png': good, 'b.png': good, 'c.jpg': good, 'd.tif': good})
    path = tmp_path / 'in/original_files/b.png'
    content = bytearray(path.read_bytes())
    place = content.index(b'IDAT')
    content[place + 6 : place + 12] = b'noise!'
    path.write_bytes(bytes(content))
    assert convert(tmp_path / 'in', tmp_path / 'quick', to='yolo').count == 4
    for workers in (1, 2):
        conversion = convert(
            tmp_path / 'in', tmp_path / f'{workers}', to='yolo', verify=True, workers=workers
        )
        assert conversion.count == 3
        found = [(entry.kind, entry.reason, entry.examples) for entry in conversion.report.quarantined]
        assert found == [('image', 'it cannot be decoded', ['b'])]
        assert ('bounding_box', 'its image cannot be read') in [
            (entry.kind, entry.reason) for entry in conversion.report.dropped
        ]


def test_a_link_is_seen_while_its_picture_is_looked_at(tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'a.png', (7, 3))
    (tmp_path / 'link.png').symlink_to('a.png')
    assert probe_and_link(tmp_path / 'a.png')[1] is False
    assert probe_and_link(tmp_path / 'link.png') == (probe(tmp_path / 'a.png'), True)
    (tmp_path / 'nowhere.png').symlink_to('absent.png')
    with pytest.raises(FileNotFoundError):
        probe(tmp_path / 'nowhere.png')
