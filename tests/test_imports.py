"""What importing costs, and what is public."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import json
import pkgutil
import subprocess
import sys

import pytest

import synapse_plugins

NEVER_FOR_HELP = {'PIL', 'builtin_steps', 'copier', 'numpy', 'orjson', 'pydantic', 'torch', 'ultralytics'}
PUBLIC_MODULES = (
    'synapse_plugins',
    'synapse_plugins.actions.export',
    'synapse_plugins.actions.train',
    'synapse_plugins.actions.upload',
    'synapse_plugins.backends',
    'synapse_plugins.context',
    'synapse_plugins.datasets',
    'synapse_plugins.errors',
    'synapse_plugins.executors',
    'synapse_plugins.hookspecs',
    'synapse_plugins.packs',
    'synapse_plugins.providers',
    'synapse_plugins.runs',
    'synapse_plugins.steps',
    'synapse_plugins.testing',
    'synapse_plugins.store',
)


def top_levels_after(code: str) -> set[str]:
    """Return the top-level modules that *code* loads beyond those of a bare interpreter."""
    script = f'import json, sys; bare = set(sys.modules)\n{code}\nprint(json.dumps(sorted(set(sys.modules) - bare)))'
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True, check=True)
    return {name.partition('.')[0] for name in json.loads(done.stdout.splitlines()[-1])}


def third_party(names: set[str]) -> set[str]:
    return {name for name in names if name not in sys.stdlib_module_names and not name.startswith('_')} - {
        'synapse_plugins'
    }


@pytest.mark.parametrize(
    'code',
    [
        'import synapse_plugins',
        'import synapse_plugins.steps',
        'import synapse_plugins.errors',
        'import synapse_plugins.providers',
        'from synapse_plugins.steps import Orchestrator, StepRegistry, BaseStep',
    ],
)
def test_importing_costs_no_third_party_package(code: str) -> None:
    assert third_party(top_levels_after(code)) == set()


def test_help_loads_only_what_the_command_line_needs() -> None:
    code = (
        "sys.argv = ['synapse-plugins', '--help']\n"
        'from synapse_plugins.cli import main\n'
        'try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code'
    )
    loaded = top_levels_after(code)
    assert 'typer' in loaded
    assert loaded & NEVER_FOR_HELP == set()


def test_listing_packs_imports_no_step() -> None:
    code = 'from synapse_plugins.packs import get_manager\nassert get_manager().steps()'
    script = f'import sys\n{code}\nprint([name for name in sys.modules if name.startswith("builtin_steps.")])'
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['builtin_steps.pack']"


def test_the_orchestrator_needs_no_dataset_step() -> None:
    assert 'builtin_steps' not in top_levels_after('import synapse_plugins.steps')


@pytest.mark.parametrize('name', PUBLIC_MODULES)
def test_all_resolves(name: str) -> None:
    module = importlib.import_module(name)
    assert len(set(module.__all__)) == len(module.__all__)
    for exported in module.__all__:
        assert getattr(module, exported) is not None


@pytest.mark.parametrize('name', PUBLIC_MODULES)
def test_what_is_public_is_what_all_says(name: str) -> None:
    module = importlib.import_module(name)
    assert set(dir(module)) >= set(module.__all__)
    if '__path__' in vars(module):  # a package: nothing of its own is public beside __all__ and its modules
        inside = {found.name for found in pkgutil.iter_modules(module.__path__)}
        shown = {
            attribute
            for attribute, value in vars(module).items()
            if not attribute.startswith('_') and getattr(value, '__module__', '').startswith(name)
        }
        assert shown - inside <= set(module.__all__)


@pytest.mark.parametrize('name', PUBLIC_MODULES)
def test_everything_public_is_documented(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__
    undocumented = []
    for exported in module.__all__:
        value = getattr(module, exported)
        if inspect.isclass(value) or inspect.isroutine(value):
            undocumented += [exported] if not inspect.getdoc(value) else []
        if inspect.isclass(value) and value.__module__.startswith('synapse_plugins'):
            undocumented += [
                f'{exported}.{attribute}'
                for attribute, member in vars(value).items()
                if not attribute.startswith('_')
                and (inspect.isroutine(member) or isinstance(member, property | classmethod | staticmethod))
                and not inspect.getdoc(getattr(value, attribute))
            ]
    assert undocumented == []


def test_the_version_is_a_literal_in_one_place() -> None:
    assert synapse_plugins.__version__.count('.') >= 2
    try:
        installed = importlib.metadata.version('synapse-plugins')
    except importlib.metadata.PackageNotFoundError:
        pytest.skip('the package runs from its checkout')
    assert installed == synapse_plugins.__version__
