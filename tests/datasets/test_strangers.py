"""Samples whose numbers are numpy's: from the readers of packs, and from functions of users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.datasets import convert, formats
from synapse_plugins.datasets.figures import figure_of
from synapse_plugins.datasets.geometry import plain_box, plain_ring, read_box
from synapse_plugins.datasets.sample import Annotation, ImageFile, Sample
from synapse_plugins.datasets.strangers import own_numbers
from synapse_plugins.providers import FormatProvider
from synapse_plugins.testing import make_dataset

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ['uint8', 'int8', 'int16', 'uint16', 'float16', 'float32', 'int64']

MODULE = '''
import numpy as np
from synapse_plugins.datasets.formats.dm_v2 import DmV2Reader
from synapse_plugins.datasets.sample import Sample
from synapse_plugins.datasets.reader import Reader


def small(sample):
    for annotation in sample.annotations:
        if annotation.tool != 'classification':
            annotation.data = np.array(annotation.data, dtype='uint8')
    return sample


def whole(sample):
    for annotation in sample.annotations:
        if annotation.tool == 'bounding_box':
            annotation.data = [int(number) for number in annotation.data]
    return sample


def scalars(sample):
    for annotation in sample.annotations:
        if annotation.tool == 'bounding_box':
            annotation.data = [np.uint8(number) for number in annotation.data]
    return sample


class Arrays(DmV2Reader):
    def read(self, unit):
        return small(super().read(unit))


class Samples(Reader):
    """One that only yields samples."""

    def __init__(self, root, report):
        super().__init__(root, report)
        self._other = DmV2Reader(root, report)
        self.splits = self._other.splits

    def __iter__(self):
        for sample in self._other:
            yield small(sample)
'''


@pytest.mark.parametrize('kind', KINDS)
@given(numbers=st.lists(st.integers(0, 100), min_size=4, max_size=4))
def test_a_box_of_small_numbers_does_not_wrap_around(kind: str, numbers: list[int]) -> None:
    """A byte and a byte make a byte: 200 + 100 is 44 there."""
    data = np.array(numbers, dtype=kind)
    if kind == 'uint8':
        numbers, data = [number * 2 for number in numbers], data * 2
    expected = (numbers[0], numbers[1], numbers[0] + numbers[2], numbers[1] + numbers[3])
    for given_ in (data, list(data)):
        assert read_box(given_) == expected
        assert plain_box(given_, 1000, 1000) in (None, expected)
        assert figure_of(Annotation('bounding_box', 'x', given_), 1000, 1000).box == expected
        sample = Sample('a', None, ImageFile('a.jpg', 1000, 1000), [Annotation('bounding_box', 'x', given_)])
        (own,) = own_numbers(sample).annotations
        assert own.data == numbers
        assert {type(number) for number in own.data} <= {int, float}


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255)), min_size=3, max_size=6))
def test_a_ring_of_bytes_is_none_that_wraps_around(points: list[tuple[int, int]]) -> None:
    assert plain_ring(np.array(points, 'uint8'), 300, 300) is None
    mixed = [[x, np.uint8(y)] for x, y in points]
    assert plain_ring(mixed, 300, 300) is None


def test_what_is_python_s_own_is_left_as_it_is() -> None:
    kept: list[Any] = [[1, 2.5, 3, 4], [[1, 2], (3, 4)], {}, 'text', None, [1, None, 'a']]
    annotations = [Annotation('any', 'x', data) for data in kept]
    own_numbers(Sample('a', None, ImageFile('a.jpg'), annotations))
    assert [one.data for one in annotations] == [
        [1, 2.5, 3, 4],
        [[1, 2], (3, 4)],
        {},
        'text',
        None,
        [1, None, 'a'],
    ]
    assert annotations[0].data is kept[0]
    odd = Annotation(
        'x', 'x', [], attrs=[{'name': 'rotation', 'value': np.float32(0.5)}], extra={'parts': [np.zeros(2)]}
    )
    own_numbers(Sample('a', None, ImageFile('a.jpg'), [odd]))
    assert odd.attrs == [{'name': 'rotation', 'value': 0.5}]
    assert odd.extra == {'parts': [[0.0, 0.0]]}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The module above, as a pack would have it; its readers are the formats ``arrays`` and ``samples``."""
    (tmp_path / 'code').mkdir()
    (tmp_path / 'code' / 'strange_numbers.py').write_text(MODULE, encoding='utf-8')
    monkeypatch.syspath_prepend(str(tmp_path / 'code'))
    for name in ('Arrays', 'Samples'):
        provider = FormatProvider(name=name.lower(), reader=f'strange_numbers:{name}')
        monkeypatch.setitem(formats.table._providers, provider.name, provider)
    return tmp_path


@pytest.mark.parametrize('target', ['dm_v2', 'coco', 'yolo', 'pascal_voc'])
def test_a_dataset_of_bytes_becomes_what_it_is(module: Path, target: str) -> None:
    """The same as of plain numbers, in every format: the pictures are wider than a byte counts to."""
    source = make_dataset(module / 'pets', 'dm_v2', 'detect', size=(250, 240))
    wanted = module / 'wanted'
    convert(source, wanted, to=target, transforms=['strange_numbers:whole'])
    for place, more in (
        ('small', {'transforms': ['strange_numbers:small']}),
        ('scalars', {'transforms': ['strange_numbers:scalars']}),
        ('arrays', {'source_format': 'arrays'}),
        ('samples', {'source_format': 'samples'}),
    ):
        convert(source, module / place, to=target, **more)
        assert _labels(module / place) == _labels(wanted), place


def _labels(root: Path) -> dict[str, bytes]:
    """Return the annotation files of a dataset."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob('*')
        if path.parent != root and path.suffix in {'.json', '.txt', '.xml'}
    }


def test_masks_take_them_too() -> None:
    mask = figure_of(Annotation('segmentation', 'x', np.array([[200, 100]], 'uint8')), 50, 50)
    assert mask.area == 100
