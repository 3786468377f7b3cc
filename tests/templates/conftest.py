"""Renders the templates as copier does, apart from the settings of whoever runs the tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip('copier', reason='the extra templates is not installed')

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = Path(__file__).resolve().parents[2]
KINDS = ('step-pack', 'train-plugin', 'export-plugin', 'upload-plugin')
OTHERS = ('pyproject.toml', 'README.md', 'noxfile.py', 'synapse_plugins/__init__.py')
"""Files of this repository that no project may ever get."""

VARIANTS: dict[str, dict[str, Any]] = {
    'plain': {},
    'with-format': {
        'with_format': True,
        'license': 'Apache-2.0',
        'user_name': '홍길동',
        'user_email': 'hong@example.kr',
    },
    'with-trainer': {'with_trainer': True, 'license': 'BSD-3-Clause', 'user_name': 'Zoë "Z" O\'Brien'},
    'a' + 59 * 'x': {
        'with_format': True,
        'with_trainer': True,
        'license': 'none',
        'user_email': 'a@example.org',
    },
    'detector': {'kind': 'train-plugin', 'license': 'Apache-2.0'},
    'b' + 59 * 'y': {
        'kind': 'train-plugin',
        'task': 'segmentation',
        'description': 'Sagt "Straße": ß\\n {{ 한글 }} 🚦',
    },
    'exporter': {'kind': 'export-plugin', 'license': 'none', 'user_name': "d'Arc"},
    'c' + 59 * 'z': {'kind': 'upload-plugin', 'license': 'BSD-3-Clause'},
}
"""Project name -> answers; each option stands beside each other one at least once."""


@pytest.fixture(autouse=True, scope='session')
def _apart_from_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give git and copier settings, identity and cache of their own."""
    folder = tmp_path_factory.mktemp('settings')
    (folder / 'gitconfig').write_text('[user]\nname = Tester\nemail = tester@example.org\n', encoding='utf-8')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('GIT_CONFIG_GLOBAL', str(folder / 'gitconfig'))
        patch.setenv('GIT_CONFIG_NOSYSTEM', '1')
        patch.setenv('GIT_CEILING_DIRECTORIES', str(tmp_path_factory.getbasetemp()))
        patch.setenv('COPIER_CACHE_DIR', str(folder / 'cache'))
        patch.setenv('COPIER_SETTINGS_PATH', str(folder / 'settings.yml'))
        (folder / 'settings.yml').write_text('{}\n', encoding='utf-8')
        yield


def copy_of_templates(folder: Path) -> Path:
    """Copy copier.yml and templates/ of the checkout, and nothing else."""
    folder.mkdir(parents=True)
    shutil.copy(PROJECT / 'copier.yml', folder)
    shutil.copytree(PROJECT / 'templates', folder / 'templates', ignore=shutil.ignore_patterns('__pycache__'))
    return folder


def run_git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(['git', *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope='session')
def git() -> Callable[..., str]:
    """Run git in a folder and return what it prints: ``git(folder, 'status')``."""
    return run_git


@pytest.fixture(scope='session')
def commit() -> Callable[..., None]:
    """Commit everything in a folder, and tag it: ``commit(folder, 'v1.0.0')``."""

    def call(folder: Path, tag: str = '') -> None:
        run_git(folder, 'add', '-A')
        run_git(folder, 'commit', '-q', '-m', 'Change')
        if tag:
            run_git(folder, 'tag', tag)

    return call


@pytest.fixture(scope='session')
def files_of() -> Callable[[Path], dict[str, bytes]]:
    """Return what lies in a folder: path -> content, without what git keeps."""

    def call(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob('*'))
            if path.is_file() and '.git' not in path.relative_to(folder).parts
        }

    return call


@pytest.fixture(scope='session')
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The templates as a plain folder; rendering from one takes a fifth of a second."""
    return copy_of_templates(tmp_path_factory.mktemp('source') / 'templates')


@pytest.fixture(scope='session')
def render(source: Path) -> Callable[..., Path]:
    """Render a project: ``render(destination, kind='step-pack', ...)``, without trust, asking nothing."""
    import copier

    def call(
        destination: Path, *, template: Path = source, vcs_ref: str | None = None, **answers: Any
    ) -> Path:
        copier.run_copy(
            str(template),
            destination,
            data=answers,
            vcs_ref=vcs_ref,
            defaults=True,
            quiet=True,
            unsafe=False,
        )
        return destination

    return call


@pytest.fixture(scope='session')
def rendered(render: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every variant, rendered once: its name -> its folder. Tests only read them."""
    folder = tmp_path_factory.mktemp('rendered')
    return {name: render(folder / name, **answers) for name, answers in VARIANTS.items()}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if 'variant' in metafunc.fixturenames:
        metafunc.parametrize('variant', list(VARIANTS))
    if 'kind' in metafunc.fixturenames:
        metafunc.parametrize('kind', KINDS)


@pytest.fixture
def project(variant: str, rendered: dict[str, Path]) -> Path:
    """The folder of one variant."""
    return rendered[variant]


@pytest.fixture
def answers(variant: str) -> dict[str, Any]:
    """What was answered for one variant; the rest took its default."""
    return VARIANTS[variant]


@pytest.fixture
def repository(tmp_path: Path, commit: Callable[..., None]) -> Path:
    """A git repository as this one is: the templates, tagged v0.1.0, beside sources that no project may get."""
    folder = copy_of_templates(tmp_path / 'repository')
    for name in OTHERS:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, folder / name)
    run_git(folder, 'init', '-q')
    commit(folder, 'v0.1.0')
    return folder
