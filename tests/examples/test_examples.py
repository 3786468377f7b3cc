"""The examples do what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

import synapse_plugins

EXAMPLES = Path(__file__).resolve().parents[2] / 'examples'
SCRIPTS = sorted(EXAMPLES.glob('*/*.out.txt'))


@pytest.mark.parametrize('expected', SCRIPTS, ids=lambda path: path.parent.name)
def test_a_script_prints_what_its_text_says(expected: Path, tmp_path: Path) -> None:
    script = expected.with_name(expected.name.replace('.out.txt', '.py'))
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        check=True,
        cwd=tmp_path,
        encoding='utf-8',
        env={**os.environ, 'PYTHONPATH': str(Path(synapse_plugins.__file__).parents[1]), 'PYTHONUTF8': '1'},
    )
    assert done.stdout == expected.read_text(encoding='utf-8')
    assert done.stderr == ''


def test_there_are_scripts() -> None:
    assert SCRIPTS


class TrackerStub(types.ModuleType):
    """As much of `mlflow` as the pack uses; it keeps what it is told."""

    def __init__(self) -> None:
        super().__init__('mlflow')
        self.runs: dict[str, dict[str, Any]] = {}

    def set_experiment(self, name: str) -> Any:
        return types.SimpleNamespace(experiment_id=f'experiment of {name}')

    def MlflowClient(self) -> Any:
        return ClientStub(self.runs)


class ClientStub:
    def __init__(self, runs: dict[str, dict[str, Any]]) -> None:
        self._runs = runs

    def create_run(self, experiment_id: str, run_name: str) -> Any:
        run = {
            'experiment': experiment_id,
            'params': {},
            'metrics': {},
            'files': [],
            'texts': {},
            'status': None,
        }
        self._runs[run_name] = run
        return types.SimpleNamespace(info=types.SimpleNamespace(run_id=run_name))

    def log_param(self, run_id: str, key: str, value: Any) -> None:
        self._runs[run_id]['params'][key] = value

    def log_metric(self, run_id: str, key: str, value: float) -> None:
        self._runs[run_id]['metrics'].setdefault(key, []).append(value)

    def log_artifact(self, run_id: str, local_path: str, artifact_path: str | None = None) -> None:
        assert Path(local_path).exists()
        self._runs[run_id]['files'].append((artifact_path, Path(local_path).name))

    def log_text(self, run_id: str, text: str, artifact_file: str) -> None:
        self._runs[run_id]['texts'][artifact_file] = text

    def set_terminated(self, run_id: str, status: str) -> None:
        self._runs[run_id]['status'] = status


ACTION = """
from pathlib import Path

from pydantic import BaseModel

from synapse_plugins import BaseAction
from synapse_plugins.steps import BaseStep, StepResult


class Params(BaseModel):
    fail: bool = False


class CountStep(BaseStep):
    name = 'count'
    progress_weight = 1.0

    def execute(self, context):
        context.set_progress(1, 2)
        context.set_metrics({'found': 3, 'label': 'not a number'})
        Path('plot.txt').write_text('a plot', encoding='utf-8')
        context.runtime_ctx.log_artifact('plot.txt', 'plot')
        context.log('세었다', {'found': 3})
        return StepResult(success=not context.params['fail'], error='told to fail')


class Count(BaseAction[Params]):
    action_name = 'count'

    def setup_steps(self, registry):
        registry.register(CountStep())
"""


@pytest.fixture
def tracker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> TrackerStub:
    """The pack, loaded beside the built-in one, with a stub where mlflow would be, and an action to watch."""
    stub = TrackerStub()
    monkeypatch.setitem(sys.modules, 'mlflow', stub)
    for name in ('synapse_plugins_mlflow', 'counting'):
        monkeypatch.delitem(sys.modules, name, raising=False)
    installed = tmp_path / 'synapse_plugins_mlflow-0.1.0.dist-info'
    installed.mkdir()
    (installed / 'METADATA').write_text(
        'Metadata-Version: 2.1\nName: synapse-plugins-mlflow\nVersion: 0.1.0\n'
    )
    (installed / 'entry_points.txt').write_text('[synapse_plugins]\nmlflow = synapse_plugins_mlflow\n')
    (tmp_path / 'counting.py').write_text(ACTION, encoding='utf-8')
    monkeypatch.syspath_prepend(EXAMPLES / 'mlflow_pack')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return stub


def test_the_tracker_gets_every_event_of_a_run(tracker: TrackerStub, home: Path) -> None:
    result = synapse_plugins.run('counting:Count', params={'fail': False}, home=home)
    (run,) = tracker.runs.values()
    assert run['params']['fail'] is False
    assert run['metrics']['count/found'] == [3]
    assert 'count/label' not in run['metrics']
    assert 50 in run['metrics']['count/percent']
    assert ('count', 'plot.txt') in run['files']
    events = [json.loads(line) for line in run['texts']['events.jsonl'].splitlines()]
    assert {'event', 'progress', 'metrics', 'artifact', 'steps', 'step'} <= {
        event['kind'] for event in events
    }
    assert '세었다' in [event['event'] for event in events]
    assert run['status'] == 'FINISHED'
    assert list(tracker.runs) == [result.run_id]


def test_the_tracker_is_told_when_a_run_fails(tracker: TrackerStub, home: Path) -> None:
    with pytest.raises(RuntimeError, match="Step 'count' failed: told to fail"):
        synapse_plugins.run('counting:Count', params={'fail': True}, home=home)
    (run,) = tracker.runs.values()
    assert run['status'] == 'FAILED'
