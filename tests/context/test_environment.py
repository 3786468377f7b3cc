"""Settings, read with the type that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.context import PluginEnvironment
from synapse_plugins.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_prefix_is_taken_off_and_prefixes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('TESTED_ONE', '1')
    monkeypatch.setenv('TESTED_언어', '한국어')
    monkeypatch.setenv('OTHER_ONE', '2')
    assert PluginEnvironment.from_environ('TESTED_').to_dict() == {'ONE': '1', '언어': '한국어'}
    both = PluginEnvironment.from_environ('TESTED_', prefixes=('TESTED_O', 'OTHER_'))
    assert both.to_dict() == {'TESTED_ONE': '1', 'OTHER_ONE': '2'}
    assert PluginEnvironment.from_environ(prefixes='OTHER_').to_dict() == {'OTHER_ONE': '2'}
    assert PluginEnvironment.from_environ()['OTHER_ONE'] == '2'


def test_a_toml_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / '설정.toml'
    path.write_text(
        'name = "모델"\nepochs = 3\nrate = 0.5\ndebug = true\nlabels = ["a", "b"]\n', encoding='utf-8'
    )
    env = PluginEnvironment.from_file(path)
    assert env.get_str('name') == '모델'
    assert (env.get_int('epochs'), env.get_float('rate'), env.get_bool('debug')) == (3, 0.5, True)
    assert env.get_list('labels') == ['a', 'b']


def test_a_file_that_is_not_there_or_not_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'none\.toml'):
        PluginEnvironment.from_file(tmp_path / 'none.toml')
    bad = tmp_path / 'bad.toml'
    for content in (b'a = ', b'a = "\xff"'):
        bad.write_bytes(content)
        with pytest.raises(ConfigError, match=r'bad\.toml is not a TOML file'):
            PluginEnvironment.from_file(str(bad))


def test_later_ones_go_before_earlier_ones() -> None:
    merged = PluginEnvironment.merge(PluginEnvironment({'a': 1, 'b': 1}), PluginEnvironment({'b': 2}))
    assert merged.to_dict() == {'a': 1, 'b': 2}


@pytest.mark.parametrize('method', ['get', 'get_str', 'get_int', 'get_float', 'get_bool', 'get_list'])
def test_an_absent_setting_is_the_default(method: str) -> None:
    env = PluginEnvironment({'none': None})
    for key in ('absent', 'none'):
        assert getattr(env, method)(key) is None
        if method != 'get' or key == 'absent':
            assert getattr(env, method)(key, 'default') == 'default'
    assert ('absent' in env, 'none' in env) == (False, True)


@pytest.mark.parametrize('text', ['true', 'True', '1', 'yes', 'YES', 'on', ' on ', True, 1])
def test_words_for_true(text: Any) -> None:
    assert PluginEnvironment({'x': text}).get_bool('x') is True


@pytest.mark.parametrize('text', ['false', 'FALSE', '0', 'no', 'off', '', False, 0])
def test_words_for_false(text: Any) -> None:
    assert PluginEnvironment({'x': text}).get_bool('x') is False


@pytest.mark.parametrize(
    ('method', 'value'),
    [
        ('get_bool', 'maybe'), ('get_bool', 2), ('get_bool', []), ('get_bool', '네'),
        ('get_int', 'three'), ('get_int', '1.5'), ('get_int', 1.5), ('get_int', []), ('get_int', ''),
        ('get_float', 'much'), ('get_float', {}),
        ('get_list', 5), ('get_list', {'a': 1}),
    ],
)  # fmt: skip
def test_what_is_not_of_the_type_is_an_error_that_names_the_setting(method: str, value: Any) -> None:
    with pytest.raises(ConfigError, match='The setting DEBUG_LEVEL is'):
        getattr(PluginEnvironment({'DEBUG_LEVEL': value}), method)('DEBUG_LEVEL')


def test_a_list_is_split_at_commas() -> None:
    env = PluginEnvironment({'text': ' 개, 고양이,,새 ', 'empty': '', 'tuple': (1, 2)})
    assert env.get_list('text') == ['개', '고양이', '새']
    assert env.get_list('empty') == []
    assert env.get_list('tuple') == [1, 2]


def test_numbers_come_from_text() -> None:
    env = PluginEnvironment({'int': '42', 'float': '1e-3', 'whole': 3.0})
    assert (env.get_int('int'), env.get_float('float'), env.get_int('whole')) == (42, 0.001, 3)
    assert env.get_str('whole') == '3.0'


def test_it_does_not_show_its_values() -> None:
    assert 'hunter2' not in repr(PluginEnvironment({'TOKEN': 'hunter2'}))


def test_what_it_gives_is_the_callers_own() -> None:
    given = {'a': 1}
    env = PluginEnvironment(given)
    given['a'] = 2
    env.to_dict()['a'] = 3
    assert env['a'] == 1
    with pytest.raises(KeyError):
        env['b']
