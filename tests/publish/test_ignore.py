"""What is left out is what git would leave out, and what a project says on top."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synapse_plugins.errors import ConfigError
from synapse_plugins.publish import choose_files

if TYPE_CHECKING:
    from pathlib import Path

FILES = (
    'a.py',
    'b.log',
    'data/a.py',
    'data/b.txt',
    'data/deep/a.py',
    'data/deep/b.log',
    '자료/a.txt',
    'keep/a.log',
)


def tree(root: Path, ignore: dict[str, str], files: tuple[str, ...] = FILES) -> Path:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'# {name}', encoding='utf-8')
    for name, text in ignore.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding='utf-8')
    return root


def test_the_defaults(tmp_path: Path) -> None:
    left_out = (
        '__pycache__/a.pyc',
        'x/__pycache__/a.pyc',
        '.git/config',
        '.env',
        'venv/x.py',
        'dist/x.whl',
        'node_modules/x/y.js',
        'run.log',
        'x.egg-info/PKG-INFO',
        '.DS_Store',
    )
    kept = (
        'config.yaml',
        'plugin/train.py',
        'wheels/x.whl',
        'environment.py',
        'plugin/logs.py',
        '.synapseignore',
    )
    chosen = choose_files(tree(tmp_path, {}, left_out + kept))
    assert chosen.files == sorted(kept)
    assert chosen.left_out['__pycache__/'] == 'by default'


def test_negation_and_the_order_of_the_files(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        {
            '.gitignore': '*.txt\nkeep/\n',
            '.synapseignore': '!자료/*.txt\n!keep/\n!keep/*.log\n!dist/\n',
            'data/.gitignore': '!b.txt\n',
        },
        (*FILES, 'dist/x.whl'),
    )
    chosen = choose_files(root)
    assert '자료/a.txt' in chosen.files
    assert 'keep/a.log' in chosen.files
    assert 'dist/x.whl' in chosen.files
    assert 'data/b.txt' in chosen.files
    assert 'b.log' not in chosen.files


def test_what_a_gitignore_takes_back_is_about_git(tmp_path: Path) -> None:
    files = ('.git/config', 'venv/a.py', 'plugin/a.py', 'a.txt', 'dist/a.py')
    root = tree(tmp_path, {'.gitignore': '*\n!*/\n!*.py\n'}, files)
    assert choose_files(root).files == ['plugin/a.py']
    (root / '.synapseignore').write_text('!*/\n', encoding='utf-8')
    assert choose_files(root).files == ['dist/a.py', 'plugin/a.py', 'venv/a.py']


def test_which_rule_left_something_out_is_told(tmp_path: Path) -> None:
    chosen = choose_files(tree(tmp_path, {'.synapseignore': '/a.py\n', 'data/.gitignore': 'deep\n'}))
    assert chosen.left_out['a.py'] == '.synapseignore'
    assert chosen.left_out['data/deep/'] == 'data/.gitignore'
    assert 'data/a.py' in chosen.files


def test_links_that_lead_out_are_left_out_and_told(tmp_path: Path) -> None:
    root = tree(tmp_path / 'project', {})
    (tmp_path / 'secret').write_text('x', encoding='utf-8')
    (root / 'out').symlink_to(tmp_path / 'secret')
    (root / 'dangling').symlink_to(root / 'nothing')
    (root / 'folder').symlink_to(root / 'data')
    (root / 'inside').symlink_to(root / 'a.py')
    chosen = choose_files(root)
    assert 'inside' in chosen.files
    assert sorted(note.split()[0] for note in chosen.notes) == ['dangling', 'folder', 'out']


def test_an_ignore_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / '.gitignore').write_bytes(b'\xff\xfe')
    with pytest.raises(ConfigError, match=r'\.gitignore cannot be read'):
        choose_files(tmp_path)


patterns = st.lists(
    st.sampled_from(
        [
            '*.py',
            '!a.py',
            'data',
            '/data/',
            'data/*',
            '!data/deep',
            'deep/',
            '**/a.py',
            'data/**',
            '!*.txt',
            '*.log',
            '!keep/*.log',
            '# note',
            '',
            '자료/',
            '!자료/a.txt',
            'data/*/a.py',
            '[ab].txt',
            '/b.log',
            'keep',
            '\\!x',
        ]
    ),
    max_size=5,
).map('\n'.join)


@pytest.mark.skipif(shutil.which('git') is None, reason='git is not here to compare with')
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(top=patterns, below=patterns)
def test_git_agrees(tmp_path_factory: pytest.TempPathFactory, top: str, below: str) -> None:
    root = tree(tmp_path_factory.mktemp('git'), {'.gitignore': top, 'data/.gitignore': below})
    git = ['git', '-c', 'core.quotepath=off', '-c', 'core.excludesfile=', '-C', str(root)]
    subprocess.run([*git, 'init', '-q'], check=True, capture_output=True)
    listed = subprocess.run(
        [*git, 'ls-files', '--others', '--exclude-standard', '-z'], check=True, capture_output=True
    ).stdout.decode('utf-8')
    theirs = {name for name in listed.split('\0') if name and not name.endswith(('.gitignore', '.log'))}
    ours = {name for name in choose_files(root).files if not name.endswith('.log')}
    assert ours == theirs


words = st.text('ab/*?[]!\\-^. ', max_size=7)


@pytest.mark.skipif(shutil.which('git') is None, reason='git is not here to compare with')
@settings(max_examples=60)
@given(lines=st.lists(words, max_size=4))
def test_git_agrees_on_any_pattern(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    files = ('a', 'ab', 'b/a', 'b/ab/a.b', 'a-b', 'b b/^')
    root = tree(tmp_path_factory.mktemp('git'), {'.gitignore': '\n'.join(lines)}, files)
    git = ['git', '-c', 'core.quotepath=off', '-c', 'core.excludesfile=', '-C', str(root)]
    subprocess.run([*git, 'init', '-q'], check=True, capture_output=True)
    listed = subprocess.run(
        [*git, 'ls-files', '--others', '--exclude-standard', '-z'], check=True, capture_output=True
    ).stdout.decode('utf-8')
    assert set(choose_files(root).files) - {'.gitignore'} == set(listed.split('\0')) - {'', '.gitignore'}
