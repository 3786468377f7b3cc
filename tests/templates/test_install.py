"""What users do: install the package, make a project, install it, run everything. In fresh environments.

Where $SYNAPSE_PLUGINS_WHEELHOUSE names a folder with every wheel that is needed, all of it happens without a network
and for every kind (`nox -s templates`); without it, for one kind, with what the package index has.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform == 'win32', reason='the steps are typed into a POSIX shell here'),
]

PROJECT = Path(__file__).resolve().parents[2]
WHEELHOUSE = os.environ.get('SYNAPSE_PLUGINS_WHEELHOUSE')
FAILING = {
    'step-pack': ('signs.manifest', '-p', 'folder=src', '-p', 'output=out.json', '-p', 'at_least=1000'),
    'train-plugin': ('train', '-p', 'dataset=data', '-p', 'min_objects=1000'),
    'export-plugin': ('export', '-p', 'dataset=data', '-p', 'output=out.json', '-p', 'at_least=1000'),
    'upload-plugin': (
        'upload', '-p', 'path=data/train', '-p', 'data_collection=new', '-p', 'create_collection=true',
        '-p', 'at_least=1000',
    ),  # fmt: skip
}
"""Kind -> a run that fails at its end and has to leave nothing: no out.json."""
CHOICES: dict[str, tuple[str, dict[str, str]]] = {
    'steps-format-trainer': (
        'step-pack',
        {'with_format': 'yes', 'with_trainer': 'yes', 'user_name': 'Zoë "Z" O\'Brien'},
    ),
    'steps': ('step-pack', {}),
    'steps-format': ('step-pack', {'with_format': 'yes', 'license': 'Apache-2.0'}),
    'steps-trainer': ('step-pack', {'with_trainer': 'yes', 'license': 'BSD-3-Clause'}),
    'train-detection': ('train-plugin', {'task': 'detection', 'user_name': '홍길동'}),
    'train-segmentation': (
        'train-plugin',
        {'task': 'segmentation', 'user_email': 'a@example.org', 'license': 'Apache-2.0'},
    ),
    'export': ('export-plugin', {'license': 'none', 'description': 'Sagt "Straße": ß 🚦'}),
    'upload': ('upload-plugin', {'user_name': 'A', 'user_email': 'a@example.org', 'license': 'BSD-3-Clause'}),
}
"""Every kind with every option: what is asked -> the kind and the answers."""


@pytest.fixture(params=list(CHOICES))
def choice(request: pytest.FixtureRequest) -> str:
    """A kind of project with its options."""
    return str(request.param)


def data_of(choice: str) -> list[str]:
    """Return a choice's answers as options of a command."""
    return [part for key, value in CHOICES[choice][1].items() for part in ('--data', f'{key}={value}')]


@pytest.fixture(scope='session')
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package's wheel, made from its sdist."""
    if WHEELHOUSE:
        return Path(WHEELHOUSE)
    folder = tmp_path_factory.mktemp('dist')
    call = [sys.executable, '-m', 'build', '--no-isolation', '--outdir', str(folder), str(PROJECT)]
    subprocess.run(call, check=True, capture_output=True, cwd=folder)
    return folder


@pytest.fixture(scope='session')
def user(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment variables of a user who installs from these wheels."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(('PYTHON', 'SYNAPSE_', 'PYTEST'))
    }
    kept.pop('VIRTUAL_ENV', None)
    links = {'PIP_FIND_LINKS': str(wheels), 'UV_FIND_LINKS': str(wheels)}
    offline = {'PIP_NO_INDEX': '1', 'UV_NO_INDEX': '1', 'UV_OFFLINE': '1'} if WHEELHOUSE else {}
    home = {'SYNAPSE_PLUGINS_HOME': str(tmp_path_factory.mktemp('store') / 'home'), 'PYTHONUTF8': '1'}
    path = {'PATH': f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'}
    return {**kept, **links, **offline, **home, **path, 'PIP_DISABLE_PIP_VERSION_CHECK': '1'}


def call(command: list[str], folder: Path, env: dict[str, str], code: int = 0) -> str:
    """Run a command; return what it prints."""
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, encoding='utf-8', check=False
    )
    assert done.returncode == code, f'{command}\n{done.stdout}\n{done.stderr}'
    return done.stdout


@pytest.fixture(scope='session')
def installed(user: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes an environment with a requirement installed; returns the folder of its programs."""

    def make(*requirement: str) -> Path:
        folder = tmp_path_factory.mktemp('environment') / 'env'
        uv = shutil.which('uv')
        assert uv, 'uv is missing: install the dependency group `test`'
        call([uv, 'venv', '--quiet', '--python', sys.executable, str(folder)], folder.parent, user)
        call([uv, 'pip', 'install', '--quiet', '--python', str(folder), *requirement], folder.parent, user)
        return folder / 'bin'

    return make


@pytest.fixture(scope='session')
def scripts(installed: Callable[..., Path], wheels: Path) -> Path:
    """The programs of an environment with the package, its wheel made from its sdist."""
    (wheel,) = wheels.glob('synapse_plugins-*.whl')
    return installed(f'synapse-plugins[templates] @ {wheel.as_uri()}')


def new(scripts: Path, folder: Path, user: dict[str, str], choice: str) -> Path:
    """Make the project ``signs`` as the installed package does."""
    kind = CHOICES[choice][0]
    command = [str(scripts / 'synapse-plugins'), 'new', 'signs', '--kind', kind, '--defaults', *data_of(choice)]
    call(command, folder, user)
    return folder / 'signs'


# -- the package -----------------------------------------------------------------------------------------------


def test_the_wheel_holds_the_templates_as_they_are(
    wheels: Path, files_of: Callable[..., dict[str, bytes]]
) -> None:
    (wheel,) = wheels.glob('synapse_plugins-*.whl')
    place = 'synapse_plugins/_templates/'
    with zipfile.ZipFile(wheel) as archive:
        packed = {
            name.removeprefix(place): archive.read(name)
            for name in archive.namelist()
            if name.startswith(place)
        }
    files = files_of(PROJECT / 'templates').items()
    wanted = {f'templates/{name}': content for name, content in files if '__pycache__' not in name}
    wanted['copier.yml'] = (PROJECT / 'copier.yml').read_bytes()
    assert packed == wanted
    assert any(Path(name).name.startswith('.') for name in packed)


def test_the_three_ways_make_the_same_files(
    choice: str,
    scripts: Path,
    user: dict[str, str],
    repository: Path,
    render: Callable[..., Path],
    git: Callable[..., str],
    commit: Callable[..., None],
    tmp_path: Path,
    files_of: Callable[..., dict[str, bytes]],
) -> None:
    kind, given = CHOICES[choice]
    (tmp_path / 'made').mkdir()
    made = files_of(new(scripts, tmp_path / 'made', user, choice))
    git(tmp_path, 'clone', '-q', str(repository), 'clone')
    cloned = files_of(
        render(tmp_path / 'cloned' / 'signs', template=tmp_path / 'clone', kind=kind, **given)
    )
    # The working tree: the same content again, which is neither committed nor what the last tag has.
    ignored = repository / 'templates' / '_shared' / 'gitignore'
    content = ignored.read_bytes()
    ignored.write_bytes(content + b'other/\n')
    commit(repository, 'v0.1.1')
    ignored.write_bytes(content)
    with pytest.warns(Warning, match='Dirty template'):
        at_hand = files_of(
            render(tmp_path / 'at hand' / 'signs', template=repository, vcs_ref='HEAD', kind=kind, **given)
        )
    ours, theirs, own = (yaml.safe_load(files.pop('.copier-answers.yml')) for files in (made, cloned, at_hand))
    assert made == cloned == at_hand
    assert not any('__pycache__' in name or name.endswith('.pyc') for name in made)
    assert ours.pop('_src_path') == 'git+https://github.com/synapse-plugins/synapse-plugins.git'
    assert theirs.pop('_src_path') == str(tmp_path / 'clone')
    assert ours == theirs, 'with the same tag, too'
    assert {key: value for key, value in own.items() if not key.startswith('_')}.items() <= ours.items()


def test_what_the_wheel_made_is_updated_from_the_repository_later(
    scripts: Path,
    user: dict[str, str],
    repository: Path,
    git: Callable[..., str],
    commit: Callable[..., None],
    tmp_path: Path,
) -> None:
    project = new(scripts, tmp_path, user, 'steps')
    git(project, 'init', '-q')
    commit(project)
    with (repository / 'templates/_shared/gitignore').open('a', encoding='utf-8') as file:
        file.write('newer/\n')
    commit(repository, 'v0.2.0')
    home = tmp_path / 'settings'  # there is no network here: the address leads to the repository
    home.mkdir()
    known = Path(os.environ['GIT_CONFIG_GLOBAL']).read_text(encoding='utf-8')
    redirect = (
        f'[url "{repository.as_uri()}"]\ninsteadOf = https://github.com/synapse-plugins/synapse-plugins.git\n'
    )
    (home / 'gitconfig').write_text(known + redirect, encoding='utf-8')
    told = call(
        [str(scripts / 'synapse-plugins'), 'update'],
        project,
        {**user, 'GIT_CONFIG_GLOBAL': str(home / 'gitconfig')},
    )
    assert 'from v0.1.0 to v0.2.0' in told
    assert 'newer/' in (project / '.gitignore').read_text(encoding='utf-8')


def test_new_works_from_a_checkout_that_is_installed_in_place(
    installed: Callable[..., Path], user: dict[str, str], tmp_path: Path
) -> None:
    scripts = installed('-e', f'{PROJECT}[templates]')
    project = new(scripts, tmp_path, user, 'steps')
    answers = yaml.safe_load((project / '.copier-answers.yml').read_text(encoding='utf-8'))
    assert answers['_src_path'] == 'git+https://github.com/synapse-plugins/synapse-plugins.git'
    assert '_commit' not in answers, 'nobody knows which release a checkout will be'


def test_what_new_says_to_type_works_though_no_index_has_the_package(
    installed: Callable[..., Path], user: dict[str, str], tmp_path: Path
) -> None:
    scripts = installed(f'{PROJECT}[templates]')
    place = {'PIP_FIND_LINKS': WHEELHOUSE, 'UV_FIND_LINKS': WHEELHOUSE} if WHEELHOUSE else {}
    links = ('PIP_FIND_LINKS', 'UV_FIND_LINKS')  # which have the package
    env = {name: value for name, value in user.items() if name not in links} | place
    command = [str(scripts / 'synapse-plugins'), 'new', 'signs', '--kind', 'step-pack', '--defaults']
    commands = next_steps(call(command, tmp_path, env))
    assert f'python -m pip install {shlex.quote(str(PROJECT))}' in commands
    call(['bash', '-e', '-o', 'pipefail', '-c', '\n'.join(commands)], tmp_path, env)


# -- a project -------------------------------------------------------------------------------------------------


def next_steps(told: str) -> list[str]:
    """Return the commands that copier says to type, as they stand there."""
    return re.findall(r'^  (\S.*)$', told[told.index('Next:') :], re.MULTILINE)


def test_a_project_of_each_kind_and_option_works_before_its_first_edit(
    choice: str, repository: Path, user: dict[str, str], git: Callable[..., str], tmp_path: Path
) -> None:
    kind, given = CHOICES[choice]
    if choice != next(iter(CHOICES)) and not WHEELHOUSE:
        pytest.skip('the others are tried by: nox -s templates')
    (tmp_path / 'my work').mkdir()
    command = [sys.executable, '-m', 'copier', 'copy', '--defaults', '--data', f'kind={kind}', *data_of(choice)]
    done = subprocess.run(
        [*command, str(repository), 'signs'],
        cwd=tmp_path / 'my work',
        env={**user, 'NO_COLOR': '1'},
        capture_output=True,
        text=True,
        encoding='utf-8',
        check=True,
    )
    call(
        ['bash', '-e', '-o', 'pipefail', '-c', '\n'.join(next_steps(done.stderr))], tmp_path / 'my work', user
    )
    project = tmp_path / 'my work' / 'signs'
    scripts = project / '.venv' / 'bin'
    inside = {**user, 'PATH': f'{scripts}{os.pathsep}{user["PATH"]}'}
    for check in (['ruff', 'check'], ['ruff', 'format', '--check'], ['mypy', '--strict']):
        call(check, project, inside)
    call(['pre-commit', 'run', '--all-files'], project, inside)
    assert git(project, 'status', '--porcelain') == '', (
        'what the steps made is ignored, and the hooks changed nothing'
    )
    check_pack(call(['synapse-plugins', 'packs', '--json'], project, inside))
    call(['synapse-plugins', 'run', *FAILING[kind]], project, inside, code=1)
    assert not [path for path in project.rglob('out.json') if path.is_file() or any(path.iterdir())]
    assert not list(project.glob('.*.part'))
    check_wheel(project, inside, tmp_path / 'empty', has_licence=given.get('license') != 'none')


def check_pack(told: str) -> None:
    (record,) = (record for record in json.loads(told) if record['name'] == 'signs')
    assert record['state'] == 'loaded', record
    assert record['distribution'] == 'synapse-plugins-signs'
    assert record['provides']


def check_wheel(project: Path, inside: dict[str, str], empty: Path, *, has_licence: bool) -> None:
    """Build the project's wheel and install it elsewhere: it is found there, too."""
    call(
        ['python', '-m', 'pip', 'wheel', '--quiet', '--no-deps', '-w', str(empty), str(project)],
        project,
        inside,
    )
    (wheel,) = empty.glob('*.whl')
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert any(name.endswith('licenses/LICENSE') for name in names) == has_licence
    assert any(name.endswith('py.typed') for name in names)
    call([sys.executable, '-m', 'venv', 'env'], empty, inside)
    call([str(empty / 'env/bin/python'), '-m', 'pip', 'install', '--quiet', str(wheel)], empty, inside)
    check_pack(call([str(empty / 'env/bin/synapse-plugins'), 'packs', '--json'], empty, inside))


@pytest.mark.yolo
@pytest.mark.skipif(find_spec('ultralytics') is None, reason='the extra yolo is not installed')
def test_the_train_plugin_trains_for_real(render: Callable[..., Path], tmp_path: Path) -> None:
    project = render(tmp_path / 'signs', kind='train-plugin')
    env: dict[str, Any] = {**os.environ, 'PYTHONPATH': os.pathsep.join((str(project / 'src'), *sys.path))}
    env['SYNAPSE_PLUGINS_HOME'] = str(tmp_path / 'home')
    call([sys.executable, 'examples/make_data.py'], project, env)
    train = [
        'run',
        'train',
        '-p',
        'dataset=data',
        '-p',
        'epochs=1',
        '-p',
        'imgsz=32',
        '-p',
        'device=cpu',
        '--json',
    ]
    result = json.loads(call([sys.executable, '-m', 'synapse_plugins', *train], project, env))
    assert [step['name'] for step in result['steps']] == [
        'dataset',
        'convert',
        'count_objects',
        'train',
        'model_upload',
    ]
    assert Path(result['model']['file']).stat().st_size > 0
