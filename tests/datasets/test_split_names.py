"""What a split may be called: whatever a dataset or a user says, nothing leads outside and no split is lost."""

from __future__ import annotations

import shutil
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


# -- names that differ in case only ---------------------------------------------------------------------------


LOOKALIKES = [
    ('Fold', 'fold'),
    ('FOLD', 'Fold'),
    ('é', 'e\u0301'),
    ('É', 'e\u0301'),
    ('straße', 'STRASSE'),
    ('ſet', 'Set'),
]
"""Names that some disk or other takes for one."""


def write_lookalikes(root: Path, names: tuple[str, str], to: str, make: Any) -> Path:
    """Write a dataset of a format whose two splits are called so, each with a picture ``a``."""
    out = root / 'in'
    made: dict[str, Path] = {}
    for place, name in enumerate(names):
        tools = {
            'bounding_box': [make.box('cat', 1 + place, 1, 9, 9)],
            'classification': [{'id': 'c', 'classification': 'cat'}],
        }
        make.dm(root / f'dm{place}', {f'{name}/a.jpg': tools, 'test/b.jpg': tools})
        way = {'layout': 'roboflow'} if to == 'roboflow' else {}
        made[name] = convert(root / f'dm{place}', root / f'one{place}', to='coco' if way else to, **way).path
    shutil.copytree(made[names[0]], out)
    for path in sorted(made[names[1]].rglob('*')):
        if names[1] in path.relative_to(made[names[1]]).as_posix():
            target = out / path.relative_to(made[names[1]])
            target.mkdir(parents=True, exist_ok=True) if path.is_dir() else shutil.copy2(path, target)
    if to == 'yolo':
        config = yaml.safe_load((out / 'dataset.yaml').read_text('utf-8')) | {names[1]: f'{names[1]}/images'}
        (out / 'dataset.yaml').write_text(yaml.safe_dump(config, allow_unicode=True), encoding='utf-8')
    if to == 'pascal_voc':  # whose pictures all lie in one folder
        for folder, suffix in (('Annotations', 'xml'), ('JPEGImages', 'jpg')):
            shutil.copy2(out / f'{folder}/a.{suffix}', out / f'{folder}/c.{suffix}')
        (out / f'ImageSets/Main/{names[1]}.txt').write_text('c\n', encoding='utf-8')
    return out


@pytest.mark.parametrize('names', LOOKALIKES, ids=ascii)
@pytest.mark.parametrize('to', ['dm_v1', 'dm_v2', 'yolo', 'coco', 'roboflow', 'pascal_voc', 'imagefolder'])
def test_splits_that_many_disks_take_for_one_are_refused(
    names: tuple[str, str], to: str, tmp_path: Path, make: Any
) -> None:
    source = write_lookalikes(tmp_path, names, to, make)
    before = below(tmp_path)
    if to == 'imagefolder':
        assert set(open_dataset(source).splits) == {'test', *names}
    for target in ('dm_v2', 'yolo', 'coco', 'pascal_voc'):
        if to == 'imagefolder' and target != 'dm_v2':
            continue
        with pytest.raises(DatasetError, match='which many disks take for one folder') as caught:
            convert(source, tmp_path / 'out', to=target)
        assert all(repr(name) in str(caught.value) for name in names)
        assert below(tmp_path) == before
    made = convert(source, tmp_path / 'out', to='dm_v2', split={'train': 1})
    assert made.count == 3


def test_lookalikes_of_two_sources_and_of_a_choice_are_refused(tmp_path: Path, make: Any) -> None:
    one = make.dm(tmp_path / 'one', {'Fold/a.jpg': {'bounding_box': [make.box('cat', 1, 1, 9, 9)]}})
    two = make.dm(tmp_path / 'two', {'fold/a.jpg': {'bounding_box': [make.box('cat', 1, 1, 9, 9)]}})
    with pytest.raises(DatasetError, match="'Fold' and 'fold'"):
        convert([one, two], tmp_path / 'out', to='yolo')
    with pytest.raises(DatasetError, match='Give one of them another name'):
        convert(one, tmp_path / 'out', to='yolo', split={'Fold': 0.5, 'fold': 0.5})
    assert not (tmp_path / 'out').exists()


def test_usual_names_in_any_case_are_one_split_and_that_is_told(tmp_path: Path, make: Any) -> None:
    write_detect(tmp_path / 'keys', {'train': 'images/one', 'Train': 'images/two', 'names': ['cat']}, make)
    write_detect(tmp_path / 'plain', {}, make)
    (tmp_path / 'plain/data.yaml').unlink()
    (tmp_path / 'plain/classes.txt').write_text('cat\n', encoding='utf-8')
    for old, new in (('one', 'Train'), ('two', 'train')):
        for kind in ('images', 'labels'):
            (tmp_path / 'plain' / kind / old).rename(tmp_path / 'plain' / kind / new)
    for source, said in (
        ('keys', 'data.yaml has train: and Train:'),
        ('plain', 'images/Train/ and images/train/'),
    ):
        made = convert(tmp_path / source, tmp_path / f'{source}-out', to='coco')
        assert made.splits == {'train': 5}
        (sentence,) = [one for one in made.report.warnings if 'the same split, train' in one]
        assert said in sentence


def test_lists_of_pascal_voc_in_any_case(tmp_path: Path, make: Any) -> None:
    tools = {'bounding_box': [make.box('cat', 1, 1, 9, 9)]}
    source = make.dm(tmp_path / 'in', dict.fromkeys(('train/a.jpg', 'valid/b.jpg', 'test/c.jpg'), tools))
    sets = convert(source, tmp_path / 'voc', to='pascal_voc').path / 'ImageSets/Main'
    (sets / 'test.txt').rename(sets / 'Train.txt')
    (sets / 'TrainVal.txt').write_text('a\nb\n', encoding='utf-8')
    made = convert(tmp_path / 'voc', tmp_path / 'out', to='coco')
    assert made.splits == {'train': 2, 'valid': 1}
    assert any(
        'Train.txt and train.txt, which are the same split, train' in one for one in made.report.warnings
    )


@pytest.mark.parametrize(
    ('to', 'way'), [('dm_v2', {}), ('coco', {}), ('coco', {'layout': 'roboflow'}), ('imagefolder', {})]
)
def test_usual_names_in_two_cases_are_refused_where_one_must_be_meant(
    to: str, way: dict[str, Any], tmp_path: Path, make: Any
) -> None:
    tools = {
        'bounding_box': [make.box('cat', 1, 1, 9, 9)],
        'classification': [{'id': 'c', 'classification': 'cat'}],
    }
    source = make.dm(tmp_path / 'in', {'train/a.jpg': tools, 'test/b.jpg': tools})
    root = convert(source, tmp_path / 'data', to=to, **way).path
    for path in sorted(root.rglob('*'), reverse=True):
        if 'test' in path.name:
            path.rename(path.with_name(path.name.replace('test', 'Train')))
    with pytest.raises(FormatError, match='are both the split train'):
        convert(root, tmp_path / 'out', to='dm_v2', source_format=to)
