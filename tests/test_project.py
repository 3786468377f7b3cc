"""The project's own files keep to what they promise."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import synapse_plugins

PROJECT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((PROJECT / 'pyproject.toml').read_text(encoding='utf-8'))
SOURCES = sorted(
    path for package in ('synapse_plugins', 'builtin_steps') for path in (PROJECT / package).rglob('*.py')
)
TEXTS = sorted(
    path
    for pattern in (
        '*.md',
        '*.toml',
        '*.py',
        'docs/*',
        'examples/**/*',
        'synapse_plugins/**/*',
        'builtin_steps/**/*',
    )
    for path in PROJECT.glob(pattern)
    if path.suffix in {'.md', '.py', '.toml', '.yml', '.yaml', '.txt'} and '.nox' not in path.parts
)


@pytest.mark.skipif(
    'SYNAPSE_PLUGINS_TESTED' not in os.environ, reason='only where nox has installed the package'
)
def test_what_is_tested_is_installed() -> None:
    import builtin_steps

    for module in (synapse_plugins, builtin_steps):
        assert 'site-packages' in Path(str(module.__file__)).parts
    script = 'import synapse_plugins; print(synapse_plugins.__file__)'
    done = subprocess.run(
        [sys.executable, '-c', script], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == Path(synapse_plugins.__file__)


def test_the_version_is_in_the_changelog_or_unreleased() -> None:
    text = (PROJECT / 'CHANGELOG.md').read_text(encoding='utf-8')
    assert '## [Unreleased]' in text or f'## [{synapse_plugins.__version__}]' in text


def test_readme_holds_the_two_commands_and_the_licence_sentence() -> None:
    text = (PROJECT / 'README.md').read_text(encoding='utf-8')
    assert 'python3 -m pip install nox uv && python3 -m nox -s demo' in text
    assert 'python3 -m pip install nox uv && python3 -m nox -s tests' in text
    assert 'AGPL-3.0' in text


def test_the_licence_is_whole() -> None:
    text = (PROJECT / 'LICENSE').read_text(encoding='utf-8')
    assert 'Apache License' in text
    assert 'END OF TERMS AND CONDITIONS' in text
    assert PYPROJECT['project']['license'] == 'Apache-2.0'


def test_ci_calls_sessions_that_exist() -> None:
    noxfile = (PROJECT / 'noxfile.py').read_text(encoding='utf-8')
    functions = set(re.findall(r'^@nox\.session.*\ndef (\w+)', noxfile, re.MULTILINE))
    assert functions >= {'demo', 'tests', 'soak', 'lint', 'types', 'build', 'bench'}
    workflow = (PROJECT / '.github' / 'workflows' / 'ci.yml').read_text(encoding='utf-8')
    (listed,) = re.findall(r'session: \[(.*)\]', workflow)
    assert {name.strip() for name in listed.split(',')} <= functions
    run = (PROJECT / '.ci' / 'run').read_text(encoding='utf-8')
    assert set(re.findall(r'nox -s (\w+)\b(?!-)', run)) <= functions


@pytest.mark.parametrize('path', SOURCES, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_files_and_functions_stay_short(path: Path) -> None:
    text = path.read_text(encoding='utf-8')
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = ast.get_docstring(node) is not None
            first = node.body[1 if documented and len(node.body) > 1 else 0]
            length = (node.end_lineno or first.lineno) - first.lineno + 1
            assert length <= 60, f'{node.name} is {length} lines long'


def test_nothing_names_the_machine_it_was_written_on() -> None:
    private = re.compile(r'(?<![\w.])/(?:work|opt|root)/')
    found = [
        f'{path.relative_to(PROJECT)}' for path in TEXTS if private.search(path.read_text(encoding='utf-8'))
    ]
    assert found == []


def test_the_core_needs_no_extra() -> None:
    extras = {
        re.split(r'[<>=\[]', line)[0]
        for lines in PYPROJECT['project']['optional-dependencies'].values()
        for line in lines
    }
    core = {re.split(r'[<>=\[]', line)[0] for line in PYPROJECT['project']['dependencies']}
    assert core & extras == set()
    assert 'ultralytics' in extras
