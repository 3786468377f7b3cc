"""Calls the command line, in this process or in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Outcome:
    """What a call of the command line left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)

    @property
    def paragraph(self) -> str:
        """The error, which must be one paragraph and all there is."""
        assert self.code == 1, (self.code, self.out, self.err)
        assert self.out == ''
        assert self.err.startswith('Error: ')
        assert self.err.endswith('\n')
        assert '\n\n' not in self.err
        assert 'Traceback' not in self.err
        return self.err.removeprefix('Error: ').rstrip()


@pytest.fixture
def cli(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Call the command line in this process, on a home of its own."""
    from synapse_plugins.cli import main

    def call(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes in any folder import the package that is tested here, installed or not."""
    import synapse_plugins

    place = Path(synapse_plugins.__file__).parents[1]
    others = os.environ.get('PYTHONPATH')
    monkeypatch.setenv('PYTHONPATH', f'{place}{os.pathsep}{others}' if others else str(place))


@pytest.fixture
def program(home: Path, importable: None) -> Callable[..., Outcome]:
    """Call the command line in a process of its own, on a home of its own."""

    def call(*arguments: object, **environment: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, '-m', 'synapse_plugins', *map(str, arguments)],
            capture_output=True,
            encoding='utf-8',
            env={**os.environ, **environment},
            timeout=240,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return call


PLUGIN = '''
"""A plugin with actions that go well, fail, and last."""

import time
from pathlib import Path

from pydantic import BaseModel

from synapse_plugins.actions import BaseAction
from synapse_plugins.steps import BaseStep, StepResult


class Params(BaseModel):
    model_config = {'extra': 'forbid'}

    folder: str
    name: str = 'x'
    times: int = 1
    classes: list[str] = []


class Make(BaseStep):
    name = 'make'
    progress_weight = 0.5

    def execute(self, context):
        made = Path(context.params['folder'], 'made')
        made.write_text('made', encoding='utf-8')
        context.runtime_ctx.log_metric('train', 'epoch', 1, loss=0.5)
        return StepResult(rollback_data={'made': str(made)})

    def rollback(self, context, result):
        Path(result.rollback_data['made']).unlink()


class Fail(BaseStep):
    name = 'fail'
    progress_weight = 0.5

    def execute(self, context):
        raise ZeroDivisionError('일부러')


class Last(BaseStep):
    name = 'last'
    progress_weight = 0.5

    def execute(self, context):
        Path(context.params['folder'], 'begun').write_text('', encoding='utf-8')
        tenths = context.params['times'] if context.params['times'] > 1 else 600
        for number in range(tenths):
            if context.cancelled and context.params['name'] != 'stubborn':
                return StepResult(success=False, error='cancelled')
            context.set_progress(number, tenths)
            time.sleep(0.1)
        return StepResult()


class Good(BaseAction[Params]):
    """Goes well."""

    def setup_steps(self, registry):
        registry.register(Make())

    def result_of(self, context):
        return {'metrics': {'accuracy': 0.75}, 'params': context.params}


class Bad(BaseAction[Params]):
    def setup_steps(self, registry):
        registry.register(Make())
        registry.register(Fail())


class Long(BaseAction[Params]):
    def setup_steps(self, registry):
        registry.register(Make())
        registry.register(Last())
'''

CONFIG = """
name: 시험
code: trial
version: 0.1.0
category: custom
actions:
  good: {entrypoint: trial_actions.Good}
  bad: {entrypoint: trial_actions.Bad}
  long: {entrypoint: trial_actions:Long}
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A plugin project with the actions `good`, `bad` and `long`."""
    folder = tmp_path / '플러그인'
    folder.mkdir()
    (folder / 'config.yaml').write_text(CONFIG, encoding='utf-8')
    (folder / 'trial_actions.py').write_text(PLUGIN, encoding='utf-8')
    return folder


@pytest.fixture(scope='session')
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small dataset in DM v2; copy it before you change it."""
    from builtin_steps.shapes import make_shapes_dataset

    return make_shapes_dataset(tmp_path_factory.mktemp('shapes') / '도형', images=10, size=48)
