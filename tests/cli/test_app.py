"""The root command: what it knows, what it costs, where the global options may stand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

import synapse_plugins
from synapse_plugins.cli.app import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable

HEAVY = {'PIL', 'builtin_steps', 'copier', 'numpy', 'orjson', 'rich', 'torch', 'ultralytics', 'yaml'}
"""Without pydantic: typer reads options with it where it is installed."""


def test_every_module_of_a_command_is_in_the_table_and_back() -> None:
    folder = Path(import_module('synapse_plugins.cli.commands').__file__ or '').parent
    assert {path.stem for path in folder.glob('[!_]*.py')} == set(COMMANDS)


@pytest.mark.parametrize('name', COMMANDS)
def test_a_command_says_of_itself_what_the_table_says(name: str) -> None:
    command = typer.main.get_command(import_module(f'synapse_plugins.cli.commands.{name}').app)
    assert (command.help or '').splitlines()[0] == COMMANDS[name]


def test_help_of_every_command_is_light(tmp_path: Path) -> None:
    script = (
        'import json, sys\n'
        'from synapse_plugins.cli import main\n'
        f'for name in {list(COMMANDS)!r}:\n'
        "    assert main([name, '--help']) == 0, name\n"
        "print('\\n' + json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, encoding='utf-8', check=True)
    assert set(json.loads(done.stdout.splitlines()[-1])) & HEAVY == set()


def test_version(cli: Callable[..., Any]) -> None:
    outcome = cli('--version')
    assert (outcome.code, outcome.out) == (0, f'synapse-plugins {synapse_plugins.__version__}\n')


def test_the_script_and_the_module_are_one_program(program: Callable[..., Any]) -> None:
    outcome = program('--help')
    assert outcome.code == 0
    assert outcome.out.startswith('Usage: synapse-plugins ')
    assert all(f'  {name} ' in outcome.out for name in COMMANDS)
    assert outcome.err == ''


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [
        (['dataset'], "No such command 'dataset'. Did you mean 'datasets'"),
        (['packs', '--jason'], 'No such option: --jason'),
        (['run'], "Missing argument 'ACTION'"),
        (['datasets', 'imprt'], "No such command 'imprt'. Did you mean 'import'?"),
        (['datasets', 'import', 'x'], "Missing option '--name'"),
        (['datasets', 'import', 'x', '--name', 'y', '--link', 'soft'], "Invalid value for '--link'"),
        (['run', 'train', '-p', 'epochs'], "'epochs' is no parameter; write it as -p name=value"),
        (['run', 'train', '-p', 'a=1', '-p', 'a=2'], 'stands twice'),
        (['convert', 'x', '--to', 'yolo'], "Missing argument 'DST'."),
        (['convert', '--to', 'yolo', 'x'], "Missing argument 'DST'."),
        (['convert', '--to', 'yolo'], "Missing arguments 'SRC' and 'DST'."),
        (['convert', 'x', 'y'], "Missing option '--to'"),
        (['demo', '--epochs', '0'], "Invalid value for '--epochs'"),
    ],
)
def test_bad_usage_exits_2(cli: Callable[..., Any], home: Path, arguments: list[str], said: str) -> None:
    outcome = cli(*arguments)
    assert outcome.code == 2
    assert outcome.out == ''
    assert said in ' '.join(outcome.err.split())
    assert 'Traceback' not in outcome.err
    assert not home.exists()


@pytest.mark.parametrize('group', ['', 'datasets', 'runs', 'models', 'config', 'store', 'cache'])
def test_a_group_without_a_command_is_bad_usage_and_says_which_there_are(
    cli: Callable[..., Any], home: Path, group: str
) -> None:
    for arguments in ([], ['--home', home]):
        outcome = cli(*([group] if group else []), *arguments)
        assert (outcome.code, outcome.out) == (2, '')
        usage, said = outcome.err.split('\n\n')
        assert f'{group} [OPTIONS] COMMAND'.strip() in usage
        reason, *commands = said.splitlines()
        assert reason == 'Error: Missing command: name one of these.'
        below = cli(group, '--help') if group else cli('--help')
        assert commands == below.out.partition('\nCommands:\n')[2].splitlines()
    assert not home.exists()


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [
        (['convert', 'a', 'b', '--too', 'yolo'], 'No such option: --too'),
        (['convert', 'a', '--to', 'yolo'], "Missing argument 'DST'."),
        (['convert', 'a', 'b', '--to', 'yolo', '--workers', '0'], "Invalid value for '--workers'"),
        (['datasets', 'imprt'], "No such command 'imprt'."),
        (['dataset'], "No such command 'dataset'."),
        (['run', 'train', '-p', 'epochs'], "'epochs' is no parameter; write it as -p name=value"),
        (['--bogus'], 'No such option: --bogus'),
    ],
)
def test_bad_usage_is_a_document_too(cli: Callable[..., Any], arguments: list[str], said: str) -> None:
    outcome = cli(*arguments, '--json')
    assert outcome.code == 2
    error = outcome.json['error']
    assert (error['type'], error['exit_code']) == ('UsageError', 2)
    assert said in error['message']
    assert 'Usage: synapse-plugins' in outcome.err


def test_global_options_stand_anywhere(cli: Callable[..., Any], tmp_path: Path) -> None:
    nowhere = tmp_path / '없음'
    for arguments in (
        ['--home', nowhere, 'datasets', 'list'],
        ['datasets', '--home', nowhere, 'list'],
        ['datasets', 'list', '--home', nowhere],
    ):
        outcome = cli(*arguments)
        assert outcome.paragraph.startswith(f'There is no store in {nowhere}.')
        assert not nowhere.exists()
    outcome = cli('datasets', 'list', '--home', nowhere, '--traceback')
    assert outcome.code == 1
    assert 'Traceback (most recent call last)' in outcome.err


def test_a_reader_that_leaves_early_is_no_error(home: Path) -> None:
    for arguments in (['--help'], ['packs', '--json'], ['formats'], ['actions', 'yolo.train']):
        process = subprocess.Popen(
            [sys.executable, '-m', 'synapse_plugins', *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, 'PYTHONUNBUFFERED': '1'},
        )
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        process.stderr.close()
        assert process.wait(timeout=60) in {0, 1}
        assert said == b''


@pytest.mark.parametrize('environment', [{'LC_ALL': 'C'}, {'LC_ALL': 'C.UTF-8', 'PYTHONUTF8': '0'}])
def test_hangul_in_any_locale(
    program: Callable[..., Any], tmp_path: Path, environment: dict[str, str]
) -> None:
    outcome = program('datasets', 'list', '--home', tmp_path / '없는 집', **environment)
    assert outcome.code == 1
    assert '없는 집' in outcome.err
