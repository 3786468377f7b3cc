"""Reading a plugin project's folder."""

from __future__ import annotations

import pytest

from synapse_plugins.actions.project import read_project
from synapse_plugins.errors import ConfigError

CONFIG = """
name: 내 플러그인
code: mine
version: 1.2.3
category: neural_net
data_type: image
unknown_key: stays
actions:
  train: {entrypoint: plugin.train.TrainAction, method: job}
  test:
    entrypoint: plugin.test:TestAction
"""


def test_the_platforms_config_is_read(tmp_path):
    (tmp_path / 'config.yaml').write_text(CONFIG, encoding='utf-8')
    project = read_project(tmp_path)
    assert project is not None
    assert (project.name, project.version) == ('내 플러그인', '1.2.3')
    assert project.actions == {'train': 'plugin.train.TrainAction', 'test': 'plugin.test:TestAction'}
    assert project.config['unknown_key'] == 'stays'


def test_pyproject_declares_actions_and_packs(tmp_path):
    (tmp_path / 'pyproject.toml').write_text(
        '[project]\nname = "p"\nversion = "2"\n'
        '[project.entry-points.synapse_plugins]\nmine = "p.pack"\n'
        '[tool.synapse-plugins.actions]\ntrain = "p.train:Train"\n',
        encoding='utf-8',
    )
    project = read_project(tmp_path)
    assert project is not None
    assert (project.name, project.actions, project.packs) == ('p', {'train': 'p.train:Train'}, ('p.pack',))


def test_a_folder_without_a_plugin_is_none(tmp_path):
    assert read_project(tmp_path) is None
    (tmp_path / 'pyproject.toml').write_text('[project]\nname = "p"\n', encoding='utf-8')
    assert read_project(tmp_path) is None


@pytest.mark.parametrize(
    ('content', 'told'),
    [
        ('actions: [train]', 'mapping'),
        ('actions: {train: {method: job}}', 'entrypoint'),
        ('actions: {train: x.Y}\na: b: c', 'cannot be read'),
        ('- actions\n- {\n  actions: {}}', 'mapping'),
    ],
)
def test_a_config_that_is_wrong_is_named(tmp_path, content, told):
    (tmp_path / 'config.yaml').write_text(content, encoding='utf-8')
    with pytest.raises(ConfigError, match=told) as caught:
        read_project(tmp_path)
    assert 'config.yaml' in str(caught.value)


@pytest.mark.parametrize(
    ('code', 'told'),
    [
        ('def (:', 'SyntaxError'),
        ('raise RuntimeError("at import")', 'at import'),
        ('raise SystemExit(0)', 'SystemExit'),
        ('x = 1', 'has no attribute'),
    ],
)
def test_a_module_that_cannot_be_imported_is_told_with_its_reason(tmp_path, monkeypatch, code, told):
    from synapse_plugins.actions.project import load_action_class
    from synapse_plugins.errors import PackError

    name = f'bad_module_{abs(hash(code))}'
    (tmp_path / f'{name}.py').write_text(code, encoding='utf-8')
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(PackError, match=told) as caught:
        load_action_class(f'{name}.Action')
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    'content', ['- a list', 'key: !env_var NAME', 'a: b: c', 'model: {actions_per_step: 3}', '\0']
)
def test_a_config_of_another_tool_is_none_of_ours(tmp_path, content):
    (tmp_path / 'config.yaml').write_text(content, encoding='utf-8')
    assert read_project(tmp_path) is None


@pytest.mark.parametrize(
    ('content', 'told'),
    [
        ('project = 3', 'project is 3'),
        ('[project]\nentry-points = "x"', 'entry-points'),
        ('[tool.synapse-plugins]\nactions = ["a"]', 'actions'),
        ('[project', 'cannot be read'),
    ],
)
def test_a_pyproject_that_is_wrong_is_named(tmp_path, content, told):
    (tmp_path / 'pyproject.toml').write_text(content, encoding='utf-8')
    with pytest.raises(ConfigError, match=told) as caught:
        read_project(tmp_path)
    assert 'pyproject.toml' in str(caught.value)
