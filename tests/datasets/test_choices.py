"""What a user may choose: classes, other names, a sample, splits, several sources, transforms of packs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.datasets import Conversion, convert, copies, open_dataset, stream
from synapse_plugins.datasets.reader import Unit
from synapse_plugins.datasets.selection import Selection
from synapse_plugins.errors import DatasetError, LossError, OutputExistsError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

    from synapse_plugins.datasets import Sample


def samples_in(root: Path) -> dict[str, Sample]:
    return {sample.key: sample for sample in open_dataset(root)}


def labels_in(conversion: Conversion) -> list[str]:
    found = [one.label for sample in samples_in(conversion.path).values() for one in sample.annotations]
    return sorted(label for label in found if label)


@pytest.fixture
def many(make: Any, tmp_path: Path) -> Path:
    tools = {'bounding_box': [make.box('car', 1, 1, 9, 9), make.box('bus', 2, 2, 9, 9)]}
    root: Path = make.dm(
        tmp_path / 'many', {f'{number:03}.bmp': tools for number in range(200)}, size=(12, 12)
    )
    return root


# -- names of classes ----------------------------------------------------------------------------------------


def test_many_classes_become_one(blood: Path, tmp_path: Path) -> None:
    made = convert(blood, tmp_path / 'out', to='yolo', rename={' RBC': 'cell', 'WBC': 'cell '})
    assert made.classes == ['cell']
    assert labels_in(made) == ['cell'] * 4
    assert not made.report.losses
    assert [(one.kind, one.reason, one.count, one.examples) for one in made.report.noted] == [
        ('bounding_box', f"its class '{old}' became 'cell', as asked (rename)", 2, places)
        for old, places in (('RBC', ['train/a', 'train/b']), ('WBC', ['train/a', 'valid/c']))
    ]
    again = convert(blood, tmp_path / 'again', to='yolo', rename={'RBC': 'RBC', 'WBC': 'WBC'})
    assert not again.report.noted


def test_renamed_classes_keep_the_place_of_the_first(blood: Path, tmp_path: Path) -> None:
    source = convert(blood, tmp_path / 'yolo', to='yolo', classes=['WBC', 'RBC']).path
    made = convert(source, tmp_path / 'out', to='yolo', rename={'WBC': 'zebra'})
    assert made.classes == ['zebra', 'RBC']
    assert labels_in(made) == ['RBC', 'RBC', 'zebra', 'zebra']


def test_classes_are_kept_after_they_are_renamed(blood: Path, tmp_path: Path) -> None:
    made = convert(blood, tmp_path / 'out', to='coco', rename={'WBC': 'white'}, classes=['white'])
    assert labels_in(made) == ['white', 'white']
    assert {(one.kind, one.count) for one in made.report.left_out} == {('bounding_box', 2)}
    convert(
        blood, tmp_path / 'strict', to='coco', rename={'WBC': 'white'}, classes=['white'], on_loss='error'
    )


def test_a_class_that_is_chosen_by_its_old_name_is_told_of_its_new_one(blood: Path, tmp_path: Path) -> None:
    said = "The class 'WBC' has no annotation. --rename comes first and calls it 'wbc': choose that."
    for source in (blood, convert(blood, tmp_path / 'yolo', to='yolo').path):
        made = convert(
            source, tmp_path / f'to-{source.name}', to='coco', rename={'WBC': 'wbc'}, classes=['WBC', 'RBC']
        )
        assert said in made.report.warnings
        with pytest.raises(
            DatasetError, match=r"none of the classes asked for: 'WBC'\. --rename comes first"
        ):
            convert(source, tmp_path / 'none', to='coco', rename={'WBC': 'wbc'}, classes=['WBC'])


def test_a_class_is_not_renamed_to_nothing(blood: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match='--rename'):
        convert(blood, tmp_path / 'out', to='yolo', rename={'RBC': ' '})


def test_a_class_is_not_given_two_names(blood: Path, tmp_path: Path) -> None:
    for rename in ({'RBC': 'x', 'RBC ': 'y'}, {'caf\u00e9': 'x', 'cafe\u0301': 'y'}):
        with pytest.raises(DatasetError, match="two names, 'x' and 'y'"):
            convert(blood, tmp_path / 'out', to='yolo', rename=rename)
    made = convert(blood, tmp_path / 'out', to='yolo', rename={'RBC': 'x', ' RBC': 'x '})
    assert 'x' in made.classes


@pytest.mark.parametrize('source', ['dm_v2', 'yolo', 'coco'])
def test_a_name_that_no_source_has_is_told_of(source: str, blood: Path, tmp_path: Path) -> None:
    root = blood if source == 'dm_v2' else convert(blood, tmp_path / 'in', to=source).path
    rename = {'RBC ': 'cell', 'WBD': 'cell'}
    made = convert(root, tmp_path / 'out', to='dm_v2', rename=rename)
    (line,) = [line for line in made.warnings if 'rename' in line]
    assert "'WBD'" in line
    assert "Did you mean 'WBC'?" in line
    assert Conversion.load(made.path).warnings == made.warnings
    quiet = convert(root, tmp_path / 'quiet', to='yolo', rename={'RBC': 'a', 'WBC': 'b'}, sample=2, seed=1)
    assert not [line for line in quiet.warnings if 'rename' in line]


def test_a_name_that_no_source_has_is_told_of_with_the_error_too(blood: Path, tmp_path: Path) -> None:
    rename = {'WBD': 'cell'}
    options: dict[str, Any] = {'rename': rename, 'task': 'detect', 'on_loss': 'error'}
    turned = convert(blood, tmp_path / 'in', to='yolo', task='segment', on_loss='ignore').path
    with pytest.raises(LossError, match=r'became a box.*no class \'WBD\'.*Did you mean \'WBC\'\?') as lost:
        convert(turned, tmp_path / 'out', to='yolo', **options)
    assert str(lost.value).count('WBD') == 1
    with pytest.raises(DatasetError, match=r'none of the classes asked for: \'cell\'.*no class \'WBD\''):
        convert(blood, tmp_path / 'out', to='yolo', rename=rename, classes=['cell'])
    with pytest.raises(OutputExistsError) as taken:
        convert(blood, tmp_path / 'in', to='yolo', rename=rename)
    assert 'WBD' not in str(taken.value)
    assert not (tmp_path / 'out').exists()


def test_a_joint_has_another_name_too(make: Any, tmp_path: Path) -> None:
    point = {'id': 'k', 'classification': 'nose', 'attrs': [], 'data': [5, 5], 'group_id': 'g'}
    shape = make.box('person', 1, 1, 20, 20, group_id='g')
    root = make.dm(tmp_path / 'in', {'a.png': {'bounding_box': [shape], 'keypoint': [point]}})
    coco = convert(root, tmp_path / 'coco', to='coco').path
    for source in (root, coco):
        made = convert(source, tmp_path / f'out-{source.name}', to='dm_v2', rename={'nose': 'snout'})
        assert not [line for line in made.warnings if 'rename' in line]


def test_functions_see_the_new_names(blood: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    code = [
        'def only_cells(sample):',
        "    sample.annotations = [one for one in sample.annotations if one.label == 'cell']",
        '    return sample',
    ]
    (tmp_path / 'my_renamed_cells.py').write_text('\n'.join(code) + '\n', encoding='utf-8')
    rename = {'RBC': 'cell', 'cell': 'other', 'RCB': 'x'}
    transforms = ['my_renamed_cells:only_cells']
    made = convert(blood, tmp_path / 'out', to='yolo', rename=rename, transforms=transforms)
    assert made.classes == ['cell']
    assert labels_in(made) == ['cell'] * 2
    told = [line for line in made.warnings if 'rename' in line]
    assert len(told) == 2
    assert "Did you mean 'RBC'?" in told[1]


# -- samples and splits --------------------------------------------------------------------------------------


def test_a_sample_is_a_number_of_pictures(many: Path, tmp_path: Path) -> None:
    made = convert(many, tmp_path / 'out', to='yolo', sample=50)
    assert made.count == 50
    assert {(one.kind, one.count) for one in made.report.left_out} == {('image', 150)}
    assert not made.report.losses
    again = convert(many, tmp_path / 'coco', to='coco', sample='50')
    assert samples_in(again.path).keys() == samples_in(made.path).keys()
    other = convert(many, tmp_path / 'other', to='yolo', sample=50, seed=1)
    assert samples_in(other.path).keys() != samples_in(made.path).keys()
    everything = convert(many, tmp_path / 'all', to='yolo', sample=1000)
    assert everything.count == 200
    assert (
        'A sample of 1000 was asked for, but there are 200 pictures; all were taken.' in everything.warnings
    )
    assert not [line for line in made.warnings if 'sample' in line]


def test_a_sample_is_a_share(many: Path, tmp_path: Path) -> None:
    assert 20 < convert(many, tmp_path / 'out', to='yolo', sample='25%').count < 80


@pytest.mark.parametrize('sample', ['0', 'x', '-1', '0%', '101%', '', '1e3', 0])
def test_what_is_no_sample_is_refused(sample: Any, many: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match='sample='):
        convert(many, tmp_path / 'out', to='yolo', sample=sample)


def test_a_split_depends_on_the_name_alone(many: Path, tmp_path: Path) -> None:
    made = convert(many, tmp_path / 'out', to='yolo', split={'train': 0.75, 'val': 0.25})
    assert list(made.splits) == ['train', 'valid']
    assert sum(made.splits.values()) == 200
    assert 120 < made.splits['train'] < 180
    half = convert(many, tmp_path / 'half', to='coco', split={'train': 0.75, 'val': 0.25}, sample=100)
    split_of = {sample.image.name: sample.split for sample in samples_in(made.path).values()}
    for sample in samples_in(half.path).values():
        assert split_of[sample.image.name] == sample.split
    other = convert(many, tmp_path / 'other', to='yolo', split={'train': 0.75, 'val': 0.25}, seed=7)
    assert {sample.image.name: sample.split for sample in samples_in(other.path).values()} != split_of


def test_new_splits_replace_the_old_ones(blood: Path, tmp_path: Path) -> None:
    made = convert(blood, tmp_path / 'out', to='dm_v2', split={'all': 1})
    assert made.splits == {'all': 4}


@pytest.mark.parametrize(
    'split',
    [
        {'train': 0.8},
        {'train': 0.5, 'training': 0.5},
        {'a': -1, 'b': 2},
        {'a': float('nan')},
        {'': 1},
        {'../x': 1},
        {},
    ],
)
def test_what_is_no_split_is_refused(split: dict[str, float], many: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match='split:'):
        convert(many, tmp_path / 'out', to='yolo', split=split)


@given(st.sets(st.text('ab/é', max_size=8), max_size=30), st.integers(1, 40), st.integers(0, 3))
def test_a_number_of_samples_is_met(keys: set[str], number: int, seed: int) -> None:
    selection = Selection(number, seed=seed)
    units = [(source, Unit(key, None, '', None)) for source in range(2) for key in keys]
    selection.look(units)
    assert sum(selection.takes(*one) for one in units) == min(number, len(units))
    assert bool(selection.missing) == (number > len(units))
    first = {unit.key for source, unit in units if not source and selection.takes(source, unit)}
    assert {unit.key for source, unit in units if source and selection.takes(source, unit)} <= first


# -- several sources -----------------------------------------------------------------------------------------


def test_sources_are_put_together_under_one_class_map(blood: Path, make: Any, tmp_path: Path) -> None:
    other = make.dm(
        tmp_path / 'other',
        {'train/a.jpg': {'bounding_box': [make.box('RBC', 1, 1, 5, 5), make.box('PLT', 1, 1, 5, 5)]}},
    )
    coco = convert(other, tmp_path / 'coco', to='coco').path
    made = convert([blood, coco], tmp_path / 'out', to='yolo')
    assert made.classes == ['PLT', 'RBC', 'WBC']
    assert made.splits == {'train': 3, 'valid': 1, 'test': 1}
    assert made.source_format == 'dm_v2, coco'
    assert len(made.report.renamed) == 1
    assert [key for key in made.report.renamed if key.startswith('coco:')]
    assert labels_in(made) == sorted(['RBC', 'WBC', 'RBC', 'WBC', 'RBC', 'PLT'])


def test_sources_with_and_without_splits_need_new_ones(blood: Path, many: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match='--split'):
        convert([blood, many], tmp_path / 'out', to='yolo')
    assert convert([blood, many], tmp_path / 'out', to='yolo', split={'train': 1}).count == 204


def test_a_picture_stays_where_it_is_when_a_source_joins(many: Path, blood: Path, tmp_path: Path) -> None:
    ways: dict[str, Any] = {'to': 'dm_v2', 'split': {'train': 0.5, 'val': 0.5}}
    alone = samples_in(convert(many, tmp_path / 'alone', **ways).path)
    both = samples_in(convert([many, blood], tmp_path / 'both', **ways).path)
    assert alone.keys() < both.keys()
    alone = samples_in(convert(many, tmp_path / 'some', to='dm_v2', sample='30%').path)
    both = samples_in(convert([blood, many], tmp_path / 'of-both', sample='30%', **ways).path)
    assert {sample.image.name for sample in alone.values()} <= {one.image.name for one in both.values()}


@pytest.mark.parametrize('workers', [1, 2])
def test_copies_of_a_picture_stay_together(
    workers: int, many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, 'SMALL', 1)
    shares = {'train': 0.5, 'val': 0.5}
    other = convert(many, tmp_path / 'other', to='yolo', split=shares, seed=3).path
    made = convert([many, other], tmp_path / 'out', to='yolo', split=shares, workers=workers)
    assert len({sample.split for sample in samples_in(made.path).values()}) == 2
    splits: dict[str, set[str | None]] = {}
    for sample in samples_in(made.path).values():
        splits.setdefault(sample.image.name[:3], set()).add(sample.split)
    assert all(len(found) == 1 for found in splits.values())
    assert not [line for line in made.warnings if 'the name of one' in line]


@pytest.mark.parametrize('workers', [1, 2])
def test_copies_in_other_splits_are_told_of(
    workers: int, blood: Path, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, 'SMALL', 1)
    shape = {'bounding_box': [make.box('RBC', 1, 1, 5, 5)]}
    pictures = {'valid/a.png': shape, 'train/b.jpg': shape, 'train/c.jpg': shape, 'train/new.jpg': shape}
    other = make.dm(tmp_path / 'other', pictures)
    made = convert([blood, other], tmp_path / 'out', to='coco', workers=workers)
    (line,) = [line for line in made.warnings if 'the name of one' in line]
    assert line.startswith('2 pictures have the name of one in another source that is in another split')
    assert '(other:train/c, other:valid/a)' in line
    joined = convert([blood, other], tmp_path / 'joined', to='coco', split={'train': 0.5, 'val': 0.5})
    assert not [line for line in joined.warnings if 'the name of one' in line]
    assert Conversion.load(made.path).warnings == made.warnings


@pytest.mark.parametrize('workers', [1, 2])
def test_pictures_that_are_in_two_sources_are_told_of(
    workers: int, blood: Path, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, 'SMALL', 1)
    again = convert(blood, tmp_path / 'again', to='yolo', link='copy').path
    make.picture(again / 'valid/images/c.jpg', size=(33, 22))
    made = convert([blood, again], tmp_path / 'out', to='coco', workers=workers)
    (line,) = [line for line in made.warnings if 'copies' in line]
    assert line.startswith(
        '3 pictures are copies of one in another source, of the same name and content (again:'
    )
    assert Conversion.load(made.path).warnings == made.warnings
    assert convert([blood, again], tmp_path / 'out', to='coco', overwrite=True).warnings == made.warnings
    monkeypatch.setattr(copies, '_PAIRS', 1)
    (line,) = [
        line for line in convert([blood, again], tmp_path / 'few', to='coco').warnings if 'copies' in line
    ]
    assert line.startswith('1 pictures or more are copies')
    assert not [line for line in convert(blood, tmp_path / 'one', to='coco').warnings if 'copies' in line]


@pytest.mark.parametrize('folder', ['{}', '{}2017', 'images/{}'])
def test_copies_stay_together_where_coco_names_pictures_by_a_path(
    folder: str, many: Path, tmp_path: Path
) -> None:
    shares = {'train': 0.5, 'val': 0.5}
    yolo = convert(many, tmp_path / 'yolo', to='yolo', split=shares, seed=3).path
    coco = convert(yolo, tmp_path / 'coco', to='coco').path
    for path in (coco / 'annotations').iterdir():
        own = path.stem.rpartition('_')[2]
        content = json.loads(path.read_text(encoding='utf-8'))
        (pictures,) = coco.glob(f'images/{own}*')
        below = coco / 'images' / folder.format(own)
        below.parent.mkdir(parents=True, exist_ok=True)
        pictures.rename(below)
        for image in content['images']:
            image['file_name'] = f'{folder.format(own)}/{image["file_name"]}'
        path.write_text(json.dumps(content), encoding='utf-8')
    made = convert([yolo, coco], tmp_path / 'out', to='dm_v2', split=shares)
    splits: dict[str, set[str | None]] = {}
    for sample in samples_in(made.path).values():
        splits.setdefault(sample.image.name[:3], set()).add(sample.split)
    assert made.count == 400
    assert all(len(found) == 1 for found in splits.values())
    assert not [line for line in made.warnings if 'the name of one' in line]
    taken = convert([yolo, coco], tmp_path / 'taken', to='dm_v2', sample='30%', split=shares)
    counts: dict[str, int] = {}
    for sample in samples_in(taken.path).values():
        counts[sample.image.name[:3]] = counts.get(sample.image.name[:3], 0) + 1
    assert set(counts.values()) == {2}


def test_copies_in_folders_of_other_names_are_told_of_though_splits_are_new(
    many: Path, make: Any, tmp_path: Path
) -> None:
    other = make.dm(tmp_path / 'other', {})
    for picture in (many / 'original_files').iterdir():
        make.picture(other / 'original_files' / 'day' / picture.name, (12, 12))
        document = other / 'json' / 'day' / f'{picture.stem}.json'
        document.parent.mkdir(parents=True, exist_ok=True)
        document.write_bytes((many / 'json' / document.name).read_bytes())
    made = convert([many, other], tmp_path / 'out', to='coco', split={'train': 0.5, 'val': 0.5})
    (line,) = [line for line in made.warnings if 'the name of one' in line]
    assert 'put pictures of one name' not in line
    assert 'folders of different names' in line


def test_a_source_is_not_named_twice(blood: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match='twice'):
        convert([blood, blood / '.'], tmp_path / 'out', to='yolo')
    with pytest.raises(DatasetError, match='no source'):
        convert([], tmp_path / 'out', to='yolo')


# -- transforms ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize('workers', [1, 2])
def test_a_function_changes_samples(
    workers: int, blood: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, 'SMALL', 1)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / 'my_transforms.py').write_text(
        'def things(sample):\n'
        '    for one in sample.annotations:\n'
        "        one.label = 'thing'\n"
        '    return sample if sample.annotations else None\n',
        encoding='utf-8',
    )
    made = convert(blood, tmp_path / 'out', to='yolo', transforms=['my_transforms:things'], workers=workers)
    assert made.classes == ['thing']
    assert made.count == 3
    assert [(one.kind, one.count) for one in made.report.left_out] == [('image', 1)]
    assert not made.report.losses


FUNCTIONS = """
from synapse_plugins.datasets.sample import Annotation

def first(sample):
    sample.annotations = sample.annotations[:1]
    return sample

def more(sample):
    sample.annotations.append(Annotation('bounding_box', 'more', [1, 1, 5, 5]))
    return sample

def broken(sample):
    raise ValueError('boom')

def three(sample):
    return 3

def named(sample):
    for number, one in enumerate(sample.annotations):
        one.label = 'cell' if number or one.label == 'WBC' else one.label
    return sample

def made(sample):
    sample.annotations = [
        Annotation(one.tool, 'cell' if one.label == 'RBC' else one.label, one.data) for one in sample.annotations
    ]
    return sample

def swapped(sample):
    labels = [one.label for one in sample.annotations]
    for one, label in zip(sample.annotations, reversed(labels)):
        one.label = label
    return sample
"""


@pytest.fixture
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, 'SMALL', 1)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, 'my_functions', raising=False)
    (tmp_path / 'my_functions.py').write_text(FUNCTIONS, encoding='utf-8')


@pytest.mark.usefixtures('functions')
@pytest.mark.parametrize('workers', [1, 2])
def test_what_a_function_takes_out_or_adds_is_counted(workers: int, blood: Path, tmp_path: Path) -> None:
    plain = convert(blood, tmp_path / 'plain', to='yolo').report.kept['bounding_box']
    names = ['my_functions:first', 'my_functions:more']
    made = convert(blood, tmp_path / 'out', to='yolo', transforms=names, workers=workers)
    (left,), (added,) = made.report.left_out, made.report.noted
    assert (left.kind, left.reason) == ('bounding_box', 'my_functions:first took it out')
    assert (added.kind, added.reason, added.count) == (
        'bounding_box',
        'my_functions:more added it',
        made.count,
    )
    assert made.report.kept['bounding_box'] == plain - left.count + added.count


@pytest.mark.usefixtures('functions')
@pytest.mark.parametrize('workers', [1, 2])
@pytest.mark.parametrize(('name', 'count'), [('named', 4), ('made', 2), ('swapped', 4)])
def test_classes_that_a_function_changes_are_counted(
    name: str, count: int, workers: int, make: Any, tmp_path: Path
) -> None:
    boxes = [make.box(label, 1, 1, 9, 9) for label in ('RBC', 'WBC')]
    folder = {'a.png': {'bounding_box': boxes}, 'b.png': {'bounding_box': [boxes[1], boxes[1], boxes[0]]}}
    root = make.dm(tmp_path / 'in', folder)
    function = f'my_functions:{name}'
    made = convert(root, tmp_path / 'out', to='yolo', transforms=[function], workers=workers)
    (noted,) = [one for one in made.report.noted if function in one.reason]
    assert (noted.kind, noted.reason) == ('bounding_box', f'{function} gave it another class')
    assert (noted.count, noted.examples) == (count, ['a', 'b'])
    assert not made.report.left_out
    assert not made.report.losses


@pytest.mark.usefixtures('functions')
@pytest.mark.parametrize('workers', [1, 2])
@pytest.mark.parametrize(
    ('name', 'says'),
    [
        ('broken', r'my_functions:broken failed on \S+: ValueError: boom \(.*my_functions.py, line 13\)'),
        ('three', r'my_functions:three returned a int for \S+; it should return the sample, or None'),
    ],
)
def test_a_function_that_fails_is_named_with_the_sample(
    name: str, says: str, workers: int, blood: Path, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match=says):
        convert(blood, tmp_path / 'out', to='yolo', transforms=[f'my_functions:{name}'], workers=workers)
    assert not (tmp_path / 'out').exists()


def test_a_transform_that_nobody_provides_is_named(blood: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match='blurr'):
        convert(blood, tmp_path / 'out', to='yolo', transforms=['blurr'])
    with pytest.raises(DatasetError, match='no function of a sample'):
        convert(blood, tmp_path / 'out', to='yolo', transforms=['synapse_plugins.datasets:Report'])
    with pytest.raises(
        UnknownNameError, match=r"named as pkg\.module:function, so 'my_things\.change:relabel'"
    ):
        convert(blood, tmp_path / 'out', to='yolo', transforms=['my_things.change.relabel'])


# -- out of bounds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize('to', ['yolo', 'coco', 'pascal_voc'])
def test_what_reaches_out_is_clipped_dropped_or_an_error(to: str, make: Any, tmp_path: Path) -> None:
    boxes = [make.box('x', -0.5, 1, 9, 9), make.box('x', -5, 1, 9, 9), make.box('x', 1, 1, 9, 9)]
    source = make.dm(tmp_path / 'in', {'a.jpg': {'bounding_box': boxes}})
    clipped = convert(source, tmp_path / 'clip', to=to)
    assert [(one.reason, one.count) for one in clipped.report.changed] == [('it was clipped to the image', 2)]
    dropped = convert(source, tmp_path / 'drop', to=to, bounds='drop')
    assert [(one.reason, one.count) for one in dropped.report.dropped] == [('it reaches out of the image', 1)]
    assert [one.count for one in dropped.report.changed] == [1]
    with pytest.raises(DatasetError, match='reaches 5 pixels out'):
        convert(source, tmp_path / 'error', to=to, bounds='error')
    assert not (tmp_path / 'error').exists()
    assert not convert(source, tmp_path / 'wide', to=to, bounds='error', tolerance=5).report.dropped
    with pytest.raises(DatasetError, match='bounds='):
        convert(source, tmp_path / 'none', to=to, bounds='burn')


@pytest.mark.parametrize('workers', [1, 2])
@pytest.mark.parametrize('to', ['dm_v1', 'dm_v2'])
def test_what_would_be_kept_as_it_is_is_kept_dropped_or_an_error(
    to: str, workers: int, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, 'SMALL', 1)
    boxes = [make.box('x', -0.5, 1, 9, 9), make.box('x', -5, 1, 9, 9), make.box('x', 1, 1, 9, 9)]
    turned = make.box('x', 0, 0, 60, 4, attrs=[{'name': 'rotation', 'value': 1.5}])
    tools = {
        'bounding_box': [*boxes, turned, {'id': 'm', 'classification': 'x', 'data': 'no box'}],
        'polygon': [make.polygon('x', (1, 1), (9, 9), (70, 3))],
        'polyline': [make.polygon('x', (1, 1), (9, 90))],
        'segmentation': [{'id': 's', 'classification': 'x', 'data': [[64 * 47, 64 * 6]]}],
        'keypoint': [{'id': 'k', 'classification': 'nose', 'data': [5, 60]}],
        'classification': [{'id': 'c', 'classification': 'x', 'data': {}}],
    }
    source = make.dm(tmp_path / 'in', {'a.jpg': tools, 'b.jpg': {'bounding_box': boxes[:1]}})
    ways: dict[str, Any] = {'to': to, 'workers': workers}
    kept = convert(source, tmp_path / 'keep', **ways)
    assert not kept.report.dropped
    assert labels_in(kept) == ['nose', *['x'] * 10]
    dropped = convert(source, tmp_path / 'drop', bounds='drop', remember=True, **ways)
    assert {one.kind: (one.reason, one.count) for one in dropped.report.dropped} == {
        tool: ('it reaches out of the image', 1 + (tool == 'bounding_box'))
        for tool in ('bounding_box', 'polygon', 'polyline', 'segmentation', 'keypoint')
    }
    assert labels_in(dropped) == ['x'] * 5
    with pytest.raises(DatasetError, match=r'a: a bounding_box reaches 5 pixels out'):
        convert(source, tmp_path / 'error', bounds='error', **ways)
    assert not (tmp_path / 'error').exists()
    assert not convert(source, tmp_path / 'wide', bounds='error', tolerance=60, **ways).report.dropped
    with pytest.raises(DatasetError, match='bounds='):
        convert(source, tmp_path / 'none', bounds='burn', **ways)


@pytest.mark.parametrize(('to', 'task'), [('coco', None), ('yolo', 'pose'), ('yolo', 'segment')])
def test_masks_and_joints_that_reach_out_are_errors_too(
    to: str, task: str | None, make: Any, tmp_path: Path
) -> None:
    shape = make.box('person', 1, 1, 20, 20, group_id='g')
    point = {'id': 'k', 'classification': 'nose', 'data': [5, 60], 'group_id': 'g'}
    mask = {'id': 's', 'classification': 'x', 'data': [[64 * 40, 64 * 12]]}
    joints = {'bounding_box': [shape], 'keypoint': [point]}
    tools = joints if task == 'pose' else {'segmentation': [mask]}
    source = make.dm(tmp_path / 'in', {'a.jpg': tools, 'b.jpg': {'bounding_box': [shape]}})
    with pytest.raises(DatasetError, match=r'reaches (4|12) pixels out'):
        convert(source, tmp_path / 'out', to=to, task=task, bounds='error')
    dropped = convert(source, tmp_path / 'drop', to=to, task=task, bounds='drop').report.dropped
    kind = 'keypoint' if task == 'pose' else 'segmentation'
    assert ('it reaches out of the image', 1) in [
        (one.reason, one.count) for one in dropped if one.kind == kind
    ]


def test_what_was_chosen_is_no_loss(blood: Path, tmp_path: Path) -> None:
    convert(
        blood,
        tmp_path / 'out',
        to='coco',
        sample=2,
        seed=1,
        classes=['WBC'],
        drop_empty=True,
        on_loss='error',
    )
    report = json.loads((tmp_path / 'out' / 'report.json').read_text(encoding='utf-8'))['report']
    assert report['left_out']
    with pytest.raises(LossError):
        convert(blood, tmp_path / 'lossy', to='yolo', task='segment', on_loss='error')


@pytest.mark.parametrize('workers', [1, 2])
def test_every_place_in_the_report_names_its_source(
    workers: int, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, 'SMALL', 1)
    tools = {'bounding_box': [make.box('car', 1, 1, 9, 9), make.box('car', 90, 1, 9, 9)]}
    sources = [make.dm(tmp_path / name, {'a.jpg': tools, 'b.jpg': tools, 'c.jpg': tools}) for name in 'xy']
    for source in sources:
        (source / 'original_files/b.jpg').write_bytes(b'')
        (source / 'json/c.json').write_text('{', encoding='utf-8')
        make.picture(source / 'original_files/spare.jpg')
    report = convert(sources, tmp_path / 'out', to='yolo', workers=workers).report
    places = {place for entry in (*report.dropped, *report.quarantined) for place in entry.examples}
    assert places == {f'{name}:{place}' for name in 'xy' for place in ('a', 'b', 'c', 'spare.jpg')}


@pytest.mark.parametrize(
    ('option', 'words'),
    [
        (
            {'layot': 'roboflow'},
            r'^The format coco knows no option layot\. Did you mean \'layout\'\? It knows bounds .*, tolerance\.$',
        ),
        ({'numbers': 3}, r'knows no option numbers\. It knows bounds \(--bounds\), '),
        ({'skeleton': 'person'}, r'knows no option skeleton\. It knows bounds \(--bounds\), '),
        ({'tolerance': 'abc'}, "tolerance='abc' is no number of pixels"),
        ({'tolerance': -1}, 'tolerance=-1 is no number of pixels'),
        ({'tolerance': float('nan')}, 'tolerance=nan is no number of pixels'),
    ],
)
def test_options_that_make_no_sense_are_refused(
    option: dict[str, Any], words: str, blood: Path, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match=words):
        convert(blood, tmp_path / 'out', to='coco', **option)


def test_the_options_of_yolo_are_those_of_a_user(blood: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r'It knows bounds \(--bounds\), parts, skeleton, tolerance\.$'):
        convert(blood, tmp_path / 'out', to='yolo', layot='roboflow')
