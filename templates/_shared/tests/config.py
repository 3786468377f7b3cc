"""config.yaml, which the platform reads, says what the code says."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent


def read_config() -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((PROJECT / 'config.yaml').read_text(encoding='utf-8'))
    return config


def test_it_is_of_the_same_version_as_the_package() -> None:
    pyproject = tomllib.loads((PROJECT / 'pyproject.toml').read_text(encoding='utf-8'))
    assert read_config()['version'] == pyproject['project']['version']


def test_its_actions_are_there() -> None:
    actions = read_config()['actions']
    assert actions
    for name, entry in actions.items():
        module, _, class_name = entry['entrypoint'].replace(':', '.').rpartition('.')
        action = getattr(import_module(module), class_name)
        assert action.action_name == name
        assert callable(action.dispatch)
