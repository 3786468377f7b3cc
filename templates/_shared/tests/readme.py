"""The commands in the README work as they stand there, in a copy of what they work on."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BLOCKS = re.compile(r'^```sh\n(.*?)^```$', re.MULTILINE | re.DOTALL)
PROGRAMS = {'python': [sys.executable], 'synapse-plugins': [sys.executable, '-m', 'synapse_plugins']}


def commands() -> list[str]:
    """Return the commands that need nothing but this environment; those that set it up ran before the tests."""
    blocks = BLOCKS.findall((PROJECT / 'README.md').read_text(encoding='utf-8'))
    lines = [line for block in blocks for line in block.splitlines() if line]
    return [line for line in lines if line.split()[0] in PROGRAMS and ' -m pip ' not in line]


def test_the_commands_of_the_readme_work(tmp_path: Path) -> None:
    folder = tmp_path / 'project'
    for part in ('src', 'examples'):
        if (PROJECT / part).is_dir():
            shutil.copytree(PROJECT / part, folder / part, ignore=shutil.ignore_patterns('__pycache__'))
    for path in (PROJECT / 'pyproject.toml', PROJECT / 'config.yaml'):
        if path.is_file():
            shutil.copy(path, folder)
    env = {**os.environ, 'SYNAPSE_PLUGINS_HOME': str(tmp_path / 'home'), 'PYTHONUTF8': '1'}
    assert commands()
    for line in commands():
        command, _, comment = line.partition('  #')
        if 'needs ultralytics' in comment and find_spec('ultralytics') is None:
            continue
        program, *arguments = shlex.split(command)
        call = [*PROGRAMS[program], *arguments]
        done = subprocess.run(call, cwd=folder, env=env, capture_output=True, text=True, encoding='utf-8', check=False)
        assert done.returncode == (1 if 'fails' in comment else 0), f'{line}\n{done.stdout}\n{done.stderr}'
