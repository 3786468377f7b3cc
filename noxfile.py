"""The sessions of this project: `nox -l` lists them, `nox -s NAME` runs one, `-- ...` goes to its tool.

Each is complete by itself: an environment of its own, the package installed into it (never editable, so that
what is tested is what users get), no interpreter downloaded.
"""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import nox

if TYPE_CHECKING:
    from collections.abc import Iterable

nox.needs_version = '>=2025.5.1'
nox.options.default_venv_backend = 'uv|virtualenv'
nox.options.download_python = 'never'
nox.options.error_on_missing_interpreters = True
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ['lint', 'types', 'tests']

PROJECT = Path(__file__).parent
PYTHONS = ('3.11', '3.12', '3.13')
WITH_ORACLES = (
    '3.12'  # what we are compared with needs it; the other versions show that the core needs nothing else
)
PACKAGES = ('synapse_plugins', 'builtin_steps')
VENDOR = 'synapse-sdk==2026.2.17'
FULL_ROUNDS = '1000'
MOST_WORKERS = 4  # each holds what it imported, PyTorch too: half a gigabyte
# The checkout is the working directory: without this, `python -m` would import from it instead.
INSTALLED = {'PYTHONSAFEPATH': '1', 'SYNAPSE_PLUGINS_TESTED': 'installed'}


@nox.session
def demo(session: nox.Session) -> None:
    """Run the main job on a dataset of coloured shapes: export, convert, train, register the model."""
    install(session, extras='yolo')
    session.run('synapse-plugins', 'demo', *session.posargs, env=INSTALLED)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the whole suite with every extra, on the interpreter at hand."""
    install(session, 'test', 'oracles', extras='all')
    run_tests(session)


def core_tests(session: nox.Session) -> None:
    """Run what needs no extra, on one interpreter."""
    groups = ['test', 'oracles'] if session.python == WITH_ORACLES else ['test']
    install(session, *groups)
    run_tests(session, '-m', 'not yolo')


for _version in PYTHONS:
    nox.session(python=_version, name=f'tests-{_version}')(core_tests)


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """Run the core's tests with the oldest releases that pyproject.toml allows."""
    session.install('uv')
    pins = Path(session.virtualenv.location).resolve() / 'lowest.txt'
    wanted = ('--resolution', 'lowest-direct', '--python-version', str(session.python), 'pyproject.toml')
    session.run('uv', 'pip', 'compile', '--quiet', *wanted, '--output-file', str(pins))
    # What asks for newer ones itself stays away, and with it the tests that make projects and build wheels.
    tools = [line for line in group('test') if not line.startswith(('copier', 'build', 'hatchling'))]
    install(session, more=[*tools, '--constraint', str(pins)])
    run_tests(session, '-m', 'not yolo', '--ignore', 'tests/packs', '--ignore', 'tests/templates')


@nox.session
def vendor(session: nox.Session) -> None:
    """Let the vendor's own client judge the served backend; it needs Python 3.12 or later."""
    found = session.run('python', '-c', 'import sys; print(sys.version_info >= (3, 12))', silent=True)
    if str(found).strip() != 'True':
        session.skip(f'{VENDOR} needs Python 3.12 or later, and this session has an older one')
    install(session, 'test', extras='server')
    session.install(VENDOR)
    tests = [f'tests/http/test_{name}.py' for name in ('vendor', 'vendor_actions', 'export')]
    session.run('pytest', *tests, 'tests/interop', *session.posargs, env=INSTALLED)


@nox.session
def soak(session: nox.Session) -> None:
    """Run the repeated tests at full count."""
    install(session, 'test', 'oracles', extras='all')
    session.run('pytest', '--rounds', FULL_ROUNDS, '--timeout', '3600', *session.posargs, env=INSTALLED)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format, encodings, and the floors that modules stand on."""
    session.install(*group('lint'))
    session.run('ruff', 'check')
    session.run('ruff', 'format', '--check')
    session.run('lint-imports', '--no-cache', env={'PYTHONPATH': str(PROJECT)})


@nox.session
def types(session: nox.Session) -> None:
    """Check types: the package on the oldest and the newest Python, and what authors of packs write."""
    install(session, 'types')
    for version in (PYTHONS[0], PYTHONS[-1]):
        session.run('mypy', '--python-version', version, *(f'--package={name}' for name in PACKAGES))
    session.chdir('typing_tests')  # here the package is the installed one, as for its users
    for version in (PYTHONS[0], PYTHONS[-1]):
        session.run('mypy', '--config-file', 'mypy.ini', '--python-version', version, '.')
        session.run('pyright', '--pythonversion', version, '--warnings')


@nox.session
def build(session: nox.Session) -> None:
    """Build sdist and wheel from it, look into the wheel, install it into an empty environment and try it."""
    session.install(*group('build'))
    place = Path(session.create_tmp()).resolve() / 'dist'
    shutil.rmtree(place, ignore_errors=True)
    session.run('python', '-m', 'build', '--outdir', str(place), silent=True)
    (wheel,) = place.glob('*.whl')
    check_wheel(session, wheel)
    smoke(session, wheel)


@nox.session
def templates(session: nox.Session) -> None:
    """Make a project of every kind and do with it what its users will, without a network but for its first step."""
    install(session, 'test', extras='templates')
    session.install('pip>=25.1')
    place = Path(session.create_tmp()).resolve()
    for name in ('wheelhouse', 'any'):
        shutil.rmtree(place / name, ignore_errors=True)
    command = ('synapse-plugins', 'new', str(place / 'any'), '--kind', 'train-plugin', '--defaults')
    session.run(*command, silent=True, env=INSTALLED)
    wanted = (f'{PROJECT}[templates]', 'pip>=25.1', 'hatchling>=1.26', 'editables')
    group_of_projects = f'{place / "any" / "pyproject.toml"}:dev'
    wheelhouse = ('--wheel-dir', str(place / 'wheelhouse'))
    session.run('python', '-m', 'pip', 'wheel', '-q', *wheelhouse, *wanted, '--group', group_of_projects)
    env = {**INSTALLED, 'SYNAPSE_PLUGINS_WHEELHOUSE': str(place / 'wheelhouse')}
    session.run('pytest', 'tests/templates', *session.posargs, env=env)


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks, or after `--` one by name with its options; one that misses its budget fails."""
    install(session, 'bench', extras='all')
    name, *options = session.posargs or ('*',)
    for script in sorted((PROJECT / 'benchmarks').glob(f'{name}.py')):
        session.run('python', str(script), *options, env=INSTALLED)


# -- what they share ----------------------------------------------------------------------------------------


def group(*names: str) -> list[str]:
    """Return the requirements of dependency groups of pyproject.toml."""
    pyproject = nox.project.load_toml(PROJECT / 'pyproject.toml')
    return [requirement for name in names for requirement in nox.project.dependency_groups(pyproject, name)]


def install(session: nox.Session, *groups: str, extras: str = '', more: Iterable[str] = ()) -> None:
    """Install the package, built anew, with extras, dependency groups and more requirements."""
    renew = ['--reinstall-package', 'synapse-plugins'] if session.venv_backend == 'uv' else []
    session.install(*renew, f'.[{extras}]' if extras else '.', *group(*groups), *more)


def run_tests(session: nox.Session, *options: str) -> None:
    """Run pytest on as many cores as there are, up to a few; `-- -n 0` keeps everything in one process.

    The processes share the cores, so none of them calculates with more threads than its share.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
    workers = min(cores, MOST_WORKERS)
    env = dict(INSTALLED)
    if workers > 1 and '--pdb' not in session.posargs:
        # a process that ends by itself ends the run: put in another's place, it waits for tests for ever
        options = ('-n', str(workers), '--max-worker-restart=0', *options)
        env['OMP_NUM_THREADS'] = str(cores // workers)
    session.run('pytest', *options, *session.posargs, env=env)


def check_wheel(session: nox.Session, wheel: Path) -> None:
    """Fail if the wheel lacks something, or holds what is not its business."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    sources = {
        path.relative_to(PROJECT).as_posix()
        for package in PACKAGES
        for path in (PROJECT / package).rglob('*')
        if path.is_file() and '__pycache__' not in path.parts
    }
    sources |= {
        f'synapse_plugins/_templates/{path.relative_to(PROJECT).as_posix()}'
        for path in (PROJECT / 'copier.yml', *(PROJECT / 'templates').rglob('*'))
        if path.is_file() and '__pycache__' not in path.parts
    }
    sources.add('synapse_plugins/packs/known-packs.toml')
    packed = {name for name in names if '.dist-info/' not in name}
    if missing := sorted((sources | {'synapse_plugins/py.typed', 'builtin_steps/py.typed'}) - packed):
        session.error(f'{wheel.name} lacks {missing}')
    if strange := sorted(packed - sources):
        session.error(f'{wheel.name} should not hold {strange}')
    if not any(name.endswith('/licenses/LICENSE') for name in names):
        session.error(f'{wheel.name} holds no LICENSE')
    session.log(f'{wheel.name}: {len(names)} files, {wheel.stat().st_size // 1024} KiB')


def smoke(session: nox.Session, wheel: Path) -> None:
    """Install the wheel into an empty environment, away from the checkout, and try it."""
    place = Path(session.create_tmp()).resolve() / 'empty'
    shutil.rmtree(place, ignore_errors=True)
    session.run('python', '-m', 'venv', str(place), silent=True)
    scripts = place / ('Scripts' if sys.platform == 'win32' else 'bin')
    session.chdir(place)
    session.run(str(scripts / 'python'), '-m', 'pip', 'install', '--quiet', str(wheel), external=True)
    session.run(
        str(scripts / 'python'),
        '-c',
        'import synapse_plugins; print(synapse_plugins.__version__)',
        external=True,
    )
    for command in (['--help'], ['packs'], ['formats']):
        session.run(str(scripts / 'synapse-plugins'), *command, silent=True, external=True)
