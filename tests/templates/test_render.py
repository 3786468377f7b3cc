"""What comes out of the templates, for every kind and option."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import synapse_plugins

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).resolve().parents[2]
EVERYWHERE = {
    '.copier-answers.yml',
    '.github/workflows/ci.yml',
    '.gitignore',
    '.pre-commit-config.yaml',
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'noxfile.py',
    'pyproject.toml',
    'src/PACKAGE/__init__.py',
    'src/PACKAGE/actions.py',
    'src/PACKAGE/pack.py',
    'src/PACKAGE/py.typed',
    'src/PACKAGE/steps.py',
    'tests/test_actions.py',
    'tests/test_pack.py',
    'tests/test_readme.py',
    'tests/test_steps.py',
}
OF_PLUGINS = {'config.yaml', 'requirements.txt', 'examples/make_data.py', 'tests/test_config.py'}


def expected_files(answers: dict[str, Any], package: str) -> set[str]:
    """Return the recorded list of files for some answers."""
    files = set(EVERYWHERE)
    if answers.get('kind', 'step-pack') != 'step-pack':
        files |= OF_PLUGINS
    if answers.get('kind') == 'export-plugin':
        files.add('src/PACKAGE/exporter.py')
    if answers.get('with_format'):
        files |= {'src/PACKAGE/formats.py', 'tests/test_formats.py'}
    if answers.get('with_trainer'):
        files |= {'src/PACKAGE/trainer.py', 'tests/test_trainer.py'}
    if answers.get('license') == 'none':
        files.discard('LICENSE')
    return {name.replace('PACKAGE', package) for name in files}


def read_toml(project: Path) -> dict[str, Any]:
    return tomllib.loads((project / 'pyproject.toml').read_text(encoding='utf-8'))


def test_it_holds_the_recorded_files(
    variant: str, project: Path, answers: dict[str, Any], files_of: Callable[[Path], dict[str, bytes]]
) -> None:
    assert set(files_of(project)) == expected_files(answers, f'synapse_plugins_{variant.replace("-", "_")}')


def test_nothing_of_the_template_or_of_this_machine_is_left(
    project: Path, source: Path, answers: dict[str, Any], files_of: Callable[[Path], dict[str, bytes]]
) -> None:
    for name, content in files_of(project).items():
        text = content.decode().replace(answers.get('description', '\0'), '')
        text = text.replace(json.dumps(answers.get('description', '\0'), ensure_ascii=False)[1:-1], '')
        if name == '.copier-answers.yml':
            continue  # copier's own; what `new` writes there is tested with `new`
        if name == '.github/workflows/ci.yml':
            text = re.sub(r'\$\{\{ [\w.]+ \}\}', '', text)
        for left in ('{{', '{%', '{#', '[[[', 'jinja', 'Undefined', str(source), str(project.parent), '\r'):
            assert left not in text, (name, left)
        assert text.endswith('\n') or not text, name
        assert not text.endswith('\n\n'), name


def test_every_file_can_be_parsed(project: Path, files_of: Callable[[Path], dict[str, bytes]]) -> None:
    for name, content in files_of(project).items():
        if name.endswith('.py'):
            ast.parse(content, name)
        elif name.endswith(('.yaml', '.yml')):
            assert isinstance(yaml.safe_load(content), dict)
    assert read_toml(project)['project']['keywords'] == ['synapse-plugins-pack']


def test_the_metadata_say_what_was_answered(variant: str, project: Path, answers: dict[str, Any]) -> None:
    metadata = read_toml(project)['project']
    assert metadata['name'] == f'synapse-plugins-{variant}'
    assert metadata['description'] == answers.get('description', metadata['description'])
    assert metadata.get('license', 'none') == answers.get('license', 'MIT')
    author = {'name': answers.get('user_name'), 'email': answers.get('user_email')}
    given = {field: value for field, value in author.items() if value}
    assert metadata.get('authors', []) == ([given] if given else [])
    (entry_point,) = metadata['entry-points']['synapse_plugins'].values()
    assert (project / 'src' / f'{entry_point.replace(".", "/")}.py').is_file()
    if (project / 'config.yaml').is_file():
        config = yaml.safe_load((project / 'config.yaml').read_text(encoding='utf-8'))
        assert config['description'] == metadata['description']
        assert config['version'] == metadata['version']


def test_the_description_that_nobody_gave_is_english(project: Path, answers: dict[str, Any]) -> None:
    said = {
        'step-pack': 'A step pack for synapse-plugins.',
        'train-plugin': 'A train plugin for synapse-plugins.',
        'export-plugin': 'An export plugin for synapse-plugins.',
        'upload-plugin': 'An upload plugin for synapse-plugins.',
    }
    wanted = answers.get('description', said[answers.get('kind', 'step-pack')])
    assert wanted in (project / 'README.md').read_text(encoding='utf-8')
    assert read_toml(project)['project']['description'] == wanted


def test_its_configuration_is_in_line_with_its_code(project: Path) -> None:
    if not (project / 'config.yaml').is_file():
        pytest.skip('a step pack is no plugin')
    env = {
        **os.environ,
        'PYTHONPATH': str(Path(synapse_plugins.__file__).parents[1]),
        'PYTHONDONTWRITEBYTECODE': '1',  # others count the files of the project
    }
    call = [sys.executable, '-m', 'synapse_plugins', 'config', 'check', '--plugin', str(project), '--json']
    done = subprocess.run(call, env=env, capture_output=True, encoding='utf-8', check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert (report['problems'], report['notes'], report['changes'], report['diff']) == ([], [], [], '')


def test_it_can_be_built(project: Path) -> None:
    from hatchling.metadata.core import ProjectMetadata
    from hatchling.plugin.manager import PluginManager

    core = ProjectMetadata(str(project), PluginManager()).core
    assert core.name
    assert core.dependencies
    assert core.authors_data is not None


def test_ruff_finds_nothing_to_change(rendered: dict[str, Path]) -> None:
    folder = next(iter(rendered.values())).parent
    for command in (['check'], ['format', '--diff']):
        call = [sys.executable, '-m', 'ruff', *command, '--no-cache', str(folder)]
        done = subprocess.run(call, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_it_asks_for_this_version_of_the_package(project: Path) -> None:
    from packaging.requirements import Requirement

    (required,) = map(Requirement, read_toml(project)['project']['dependencies'])
    assert required.name == 'synapse-plugins'
    assert required.specifier.contains(synapse_plugins.__version__)
    assert f'>={synapse_plugins.__version__}' in str(required.specifier)
    assert not required.specifier.contains('1.0')


def test_ci_runs_the_sessions_that_are_there_on_the_oldest_and_the_newest(project: Path) -> None:
    jobs = yaml.safe_load((project / '.github' / 'workflows' / 'ci.yml').read_text(encoding='utf-8'))['jobs']
    matrix = jobs['nox']['strategy']['matrix']
    called = {*matrix['session'], *(included['session'] for included in matrix['include'])}
    tree = ast.parse((project / 'noxfile.py').read_text(encoding='utf-8'))
    sessions = {node.name.replace('_', '-') for node in tree.body if isinstance(node, ast.FunctionDef)} - {
        'group'
    }
    assert called == sessions
    assert {'tests', 'tests-oldest'} <= called


def test_the_example_code_is_short(project: Path) -> None:
    for path in (project / 'src').rglob('*.py'):
        assert len(path.read_text(encoding='utf-8').splitlines()) <= 130, path


def test_the_train_plugin_says_what_the_agpl_means(rendered: dict[str, Path]) -> None:
    readme = (rendered['detector'] / 'README.md').read_text(encoding='utf-8')
    assert 'AGPL-3.0' in readme
    assert 'source' in readme[readme.index('AGPL-3.0') :]
    required = read_toml(rendered['detector'])['project']
    assert not any('yolo' in line for line in required['dependencies'])
    assert required['optional-dependencies'] == {'yolo': ['synapse-plugins[yolo]']}


def test_its_own_tests_pass_on_a_slow_machine_too(project: Path) -> None:
    """They are quick because of what they leave alone, and nothing fails by the clock."""
    imported: set[str] = set()
    for path in (project / 'tests').rglob('*.py'):
        text = path.read_text(encoding='utf-8')
        assert 'timeout' not in text, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                imported.update(alias.name.partition('.')[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).partition('.')[0])
    assert not imported & {'time', 'timeit', 'signal', 'socket', 'requests', 'ray', 'torch', 'ultralytics'}
    assert 'timeout' not in read_toml(project)['tool']['pytest']['ini_options']


@pytest.mark.slow
def test_types_are_complete(rendered: dict[str, Path], tmp_path: Path) -> None:
    pytest.importorskip('mypy')
    place = Path(synapse_plugins.__file__).parents[
        1
    ]  # mypy finds what is installed by itself, and wants no path to it
    env = os.environ if 'site-packages' in place.parts else {**os.environ, 'MYPYPATH': str(place)}
    for name in ('a' + 59 * 'x', 'detector', 'exporter', 'c' + 59 * 'z'):
        call = [
            sys.executable,
            '-m',
            'mypy',
            '--strict',
            '--follow-imports=silent',
            '--cache-dir',
            str(tmp_path),
        ]
        done = subprocess.run(call, cwd=rendered[name], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (name, done.stdout + done.stderr)
