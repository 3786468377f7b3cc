"""A whole project: read first, told, and changed only when that is asked for."""

from __future__ import annotations

import importlib
import json
import os
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.errors import ConfigError, MissingExtraError
from synapse_plugins.migrate import migrate

pytest.importorskip('libcst', reason="needs the extra `migrate`: pip install 'synapse-plugins[migrate]'")

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = 'from synapse_sdk.plugins.steps import BaseStep\n\n\nclass 단계(BaseStep):\n    pass\n'
CONFIG = """\
name: x
code: x   # 코드
actions:
  main: {entrypoint: plugin.main:run}
  count:
    entrypoint: plugin.main.Counter
"""
MAIN = '''\
"""한글."""

from __future__ import annotations


def run(path: str, limit: int = 3, *, fast: bool = False, **kwargs):
    return {'path': path, 'limit': limit, 'fast': fast, **kwargs}


class Counter:
    def __init__(self, **options):
        self.start = options.get('start', 1)

    def count(self, data, by=1):
        return {'counted': self.start + by * len(data)}
'''


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob('*'))
        if path.is_file()
    }


def test_nothing_is_changed_without_write(project: Callable[..., Path]) -> None:
    root = project({'plugin/단계.py': STEPS, 'requirements.txt': 'synapse-sdk\n'})
    before = contents(root)
    done = migrate(root)
    assert contents(root) == before
    assert not done.written
    assert [change.path for change in done.changes] == ['plugin/단계.py', 'requirements.txt']
    assert '+from synapse_plugins.steps import BaseStep\n' in done.changes[0].diff()
    json.dumps(done.to_dict())


def test_write_changes_all_of_it_once(project: Callable[..., Path]) -> None:
    root = project({'plugin/단계.py': STEPS, 'setup.sh': '#!/bin/sh\n'})
    (root / 'plugin' / '단계.py').chmod(0o640)
    assert migrate(root, write=True).written
    assert (root / 'plugin' / '단계.py').read_text(encoding='utf-8') == STEPS.replace(
        'synapse_sdk.plugins', 'synapse_plugins'
    )
    assert (root / 'plugin' / '단계.py').stat().st_mode & 0o777 == 0o640
    before = contents(root)
    assert migrate(root, write=True).changes == []
    assert contents(root) == before


def test_one_file(project: Callable[..., Path]) -> None:
    root = project({'a.py': STEPS, 'b.py': STEPS})
    migrate(root / 'a.py', write=True)
    assert 'synapse_plugins' in (root / 'a.py').read_text(encoding='utf-8')
    assert (root / 'b.py').read_text(encoding='utf-8') == STEPS


def test_what_is_no_code_of_the_project_is_not_read(project: Callable[..., Path]) -> None:
    root = project(
        dict.fromkeys(('venv/a.py', '.git/a.py', 'build/a.py', 'mine/a.py'), STEPS) | {'mine/pyvenv.cfg': ''}
    )
    assert migrate(root).files == 0


def test_what_cannot_be_parsed_is_told_and_left(project: Callable[..., Path]) -> None:
    root = project(
        {
            'broken.py': 'from synapse_sdk.plugins import BaseStep\ndef (:\n',
            'old.py': 'from synapse_sdk.plugins import BaseStep\nprint "x"\n',
            'latin.py': b'# synapse_sdk \xff\n',
            'notebook.ipynb': '{"cells": ["import synapse_sdk"]}',
            'fine.py': STEPS,
        }
    )
    done = migrate(root, write=True)
    assert [note.path for note in done.of('look')] == ['broken.py', 'latin.py', 'notebook.ipynb', 'old.py']
    assert done.of('look')[0].line == 2
    assert [change.path for change in done.changes] == ['fine.py']


def test_a_write_that_fails_changes_nothing(
    project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project({'a.py': STEPS, 'b.py': STEPS})
    before = contents(root)
    real = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if path.name.startswith('.b.py'):
            raise OSError(28, 'No space left on device')
        return real(path, data)

    monkeypatch.setattr(Path, 'write_bytes', full)
    with pytest.raises(OSError, match='No space'):
        migrate(root, write=True)
    assert contents(root) == before


def test_a_place_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match='does not exist'):
        migrate('nowhere-at-all')


def test_a_file_that_is_no_python_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'README.md').write_text('synapse_sdk', encoding='utf-8')
    with pytest.raises(ConfigError, match='is no Python file'):
        migrate(tmp_path / 'README.md')


# -- dependencies -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('before', 'after'),
    [
        ('synapse-sdk', 'synapse-sdk\nsynapse-plugins\n'),
        (
            '# 주석\nsynapse_sdk>=2026.1  # theirs\r\nnumpy\r\n',
            '# 주석\nsynapse_sdk>=2026.1  # theirs\r\nsynapse-plugins\r\nnumpy\r\n',
        ),
        ('numpy\n', 'numpy\nsynapse-plugins\n'),
        ('', 'synapse-plugins\n'),
        ('synapse-plugins[yolo]>=0.1\n', None),
    ],
)
def test_requirements(project: Callable[..., Path], before: str, after: str | None) -> None:
    root = project({'a.py': STEPS, 'requirements.txt': before})
    migrate(root, write=True)
    assert (root / 'requirements.txt').read_bytes().decode('utf-8') == (before if after is None else after)


@pytest.mark.parametrize(
    ('dependencies', 'names'),
    [
        ('["synapse-sdk"]', ['synapse-plugins']),
        ("[\n    'numpy',  # 수\n    'synapse-sdk[all]>=2026.1',\n]", ['numpy', 'synapse-plugins']),
        ('["synapse-sdk", "synapse-plugins"]', ['synapse-sdk', 'synapse-plugins']),
    ],
)
def test_pyproject(project: Callable[..., Path], dependencies: str, names: list[str]) -> None:
    text = '# 머리\n[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.10,<3.13"\n'
    text += f'dependencies = {dependencies}\n'
    root = project({'a.py': STEPS, 'pyproject.toml': text})
    migrate(root, write=True)
    after = (root / 'pyproject.toml').read_text(encoding='utf-8')
    assert tomllib.loads(after)['project']['dependencies'] == names
    assert after.startswith('# 머리\n')
    if after != text:
        assert tomllib.loads(after)['project']['requires-python'] == '>=3.11,<3.13'


@pytest.mark.parametrize(
    ('name', 'content'),
    [
        ('pyproject.toml', '[project\n'),
        ('pyproject.toml', '[project]\ndependencies = ["numpy"]\n'),
        ('requirements.txt', b'synapse-sdk  # \xff\n'),
    ],
)
def test_where_the_dependency_cannot_be_named_that_is_told(
    project: Callable[..., Path], name: str, content: str | bytes
) -> None:
    done = migrate(project({'a.py': STEPS, name: content}))
    assert [change.path for change in done.changes] == ['a.py']
    assert [note.path for note in done.of('look')] == [name]


def test_where_something_stays_pyproject_names_both(project: Callable[..., Path]) -> None:
    serving = 'from synapse_sdk.plugins import BaseDeploymentAction\nclass D(BaseDeploymentAction): pass\n'
    text = '[project]\nname = "x"\nversion = "1"\ndependencies = ["synapse-sdk", "numpy"]\n'
    root = project({'a.py': STEPS, 'b.py': serving, 'pyproject.toml': text})
    migrate(root, write=True)
    after = tomllib.loads((root / 'pyproject.toml').read_text(encoding='utf-8'))
    assert after['project']['dependencies'] == ['synapse-sdk', 'synapse-plugins', 'numpy']


def test_a_project_that_only_stays_gets_no_dependency(project: Callable[..., Path]) -> None:
    serving = 'from synapse_sdk.plugins import BaseDeploymentAction\nclass D(BaseDeploymentAction): pass\n'
    root = project({'b.py': serving, 'requirements.txt': 'synapse-sdk\n'})
    done = migrate(root)
    assert done.changes == []
    assert [note.line for note in done.of('stays')] == [1]


# -- plain entrypoints ------------------------------------------------------------------------------------------


def test_plain_entrypoints_become_actions(
    project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project({'config.yaml': CONFIG, 'plugin/__init__.py': '', 'plugin/main.py': MAIN})
    done = migrate(root, write=True)
    assert done.of('look') == []
    config = (root / 'config.yaml').read_text(encoding='utf-8')
    assert "  main: {entrypoint: 'plugin.main:MainAction'}\n" in config
    assert '    entrypoint: plugin.main.CountAction\n' in config
    assert '# 코드' in config
    monkeypatch.syspath_prepend(str(root))
    importlib.invalidate_caches()
    from synapse_plugins import RuntimeContext

    module: Any = importlib.import_module('plugin.main')
    try:
        run = module.MainAction.dispatch({'path': 'a', 'fast': True, 'more': 1}, RuntimeContext())
        assert run == {'path': 'a', 'limit': 3, 'fast': True, 'more': 1}
        assert module.CountAction.dispatch({'data': 'abc', 'start': 2}, RuntimeContext()) == {'counted': 5}
        with pytest.raises(ValueError, match='path'):
            module.MainAction.dispatch({}, RuntimeContext())
    finally:
        for name in ('plugin', 'plugin.main'):
            sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ('code', 'why'),
    [
        ('def run(a, /): ...\n', 'by their place'),
        ('def run(*args): ...\n', 'by their place'),
        ('async def run(): ...\n', 'asynchronous'),
        ('import functools\n@functools.cache\ndef run(): ...\n', 'decorated'),
        ('class run:\n    def a(self): ...\n    def b(self): ...\n', 'one public method'),
        ('class run:\n    def __init__(self, x): ...\n    def a(self, x): ...\n', 'whose'),
        ('class MainAction: ...\ndef run(): ...\n', 'MainAction cannot be its name'),
    ],
)
def test_what_cannot_be_wrapped_is_told(project: Callable[..., Path], code: str, why: str) -> None:
    config = 'name: x\ncode: x\nactions:\n  main:\n    entrypoint: plugin.main.run\n'
    root = project({'config.yaml': config, 'plugin/main.py': code})
    done = migrate(root)
    assert done.changes == []
    (note,) = done.of('look')
    assert why in note.text
    assert note.path == 'plugin/main.py'


@pytest.mark.parametrize(
    'config', ['', 'actions: [a]\n', 'a: [', 'actions:\n  x: 3\n  y: {entrypoint: gone.for.good}\n']
)
def test_a_configuration_that_says_nothing_is_left(project: Callable[..., Path], config: str) -> None:
    root = project({'config.yaml': config, 'a.py': STEPS})
    assert [change.path for change in migrate(root).changes] == ['a.py']


def test_the_command(project: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    from synapse_plugins.cli import main

    root = project({'a.py': STEPS, 'b.py': 'from synapse_sdk.plugins import run_plugin\n'})
    assert main(['migrate', str(root)]) == 0
    shown = capsys.readouterr().out
    assert '+from synapse_plugins.steps import BaseStep' in shown
    assert 'b.py:1: run_plugin stays on synapse-sdk' in shown
    assert '--write' in shown
    assert main(['migrate', str(root), '--write', '--json']) == 0
    assert json.loads(capsys.readouterr().out)['written']
    assert main(['migrate', os.fspath(root / 'gone')]) == 1


def test_without_libcst_the_line_to_type_is_told(
    project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, 'libcst', None)
    with pytest.raises(MissingExtraError, match=r"pip install 'synapse-plugins\[migrate\]'"):
        migrate(project({'a.py': STEPS}))
