"""`new`: odd answers and odd places give a good project or one clear message."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from synapse_plugins.errors import ConfigError, MissingExtraError, ParamsError, UnknownNameError
from synapse_plugins.scaffold import new_project, source, templates_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from synapse_plugins.scaffold import NewProject

PROJECT = Path(__file__).resolve().parents[2]
ODD_TEXTS = [
    'Reads "KITTI", and it\'s \\quick\\',
    'Straße, café, naïve',
    '교통 표지판을 찾는다 🚦',
    '{{ 7 * 7 }} {% raw %} {# no #} ${{ x }}',
    "''' \"\"\" '",
    '# yes: [no] & *all* !tag %d ${HOME} `ls`',
    'true',
]


def make(destination: Path | str, **answers: Any) -> NewProject:
    return new_project(destination, answers=answers, defaults=True)


# -- answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(('text', 'name'), list(pairwise(ODD_TEXTS)))
def test_any_text_arrives_as_it_was_written(text: str, name: str, tmp_path: Path) -> None:
    made = make(tmp_path / 'odd', kind='export-plugin', description=text, user_name=name)
    metadata = tomllib.loads((made.path / 'pyproject.toml').read_text(encoding='utf-8'))['project']
    assert metadata['description'] == text
    assert metadata['authors'] == [{'name': name}]
    assert yaml.safe_load((made.path / 'config.yaml').read_text(encoding='utf-8'))['description'] == text
    assert name in (made.path / 'LICENSE').read_text(encoding='utf-8')
    assert made.answers['description'] == text
    assert (
        yaml.safe_load((made.path / '.copier-answers.yml').read_text(encoding='utf-8'))['user_name'] == name
    )


@pytest.mark.parametrize(
    ('answers', 'said'),
    [
        ({'project_name': 'Road Signs'}, 'project_name: Use lower-case letters'),
        ({'project_name': '도로'}, 'project_name: Use lower-case letters'),
        ({'project_name': 'x' * 61}, 'project_name: Use at most 60 characters'),
        ({'project_name': 'yolo'}, 'project_name: That name is taken'),
        ({'description': ''}, 'description: Say in a few words'),
        ({'description': 'a\nb'}, 'description: Write one line'),
        ({'user_email': 'nobody'}, 'user_email: Write an address'),
        ({'license': 'GPL-3.0'}, "license: 'GPL-3.0' is none of MIT"),
        ({'kind': 'format-pack'}, "kind: 'format-pack' is none of step-pack"),
        ({'with_format': 'perhaps'}, "with_format is yes or no, not 'perhaps'"),
        ({'kind': 'export-plugin', 'with_format': 'yes'}, 'export-plugin does not ask for'),
        ({'task': 'detection'}, 'step-pack does not ask for'),
    ],
)
def test_an_answer_that_does_not_fit_is_one_message_and_leaves_nothing(
    answers: dict[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ParamsError, match=re.escape(said)) as caught:
        make(tmp_path / 'a' / 'new', **answers)
    assert '\n' not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('name', ['projectname', 'package', 'template_source', '_src_path'])
def test_a_question_that_nobody_is_asked_cannot_be_answered(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match='project_name' if name == 'projectname' else name):
        make(tmp_path / 'new', **{name: 'x'})
    assert list(tmp_path.iterdir()) == []


# -- places ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('place', 'absolute'),
    [
        ('a b/c d', True),
        ("it's", False),
        ('한글 폴더/새 프로젝트', False),
        ('deep/er/and/deeper', False),
        ('-new', False),
    ],
)
def test_a_project_can_lie_anywhere(
    place: str, absolute: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = make(tmp_path / place if absolute else place)
    assert made.path == tmp_path / place
    assert (made.path / 'pyproject.toml').is_file()
    assert sorted(tmp_path.iterdir()) == [tmp_path / Path(place).parts[0]]
    (line,) = re.findall(r'^  cd (.*)$', made.next_steps, re.MULTILINE)
    assert shlex.split(line) == [str(tmp_path / place) if absolute else place]


@pytest.mark.parametrize('inside', [[], ['.git']])
def test_an_empty_folder_and_an_empty_repository_will_do(inside: list[str], tmp_path: Path) -> None:
    target = tmp_path / 'here'
    target.mkdir()
    for name in inside:
        (target / name).mkdir()
    made = make(target)
    assert made.answers['project_name'] == 'here'
    assert {'pyproject.toml', '.gitignore', *inside} <= {path.name for path in target.iterdir()}
    assert list(tmp_path.iterdir()) == [target]


def test_the_current_folder_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'road-signs').mkdir()
    monkeypatch.chdir(tmp_path / 'road-signs')
    assert make('.').answers['project_name'] == 'road-signs'


def test_a_folder_with_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / 'README.md').write_text('mine', encoding='utf-8')
    with pytest.raises(ConfigError, match=r'is not empty \(it holds README\.md\)'):
        make(tmp_path)
    assert [path.read_text(encoding='utf-8') for path in tmp_path.iterdir()] == ['mine']


@pytest.mark.skipif(not Path('/proc/self').is_dir(), reason='nobody can write there, and no other place is like that')
@pytest.mark.parametrize('place', ['/proc/x', '/proc/x/y'])
def test_a_place_where_nothing_can_be_written_is_named(place: str) -> None:
    with pytest.raises(ConfigError, match=f'{place} cannot be made: .*Name a folder in a place'):
        make(place)


@pytest.mark.parametrize('place', ['file', 'file/in/it', 'link'])
def test_a_file_is_no_place(place: str, tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    (tmp_path / 'link').symlink_to('nowhere')
    with pytest.raises(ConfigError, match=r'(file|link) is a file'):
        make(tmp_path / place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['file', 'link']


# -- the three ways --------------------------------------------------------------------------------------------


def test_it_makes_and_says_what_copier_makes_and_says(
    kind: str,
    source: Path,
    tmp_path: Path,
    files_of: Callable[[Path], dict[str, bytes]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    import copier

    target = tmp_path / f'a {kind}'
    made = make(target, kind=kind)
    target.rename(tmp_path / 'moved')
    copier.run_copy(str(source), target, data={'kind': kind}, defaults=True, unsafe=False)
    only_ours = f'  python -m pip install {shlex.quote(str(PROJECT))}\n'  # copier knows of no installed package
    assert only_ours in made.next_steps
    assert made.next_steps.replace(only_ours, '') in capsys.readouterr().err
    ours, theirs = files_of(tmp_path / 'moved'), files_of(target)
    answers, copied = (yaml.safe_load(files.pop('.copier-answers.yml')) for files in (ours, theirs))
    assert ours == theirs
    assert made.answers == {name: value for name, value in answers.items() if not name.startswith('_')}
    assert made.answers == {name: value for name, value in copied.items() if not name.startswith('_')}


def test_no_place_of_this_machine_is_kept_and_it_says_why_it_cannot_be_updated(
    tmp_path: Path, files_of: Callable[[Path], dict[str, bytes]]
) -> None:
    made = make(tmp_path / 'new')
    answers = yaml.safe_load((made.path / '.copier-answers.yml').read_text(encoding='utf-8'))
    assert answers.get('_src_path', 'git+https://').startswith('git+https://')
    for content in files_of(made.path).values():
        assert str(tmp_path).encode() not in content
        assert str(templates_root()).encode() not in content
    if '_src_path' not in answers:
        assert 'does not say where its repository is' in made.note
    elif '_commit' not in answers:
        assert 'no release' in made.note
    else:
        assert made.note == ''


def test_without_copier_it_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'copier', None)
    with pytest.raises(MissingExtraError, match=r'synapse-plugins\[templates\]'):
        make(tmp_path / 'new')


# -- the command -----------------------------------------------------------------------------------------------


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Call the command line in this process."""
    from synapse_plugins.cli import main

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(arguments)
        return code, *capsys.readouterr()

    return call


def test_the_command_prints_what_to_do_next(cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    target = tmp_path / 'road signs'
    code, out, _ = cli(
        'new', str(target), '--kind', 'train-plugin', '--defaults', '--data', 'task=segmentation'
    )
    assert code == 0
    assert f"cd '{target}'" in out
    assert 'AGPL-3.0' in out
    assert "Literal['segment']" in next((target / 'src').rglob('actions.py')).read_text(encoding='utf-8')


def test_the_command_without_a_terminal_asks_for_defaults(
    cli: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    code, out, err = cli('new', str(tmp_path / 'new'))
    assert (code, out) == (1, '')
    assert '--defaults' in err
    assert 'Traceback' not in err


@pytest.mark.parametrize(
    ('data', 'code'), [('with_format', 2), ('=x', 2), ('with_frmat=yes', 1), ('kind=x', 1)]
)
def test_the_command_refuses_what_is_no_answer(
    data: str, code: int, cli: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    ended, out, err = cli('new', str(tmp_path / 'new'), '--defaults', '--data', data)
    assert (ended, out) == (code, '')
    assert 'Traceback' not in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ('origin', 'place'),
    [
        ({}, None),
        ({'url': '{folder}', 'dir_info': {'editable': True}}, '{path}'),
        ({'url': '{folder}/gone.whl', 'archive_info': {}}, None),
        ({'url': 'https://example.org/a.whl', 'archive_info': {}}, 'https://example.org/a.whl'),
        (
            {'url': 'https://example.org/a.git', 'vcs_info': {'vcs': 'git', 'commit_id': 'abc'}},
            'git+https://example.org/a.git@abc',
        ),
    ],
)
def test_what_was_installed_from_no_index_says_where_from(
    origin: dict[str, Any], place: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / 'a 복제'
    folder.mkdir()
    package = tmp_path / 'site-packages' / 'synapse_plugins'
    (package / '_templates' / 'templates').mkdir(parents=True)
    (package / '_templates' / 'copier.yml').touch()
    text = json.dumps(origin).replace('{folder}', folder.as_uri())
    installed = SimpleNamespace(read_text=lambda _: text if origin else None)
    monkeypatch.setattr(source, '_PACKAGE', package)
    monkeypatch.setattr(source, '_distribution', lambda: installed)
    assert source.installed_from() == (place and place.replace('{path}', str(folder)))


def test_nox_takes_the_place_that_it_is_told(tmp_path: Path) -> None:
    pytest.importorskip('nox')
    noxfile = make(tmp_path / 'new').path / 'noxfile.py'
    code = (
        'import runpy; '
        f'print(runpy.run_path({str(noxfile)!r})["SYNAPSE_PLUGINS"])'
    )
    for place, said in (('/a b', "['/a b']"), ('', '[]')):
        env = {**os.environ, 'SYNAPSE_PLUGINS': place}
        done = subprocess.run(
            [sys.executable, '-c', code], cwd=noxfile.parent, env=env, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == said
