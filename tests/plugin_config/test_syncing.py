"""config.yaml against the code of a project."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from synapse_plugins.errors import ConfigError
from synapse_plugins.plugin_config import check, sync

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TRAIN = """
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from synapse_plugins.actions.train import BaseTrainAction, BaseTrainParams
from synapse_plugins.types import ModelWeights


class Size(StrEnum):
    SMALL = 'small'
    LARGE = 'large'


class Params(BaseTrainParams):
    epochs: int = Field(10, ge=1, description='passes')
    size: Size = Size.SMALL
    scheduler: Literal['cos', 'step'] | None = None
    seed: int = Field(0, json_schema_extra={'exclude_from_ui': True})


class TrainAction(BaseTrainAction[Params]):
    action_name = 'train'
    output_type = ModelWeights

    def execute(self, data_path: Any, checkpoint: Any) -> Any:
        return {'weights_path': str(data_path)}
"""
CONFIG = """\
# 내 플러그인
name: 지게차   # the name
code: forklift
version: 0.1.0
category: neural_net
data_type: image
x-ours: {keep: me}
actions:
  train:
    entrypoint: PKG.train:TrainAction   # colons are fine
    hyperparameters:
      train_ui_schemas:
      # 얼마나 오래
      - $formkit: range
        name: epochs
        label: 에폭
        value: 5
        max: 7
        placeholder: 많이
        validation: required
      - name: augment   # read as an extra parameter
        $formkit: checkbox
"""


def items(root: Path) -> dict[str, Any]:
    config = yaml.safe_load((root / 'config.yaml').read_text(encoding='utf-8'))
    form = config['actions']['train']['hyperparameters']['train_ui_schemas']
    return {item['name']: item for item in form}


def test_sync_writes_what_the_code_says_and_keeps_all_else(project: Callable[..., Path]) -> None:
    root = project({'train.py': TRAIN}, CONFIG)
    before = (root / 'config.yaml').read_text(encoding='utf-8')
    report = check(root)
    assert not report.ok
    assert (root / 'config.yaml').read_text(encoding='utf-8') == before
    assert sync(root).ok
    after = (root / 'config.yaml').read_text(encoding='utf-8')
    assert {line for line in before.splitlines() if '#' in line} <= set(after.splitlines())
    assert 'x-ours: {keep: me}' in after
    assert 'python' not in after
    found = items(root)
    assert list(found) == ['epochs', 'size', 'scheduler', 'augment']
    assert found['epochs'] == {
        '$formkit': 'range',  # the same values, another taste
        'name': 'epochs',
        'label': '에폭',  # the model says none
        'value': 10,
        'min': 1,
        'placeholder': '많이',
        'validation': 'required',
        'help': 'passes',
        'required': True,
        'number': True,
    }
    assert found['size']['options'] == ['small', 'large']
    assert found['size']['value'] == 'small'
    assert 'required' not in found['scheduler']
    entry = yaml.safe_load(after)['actions']['train']
    assert entry['entrypoint'].endswith('.train:TrainAction')
    assert (entry['method'], entry['output_type']) == ('job', 'model_weights')
    again = check(root)
    assert again.ok
    assert again.changes == []
    assert any('augment' in note for note in again.notes)


def test_a_link_is_written_through(project: Callable[..., Path]) -> None:
    root = project({'train.py': TRAIN}, CONFIG)
    (root / 'config.yaml').rename(root / 'real.yaml')
    (root / 'config.yaml').symlink_to('real.yaml')
    assert sync(root).ok
    assert (root / 'config.yaml').is_symlink()
    assert 'method: job' in (root / 'real.yaml').read_text(encoding='utf-8')


def test_labels_of_choices_stay_while_the_choices_do(project: Callable[..., Path]) -> None:
    labelled = CONFIG + (
        '      - name: size\n        $formkit: radio\n'
        '        options:\n        - {label: 작은, value: small}\n        - {label: 큰, value: large}\n'
    )
    root = project({'train.py': TRAIN}, labelled)
    sync(root)
    assert items(root)['size']['options'][0] == {'label': '작은', 'value': 'small'}
    assert items(root)['size']['$formkit'] == 'radio'
    root = project({}, labelled.replace('value: large', 'value: huge'))
    sync(root)
    assert items(root)['size']['options'] == ['small', 'large']


def test_new_actions_are_added_and_moved_ones_found(project: Callable[..., Path]) -> None:
    other = """
        from pydantic import BaseModel
        from synapse_plugins import BaseAction, BaseExportAction

        class P(BaseModel):
            n: int = 1

        class CountAction(BaseAction[P]):
            def execute(self):
                return {}

        class Everything(BaseExportAction[P]):
            action_name = 'everything'
    """
    root = project({'train.py': TRAIN, 'other.py': other}, CONFIG.replace('PKG.train:', 'PKG.gone.'))
    report = sync(root)
    assert report.ok, report.problems
    actions = yaml.safe_load((root / 'config.yaml').read_text(encoding='utf-8'))['actions']
    assert actions['train']['entrypoint'].endswith('.train.TrainAction')
    assert actions['count']['method'] == 'task'
    assert actions['everything']['method'] == 'job'
    assert 'ui_schema' not in actions['count']


def test_a_form_for_an_upload_and_for_a_provided_trainer(project: Callable[..., Path]) -> None:
    code = """
        from pydantic import BaseModel
        from synapse_plugins import BaseTrainAction, BaseUploadAction
        from synapse_plugins.actions.train import BaseTrainParams

        class P(BaseModel):
            path: str
            group_name: str | None = None

        class Upload(BaseUploadAction[P]):
            action_name = 'upload'

        class Train(BaseTrainAction[BaseTrainParams]):
            action_name = 'train'
            target_format = 'yolo'
    """
    root = project({'all.py': code}, 'name: x\ncode: x\nactions:\n')
    report = sync(root)
    assert report.ok, report.problems
    actions = yaml.safe_load((root / 'config.yaml').read_text(encoding='utf-8'))['actions']
    assert [item['name'] for item in actions['upload']['ui_schema']] == ['path', 'group_name']
    form = {item['name']: item for item in actions['train']['hyperparameters']['train_ui_schemas']}
    assert {'epochs', 'imgsz', 'batch'} <= set(form)
    assert not {'dataset', 'checkpoint', 'trainer', 'target_format', 'output_dir'} & set(form)


@pytest.mark.parametrize(
    ('change', 'told'),
    [
        (('name: 지게차   # the name\n', ''), 'name is missing'),
        (('data_type: image\n', ''), 'data_type is missing'),
        (('category: neural_net', 'category: neuralnet'), "category: 'neuralnet' is not one of"),
        (('version: 0.1.0', 'version: 1.0'), 'put it into quotes'),
        (('code: forklift', 'code: 007'), 'code is missing, or is not a text'),
        (('data_type: image', 'data_type: picture'), "data_type: 'picture'"),
        (('PKG.train:TrainAction', 'json.JSONDecoder'), 'is not an action'),
        (('PKG.train:TrainAction', 'nowhere.Train'), 'cannot be imported'),
        (('PKG.train:TrainAction', 'x'), 'is not package.module.Class'),
        (('        max: 7', '        x: !!python/object/apply:a.B\n        - 1'), 'Python object'),
    ],
)
def test_what_is_wrong_is_told(project: Callable[..., Path], change: tuple[str, str], told: str) -> None:
    code = TRAIN.replace("action_name = 'train'", "action_name = 'other'")
    assert change[0] in CONFIG
    root = project({'train.py': code}, CONFIG.replace(*change))
    report = check(root)
    assert any(told in problem for problem in report.problems), report.problems
    assert not report.ok


@pytest.mark.parametrize(
    ('change', 'told'),
    [
        (('x-ours', 'categroy'), "Did you mean 'category'"),
        (('x-ours', 'smart_tool_type'), 'it reads smart_tool'),
        (('version: 0.1.0', 'version: 2026a'), 'is not X.Y.Z'),
        (('x-ours', 'tasks: [detection]\nx-ours'), 'DATA_TYPE.TASK'),
        (('x-ours', 'readme: docs.md\nx-ours'), 'docs.md is not there'),
        (('    entrypoint', '    entry_point: x\n    entrypoint'), "Did you mean 'entrypoint'"),
    ],
)
def test_what_is_worth_knowing_is_told(
    project: Callable[..., Path], change: tuple[str, str], told: str
) -> None:
    assert change[0] in CONFIG
    report = check(project({'train.py': TRAIN}, CONFIG.replace(*change)))
    assert report.problems == []
    assert any(told in note for note in report.notes), report.notes


def test_an_entrypoint_that_the_platform_would_not_find_is_told(project: Callable[..., Path]) -> None:
    root = project({'train.py': TRAIN}, CONFIG)
    (package,) = (path for path in root.iterdir() if path.is_dir())
    (root / 'src').mkdir()
    package.rename(root / 'src' / package.name)
    assert any('lies in src/' in note for note in check(root).notes)
    with (root / 'config.yaml').open('a', encoding='utf-8') as stream:
        stream.write('env: {PYTHONPATH: src}\n')
    assert not any('lies in src/' in note for note in check(root).notes)


def test_a_module_that_cannot_be_imported_is_a_problem_not_a_silence(project: Callable[..., Path]) -> None:
    broken = 'from synapse_plugins import BaseAction\nimport 없는모듈\nclass A(BaseAction): pass\n'
    report = check(project({'train.py': TRAIN, 'broken.py': broken}, CONFIG))
    assert any(
        'broken.py cannot be imported' in problem and '없는모듈' in problem for problem in report.problems
    )


def test_an_action_on_the_other_sdk_is_left_alone(project: Callable[..., Path]) -> None:
    theirs = 'import no_such\nfrom synapse_sdk.plugins import BaseDeploymentAction as B\nclass D(B): pass\n'
    config = CONFIG.replace('  train:', '  deployment: PKG.deploy.D\n  train:', 1)
    root = project({'train.py': TRAIN, 'deploy.py': theirs}, config)
    report = sync(root)
    assert report.problems == []
    assert 'deployment is on synapse-sdk and was left as it is' in report.notes
    actions = yaml.safe_load((root / 'config.yaml').read_text(encoding='utf-8'))['actions']
    assert isinstance(actions['deployment'], str)


@pytest.mark.parametrize(
    ('files', 'told'),
    [
        ({}, 'has no config.yaml'),
        ({'config.yml': 'a: 1'}, 'rename it to config.yaml'),
        ({'config.yaml': 'a: ['}, 'cannot be read'),
        ({'config.yaml': '- a'}, 'is not a mapping'),
        ({'config.yaml': b'\xff\xfe'}, 'cannot be read'),
    ],
)
def test_bad_input_is_one_sentence(tmp_path: Path, files: dict[str, Any], told: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError, match=told):
        check(tmp_path)


def test_what_sync_wrote_is_read_by_theirs(project: Callable[..., Path]) -> None:
    root = project({'train.py': TRAIN}, CONFIG)
    sync(root)
    script = (
        'import json, sys\n'
        'try:\n'
        '    from synapse_sdk.plugins.discovery import PluginDiscovery\n'
        'except ImportError:\n'
        '    print("null")\n'
        'else:\n'
        '    print(json.dumps(PluginDiscovery.from_path(sys.argv[1]).config.model_dump(mode="json")))'
    )
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', script, str(root)],
        capture_output=True,
        text=True,
        encoding='utf-8',
        check=True,
    )
    read = json.loads(done.stdout.splitlines()[-1])
    if read is None:
        pytest.skip(
            'synapse-sdk is not installed: `pip install synapse-sdk` (Python 3.12 or later) to test with it'
        )
    assert read['name'] == '지게차'
    assert read['actions']['train']['method'] == 'job'
    assert read['actions']['train']['output_type'] == 'model_weights'


def test_the_command(
    project: Callable[..., Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from synapse_plugins.cli import main

    monkeypatch.chdir(project({'train.py': TRAIN}, CONFIG))
    assert main(['config', 'check']) == 1
    shown = capsys.readouterr().out
    assert '+          value: 10' in shown or '+        value: 10' in shown
    assert 'synapse-plugins config sync' in shown
    assert main(['config', 'sync']) == 0
    capsys.readouterr()
    assert main(['config', 'check', '--json']) == 0
    assert json.loads(capsys.readouterr().out)['changes'] == []
