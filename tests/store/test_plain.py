from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from synapse_plugins.store.plain import dump, plain, text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_what_json_can_hold_stays_as_it_is(value):
    assert json.loads(dump(value)) == value


@given(
    st.recursive(
        st.one_of(
            JSON, st.binary(), st.complex_numbers(), st.datetimes(), st.dates(), st.timedeltas(), st.decimals(),
            st.floats(), st.frozensets(st.integers() | st.text()), st.uuids(), st.just(object()),
            st.text(st.characters(codec=None, categories=('Cs', 'L'))),
        ),
        lambda inner: st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(st.integers() | st.text() | st.dates(), inner, max_size=3),
        max_leaves=10,
    )
)  # fmt: skip
def test_anything_becomes_json(value):
    json.loads(dump(value))
    dump(value).encode('ascii')


class Colour(Enum):
    RED = 'red'


class Params(BaseModel):
    path: Path
    epochs: int = 3


@dataclass
class Facts:
    name: str
    inner: object


class Hostile:
    def __repr__(self):
        raise RuntimeError('no')

    __str__ = __repr__


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        (Path('a') / '세포', str(Path('a') / '세포')),
        (datetime(2026, 1, 2, tzinfo=UTC), '2026-01-02T00:00:00+00:00'),
        (timedelta(seconds=1.5), 1.5),
        (np.float32(0.5), 0.5),
        (np.float64(0.25), 0.25),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (math.nan, 'NaN'),
        (np.float64('nan'), 'NaN'),
        (-math.inf, '-Infinity'),
        (Colour.RED, 'red'),
        ({Colour.RED: 1, 2: 3}, {'red': 1, '2': 3}),
        ((1, 2), [1, 2]),
        ({3, 1, 2}, [1, 2, 3]),
        (Params(path=Path('x')), {'path': 'x', 'epochs': 3}),
        (Facts('a', Path('b')), {'name': 'a', 'inner': 'b'}),
        (ValueError('bad'), 'ValueError: bad'),
    ],
)
def test_common_values_become_what_a_person_expects(value, expected):
    assert plain(value) == expected
    json.loads(dump(value))


def test_what_cannot_be_turned_is_marked():
    marked = plain({'x': object})['x']
    assert marked == {'__repr__': "<class 'object'>", '__type__': 'builtins.type'}
    assert plain(Hostile())['__repr__'] == '<no representation: RuntimeError>'
    assert plain(np.zeros(20_000))['__type__'] == 'numpy.ndarray'


def test_a_value_that_holds_itself_ends():
    endless: list[object] = []
    endless.append(endless)
    json.loads(dump(endless))


def test_text_is_always_text():
    assert text('한글') == '한글'
    assert text('\ud800') == '\\ud800'
    assert text(Hostile()) == '<Hostile without text: RuntimeError>'
