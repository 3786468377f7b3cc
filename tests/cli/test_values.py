"""Parameters as they are typed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.cli.values import parse_pairs, parse_value, read_params
from synapse_plugins.errors import ParamsError

if TYPE_CHECKING:
    from pathlib import Path

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('3', 3),
        ('-3', -3),
        ('0.003', 0.003),
        ('1e-3', 0.001),
        ('.5', 0.5),
        ('true', True),
        ('True', True),
        ('false', False),
        ('null', None),
        ('None', None),
        ('[a,b]', ['a', 'b']),
        ('[고양이, 개]', ['고양이', '개']),
        ('[0.1, 2, x]', [0.1, 2, 'x']),
        ('{a: 1, b: [no, 001]}', {'a': 1, 'b': ['no', '001']}),
        ('"12"', '12'),
        ("'12'", '12'),
        ('["12"]', ['12']),
    ],
)
def test_a_value_is_what_it_looks_like(text: str, value: Any) -> None:
    parsed = parse_value(text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    'text',
    [
        '001',  # an identifier; YAML 1.1 would read an octal number
        'no',  # YAML 1.1 would read False: Norway
        'on',
        '12:30',  # YAML 1.1 would read 750
        '2026-11-02',
        '1_000',
        '0x10',
        '1e999',  # would be infinity
        'nan',
        '~',  # a path, not null
        '~/data',
        '',
        'a: b',
        '[draft',
        '{a: 1, a: 2}',  # would lose the first
        '!!python/object/apply:os.system [ls]',
        '[!!python/name:os.system x]',
        '9' * 5000,  # longer than Python reads
        '[' * 5000,
        '٣',
    ],
)
def test_all_else_is_text(text: str) -> None:
    assert parse_value(text) == text


@given(JSON)
def test_json_means_itself(value: Any) -> None:
    if isinstance(value, str):
        assert parse_value(json.dumps(value)) == value
    else:
        assert parse_value(json.dumps(value)) == value
        assert parse_value(json.dumps(value, ensure_ascii=False)) == value


@given(st.text())
def test_any_text_is_read_and_none_is_lost(text: str) -> None:
    parsed = parse_value(text)
    if isinstance(parsed, str) and text[:1] not in {'"', "'"}:
        assert parsed == text


def test_pairs() -> None:
    assert parse_pairs(['lr0=0.003', 'name=001', 'path=a=b', 'note=']) == {
        'lr0': 0.003,
        'name': '001',
        'path': 'a=b',
        'note': '',
    }


@pytest.mark.parametrize('pairs', [['epochs'], ['=3'], [' =3'], ['epochs=1', 'epochs=2']])
def test_a_pair_that_is_none_is_refused(pairs: list[str]) -> None:
    with pytest.raises(ParamsError, match=r'epochs|=3'):
        parse_pairs(pairs)


@pytest.mark.parametrize(
    'text',
    [
        'epochs: 2\nclasses: [a, 나]\nlr0: 1e-3\ncountry: no\nempty:\n',
        '{"epochs": 2, "classes": ["a", "나"], "lr0": 0.001, "country": "no", "empty": null}',
        '{\n\t"epochs": 2, "classes": ["a", "나"], "lr0": 1e-3, "country": "no", "empty": null}',
        '\ufeffepochs: 2\nclasses: [a, 나]\nlr0: .001\ncountry: no\nempty: ~\n',
        'base: &base {epochs: 2, lr0: 7}\n<<: *base\nclasses: [a, 나]\nlr0: 1e-3\ncountry: no\nempty:\n',
    ],
)
def test_a_file_of_parameters(tmp_path: Path, text: str) -> None:
    file = tmp_path / '값.yaml'
    file.write_text(text, encoding='utf-8')
    params = read_params(file)
    params.pop('base', None)
    assert params == {'epochs': 2, 'classes': ['a', '나'], 'lr0': 0.001, 'country': 'no', 'empty': None}


def test_an_empty_file_holds_no_parameters(tmp_path: Path) -> None:
    file = tmp_path / 'params.yaml'
    file.write_text('# nothing yet\n', encoding='utf-8')
    assert read_params(file) == {}


@pytest.mark.parametrize(
    ('content', 'said'),
    [
        (b'[1, 2]', 'must hold lines'),
        (b'just words', 'must hold lines'),
        (b'1: 2', 'must hold lines'),
        (b'a: 1\na: 2', "'a' stands twice"),
        (b'{"a": 1, "a": 2}', "'a' stands twice"),
        (b'a: [1', 'neither JSON nor YAML'),
        (b'a: !!python/name:os.system x', 'neither JSON nor YAML'),
        (b'a: \xff', 'not UTF-8'),
    ],
)
def test_a_bad_file_is_refused_with_its_name(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / 'params.yaml'
    file.write_bytes(content)
    with pytest.raises(ParamsError) as caught:
        read_params(file)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)
    assert '\n' not in str(caught.value)


def test_a_missing_file_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r'no\.yaml cannot be read: No such file'):
        read_params(tmp_path / 'no.yaml')
