"""Annotation files that people and programs broke: an error of ours or a line in the report, never anything else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synapse_plugins.datasets import convert, open_dataset
from synapse_plugins.errors import SynapsePluginsError

JUNK = st.sampled_from(
    [
        b'NaN',
        b'Infinity',
        b'-1',
        b'1e999',
        b'99999999999999999999999999',
        b'0',
        b'""',
        b'null',
        b'true',
        b'[]',
        b'{}',
        b'[[[1]]]',
        b'"../../etc/passwd"',
        b'{"a": [1, {"b": 2}]}',
        b'\xff\xfe',
        b'\0',
        b'&amp;',
        b'<',
        '"고양이"'.encode(),
        b'[' * 3000,
        b'{"a":' * 3000,
        b'*a',
        b'- ',
    ]
)
TOKEN = re.compile(rb'"[^"\n]{0,40}"|-?\d+(?:\.\d+)?|[\[\]{}<>:,]|\w+')
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    'dm_v1': ('dm_v1', {}),
    'dm_v2': ('dm_v2', {}),
    'yolo detect': ('yolo', {'task': 'detect'}),
    'yolo segment': ('yolo', {'task': 'segment'}),
    'yolo obb': ('yolo', {'task': 'obb'}),
    'yolo pose': ('yolo', {'task': 'pose'}),
    'yolo classify': ('yolo', {'task': 'classify'}),
    'coco': ('coco', {}),
    'coco roboflow': ('coco', {'layout': 'roboflow'}),
    'pascal_voc': ('pascal_voc', {}),
    'imagefolder': ('imagefolder', {}),
}


@pytest.fixture(scope='module')
def sources(make: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small dataset of every kind of annotation, in every format."""
    root = tmp_path_factory.mktemp('fuzz')
    point = {
        'classification': 'nose',
        'attrs': [],
        'data': [5, 5],
        'group_id': 'g',
        'visibility': 2,
        'id': 'k',
    }
    turned = {
        **make.box('고양이', 4, 6, 20, 10),
        'attrs': [{'name': 'rotation', 'value': 0.2}],
        'group_id': 'g',
    }
    tools = {
        'bounding_box': [turned],
        'polygon': [make.polygon('dog', (5, 5), (30, 6), (20, 30))],
        'segmentation': [{'id': 's', 'classification': 'dog', 'attrs': [], 'data': [[70, 5], [134, 5]]}],
        'keypoint': [point],
        'classification': [{'id': 'c', 'classification': 'dog', 'attrs': [], 'data': {}}],
    }
    make.dm(root / 'source', {'train/a.jpg': tools, 'valid/b.jpg': tools})
    found = {}
    for name, (form, options) in VARIANTS.items():
        convert(root / 'source', root / name, to=form, link='copy', **options)
        (root / name / 'report.json').unlink()
        found[name] = root / name
    return found


@st.composite
def edits(draw: st.DrawFn) -> list[tuple[int, int, bytes | None]]:
    """Return which file, which token of it, and what to put there; None cuts the file short."""
    edit = st.tuples(st.integers(0, 50), st.integers(0, 4000), st.none() | JUNK)
    return draw(st.lists(edit, min_size=1, max_size=4))


def damage(root: Path, changes: list[tuple[int, int, bytes | None]]) -> None:
    files = sorted(path for path in root.rglob('*') if path.is_file() and path.suffix not in ('.jpg', '.png'))
    for number, place, junk in changes:
        path = files[number % len(files)]
        content = path.read_bytes()
        tokens = list(TOKEN.finditer(content))
        if not tokens:
            path.write_bytes(junk or b'')
            continue
        token = tokens[place % len(tokens)]
        after = b'' if junk is None else junk + content[token.end() :]
        path.write_bytes(content[: token.start()] + after)


@pytest.mark.parametrize('name', VARIANTS)
def test_broken_files_are_an_error_or_reported(name: str, sources: dict[str, Path], rounds: int) -> None:
    form = VARIANTS[name][0]

    @settings(max_examples=max(5, rounds // 5), suppress_health_check=[HealthCheck.too_slow])
    @given(edits())
    def check(changes: list[tuple[int, int, bytes | None]]) -> None:
        with TemporaryDirectory() as folder:
            root = Path(folder)
            shutil.copytree(sources[name], root / 'in')
            damage(root / 'in', changes)
            for to in ('dm_v2', 'coco'):
                try:
                    for sample in open_dataset(root / 'in', form):
                        assert sample.image.path.is_relative_to(root / 'in')
                    convert(root / 'in', root / to, to=to, source_format=form, workers=1)
                except SynapsePluginsError:
                    assert not (root / to).exists()
            assert not [path for path in root.iterdir() if '.part-' in path.name]

    check()


def test_polygons_of_ten_thousand_points_are_no_matter(tmp_path: Path, make: Any) -> None:
    points = [(float(x % 60), float(x % 44)) for x in range(10_000)]
    parts = [[[x, y] for x, y in points] for _ in range(3)]
    big = {**make.polygon('x', *points), 'parts': parts}
    make.dm(tmp_path / 'in', {'a.jpg': {'polygon': [big]}})
    for to, task in (('yolo', 'segment'), ('yolo', 'obb'), ('coco', None), ('dm_v1', None)):
        convert(tmp_path / 'in', tmp_path / f'{to}-{task}', to=to, task=task)


def test_a_mask_of_impossible_size_is_counted(tmp_path: Path, make: Any) -> None:
    runs = [[0, 1 << 39], [1 << 39, 1 << 39]]
    mask = {'id': 'm', 'classification': 'x', 'attrs': [], 'data': runs}
    make.dm(tmp_path / 'in', {'a.jpg': {'segmentation': [mask], 'bounding_box': [make.box('x', 1, 1, 9, 9)]}})
    conversion = convert(tmp_path / 'in', tmp_path / 'out', to='yolo', task='segment')
    assert sum(entry.count for entry in conversion.report.changed) >= 1
