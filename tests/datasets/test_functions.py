"""What functions of users, and readers of packs, leave behind in samples: nothing is lost, moved or guessed at."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, formats
from synapse_plugins.datasets.report import Report
from synapse_plugins.datasets.sample import Annotation, ImageFile, Sample
from synapse_plugins.datasets.strangers import drop_unusable, own_numbers
from synapse_plugins.errors import DatasetError
from synapse_plugins.providers import FormatProvider
from synapse_plugins.testing import make_dataset

if TYPE_CHECKING:
    from pathlib import Path

MODULE = '''
from enum import Enum
from math import inf, nan
from unicodedata import normalize

import numpy as np

from synapse_plugins.datasets.formats.dm_v2 import DmV2Reader
from synapse_plugins.datasets.reader import UnitReader


class Kind(str, Enum):
    CAT = 'cat'


def iterator(sample):
    sample.annotations = iter(sample.annotations)
    return sample


def several(sample):
    sample.annotations = tuple(sample.annotations)
    return sample


def forgets(sample):
    sample.annotations = list(sample.annotations)


def nothing(sample):
    sample.annotations = None
    return sample


def failing(sample):
    sample.annotations = (one.no_such for one in sample.annotations)
    return sample


def dictionaries(sample):
    sample.annotations = [{'label': 'cat'}]
    return sample


def split(sample):
    sample.split = 'zzz/../../outside'
    return sample


def key(sample):
    sample.key = '../outside'
    return sample


def label(sample, value):
    for one in sample.annotations:
        one.label = value
    return sample


def decomposed(sample):
    return label(sample, normalize('NFD', '고양이') + ' ')


def enumerated(sample):
    return label(sample, Kind.CAT)


def numbers(sample):
    return label(sample, np.int64(3))


def tool(sample):
    for one in sample.annotations:
        one.tool = 3
    return sample


def no_number(sample):
    for one in sample.annotations:
        if one.tool == 'bounding_box':
            one.data = [1, 2, nan, 4]
    return sample


def no_attribute(sample):
    for one in sample.annotations:
        one.attrs = [{'name': 'score', 'value': inf}]
        one.extra = {np.int64(7): np.int64(8)}
        one.id = np.int64(9)
    return sample


class Surveying(DmV2Reader):
    """One with a way of its own to survey."""

    change = staticmethod(several)

    def read(self, unit):
        return self.change(super().read(unit))

    def survey_unit(self, unit, survey):
        survey.add_all(self.read(unit).annotations)


class Reading(Surveying):
    """One that has to be read for that."""

    survey_unit = UnitReader.survey_unit
'''


@pytest.fixture
def pets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dataset, and beside it the module above, whose readers are the formats ``surveying`` and ``reading``."""
    (tmp_path / 'code').mkdir()
    (tmp_path / 'code' / 'left_behind.py').write_text(MODULE, encoding='utf-8')
    monkeypatch.syspath_prepend(str(tmp_path / 'code'))
    for name in ('Surveying', 'Reading'):
        provider = FormatProvider(name=name.lower(), reader=f'left_behind:{name}')
        monkeypatch.setitem(formats.table._providers, provider.name, provider)
    return make_dataset(tmp_path / 'pets', 'dm_v2', 'detect')


@pytest.mark.parametrize('function', ['iterator', 'several'])
@pytest.mark.parametrize('target', ['dm_v2', 'yolo'])
def test_annotations_that_are_no_list_are_all_there(function: str, target: str, pets: Path) -> None:
    ways: dict[str, Any] = {'to': target, 'on_loss': 'error', 'allow': ['attribute']}
    wanted = convert(pets, pets.parent / 'wanted', **ways)
    made = convert(pets, pets.parent / 'out', transforms=[f'left_behind:{function}'], **ways)
    assert made.report.to_dict() == wanted.report.to_dict()


@pytest.mark.parametrize(
    ('function', 'said'),
    [
        ('nothing', 'left a NoneType as the annotations of .* has to be a list'),
        ('failing', 'left a generator as the annotations of .*AttributeError'),
        ('dictionaries', 'put a dict among the annotations of'),
        ('split', r"into the split 'zzz/\.\./\.\./outside'; it was in 'train'.*--split"),
        ('key', "the key '../outside'"),
        ('numbers', r'the label .*3.* \(int64\), which is no text; write str\(label\)'),
        ('tool', r'the tool 3 \(int\)'),
    ],
)
@pytest.mark.parametrize('target', ['dm_v2', 'coco'])
def test_what_a_function_may_not_leave_is_refused_in_words(
    function: str, said: str, target: str, pets: Path
) -> None:
    with pytest.raises(DatasetError, match=f'The transform left_behind:{function} .*{said}'):
        convert(pets, pets.parent / 'out', to=target, transforms=[f'left_behind:{function}'])
    assert not (pets.parent / 'out').exists()
    assert not list(pets.parent.glob('*outside*'))


@pytest.mark.parametrize('target', ['yolo', 'coco', 'pascal_voc'])
def test_a_function_that_forgets_to_return_the_sample_is_named(target: str, pets: Path) -> None:
    with pytest.raises(
        DatasetError, match=r'the transform left_behind:forgets left out \d+ of .*`return sample`'
    ):
        convert(pets, pets.parent / 'out', to=target, transforms=['left_behind:forgets'])


@pytest.mark.parametrize(('function', 'label'), [('decomposed', '고양이'), ('enumerated', 'cat')])
@pytest.mark.parametrize('target', ['yolo', 'coco', 'dm_v2'])
def test_labels_of_a_function_are_spelled_as_those_of_a_source(
    function: str, label: str, target: str, pets: Path
) -> None:
    ways: dict[str, Any] = {'on_loss': 'error', 'allow': ['attribute']}
    made = convert(pets, pets.parent / 'out', to=target, transforms=[f'left_behind:{function}'], **ways)
    assert label in made.classes
    assert not made.report.lost(but=['attribute'])


@pytest.mark.parametrize('target', ['dm_v1', 'dm_v2', 'coco'])
def test_a_box_without_numbers_is_dropped_in_every_format(target: str, pets: Path) -> None:
    with pytest.raises(DatasetError, match='bounding_box: its data is malformed'):
        convert(
            pets,
            pets.parent / 'out',
            to=target,
            transforms=['left_behind:no_number'],
            on_loss='error',
            allow=['attribute'],
        )


def test_what_json_cannot_say_of_numpy_is_said_in_python_s_numbers(pets: Path) -> None:
    made = convert(pets, pets.parent / 'out', to='dm_v2', transforms=['left_behind:no_attribute'])
    assert {entry.reason for entry in made.report.changed} == {
        'what was no number (NaN, infinity) beside its data became null'
    }
    documents = [json.loads(path.read_bytes()) for path in (pets.parent / 'out').rglob('json/*.json')]
    box = next(one for document in documents for one in document['images'][0].get('bounding_box', ()))
    assert box['attrs'] == [{'name': 'score', 'value': None}]
    assert (box['id'], box['7']) == (9, 8)


@pytest.mark.parametrize(
    ('name', 'function', 'said'),
    [
        ('surveying', 'numbers', 'The reader gave a .* the label'),
        ('reading', 'numbers', 'The reader Reading gave .* the label'),
        ('reading', 'nothing', 'The reader Reading left a NoneType'),
        ('reading', 'dictionaries', 'The reader Reading put a dict'),
    ],
)
def test_a_reader_is_told_what_is_wrong_with_its_samples(
    name: str, function: str, said: str, pets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module('left_behind')
    monkeypatch.setattr(module.Surveying, 'change', staticmethod(getattr(module, function)))
    with pytest.raises(DatasetError, match=said):
        convert(pets, pets.parent / 'out', to='yolo', source_format=name)


def test_what_is_no_number_is_found_at_any_depth() -> None:
    inf, nan = float('inf'), float('nan')
    for data in (
        [1, nan],
        [[1.0, 2.0], [inf, 1.0]],
        (nan,),
        {'start': [nan]},
        nan,
        [[1, 2], 'a', [None, nan]],
    ):
        sample = Sample('a', None, ImageFile('a.jpg'), [Annotation('any', 'x', data)])
        drop_unusable(own_numbers(sample), report := Report())
        assert (sample.annotations, report.lost()) == ([], ['any'])
    for data in ([1, 2.5], [[1.0, 2], (3, 4)], {'start': 1}, None, 'nan', [], [['a', None], [True]]):
        sample = Sample('a', None, ImageFile('a.jpg'), [Annotation('any', 'x', data)])
        drop_unusable(own_numbers(sample), report := Report())
        assert (len(sample.annotations), report.losses) == (1, False)
