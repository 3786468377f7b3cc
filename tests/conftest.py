"""What every test of this project can use, and what every test has to keep to.

``--rounds N`` is how often a repeated test repeats. Fixtures: `rounds`, `seed`, `real_data`, `home`, `start`. After
each test the process must be as it was: environment, working directory, signal handlers, logging handlers.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = Path(__file__).resolve().parent.parent
FULL_ROUNDS = 1000
"""What `nox -s soak` repeats; everything else takes a tenth."""


# -- options -------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        '--rounds',
        type=int,
        default=FULL_ROUNDS // 10,
        metavar='N',
        help=f'how often a repeated test repeats (default: %(default)s; the full count is {FULL_ROUNDS})',
    )


@pytest.hookimpl(tryfirst=True)  # before hypothesis reads its seed
def pytest_configure(config: pytest.Config) -> None:
    if config.getoption('randomly_seed', 'default') == 'default':
        config.option.randomly_seed = int(time.time())
    if config.getoption('hypothesis_seed', None) is None:
        config.option.hypothesis_seed = str(_seed(config))
    hypothesis.settings.register_profile(
        'rounds', max_examples=config.getoption('rounds'), deadline=None, print_blob=True
    )
    config.pluginmanager.register(RealDataLine(), 'real-data-line')
    if hasattr(config, 'workerinput'):
        config.pluginmanager.register(SlowFirst(), 'slow-first')
    hypothesis.settings.load_profile('rounds')


def pytest_report_header(config: pytest.Config) -> str:
    where = _data_folder()
    return f'rounds: {config.getoption("rounds")}, seed: {_seed(config)}, real data: {where or "absent"}'


def _seed(config: pytest.Config) -> int | str:
    """Return the seed of this run, which is pytest-randomly's too: one number repeats a run."""
    seed: int | str = config.getoption('randomly_seed')
    return seed


@pytest.fixture(scope='session')
def rounds(pytestconfig: pytest.Config) -> int:
    """How often a repeated test repeats."""
    return int(pytestconfig.getoption('rounds'))


@pytest.fixture(scope='session')
def seed(pytestconfig: pytest.Config) -> int:
    """The seed of this run, for tests that draw at random."""
    return int(_seed(pytestconfig))


# -- real data -----------------------------------------------------------------------------------------------


def _data_folder() -> Path | None:
    """Return the real data: $SYNAPSE_PLUGINS_TEST_DATA, else beside the project; None if absent."""
    named = os.environ.get('SYNAPSE_PLUGINS_TEST_DATA')
    folder = Path(named) if named else PROJECT.parent / 'shared' / 'data'
    return folder if folder.is_dir() else None


@pytest.fixture(scope='session')
def real_data() -> Path:
    """The folder of real data sets; a test that takes it carries the mark ``data``, and only reads it."""
    folder = _data_folder()
    if folder is None:
        pytest.skip('the real data is absent: set SYNAPSE_PLUGINS_TEST_DATA to its folder')
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if 'real_data' in getattr(item, 'fixturenames', ()):
            item.add_marker(pytest.mark.data)


class RealDataLine:
    """Tells on the last line of a run whether a test of the real data really ran."""

    def __init__(self) -> None:
        self._used = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._used |= report.when == 'call' and not report.skipped and 'data' in report.keywords

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        reporter: Any = config.pluginmanager.get_plugin('terminalreporter')
        if (
            reporter is not None
            and not hasattr(config, 'workerinput')
            and not config.getoption('collectonly')
        ):
            reporter.write_line(f'real data: {"used" if self._used else "absent"}')


# -- in several processes (`-n`) -------------------------------------------------------------------------------

TOGETHER = {
    'tests/datasets/test_conformance.py': 'every conversion',
    'tests/datasets/test_oracles.py': 'ultralytics, imported',
    'tests/packs/test_stranger.py': 'wheels of packs',
    'tests/templates/test_install.py': 'wheel from the sdist',
    'tests/yolo/test_models.py': 'a training',
    'tests/yolo/test_training.py': 'a training',
}
"""File -> what its tests share and takes long to make: they run in one process, so that it is made once."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out tests one by one, but those of `TOGETHER` at once (pytest 9.2 breaks pytest-xdist's own groups)."""
    if config.getoption('dist') != 'load':
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Scheduler(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return TOGETHER.get(nodeid.partition('::')[0], nodeid)

    config.option.loadscopereorder = False  # it would put the slow ones, which are few, last
    return Scheduler(config, log)


class SlowFirst:
    """Lets what takes long begin first, so that no process waits for another at the end; else the order is random."""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: not any(map(item.get_closest_marker, ('slow', 'yolo'))))


# -- a place of its own for each test ------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder of synapse-plugins, named by $SYNAPSE_PLUGINS_HOME."""
    folder = tmp_path / 'home'
    monkeypatch.setenv('SYNAPSE_PLUGINS_HOME', str(folder))
    return folder


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python in another process, with this one's import path; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *args: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, '-W', 'error', '-c', code, *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding='utf-8',
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path), 'PYTHONIOENCODING': 'utf-8'},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(autouse=True, scope='session')
def _nothing_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the store of whoever runs the tests, and the width of their terminal, away from every test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ('COLUMNS', 'LINES'):  # pytest-xdist sets them, too
            patch.delenv(name, raising=False)
        for name in [name for name in os.environ if name.startswith('SYNAPSE_PLUGINS_')]:
            if name not in {'SYNAPSE_PLUGINS_TEST_DATA', 'SYNAPSE_PLUGINS_TESTED'}:
                patch.delenv(name)
        patch.setenv('SYNAPSE_PLUGINS_HOME', str(tmp_path_factory.mktemp('home')))
        yield


# -- a test leaves the process as it was ---------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _leaves_the_process_as_it_was() -> Iterator[None]:
    before = _process()
    yield
    after = _process()
    changed = [
        f'{what}: {before[what]!r} -> {after[what]!r}' for what in before if before[what] != after[what]
    ]
    changed += [f'{what}: new, {after[what]!r}' for what in after if what not in before]
    changed += [f'{what}: gone, was {before[what]!r}' for what in before if what not in after]
    if changed:
        pytest.fail('the test changed the process it ran in:\n  ' + '\n  '.join(changed), pytrace=False)


@pytest.fixture(autouse=True)
def _finds_packs_afresh() -> Iterator[None]:
    """Forget what packs a test found: another one's import path has others, or the same without their modules.

    A run puts the project at hand on that path, and leaves it there.
    """
    before = list(sys.path)
    yield
    sys.path[:] = before
    if (manager := sys.modules.get('synapse_plugins.packs.manager')) is not None:
        manager.get_manager.cache_clear()
    if (formats := sys.modules.get('synapse_plugins.datasets.formats')) is not None:
        for name in set(formats.names()) - {provider.name for provider in formats.BUILTIN}:
            formats.discard(name)


def _process() -> dict[str, Any]:
    state: dict[str, Any] = {
        f'${name}': value for name, value in os.environ.items() if name != 'PYTEST_CURRENT_TEST'
    }
    state['working directory'] = Path.cwd()
    for number in signal.valid_signals():
        if number != getattr(signal, 'SIGALRM', None):  # the time-out per test is made of it
            with suppress(ValueError, OSError):
                state[f'handler of {signal.Signals(number).name}'] = signal.getsignal(number)
    for name in (
        '',
        *(name for name in logging.root.manager.loggerDict if name.startswith(('synapse', 'builtin'))),
    ):
        state[f'handlers of logger {name!r}'] = list(logging.getLogger(name).handlers)
    return state
