"""A dataset in the embedded backend, that backend behind HTTP, and its client."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.backends import SynapseBackend
from synapse_plugins.backends.synapse import Retries
from synapse_plugins.testing import make_dataset

from .faults import FAULTS, HEAD, PAGE, label_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from synapse_plugins.backends import LocalBackend
    from synapse_plugins.backends.server import Served

if not all(map(find_spec, ('starlette', 'uvicorn'))):  # the extra server; the core is tested without any
    collect_ignore_glob = ['test_*.py']

QUICK = Retries(attempts=4, first=0.01, longest=0.05)
SPECIFICATIONS = [
    {'name': 'image_1', 'file_type': 'image', 'is_required': True, 'is_primary': True},
    {'name': 'data_meta_1', 'file_type': 'data', 'is_required': False, 'is_primary': False},
]


@pytest.fixture(autouse=True)
def user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the user without a configuration, and an environment without credentials and proxies."""
    folder = tmp_path / 'user'
    folder.mkdir()
    monkeypatch.setenv('HOME', str(folder))
    monkeypatch.setenv('USERPROFILE', str(folder))
    for name in list(os.environ):
        plain = name.startswith('SYNAPSE_') and not name.startswith('SYNAPSE_PLUGINS_')
        if plain or name.lower() in {
            'http_proxy',
            'https_proxy',
            'all_proxy',
            'requests_ca_bundle',
            'curl_ca_bundle',
        }:
            monkeypatch.delenv(name)
    return folder


@pytest.fixture(scope='session')
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small dm_v2 folder with train and valid."""
    return make_dataset(tmp_path_factory.mktemp('pets') / 'pets', 'dm_v2', 'detect')


@pytest.fixture
def version(local_backend: LocalBackend, pets: Path) -> dict[str, Any]:
    """A dataset version in the backend that is served."""
    return local_backend.import_dataset(pets, 'pets')


@pytest.fixture
def collection(local_backend: LocalBackend) -> dict[str, Any]:
    return local_backend.create_data_collection({'name': 'uploads', 'file_specifications': SPECIFICATIONS})


@pytest.fixture
def client(synapse_server: Served, tmp_path: Path) -> Iterator[SynapseBackend]:
    """A client that does not wait long."""
    with SynapseBackend(
        synapse_server.url,
        access_token=synapse_server.token,
        cache_dir=tmp_path / 'cache',
        retries=QUICK,
        timeout=(2.0, 10.0),
    ) as made:
        yield made


@pytest.fixture(scope='session')
def vendor_client_class() -> Any:
    """The vendor's client; None where it is not installed."""
    if find_spec('synapse_sdk') is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # its modules warn while they are imported
        for name in ('_sentry', '_profile'):  # it makes their loggers when it first fails
            importlib.import_module(f'synapse_sdk.observability.{name}')
        return importlib.import_module('synapse_sdk.clients.backend').BackendClient


# -- a server that fails as it is told -----------------------------------------------------------------------


class Faulty:
    """What stands between a client and the server, in another process, and does what its script says."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.tell: Callable[[str, str], None] = lambda name, value: None

    def script(self, *rules: dict[str, Any]) -> None:
        """Set what goes wrong, and forget what came so far."""
        self._control('POST', '/__script', list(rules))
        for label in filter(None, map(label_of, rules)):
            self.tell('fault', label)

    def lead_to(self, port: int) -> None:
        """Set where the server is."""
        self._control('POST', '/__upstream', port)

    def seen(self) -> list[str]:
        """Return the requests that came, e.g. ``GET /models/``, with the fault that each met."""
        return list(self._control('GET', '/__seen'))

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        import requests

        with requests.request(method, self.url + path, json=body, timeout=10) as answer:
            return answer.json()


@pytest.fixture(scope='session')
def faulty_process() -> Iterator[Faulty]:
    program = Path(__file__).with_name('faulty.py')
    with subprocess.Popen(
        [sys.executable, str(program)], stdout=subprocess.PIPE, encoding='utf-8'
    ) as process:
        assert process.stdout is not None
        try:
            yield Faulty(f'http://127.0.0.1:{json.loads(process.stdout.readline())}')
        finally:
            process.kill()


@pytest.fixture
def faulty(
    faulty_process: Faulty, synapse_server: Served, record_property: Callable[[str, object], None]
) -> Faulty:
    """The faulty way to `synapse_server`."""
    faulty_process.tell = record_property
    faulty_process.lead_to(synapse_server.port)
    faulty_process.script()
    return faulty_process


@pytest.fixture
def shaky(faulty: Faulty, synapse_server: Served, tmp_path: Path) -> Iterator[SynapseBackend]:
    """A client that goes the faulty way, and neither waits long nor gives up soon."""
    with SynapseBackend(
        faulty.url,
        access_token=synapse_server.token,
        cache_dir=tmp_path / 'shaky',
        retries=QUICK,
        timeout=(2.0, 1.0),
    ) as made:
        yield made


@pytest.fixture
def program(
    synapse_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Call the command line in a process of its own."""
    import synapse_plugins

    place = str(Path(synapse_plugins.__file__).parents[1])
    monkeypatch.setenv('PYTHONPATH', os.pathsep.join(filter(None, (place, os.environ.get('PYTHONPATH')))))

    def call(*arguments: object, **more: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, '-m', 'synapse_plugins', *map(str, arguments)],
            capture_output=True, encoding='utf-8', timeout=120, check=False, **more,
        )  # fmt: skip

    return call


# -- the page of faults --------------------------------------------------------------------------------------

_tally: dict[str, list[int]] = {fault: [0, 0] for fault in FAULTS}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when != 'call':
        return
    told = dict.fromkeys(value for name, value in report.user_properties if name == 'fault')
    times = next((int(str(value)) for name, value in report.user_properties if name == 'times'), 1)
    for fault in told:
        _tally[str(fault)][0] += times
        _tally[str(fault)][1] += times if report.passed else 0


def pytest_sessionfinish(session: pytest.Session) -> None:
    one_of_several = hasattr(session.config, 'workerinput')  # which saw a part only
    if os.environ.get('SYNAPSE_PLUGINS_WRITE_FAULTS') and not one_of_several:
        lines = [f'| {fault} | {tried} | {survived} |' for fault, (tried, survived) in _tally.items()]
        PAGE.write_text(HEAD + '\n'.join(lines) + '\n', encoding='utf-8', newline='\n')
