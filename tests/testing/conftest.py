"""Packs on the import path with real metadata, and pytest runs with the plugin of the kit."""

from __future__ import annotations

import sys
import textwrap
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

import synapse_plugins
from synapse_plugins.datasets import formats
from synapse_plugins.providers import FormatProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLUGIN = 'synapse_plugins.testing.plugin'
FORMAT_MODULE = 'format_on_trial'


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Return a function that installs a pack: a module and a dist-info folder beside it."""
    site = tmp_path / 'site'
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    modules: list[str] = []

    def install(distribution: str, code: str, **beside: str) -> str:
        name = distribution.replace('-', '_')
        for module, text in {name: code, **beside}.items():
            modules.append(module)
            (site / f'{module}.py').write_text(textwrap.dedent(text), encoding='utf-8')
        info = site / f'{name}-1.0.dist-info'
        info.mkdir()
        (info / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n')
        (info / 'entry_points.txt').write_text(f'[synapse_plugins]\npack = {name}\n')
        return distribution

    yield install
    for module in modules:
        sys.modules.pop(module, None)


@pytest.fixture
def new_format(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return a function that adds a format made of a reader, a writer and a detect function to the table."""
    name = 'on_trial'

    def add(**parts: Any) -> str:
        module = ModuleType(FORMAT_MODULE)
        for part, value in parts.items():
            setattr(module, part, value)
        monkeypatch.setitem(sys.modules, FORMAT_MODULE, module)
        formats.add(FormatProvider(name=name, **{part: f'{FORMAT_MODULE}:{part}' for part in parts}))
        return name

    return add


@pytest.fixture
def run_pytest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function that runs pytest, in a process of its own, over a text of tests with the kit's plugin."""
    import subprocess

    folder = tmp_path / 'project'
    folder.mkdir()
    installed = any(found.value == PLUGIN for found in metadata.entry_points(group='pytest11'))

    def run(code: str, *arguments: str, **files: str) -> subprocess.CompletedProcess[str]:
        for name, text in {'test_it': code, **files}.items():
            (folder / f'{name}.py').write_text(textwrap.dedent(text), encoding='utf-8')
        loaded = [] if installed or 'no:synapse-plugins' in arguments else ['-p', PLUGIN]
        monkeypatch.setenv('PYTHONPATH', str(Path(synapse_plugins.__file__).parents[1]))
        command = [sys.executable, '-m', 'pytest', '-q', '-W', 'error', *loaded, *arguments]
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, encoding='utf-8', check=False, timeout=120
        )

    return run
