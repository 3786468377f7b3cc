"""The pytest plugin, in runs of pytest of their own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import synapse_plugins
from synapse_plugins import testing
from synapse_plugins.testing import plugin

if TYPE_CHECKING:
    from collections.abc import Callable

    RunPytest = Callable[..., subprocess.CompletedProcess[str]]

PROJECT = Path(__file__).resolve().parents[2]
HEAVY = {
    'PIL',
    'builtin_steps',
    'numpy',
    'orjson',
    'pydantic',
    'requests',
    'rich',
    'sqlite3',
    'torch',
    'typer',
    'yaml',
}

EVERY_FIXTURE = """
    import os
    from pathlib import Path

    import pytest
    from pydantic import BaseModel

    from synapse_plugins import BaseAction
    from synapse_plugins.datasets import detect_format
    from synapse_plugins.errors import StepFailedError
    from synapse_plugins.steps import BaseStep, StepResult
    from synapse_plugins.testing import assert_rollback_idempotent


    class Params(BaseModel):
        fail: bool = False


    class Greet(BaseStep):
        name = 'greet'
        progress_weight = 1.0

        def execute(self, context):
            context.log('hello', {'to': context.params.get('to', '세계')})
            path = context.runtime_ctx.work_dir / 'greeting.txt'
            context.save_rollback(path=path)
            path.write_text('hello')
            if context.params.get('fail'):
                raise ValueError('told to')
            return StepResult(data={'path': str(path)})

        def rollback(self, context, result):
            Path(result.rollback_data['path']).unlink(missing_ok=True)


    class Hello(BaseAction[Params]):
        def setup_steps(self, registry):
            registry.register(Greet())


    def test_home(synapse_home):
        assert os.environ['SYNAPSE_PLUGINS_HOME'] == str(synapse_home)
        assert not synapse_home.exists()


    def test_backend(local_backend, tiny_dataset, synapse_home):
        assert local_backend.store.home == synapse_home
        assert local_backend.list_datasets() == []
        version = local_backend.import_dataset(tiny_dataset(), 'tiny')
        assert version['count'] == 6


    def test_runtime(runtime_context, local_backend, tmp_path):
        runtime_context.log_message('안녕')
        assert runtime_context.logger.messages == ['안녕']
        assert runtime_context.client is local_backend
        assert tmp_path in runtime_context.work_dir.parents
        assert tmp_path in runtime_context.cache_dir.parents


    @pytest.mark.parametrize('kind', ['train', 'export', 'upload'])
    def test_contexts(kind, request, runtime_context):
        context = request.getfixturevalue(f'{kind}_context')
        assert type(context).__name__ == f'{kind.title()}Context'
        assert context.runtime_ctx is runtime_context
        assert context.client.name == 'local'


    @pytest.mark.parametrize('name', ['dm_v2', 'yolo', 'coco', 'pascal_voc'])
    def test_dataset(name, tiny_dataset):
        one, other = tiny_dataset(name), tiny_dataset(name, splits={'train': 2})
        assert one != other
        assert detect_format(one) == detect_format(other) == name


    def test_run_step(run_step, runtime_context):
        assert run_step(Greet(), params={'to': 'you'}).success
        assert runtime_context.logger.events('hello') == [{'to': 'you'}]
        with pytest.raises(StepFailedError, match='told to'):
            run_step(Greet(), params={'fail': True})
        assert list(runtime_context.work_dir.iterdir()) == []


    def test_run_step_with_a_context(run_step, train_context):
        train_context.params = {'to': 'me'}
        run_step(Greet(), train_context)
        assert train_context.step_results[0].data['path']


    def test_rollback(train_context):
        assert_rollback_idempotent(Greet(), train_context)


    def test_run_action(run_action, runtime_context, local_backend):
        result = run_action(Hello)
        assert result.success
        assert [step['name'] for step in result.steps] == ['greet']
        assert runtime_context.logger.events('hello') == [{'to': '세계'}]
        assert result.backend == local_backend.identity
        with pytest.raises(StepFailedError):
            run_action(Hello, params={'fail': True})
        left = [path.parent.name for path in local_backend.store.runs_dir.rglob('greeting.txt')]
        assert left == [result.run_id]


    def test_run_action_with_another_client(run_action):
        class Client:
            name = 'mine'

        assert run_action(Hello, client=Client()).backend == 'Client'
"""


def test_every_fixture(run_pytest: RunPytest) -> None:
    done = run_pytest(EVERY_FIXTURE)
    assert done.returncode == 0, done.stdout
    assert ' passed' in done.stdout
    listed = run_pytest(EVERY_FIXTURE, '--fixtures').stdout
    for name in plugin.__all__:
        told = re.search(rf'^{name} -- .*plugin.py:\d+\n +(.+)$', listed, re.MULTILINE)
        assert told
        assert told[1] != 'no docstring available'


def test_fixtures_work_in_parallel(run_pytest: RunPytest) -> None:
    done = run_pytest(EVERY_FIXTURE, '-p', 'xdist', '-n', '2')
    assert done.returncode == 0, done.stdout
    assert 'bringing up nodes' in done.stdout


AS_IT_WAS = """
    import os
    import sys

    import pytest

    BEFORE = dict(os.environ), os.getcwd(), list(sys.path)


    @pytest.fixture(autouse=True)
    def as_it_was():
        yield
        assert (dict(os.environ) | {'PYTEST_CURRENT_TEST': ''}, os.getcwd(), list(sys.path)) == (
            BEFORE[0] | {'PYTEST_CURRENT_TEST': ''}, *BEFORE[1:]
        )


    def test_everything(synapse_home, runtime_context, train_context, tiny_dataset, run_step, run_action):
        assert 'SYNAPSE_PLUGINS_HOME' in os.environ
        tiny_dataset()
"""


def test_the_environment_is_left_as_it_was(run_pytest: RunPytest, monkeypatch: pytest.MonkeyPatch) -> None:
    for home in (None, 'mine'):
        if home is None:
            monkeypatch.delenv('SYNAPSE_PLUGINS_HOME', raising=False)
        else:
            monkeypatch.setenv('SYNAPSE_PLUGINS_HOME', home)
        done = run_pytest(AS_IT_WAS)
        assert done.returncode == 0, done.stdout


def test_loading_it_imports_nothing_heavy() -> None:
    code = (
        'import sys, pytest\n'
        'before = set(sys.modules)\n'
        'import synapse_plugins.testing.plugin\n'
        'import json; print(json.dumps(sorted(set(sys.modules) - before)))'
    )
    done = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(synapse_plugins.__file__).parents[1],
    )
    loaded = {name for name in json.loads(done.stdout) if not name.startswith('json')}
    assert loaded == {
        'synapse_plugins',
        'synapse_plugins._version',
        'synapse_plugins.testing',
        'synapse_plugins.testing.plugin',
    }


def test_tests_that_use_none_of_it_do_not_pay_for_it(run_pytest: RunPytest) -> None:
    code = f"""
        import sys

        def test_nothing():
            assert '{plugin.__name__}' in sys.modules
            assert {HEAVY!r} & set(sys.modules) == set()
    """
    done = run_pytest(code, '-p', 'no:randomly')  # which loads numpy where it finds it
    assert done.returncode == 0, done.stdout


def test_it_can_be_kept_out(run_pytest: RunPytest) -> None:
    done = run_pytest('def test_it(local_backend): ...', '-p', 'no:synapse-plugins')
    assert "fixture 'local_backend' not found" in done.stdout


def test_it_takes_no_name_of_our_own_suite(run_pytest: RunPytest, tmp_path: Path) -> None:
    shutil.copy(PROJECT / 'tests' / 'conftest.py', tmp_path / 'project')
    done = run_pytest(
        """
        import os

        def test_both(home, rounds, seed, synapse_home, local_backend):
            assert home != synapse_home
            assert local_backend.store.home == synapse_home

        def test_ours(home):
            assert os.environ['SYNAPSE_PLUGINS_HOME'] == str(home)

        def test_theirs(run_step, run_action, tiny_dataset): ...
        """
    )
    assert done.returncode == 0, done.stdout
    assert '3 passed' in done.stdout


def test_a_fixture_of_a_project_wins(run_pytest: RunPytest) -> None:
    done = run_pytest(
        """
        import pytest

        @pytest.fixture
        def local_backend():
            return 'mine'

        def test_it(runtime_context):
            assert runtime_context.client == 'mine'
        """
    )
    assert done.returncode == 0, done.stdout


def test_pytest_finds_it_where_the_package_is_installed() -> None:
    pyproject = tomllib.loads((PROJECT / 'pyproject.toml').read_text(encoding='utf-8'))
    assert pyproject['project']['entry-points']['pytest11'] == {'synapse-plugins': plugin.__name__}


def test_what_is_public_is_documented() -> None:
    assert testing.__all__ == sorted(testing.__all__, key=lambda name: (name.islower(), name))
    assert dir(testing) == sorted(testing.__all__)
    for name in testing.__all__:
        value: Any = getattr(testing, name)
        assert value.__doc__
        assert value.__module__.startswith('synapse_plugins.testing')
    page = (PROJECT / 'docs' / 'testing.md').read_text(encoding='utf-8')
    for name in (*testing.__all__, *plugin.__all__):
        assert f'`{name}' in page, f'docs/testing.md does not tell of {name}'
    with pytest.raises(AttributeError):
        testing.no_such_name  # type: ignore[attr-defined]


def test_the_tests_of_the_page_pass(run_pytest: RunPytest) -> None:
    page = (PROJECT / 'docs' / 'testing.md').read_text(encoding='utf-8')
    code = '\n\n'.join(re.findall(r'^```python\n(.*?)^```$', page, re.MULTILINE | re.DOTALL))
    done = run_pytest(code)
    assert done.returncode == 0, done.stdout
    assert f'{code.count("def test_")} passed' in done.stdout


def test_the_test_of_the_example_pack_passes(run_pytest: RunPytest, tmp_path: Path) -> None:
    example = PROJECT / 'examples' / 'mlflow_pack'
    pyproject = tomllib.loads((example / 'pyproject.toml').read_text(encoding='utf-8'))['project']
    info = tmp_path / 'project' / f'{pyproject["name"].replace("-", "_")}-{pyproject["version"]}.dist-info'
    info.mkdir()
    (info / 'METADATA').write_text(
        f'Metadata-Version: 2.1\nName: {pyproject["name"]}\nVersion: {pyproject["version"]}\n'
    )
    lines = [f'{name} = {module}' for name, module in pyproject['entry-points']['synapse_plugins'].items()]
    (info / 'entry_points.txt').write_text('\n'.join(['[synapse_plugins]', *lines]))
    modules = {path.stem: path.read_text(encoding='utf-8') for path in example.glob('synapse_plugins_*.py')}
    done = run_pytest((example / 'test_pack.py').read_text(encoding='utf-8'), **modules)
    assert done.returncode == 0, done.stdout
