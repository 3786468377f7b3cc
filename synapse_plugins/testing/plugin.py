"""The pytest plugin: fixtures for tests of steps, actions and packs.

pytest loads it by itself wherever this package is installed (``-p no:synapse-plugins`` keeps it out), so it
imports nothing but pytest: what a fixture needs is imported when a test asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ..actions.export import ExportContext
    from ..actions.train import TrainContext
    from ..actions.upload import UploadContext
    from ..backends import LocalBackend, SynapseBackend
    from ..backends.server import Served
    from ..context import RuntimeContext
    from ..executors import RunResult
    from ..steps import StepResult

__all__ = [
    'export_context',
    'local_backend',
    'run_action',
    'run_step',
    'runtime_context',
    'served_backend',
    'synapse_home',
    'synapse_server',
    'tiny_dataset',
    'train_context',
    'upload_context',
]


@pytest.fixture
def synapse_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own for the test, named by $SYNAPSE_PLUGINS_HOME while it lasts."""
    folder = tmp_path / 'synapse-home'
    monkeypatch.setenv('SYNAPSE_PLUGINS_HOME', str(folder))
    return folder


@pytest.fixture
def local_backend(synapse_home: Path) -> Iterator[LocalBackend]:
    """The embedded backend, empty, in `synapse_home`."""
    from .. import backends

    with backends.open('local', home=synapse_home) as backend:
        yield backend


@pytest.fixture
def synapse_server(local_backend: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """`local_backend` behind HTTP: its `url` and `token`, which $SYNAPSE_HOST and $SYNAPSE_ACCESS_TOKEN name too.

    It speaks the v1 paths of the platform, so that any client of that can be tried; it needs the extra ``server``.
    """
    pytest.importorskip('starlette', reason="serving needs the extra: pip install 'synapse-plugins[server]'")
    pytest.importorskip('uvicorn', reason="serving needs the extra: pip install 'synapse-plugins[server]'")
    from ..backends.server import Served

    with Served(local_backend) as served:
        monkeypatch.setenv('SYNAPSE_HOST', served.url)
        monkeypatch.setenv('SYNAPSE_ACCESS_TOKEN', str(served.token))
        yield served


@pytest.fixture
def served_backend(synapse_server: Served, tmp_path: Path) -> Iterator[SynapseBackend]:
    """The client of `synapse_server`: the same methods as `local_backend`, over HTTP."""
    from ..backends import SynapseBackend

    with SynapseBackend(
        synapse_server.url, access_token=synapse_server.token, cache_dir=tmp_path / 'synapse-cache'
    ) as client:
        yield client


@pytest.fixture
def runtime_context(tmp_path: Path, local_backend: LocalBackend) -> RuntimeContext:
    """A runtime context with `local_backend` and folders of its own; its `logger` is a `RecordingLogger`."""
    from .recording import recording_runtime

    return recording_runtime(tmp_path / 'synapse-run', client=local_backend)


@pytest.fixture
def train_context(runtime_context: RuntimeContext) -> TrainContext:
    """What the steps of a train action get, over `runtime_context`."""
    from ..actions.train import TrainContext

    return TrainContext(runtime_context)


@pytest.fixture
def export_context(runtime_context: RuntimeContext) -> ExportContext:
    """What the steps of an export action get, over `runtime_context`."""
    from ..actions.export import ExportContext

    return ExportContext(runtime_context)


@pytest.fixture
def upload_context(runtime_context: RuntimeContext) -> UploadContext:
    """What the steps of an upload action get, over `runtime_context`."""
    from ..actions.upload import UploadContext

    return UploadContext(runtime_context)


@pytest.fixture
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a small dataset: ``tiny_dataset('yolo', task='segment')``, as `make_dataset` does."""

    def make(format: str = 'dm_v2', task: str = 'detect', **options: Any) -> Path:  # noqa: A002 - as make_dataset
        from .drawings import make_dataset

        return make_dataset(tmp_path_factory.mktemp('tiny') / format, format, task, **options)

    return make


@pytest.fixture
def run_step(runtime_context: RuntimeContext) -> Callable[..., StepResult]:
    """Runs one step, as `synapse_plugins.testing.run_step`; without a context it gets one over `runtime_context`."""

    def run(step: Any, context: Any = None, **fields: Any) -> StepResult:
        from . import steps

        context = steps.new_context(step, runtime_context) if context is None else context
        return steps.run_step(step, context, **fields)

    return run


@pytest.fixture
def run_action(runtime_context: RuntimeContext) -> Callable[..., RunResult]:
    """Runs an action, as `synapse_plugins.testing.run_action`, with `local_backend`; events go to `runtime_context`."""

    def run(action: str | type[Any], *, client: Any = None, **options: Any) -> RunResult:
        from .actions import run_action

        client = runtime_context.client if client is None else client
        return run_action(action, client=client, **{'loggers': [runtime_context.logger], **options})

    return run
