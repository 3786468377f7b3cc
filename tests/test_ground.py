"""The common ground of the tests, tried on tests that break its rules."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RULE_BREAKERS = """
import logging, os, signal

import pytest


def test_environment():
    os.environ['LEFT_BEHIND'] = '1'


def test_signals():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def test_logging():
    logging.getLogger().addHandler(logging.NullHandler())


def test_directory(tmp_path):
    os.chdir(tmp_path)


def test_warning():
    import warnings

    warnings.warn('look')


def test_time_out():
    import time

    time.sleep(30)
"""
WELL_BEHAVED = """
import os
from pathlib import Path

from hypothesis import given, settings, strategies


def test_rounds(rounds, seed):
    assert (rounds, seed) == (7, 11)


@given(strategies.integers())
def test_examples(number):
    assert settings().max_examples == 7


def test_home(home):
    assert os.environ['SYNAPSE_PLUGINS_HOME'] == str(home)
    assert not home.exists()


def test_data(real_data):
    assert (real_data / 'here').exists()
"""


def run(folder: Path, *arguments: str, data: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run pytest over *folder* with the project's settings and ground."""
    project = Path(__file__).resolve().parent.parent
    (folder / 'tests').mkdir(exist_ok=True)
    shutil.copy(project / 'pyproject.toml', folder)
    shutil.copy(project / 'tests' / 'conftest.py', folder / 'tests')
    env = {name: value for name, value in os.environ.items() if not name.startswith(('PYTEST', 'SYNAPSE'))}
    if data is not None:
        env['SYNAPSE_PLUGINS_TEST_DATA'] = str(data)
    command = [sys.executable, '-m', 'pytest', '-q', *arguments]
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120
    )


def test_a_test_that_breaks_a_rule_fails(tmp_path: Path) -> None:
    (tmp_path / 'tests').mkdir()
    (tmp_path / 'tests' / 'test_it.py').write_text(RULE_BREAKERS, encoding='utf-8')
    done = run(tmp_path, '--timeout', '2')
    for told in (
        '$LEFT_BEHIND',
        'handler of SIGTERM',
        'handlers of logger',
        'working directory',
        'UserWarning: look',
    ):
        assert told in done.stdout
    assert 'Timeout (>2.0s) from pytest-timeout' in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize(
    ('present', 'processes'), [(True, ()), (False, ()), (True, ('-n', '2'))], ids=['used', 'absent', 'by two']
)
def test_the_last_line_says_whether_real_data_was_used(
    tmp_path: Path, present: bool, processes: tuple[str, ...]
) -> None:
    data = tmp_path / 'data'
    if present:
        data.mkdir()
        (data / 'here').touch()
    (tmp_path / 'tests').mkdir()
    (tmp_path / 'tests' / 'test_it.py').write_text(WELL_BEHAVED, encoding='utf-8')
    done = run(tmp_path, '--rounds', '7', '--randomly-seed', '11', *processes, data=data)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == f'real data: {"used" if present else "absent"}'
    without = run(tmp_path, '-k', 'home', *processes, data=data)
    assert without.stdout.splitlines()[-1] == 'real data: absent'
