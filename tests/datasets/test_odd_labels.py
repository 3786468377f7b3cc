"""Labels of every kind are the same to every process, the first time and ever after."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synapse_plugins.datasets import batches, convert, stream
from synapse_plugins.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

ODD = [
    '',
    ' ',
    '\t\n',
    '\u3000',
    'cat',
    ' cat',
    'cat ',
    'z\u0301',
    '\u017a',
    'null',
    '0',
    '고양이',
    '\0',
    'a/b',
]
LABELS = st.one_of(st.none(), st.sampled_from(ODD), st.text(max_size=3))


@pytest.fixture
def parallel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, 'SMALL', 1)
    monkeypatch.setattr(batches, 'BATCH', 2)


def files_of(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes().replace(bytes(root), b'ROOT')
        for path in sorted(root.rglob('*'))
        if path.is_file()
    }


def labels_of(root: Path) -> list[list[str | None]]:
    return [
        [item['classification'] for item in json.loads(path.read_bytes())['images'][0]['bounding_box']]
        for path in sorted((root / 'json').iterdir())
    ]


def test_an_empty_label_is_none_every_time(tmp_path: Path, make: Any) -> None:
    tools = {
        'bounding_box': [make.box('cat', 1, 2, 9, 9), make.box('', 5, 5, 9, 9), make.box(' ', 5, 5, 9, 9)]
    }
    source = make.dm(tmp_path / 'in', {f'{name}.bmp': tools for name in 'abc'})
    made = convert(source, tmp_path / 'out', to='dm_v2').path
    assert labels_of(made) == [['cat', None, None]] * 3
    chosen = convert(source, tmp_path / 'chosen', to='dm_v2', classes=['cat'])
    assert labels_of(chosen.path) == [['cat', None, None]] * 3
    assert not chosen.report.left_out


def test_an_empty_label_is_the_same_where_little_is_converted_anew(tmp_path: Path, make: Any) -> None:
    tools = {'bounding_box': [make.box('cat', 1, 2, 9, 9), make.box('', 5, 5, 9, 9)]}
    source = make.dm(tmp_path / 'in', {f'{name}.bmp': tools for name in 'abc'})
    convert(source, tmp_path / 'out', to='dm_v2', overwrite=True)
    document = source / 'json/b.json'
    document.write_bytes(document.read_bytes().replace(b'[1, 2, 9, 9]', b'[3, 2, 9, 9]'))
    again = convert(source, tmp_path / 'out', to='dm_v2', overwrite=True)
    assert again.reused == 2
    scratch = convert(source, tmp_path / 'scratch', to='dm_v2', remember=True)
    assert labels_of(again.path) == labels_of(scratch.path) == [['cat', None]] * 3


@pytest.mark.usefixtures('parallel')
def test_any_labels_are_the_same_in_any_number_of_processes(
    tmp_path_factory: pytest.TempPathFactory, make: Any, rounds: int
) -> None:
    @settings(max_examples=max(2, rounds // 50), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(st.lists(LABELS, min_size=1, max_size=4), min_size=6, max_size=9),
        st.sampled_from([None, ['cat'], ['cat', '고양이']]),
        st.sampled_from(['dm_v2', 'coco', 'yolo', 'pascal_voc']),
    )
    def check(pictures: list[list[str | None]], chosen: list[str] | None, to: str) -> None:
        root = tmp_path_factory.mktemp('labels')
        samples = {
            f'{place}.bmp': {'bounding_box': [make.box(label, 1, 2, 9, 9) for label in ['cat', *labels]]}
            for place, labels in enumerate(pictures)
        }
        source = make.dm(root / 'in', samples)
        found = []
        for workers in (1, 2, 3):
            try:
                made = convert(source, root / str(workers), to=to, classes=chosen, workers=workers)
                found.append(files_of(made.path))
            except DatasetError as exc:
                found.append({'error': str(exc).replace(str(root / str(workers)), 'ROOT').encode()})
        assert found[0] == found[1] == found[2]
        shutil.rmtree(root)

    check()
