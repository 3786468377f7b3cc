"""What the vendor's own scaffold makes, of every category, moves, loads and runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import synapse_plugins
from synapse_plugins.migrate import migrate

pytest.importorskip('libcst', reason="needs the extra `migrate`: pip install 'synapse-plugins[migrate]'")

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.usefixtures('vendor'), pytest.mark.slow]

PACKAGE = str(Path(synapse_plugins.__file__).resolve().parents[1])
KINDS = {
    'neural_net': {
        'data_type': 'image',
        'tasks': ['object_detection'],
    },
    'smart_tool': {
        'annotation_category': 'image',
        'annotation_type': 'bbox',
        'smart_tool_type': 'interactive',
    },
    'upload': {'supported_data_types': ['image', 'video']},
    'export': {},
    'post_annotation': {},
    'pre_annotation': {},
    'data_validation': {},
    'custom': {},
}
STAYS = {
    'neural_net': {'deployment', 'inference'},
    'smart_tool': {'auto_label'},
    'pre_annotation': {'to_task'},
}
"""The kinds that this version does not have."""

TRAINING = """
        (Path.cwd() / 'model').mkdir(exist_ok=True)
        (Path.cwd() / 'model' / 'weights.txt').write_text(str(sorted(path.name for path in data_path.iterdir())))
        return TrainResult(weights_path=str(Path.cwd() / 'model'), final_loss=0.5)
"""


@pytest.fixture(params=KINDS)
def scaffold(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A project as `synapse plugin create` makes it."""
    from rich.console import Console
    from synapse_sdk.cli.plugin.create import PluginSpec, create_plugin
    from synapse_sdk.plugins import enums

    kind: str = request.param
    words = {'annotation_category': enums.AnnotationCategory, 'annotation_type': enums.AnnotationType}
    words |= {'data_type': enums.DataType, 'smart_tool_type': enums.SmartToolType}
    answers: dict[str, Any] = {
        key: words[key](value) if key in words else value for key, value in KINDS[kind].items()
    }
    if 'supported_data_types' in answers:
        answers['supported_data_types'] = [enums.DataType(name) for name in answers['supported_data_types']]
    spec = PluginSpec(
        name=f'My {kind}',
        code=f'my-{kind.replace("_", "-")}',
        version='0.1.0',
        category=enums.PluginCategory(kind),
        description='tried out',
        **answers,
    )
    return kind, create_plugin(spec, tmp_path, Console(quiet=True))


def entries(root: Path) -> dict[str, Any]:
    """Read config.yaml with the vendor's reader, in a process of its own."""
    script = (
        'import json, sys\n'
        'from synapse_sdk.plugins.discovery import PluginDiscovery\n'
        'config = PluginDiscovery.from_path(sys.argv[1]).config\n'
        'print(json.dumps({name: entry.model_dump(mode="json") for name, entry in config.actions.items()}))'
    )
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', script, str(root)],
        capture_output=True,
        text=True,
        encoding='utf-8',
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_it_moves_and_its_configuration_stays_readable(
    scaffold: tuple[str, Path], command: Callable[..., Any]
) -> None:
    kind, root = scaffold
    before = entries(root)
    assert migrate(root, write=True).written
    again = migrate(root)
    assert again.changes == []
    stays = STAYS.get(kind, set())
    assert bool(again.of('stays')) == bool(stays)
    assert again.of('look') == []
    report = command(root, 'config', 'sync')
    assert report['ok'], report
    assert {note.split()[0] for note in report['notes'] if 'synapse-sdk' in note} == stays
    after = entries(root)
    assert set(after) == set(before)
    assert command(root, 'config', 'check')['changes'] == []
    for name in stays:
        assert after[name]['entrypoint'] == before[name]['entrypoint']
    listed = {row['name'] for row in command(root, 'actions') if 'this project' in row['origin']}
    assert listed == set(before)


@pytest.mark.parametrize(
    'scaffold', sorted(set(KINDS) - {'neural_net', 'smart_tool', 'upload', 'export'}), indirect=True
)
def test_its_plain_entrypoints_run(scaffold: tuple[str, Path], command: Callable[..., Any]) -> None:
    kind, root = scaffold
    migrate(root, write=True)
    results = {
        'custom': ('main', [], {'result': 'success'}),
        'data_validation': (
            'validate',
            ['-p', 'data=[1]', '-p', 'strict_mode=true'],
            {'valid': True, 'errors': []},
        ),
        'post_annotation': ('post_annotate', ['-p', 'data=x'], {'processed': True}),
        'pre_annotation': ('pre_annotate', ['-p', 'data=x'], {'annotations': []}),
    }
    action, params, result = results[kind]
    assert command(root, 'run', action, *params)['result'] == result
    assert dispatched_by_theirs(root, action, {'data': 'x'} if params else {}) == result


@pytest.mark.parametrize('scaffold', ['neural_net'], indirect=True)
def test_its_configuration_gets_what_theirs_writes(scaffold: tuple[str, Path], tmp_path: Path) -> None:
    _, root = scaffold
    other = tmp_path / 'theirs'
    shutil.copytree(root, other)
    script = (
        'import sys\n'
        'from synapse_sdk.plugins.discovery import PluginDiscovery\n'
        'PluginDiscovery.from_path(sys.argv[1]).sync_config_file(sys.argv[1] + "/config.yaml")'
    )
    subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', script, str(other)], check=True, capture_output=True
    )
    migrate(root, write=True)
    done = in_process_of_its_own(root, 'config', 'sync')
    assert done.returncode == 0, done.stdout + done.stderr
    ours, theirs = (
        yaml.safe_load((folder / 'config.yaml').read_text(encoding='utf-8')) for folder in (root, other)
    )
    for name in ('convert', 'download', 'test', 'train'):
        assert ours['actions'][name] == theirs['actions'][name]
    assert {**ours, 'actions': None} == {**theirs, 'actions': None}


@pytest.mark.parametrize('scaffold', ['neural_net'], indirect=True)
def test_its_actions_run_on_real_data(
    scaffold: tuple[str, Path], command: Callable[..., Any], small_dataset: Path
) -> None:
    _, root = scaffold
    migrate(root, write=True)
    assert command(root, 'run', 'test')['result']['python_version']
    downloaded = command(root, 'run', 'download', '-p', f'dataset={small_dataset}')['result']
    assert downloaded['format'] == 'dm_v2'
    assert downloaded['count'] == 2
    converted = command(
        root,
        'run',
        'convert',
        '-p',
        f'path={downloaded["path"]}',
        '-p',
        'target_format=yolo',
        '-p',
        'output_dir=out',
    )['result']
    assert Path(root, converted['config_path']).name == 'dataset.yaml'
    fill_in_training(root)
    trained = command(root, 'run', 'train', '-p', f'dataset={small_dataset}', '-p', 'epochs=2')
    assert trained['state'] == 'SUCCEEDED'
    assert trained['model']['id'] == trained['result']['model_id']
    assert trained['result']['output']['final_loss'] == 0.5


@pytest.mark.parametrize('scaffold', ['export'], indirect=True)
def test_its_exporter_runs(
    scaffold: tuple[str, Path], command: Callable[..., Any], small_dataset: Path, tmp_path: Path
) -> None:
    _, root = scaffold
    migrate(root, write=True)
    version = command(root, 'datasets', 'import', str(small_dataset), '--name', 'small')['id']
    (tmp_path / 'out').mkdir()
    filters = json.dumps({'ground_truth_dataset_versions': version})
    done = command(root, 'run', 'export', '-p', f'path={tmp_path / "out"}', '-p', f'filter={filters}')
    assert done['result']['exported_count'] == 2
    assert len(list((tmp_path / 'out' / 'export' / 'labels').iterdir())) == 2


@pytest.mark.parametrize('scaffold', ['upload'], indirect=True)
def test_its_upload_runs(scaffold: tuple[str, Path], command: Callable[..., Any], tmp_path: Path) -> None:
    _, root = scaffold
    migrate(root, write=True)
    (tmp_path / 'files' / 'text_1').mkdir(parents=True)
    (tmp_path / 'files' / 'text_1' / 'a.txt').write_text('a', encoding='utf-8')
    params = [f'path={tmp_path / "files"}', 'data_collection=c', 'create_collection=true', 'name=up']
    done = command(root, 'run', 'upload', *(word for pair in params for word in ('-p', pair)))
    assert done['result']['data_units'] == 1, done


def in_process_of_its_own(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, '-W', 'ignore', '-m', 'synapse_plugins', *arguments],
        cwd=root,
        env={**os.environ, 'PYTHONPATH': PACKAGE},
        capture_output=True,
        text=True,
        encoding='utf-8',
        check=False,
    )


def fill_in_training(root: Path) -> None:
    """Write what the author of a plugin writes: the training itself, in place of the scaffold's exception."""
    path = root / 'plugin' / 'train.py'
    code = path.read_text(encoding='utf-8')
    head, _, _ = code.rpartition('        raise NotImplementedError')
    path.write_text(head + TRAINING, encoding='utf-8')


def dispatched_by_theirs(root: Path, action: str, params: dict[str, Any]) -> Any:
    """Run a migrated action as the platform does: by the vendor's reader, runtime context and `dispatch`."""
    script = (
        'import json, sys\n'
        'sys.path.insert(0, sys.argv[1])\n'
        'from synapse_sdk.loggers import ConsoleLogger\n'
        'from synapse_sdk.plugins.context import PluginEnvironment, RuntimeContext\n'
        'from synapse_sdk.plugins.discovery import PluginDiscovery\n'
        'action = PluginDiscovery.from_path(sys.argv[1]).get_action_class(sys.argv[2])\n'
        'context = RuntimeContext(logger=ConsoleLogger(), env=PluginEnvironment())\n'
        'print(json.dumps(action.dispatch(json.loads(sys.argv[3]), context)))'
    )
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', script, str(root), action, json.dumps(params)],
        env={
            **os.environ,
            'PYTHONPATH': PACKAGE,
        },
        capture_output=True,
        text=True,
        encoding='utf-8',
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])
