"""Input that is wrong in any way: an error that says what, or a whole output, never anything else, and soon."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import Conversion, convert
from synapse_plugins.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NASTY = [
    None, True, False, 0, -1, 1e308, -1e308, 1e-320, 2**63, 10**400, '', 'x', '\ud800', '../x', [], {}, [[]],
    [None] * 3,
    [1e308] * 4, [1, 2, 3], [1, 2, 3, 4, 5], ['1', '2', '3', '4'], [[1, 2]], [[1e400, 2]] * 4, {'a': {}}, [[[]]],
    {'counts': [], 'size': [0, 0]}, {'counts': 'zzz', 'size': [9, 9]}, {'counts': [10**18], 'size': [10**9, 10**9]},
]  # fmt: skip
DEEP = '[' * 5000 + ']' * 5000
TARGETS = ('dm_v2', 'yolo', 'coco', 'pascal_voc')


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value in a document."""
    if way:
        yield way
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in pairs:
        yield from places(one, (*way, key))


def spoilt(document: Any, chance: random.Random) -> str:
    """Return a document as text in which something is wrong."""
    copy = json.loads(json.dumps(document))
    way = chance.choice(list(places(copy)))
    inner = copy
    for key in way[:-1]:
        inner = inner[key]
    if chance.random() < 0.2:
        del inner[way[-1]]
    else:
        inner[way[-1]] = chance.choice(NASTY)
    text = json.dumps(copy, ensure_ascii=False)
    match chance.randrange(8):
        case 0:
            return text[: chance.randrange(len(text))]
        case 1:
            return text.replace('1', 'NaN', 1)
        case 2:
            return text.replace('1', DEEP, 1)
        case 3:
            return text.replace('1', '1' * 5000, 1)
        case _:
            return text


def check(source: Path, out: Path, to: str, **options: Any) -> None:
    """Convert; there is a whole output or an error of ours, and nothing besides."""
    try:
        convert(source, out, to=to, **options)
    except DatasetError:
        assert not out.exists()
    else:
        assert Conversion.load(out).count
    assert [path for path in out.parent.iterdir() if path.name.startswith('.')] == []


@pytest.fixture
def rng(seed: int) -> random.Random:
    return random.Random(seed)


def test_spoilt_dm_documents(make: Any, tmp_path: Path, rng: random.Random, rounds: int) -> None:
    document = {
        'classification': {'bounding_box': ['x']},
        'images': [
            {
                'bounding_box': [make.box('x', 1, 1, 9, 9, attrs=[{'name': 'rotation', 'value': 0.1}])],
                'polygon': [make.polygon('y', (1, 1), (9, 1), (5, 9))],
                'segmentation': [{'id': 'm', 'classification': 'x', 'attrs': [], 'data': [[1, 5], [64, 5]]}],
                'keypoint': [
                    {'id': 'k', 'classification': 'x', 'attrs': [], 'data': [1, 2], 'visibility': 2}
                ],
            }
        ],
    }
    plain = {'bounding_box': [make.box('x', 1, 1, 5, 5)]}
    source = make.dm(tmp_path / 'in', {'a.jpg': plain, 'b.jpg': plain})
    for number in range(max(10, rounds // 3)):
        text = spoilt(document, rng).encode('utf-8', 'surrogatepass')
        (source / 'json' / 'a.json').write_bytes(text)
        check(source, tmp_path / f'out-{number}', rng.choice(TARGETS), overwrite=bool(number % 2))


def test_spoilt_coco_files(make: Any, tmp_path: Path, rng: random.Random, rounds: int) -> None:
    source = tmp_path / 'in'
    for name in ('a.jpg', 'b.jpg'):
        make.picture(source / 'images' / name)
    (source / 'annotations').mkdir()
    document = {
        'images': [
            {'id': number, 'file_name': f'{"ab"[number]}.jpg', 'width': 64, 'height': 48}
            for number in range(2)
        ],
        'annotations': [
            {
                'id': 1,
                'image_id': 0,
                'category_id': 1,
                'bbox': [1, 1, 5, 5],
                'iscrowd': 0,
                'attributes': {'a': 1},
            },
            {
                'id': 2,
                'image_id': 1,
                'category_id': 1,
                'segmentation': [[1, 1, 9, 1, 5, 9]],
                'bbox': [1, 1, 8, 8],
            },
            {
                'id': 3,
                'image_id': 1,
                'category_id': 1,
                'segmentation': {'counts': [5, 5, 3062], 'size': [48, 64]},
            },
        ],
        'categories': [{'id': 1, 'name': 'x'}],
    }
    for number in range(max(10, rounds // 3)):
        text = spoilt(document, rng).encode('utf-8', 'surrogatepass')
        (source / 'annotations' / 'instances.json').write_bytes(text)
        check(source, tmp_path / f'out-{number}', rng.choice(TARGETS), source_format='coco')


def test_spoilt_label_files(make: Any, tmp_path: Path, rng: random.Random, rounds: int) -> None:
    tools = {
        'bounding_box': [make.box('x', 1, 1, 9, 9)],
        'polygon': [make.polygon('x', (1, 1), (9, 1), (5, 9))],
    }
    source = convert(
        make.dm(tmp_path / 'dm', {'a.jpg': tools, 'b.jpg': tools}), tmp_path / 'in', to='yolo'
    ).path
    words = [
        '0',
        '1',
        '-1',
        '0.5',
        'nan',
        'inf',
        '1e400',
        '9' * 400,
        'x',
        '\x00',
        '\n',
        '\ufeff',
        '1e308',
        '',
    ]
    for number in range(max(10, rounds // 3)):
        text = ' '.join(rng.choices(words, k=rng.randrange(12)))
        (source / 'labels' / 'a.txt').write_bytes(text.encode())
        check(source, tmp_path / f'out-{number}', rng.choice(TARGETS))


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (7 << 27, 7 << 27))
from synapse_plugins.datasets import convert
from synapse_plugins.errors import DatasetError
try:
    convert(sys.argv[1], sys.argv[2], to=sys.argv[3], source_format=sys.argv[4])
except DatasetError as exc:
    print('refused:', exc)
"""


@pytest.mark.skipif(sys.platform == 'win32', reason='memory is limited in another way there')
@pytest.mark.parametrize('bomb', ['nest', 'string', 'numbers', 'images'])
def test_a_bomb_stays_within_a_gigabyte(bomb: str, make: Any, tmp_path: Path) -> None:
    source = tmp_path / 'in'
    make.picture(source / 'images' / 'a.jpg')
    (source / 'annotations').mkdir()
    with (source / 'annotations' / 'instances.json').open('w', encoding='utf-8') as file:
        file.write('{"categories": [{"id": 1, "name": "x"}], "images": [{"id": 1, "file_name": "a.jpg"}], ')
        file.write('"annotations": [')
        match bomb:
            case 'nest':
                file.write('[' * 30_000_000)
            case 'string':
                file.write('{"id": "' + 'x' * 80_000_000 + '"}]}')
            case 'numbers':
                file.write(
                    '{"id": 1, "image_id": 1, "category_id": 1, "bbox": [' + '1,' * 36_000_000 + '1]}]}'
                )
            case _:
                file.write('{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5]}')
                file.write(
                    ', {"id": 1, "image_id": 9, "category_id": 1, "bbox": [1, 1, 5, 5]}' * 1_000_000 + ']}'
                )
    command = [sys.executable, '-c', LIMITED, str(source), str(tmp_path / 'out'), 'yolo', 'coco']
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith('refused:') == (not (tmp_path / 'out').exists())
    assert (tmp_path / 'out').exists() == (bomb == 'images')


@pytest.mark.parametrize('to', TARGETS)
def test_a_polygon_of_ten_thousand_corners_is_read(to: str, make: Any, tmp_path: Path) -> None:
    corners = [(2 + number % 60 * 0.9, 2 + number // 60 * 0.2) for number in range(10_000)]
    source = make.dm(tmp_path / 'in', {'a.jpg': {'polygon': [make.polygon('x', *corners)]}})
    assert convert(source, tmp_path / 'out', to=to).count == 1
