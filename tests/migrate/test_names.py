"""The table of names is right on both sides."""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path

import pytest

from synapse_plugins.migrate.names import MODULES, NOT_HERE, TABLE, find, why_not

GUIDE = Path(__file__).resolve().parents[2] / 'docs' / 'migrating.md'
NO_REASON = why_not('synapse_sdk.nothing', 'Nothing')
OLDER = 'synapse_sdk.plugins.pipelines.steps'
BASES = (
    'synapse_sdk.plugins',
    'synapse_sdk.plugins.actions',
    'synapse_sdk.plugins.actions.train',
    'synapse_sdk.plugins.actions.export',
    'synapse_sdk.plugins.context',
    'synapse_sdk.plugins.pipelines',
    'synapse_sdk.plugins.steps',
    'synapse_sdk.plugins.types',
)


@pytest.mark.parametrize('module', TABLE)
def test_every_name_leads_to_something_here(module: str) -> None:
    for target in TABLE[module].values():
        assert hasattr(importlib.import_module(target.module), target.name), target


@pytest.mark.parametrize('module', MODULES.values())
def test_every_module_is_here(module: str) -> None:
    importlib.import_module(module)


def test_deeper_paths_and_older_ones_are_found_too() -> None:
    for module in (
        'synapse_sdk.plugins.steps.base',
        'synapse_sdk.plugins.steps.utils.logging',
        OLDER,
        f'{OLDER}.registry',
        'synapse_sdk.plugins.pipelines',
        'synapse_sdk.plugins',
    ):
        target = find(module, 'LoggingStep')
        assert target is not None
        assert target.module == 'synapse_plugins.steps'
    assert (
        find('synapse_sdk.plugins.actions.upload', 'LogLevel') is None
    )  # another one than that of the loggers
    assert find('synapse_sdk.plugins.actions.upload.enums', 'LogLevel') is None


def test_the_guide_names_what_is_here_and_what_is_not() -> None:
    text = GUIDE.read_text(encoding='utf-8')
    names = {name for table in TABLE.values() for name in table}
    assert sorted(name for name in names if f'`{name}`' not in text) == []
    assert sorted(name for name in NOT_HERE if '.' not in name and f'`{name}`' not in text) == []


@pytest.mark.usefixtures('vendor')
class TestBesideTheirs:
    """The vendor's SDK has these names where the table says."""

    @pytest.mark.parametrize('module', [name for name in TABLE if name != OLDER])
    def test_every_name_is_there(self, module: str) -> None:
        theirs = _import(module)
        assert [name for name in TABLE[module] if not hasattr(theirs, name)] == []

    @pytest.mark.parametrize('module', BASES)
    def test_every_public_name_has_a_counterpart_or_a_reason(self, module: str) -> None:
        helpers = {
            'ActionConfig',
            'PluginConfig',
            'get_action_ui_schema',
            'pydantic_to_ui_schema',
            'validate_result',
        }
        silent = [
            name
            for name in _import(module).__all__
            if find(module, name) is None and why_not(module, name) == NO_REASON and name not in helpers
        ]
        assert [
            name for name in silent if name.startswith(('Base', 'Default')) or name.endswith('Action')
        ] == []


def _import(module: str):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # its modules warn while they are imported
        return importlib.import_module(module)
