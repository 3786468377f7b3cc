"""What a split may be called: whatever a dataset or a user says, nothing leads outside and no split is lost."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from synapse_plugins.datasets import convert, open_dataset
from synapse_plugins.datasets.formats import writer_of
from synapse_plugins.datasets.formats.yolo_splits import NO_SPLITS
from synapse_plugins.datasets.names import split_name
from synapse_plugins.datasets.report import Report
from synapse_plugins.errors import DatasetError, FormatError

if TYPE_CHECKING:
    from collections.abc import Callable

ODD = [
    '', ' ', '.', '..', '.x', 'x ', 'a/b', 'a\\b', '../../escaped', '/', 'C:x', 'a:b', 'nul\0x', 'new\nline', '\x85',
    'a\u2028b', 'z' * 300, '한' * 100, 'report.json', 'classes.json', 'Report.json', 'dataset.yaml', 'json',
    'original_files', 'meta', 'images', 'labels', 'annotations', 'ImageSets', 'Main', 'JPEGImages', 'names', 'CON',
    'true', '1', '1.5', 'null', '~', 'all', 'trainval', 'default', 'instances', 'train2017', 'minival2014', 'Train',
    'VAL', 'cat', 'dog', "a'b", 'a%2Fb', '*', '[a]', 'é', 'e\u0301', '사진', '- a', '#a', '$a', 'a.b', 'a.',
]  # fmt: skip
NAMES = (
    st.sampled_from(ODD) | st.text(st.sampled_from('ab./\\:~ \0\n%-_19é'), max_size=8) | st.text(max_size=9)
)

WAYS: list[tuple[str, dict[str, Any]]] = [
    ('dm_v1', {}),
    ('dm_v2', {}),
    ('yolo', {}),
    ('coco', {}),
    ('coco', {'layout': 'roboflow'}),
    ('pascal_voc', {}),
]
CLASS_WAYS: list[tuple[str, dict[str, Any]]] = [
    ('imagefolder', {}),
    ('yolo', {'task': 'classify'}),
    ('dm_v2', {}),
]


def write_detect(root: Path, content: dict[str, Any], make: Any) -> None:
    for split, count in (('one', 2), ('two', 3)):
        for number in range(count):
            make.picture(root / f'images/{split}/{split}{number}.jpg')
            (root / f'labels/{split}').mkdir(parents=True, exist_ok=True)
            (root / f'labels/{split}/{split}{number}.txt').write_text('0 0.5 0.5 0.1 0.1\n', encoding='utf-8')
    (root / 'data.yaml').write_text(yaml.safe_dump({'names': ['cat'], **content}), encoding='utf-8')


def write_classify(root: Path, content: dict[str, Any], make: Any) -> None:
    for split, count in (('one', 2), ('two', 3)):
        for number in range(count):
            make.picture(root / f'images/{split}/{"cat" if number else "dog"}/{split}{number}.jpg')
    text = yaml.safe_dump({'names': ['cat', 'dog'], 'task': 'classify', **content})
    (root / 'data.yaml').write_text(text, encoding='utf-8')


def below(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob('*')}


def refused_or_held(source: Path, work: Path, way: tuple[str, dict[str, Any]], **more: Any) -> None:
    """Convert, and read what came out: every split is back, or one message told why there is none."""
    to, options = way
    before = below(work)
    out = work / 'a/b/c/out'
    try:
        made = convert(source, out, to=to, **options, **more)
    except DatasetError as exc:
        if 'split' not in str(exc):
            raise
        assert below(work) - before <= {'a', 'a/b', 'a/b/c'}
        return
    assert all(
        path.startswith('a/b/c/out/') for path in below(work) - before - {'a', 'a/b', 'a/b/c', 'a/b/c/out'}
    )
    back = convert(out, work / 'back', to='dm_v2')
    assert (back.count, back.splits) == (made.count, made.splits)
    assert sum(made.splits.values()) == made.count == 5


@pytest.mark.parametrize('way', WAYS, ids=str)
@pytest.mark.parametrize('other', ['train', 'fold'])
def test_whatever_a_yaml_file_calls_a_split(way: Any, other: str, make: Any, rounds: int) -> None:
    check(way, other, make, rounds, write_detect)


@pytest.mark.parametrize('way', CLASS_WAYS, ids=str)
@pytest.mark.parametrize('other', ['train', 'fold'])
def test_whatever_a_yaml_file_calls_a_split_of_classes(way: Any, other: str, make: Any, rounds: int) -> None:
    check(way, other, make, rounds, write_classify)


def check(way: Any, other: str, make: Any, rounds: int, write: Callable[..., None]) -> None:
    @settings(max_examples=max(5, rounds // 4))
    @given(NAMES)
    @example('../../escaped')
    @example('a/b')
    def whatever(name: str) -> None:
        with TemporaryDirectory() as folder:
            work = Path(folder)
            assume(name not in NO_SPLITS)  # it counts what those lead to, as `test_yolo_splits` says
            write(work / 'in', {other: 'images/one', name: 'images/two'}, make)
            refused_or_held(work / 'in', work, way)

    whatever()


@pytest.mark.parametrize('way', WAYS, ids=str)
def test_whatever_a_user_calls_a_split(way: Any, make: Any, rounds: int) -> None:
    @settings(max_examples=max(5, rounds // 4))
    @given(NAMES, st.booleans())
    def whatever(name: str, alone: bool) -> None:
        with TemporaryDirectory() as folder:
            work = Path(folder)
            write_detect(work / 'in', {'train': 'images/one', 'val': 'images/two'}, make)
            shares = {name: 1.0} if alone else {name: 0.5, 'fold': 0.5}
            refused_or_held(work / 'in', work, way, split=shares)

    whatever()


@pytest.mark.parametrize('key', ['../../escaped', 'a/b', '', '.x', 'report.json'])
def test_a_key_that_cannot_be_a_split_is_refused_with_its_name(key: str, tmp_path: Path, make: Any) -> None:
    write_detect(tmp_path / 'in', {'train': 'images/one', key: 'images/two'}, make)
    with pytest.raises(FormatError, match='names pictures under') as caught:
        open_dataset(tmp_path / 'in')
    assert repr(key) in str(caught.value)


def test_a_key_does_not_lead_into_a_folder_of_somebody_else(tmp_path: Path, make: Any) -> None:
    victim = tmp_path / 'victim'
    (victim / 'labels').mkdir(parents=True)
    write_detect(tmp_path / 'in', {'train': 'images/one', str(victim): 'images/two'}, make)
    for to in ('yolo', 'dm_v2', 'pascal_voc'):
        with pytest.raises(DatasetError, match='no name of a split'):
            convert(tmp_path / 'in', tmp_path / to, to=to)
    assert below(victim) == {'labels'}


def test_a_folder_that_cannot_be_a_split_is_refused_by_every_reader(tmp_path: Path, make: Any) -> None:
    make.dm(tmp_path, {'train/a.jpg': {}, 'x /b.jpg': {}})
    with pytest.raises(DatasetError, match="has a split called 'x '"):
        open_dataset(tmp_path)


@pytest.mark.parametrize('name', ['../x', '/x', 'a/../../x', 'a\0b', 'images/../..', '..\\x'])
def test_a_writer_makes_no_folder_outside(name: str, tmp_path: Path) -> None:
    writer = writer_of('dm_v2')(
        tmp_path / 'out', classes=[], splits=[None], task=None, link='copy', report=Report()
    )
    with pytest.raises(DatasetError, match='leads outside the output'):
        writer.folder(name)
    assert not any(tmp_path.iterdir())


def test_years_belong_to_the_usual_names_only() -> None:
    names = ('train2017', 'VAL2012', 'dev2019', 'fold2017', '2017', 'train17')
    assert list(map(split_name, names)) == ['train', 'valid', 'valid', 'fold2017', '2017', 'train17']


@pytest.mark.parametrize('name', ['all', 'trainval', 'default'])
def test_a_lone_list_of_pascal_voc_is_a_split(name: str, tmp_path: Path, make: Any) -> None:
    write_detect(tmp_path / 'in', {'train': 'images/one'}, make)
    made = convert(tmp_path / 'in', tmp_path / 'out', to='pascal_voc', split={name: 1})
    assert open_dataset(made.path).splits == [name]
