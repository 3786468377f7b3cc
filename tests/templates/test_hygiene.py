"""The templates are no code of this project: its own tools leave them alone, and the platform reads what they make."""

from __future__ import annotations

import subprocess
import sys
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize('command', [['check'], ['format', '--check']])
def test_ruff_leaves_the_templates_alone(command: list[str]) -> None:
    pytest.importorskip('ruff')
    call = [sys.executable, '-m', 'ruff', *command, '--force-exclude', 'templates/_shared/noxfile.py']
    done = subprocess.run(call, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert 'No Python files found' in done.stderr + done.stdout


def test_pytest_collects_nothing_from_the_templates() -> None:
    call = [sys.executable, '-m', 'pytest', '--collect-only', '-q', '-p', 'no:cacheprovider', 'templates']
    done = subprocess.run(call, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, done.stdout


def test_an_installer_can_compile_what_is_called_python() -> None:
    for path in (PROJECT / 'templates').rglob('*.py'):
        compile(path.read_bytes(), str(path), 'exec')


@pytest.fixture(scope='session')
def discovery() -> Any:
    """The module of the vendor that reads plugin projects."""
    if find_spec('synapse_sdk') is None:
        pytest.skip('synapse-sdk is not installed: it needs Python 3.12 or later')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # its modules warn while they are imported
        return import_module('synapse_sdk.plugins.discovery')


def test_the_vendor_reads_the_configuration(project: Path, variant: str, discovery: Any) -> None:
    if not (project / 'config.yaml').is_file():
        pytest.skip('a step pack is no plugin of the platform')
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter('always')
        config = discovery.PluginDiscovery.from_path(project).config
    assert config.code == variant
    assert str(config.category.value) in {'neural_net', 'export', 'upload'}
    assert [action.method.value for action in config.actions.values()] == ['job']
    assert config.readme == 'README.md'
    assert [str(warning.message) for warning in warned] == []
