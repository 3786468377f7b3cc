"""Actions from start to end, against the embedded backend."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import textwrap

import pytest

import synapse_plugins
from synapse_plugins.context import NullLogger
from synapse_plugins.errors import (
    ActionFailedError,
    ConfigError,
    DatasetError,
    NoModelError,
    ParamsError,
    ProviderError,
    RunCancelledError,
    StepFailedError,
    UnknownNameError,
)
from synapse_plugins.executors import plan, run_plugin

TRAIN = """
    from pathlib import Path

    from synapse_plugins import BaseTrainAction
    from synapse_plugins.actions.train import BaseTrainParams
    from synapse_plugins.steps import BaseStep, StepResult

    class Params(BaseTrainParams):
        epochs: int = 2

    class Train(BaseTrainAction[Params]):
        target_format = 'yolo'

        def execute(self, data_path, checkpoint):
            assert data_path.name == 'dataset.yaml', data_path
            self.log_metric('train', 'epoch', 1, loss=0.5)
            weights = Path(self.ctx.work_dir) / 'my weights.pt'
            weights.write_text('trained for %d epochs' % self.params.epochs)
            return {'weights_path': str(weights), 'val_metrics': {'mAP50': 0.9}, 'seen': data_path.read_text()}
"""


def run(*args, **kwargs):
    return synapse_plugins.run(*args, loggers=[NullLogger()], **kwargs)


def runs(home):
    from synapse_plugins.runs import RunStore
    from synapse_plugins.store import open_store

    return RunStore(open_store(home)).list()


def test_a_train_action_that_only_says_its_format_ends_with_a_model(backend, plugin, home):
    result = run('train', plugin=plugin(TRAIN, train='Train'), dataset='shapes', epochs=3)
    assert result.success
    assert [step['name'] for step in result.steps] == ['dataset', 'convert', 'train', 'model_upload']
    assert result.metrics == {'mAP50': 0.9}
    assert '파랑' in result.output['output']['seen']
    model = backend.get_model(result.model_id)
    assert model['configuration']['hyperparameter']['epochs'] == 3
    assert model['metrics']['mAP50'] == 0.9
    record = runs(home)[0]
    assert (record.id, record.state, record.action) == (result.run_id, 'SUCCEEDED', 'train')
    assert all(step['state'] for step in record.steps)


def test_a_checkpoint_is_unpacked_and_handed_over(backend, plugin):
    code = (
        TRAIN
        + """
    class Again(Train):
        def execute(self, data_path, checkpoint):
            text = Path(checkpoint['weights']).read_text()
            assert (Path(checkpoint['path']) / 'my weights.pt').exists()
            weights = Path(self.ctx.work_dir) / 'again.pt'
            weights.write_text(text + ', and again')
            return {'weights_path': str(weights), 'parent': checkpoint['id']}
    """
    )
    root = plugin(code, train='Train', again='Again')
    first = run('train', plugin=root, dataset='shapes', name='first one')
    second = run('again', plugin=root, dataset='shapes', checkpoint='first one')
    assert second.output['output']['parent'] == first.model_id
    assert backend.get_model(second.model_id)['checkpoint'] == first.model_id


def test_a_subclass_adds_a_step_around_the_wired_ones(backend, plugin):
    code = (
        TRAIN
        + """
    class Look(BaseStep):
        name, progress_weight = 'look', 0.1

        def execute(self, context):
            return StepResult(data={'format': context.dataset['format']})

    class More(Train):
        def setup_steps(self, registry):
            super().setup_steps(registry)
            registry.insert_after('convert', Look())
    """
    )
    result = run('more', plugin=plugin(code, more='More'), dataset='shapes')
    assert [step['name'] for step in result.steps] == ['dataset', 'convert', 'look', 'train', 'model_upload']


def test_steps_registered_without_super_are_the_only_ones(backend, plugin):
    code = (
        TRAIN
        + """
    class Only(BaseStep):
        name, progress_weight = 'only', 1.0

        def execute(self, context):
            context.model_path = __file__
            return StepResult()

    class Mine(Train):
        def setup_steps(self, registry):
            registry.register(Only())
    """
    )
    result = run('mine', plugin=plugin(code, mine='Mine'), dataset='shapes')
    assert [step['name'] for step in result.steps] == ['only']


@pytest.mark.parametrize(
    ('body', 'told'),
    [
        ("return {'val_metrics': {}}", 'ended without a model'),
        ("return {'weights_path': '/no/such/file.pt'}", 'does not exist'),
        ("raise ValueError('the GPU is on fire')", 'the GPU is on fire'),
    ],
)
def test_a_failing_training_is_rolled_back_and_recorded(backend, plugin, home, body, told):
    code = (
        TRAIN
        + f"""
    class Bad(Train):
        def execute(self, data_path, checkpoint):
            {body}
    """
    )
    with pytest.raises(StepFailedError, match="Step 'train' failed") as caught:
        run('bad', plugin=plugin(code, bad='Bad'), dataset='shapes')
    assert told in str(caught.value)
    if 'raise' in body:
        assert isinstance(caught.value.__cause__, ValueError)
    record = runs(home)[0]
    assert (record.state, record.id) == ('FAILED', caught.value.run_id)
    assert told in record.error
    assert backend.list_models()['results'] == []


def test_own_steps_that_end_without_a_model_fail_the_run(backend, plugin, home):
    code = (
        TRAIN
        + """
    class Nothing(BaseStep):
        name, progress_weight = 'nothing', 1.0

        def execute(self, context):
            return StepResult()

    class Empty(Train):
        def setup_steps(self, registry):
            registry.register(Nothing())
    """
    )
    with pytest.raises(NoModelError, match='ended without a model'):
        run('empty', plugin=plugin(code, empty='Empty'), dataset='shapes')
    assert runs(home)[0].state == 'FAILED'


def test_what_a_simple_action_raises_is_the_cause(backend, plugin, home):
    code = """
    from pydantic import BaseModel
    from synapse_plugins import BaseAction

    class Params(BaseModel):
        fail: bool = False

    class Simple(BaseAction[Params]):
        def execute(self):
            if self.params.fail:
                raise KeyError('lost')
            return {'fine': True}
    """
    root = plugin(code, simple='Simple')
    assert run('simple', plugin=root).output == {'fine': True}
    assert run_plugin(root, 'simple', loggers=[NullLogger()]).success
    with pytest.raises(ActionFailedError, match=r"Action 'simple' failed: KeyError: 'lost'") as caught:
        run('simple', plugin=root, fail=True)
    assert isinstance(caught.value.__cause__, KeyError)
    assert caught.value.run_id == runs(home)[0].id


@pytest.mark.parametrize('code', [0, 3, None])
def test_an_action_that_ends_the_program_has_failed(backend, plugin, home, code):
    ends = f"""
    import sys
    from synapse_plugins import BaseAction
    from synapse_plugins.steps import BaseStep

    class Simple(BaseAction):
        def execute(self):
            sys.exit({code})

    class Ends(BaseStep):
        name, progress_weight = 'ends', 1

        def execute(self, context):
            sys.exit({code})

    class Stepped(BaseAction):
        def setup_steps(self, registry):
            registry.register(Ends())
    """
    root = plugin(ends, simple='Simple', stepped='Stepped')
    for action in ('simple', 'stepped'):
        with pytest.raises(ActionFailedError, match=rf'called sys.exit\({code}\)'):
            run(action, plugin=root)
        assert runs(home)[0].state == 'FAILED'


def test_a_record_that_cannot_be_closed_does_not_hide_the_failure(backend, plugin, home, monkeypatch):
    from synapse_plugins.errors import StoreError
    from synapse_plugins.runs import RunJournal

    def fail(*args, **kwargs):
        raise StoreError('the disk is full')

    monkeypatch.setattr(RunJournal, 'finish', fail)
    root = plugin(TRAIN.replace('assert data_path', 'assert not data_path'), train='Train')
    with pytest.raises(StepFailedError, match='train') as caught:
        run('train', plugin=root, dataset='shapes')
    assert any('could not be closed: the disk is full' in note for note in caught.value.__notes__)


@pytest.mark.parametrize(
    ('action', 'params', 'error', 'told'),
    [
        ('trian', {'dataset': 'shapes'}, UnknownNameError, "Did you mean 'train'"),
        ('train', {'dataset': 'shaeps'}, LookupError, 'shapes'),
        ('train', {'dataset': 4711}, LookupError, '4711'),
        ('train', {}, ParamsError, '-p dataset=VALUE'),
        ('train', {'dataset': 'shapes', 'epoch': 1}, ParamsError, "Did you mean 'epochs'"),
        ('train', {'dataset': 'shapes', 'epochs': 'two'}, ParamsError, 'epochs'),
        ('train', {'dataset': 'shapes', 'checkpoint': 'none such'}, LookupError, 'none such'),
        ('train', {'dataset': 'shapes', 'is_tune': True}, ParamsError, 'not supported'),
        (
            'unserved',
            {'dataset': 'shapes'},
            ProviderError,
            "No installed pack serves role 'train' for format 'coco'",
        ),
        ('unknown_format', {'dataset': 'shapes'}, UnknownNameError, "Did you mean 'yolo'"),
    ],
)
def test_bad_input_is_told_and_changes_nothing(backend, plugin, home, action, params, error, told):
    code = (
        TRAIN
        + """
    class Unserved(BaseTrainAction[Params]):
        target_format = 'coco'

    class UnknownFormat(Train):
        target_format = 'yollo'
    """
    )
    root = plugin(code, train='Train', unserved='Unserved', unknown_format='UnknownFormat')
    with pytest.raises(error) as caught:
        run(action, plugin=root, **params)
    assert told in str(caught.value)
    assert runs(home) == []


@pytest.mark.parametrize('as_folder', [False, True])
def test_a_dataset_without_annotations_is_refused_before_the_run(backend, plugin, dm_v2, home, as_folder):
    root, bare = plugin(TRAIN, train='Train'), shutil.copytree(dm_v2, dm_v2.parent / 'bare')
    for document in bare.rglob('*.json'):
        document.write_text('{"images": [{}]}', encoding='utf-8')
    if not as_folder:
        backend.import_dataset(bare, 'bare')
    before = backend.list_datasets()
    for start in (plan, run):
        with pytest.raises(DatasetError, match='bare has 8 pictures and no annotations'):
            start('train', plugin=root, dataset=str(bare) if as_folder else 'bare')
    assert (runs(home), backend.list_datasets()) == ([], before)


def test_a_plan_checks_everything_and_runs_nothing(backend, plugin, home):
    planned = plan('train', plugin=plugin(TRAIN, train='Train'), dataset='shapes')
    assert [(step.name, step.provider) for step in planned.steps] == [
        ('dataset', 'default'),
        ('convert', 'default'),
        ('train', None),
        ('model_upload', 'default'),
    ]
    assert sum(step.weight for step in planned.steps) == pytest.approx(1)
    assert planned.params['epochs'] == 2
    assert planned.disk['needed'] > 0
    assert runs(home) == []


def test_a_cancelled_run_is_rolled_back_and_says_so(backend, plugin, home):
    with pytest.raises(RunCancelledError, match='stop it'):
        run(
            'train',
            plugin=plugin(TRAIN, train='Train'),
            dataset='shapes',
            on_context=lambda context: context.cancel('stop it'),
        )
    assert runs(home)[0].state == 'CANCELLED'


def test_an_action_of_the_vendor_is_named_as_unsupported(backend, plugin):
    root = plugin(
        'from synapse_sdk.plugins import BaseTrainAction\nclass Old(BaseTrainAction): ...', old='Old'
    )
    if __import__('importlib.util').util.find_spec('synapse_sdk'):
        pytest.skip('synapse-sdk is installed')
    with pytest.raises(ConfigError, match='not supported here'):
        run('old', plugin=root)


def test_it_works_inside_a_running_event_loop(backend, plugin):
    root = plugin(TRAIN, train='Train')

    async def notebook():
        return run('train', plugin=root, dataset='shapes')

    assert asyncio.run(notebook()).success


def test_it_works_in_a_script_without_a_main_guard(backend, plugin, tmp_path):
    root = plugin(TRAIN, train='Train')
    script = tmp_path / 'script.py'
    script.write_text(
        textwrap.dedent(f"""
        import synapse_plugins
        result = synapse_plugins.run('train', plugin={str(root)!r}, dataset='shapes')
        print(result.state, result.metrics)
        """),
        encoding='utf-8',
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "SUCCEEDED {'mAP50': 0.9}"


def test_a_packs_logger_gets_every_event_and_one_that_fails_is_told(backend, plugin, tmp_path, monkeypatch):
    from synapse_plugins.packs import PackManager

    code = (
        TRAIN
        + """
    records = []

    class Sink:
        def emit(self, record):
            records.append(record)

    def make(run_id, action, params):
        return Sink()

    def broken(run_id, action, params):
        raise OSError('no route to the tracker')
    """
    )
    pack = """
    from synapse_plugins import hookimpl
    from synapse_plugins.providers import LoggerProvider

    @hookimpl
    def synapse_register_loggers(register):
        register(LoggerProvider(name='mine', factory='my_plugin:make'))
        register(LoggerProvider(name='broken', factory='my_plugin:broken'))
    """
    root = plugin(code, train='Train')
    (root / 'my_pack.py').write_text(textwrap.dedent(pack), encoding='utf-8')
    (root / 'pyproject.toml').write_text(
        '[project]\nname = "mine"\nversion = "1"\n[project.entry-points.synapse_plugins]\np = "my_pack"\n',
        encoding='utf-8',
    )
    try:
        run('train', plugin=root, dataset='shapes')
    finally:
        sys.modules.pop('my_pack', None)
    import my_plugin

    kinds = {record.kind for record in my_plugin.records}
    assert {'steps', 'step', 'progress', 'metric', 'message'} <= kinds
    assert any('no route to the tracker' in str(record.data) for record in my_plugin.records)
    overall = [record.data['overall'] for record in my_plugin.records if record.kind == 'progress']
    assert overall == sorted(overall)
    assert overall[-1] == 100
    assert PackManager().loggers() == []


def test_a_folder_is_registered_only_when_all_else_is_right(backend, plugin, dm_v2, home):
    root = plugin(TRAIN, train='Train')
    before = len(backend.list_datasets())
    with pytest.raises(ParamsError, match='epochs'):
        run('train', plugin=root, dataset=str(dm_v2), epochs='many')
    with pytest.raises(ParamsError, match='epoch'):
        run('train', plugin=root, dataset=str(dm_v2), epoch=1)
    assert len(backend.list_datasets()) == before
    assert run('train', plugin=root, dataset=str(dm_v2)).success


def test_a_number_may_be_a_name(backend, plugin):
    result = run('train', plugin=plugin(TRAIN, train='Train'), dataset='shapes', name=1.5)
    assert backend.get_model(result.model_id)['name'] == '1.5'


@pytest.mark.parametrize('name', [2024, '..', 'a/b', 'a\nb', ' '])
def test_a_name_that_the_backend_would_refuse_is_refused_before_the_training(backend, plugin, home, name):
    with pytest.raises(ParamsError, match='name'):
        run('train', plugin=plugin(TRAIN, train='Train'), dataset='shapes', name=name)
    with pytest.raises(ParamsError, match='name'):
        run('yolo.train', dataset='shapes', name=name)
    assert runs(home) == []


def test_messages_name_the_action_as_it_was_typed(backend):
    with pytest.raises(ParamsError, match=r'parameters of yolo\.train'):
        run('yolo.train', dataset='shapes', epochs=0)


def test_projects_with_packages_of_one_name_do_not_mix(backend, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, 'path', list(sys.path))
    answers = []
    for name in ('a', 'b', 'a'):
        root = tmp_path / name
        if not root.exists():
            (root / 'plugin').mkdir(parents=True)
            (root / 'config.yaml').write_text('actions: {go: {entrypoint: plugin.go.Go}}', encoding='utf-8')
            (root / 'plugin' / '__init__.py').touch()
            (root / 'plugin' / 'go.py').write_text(
                'from synapse_plugins import BaseAction\n'
                f'class Go(BaseAction):\n    def execute(self):\n        return {name!r}\n',
                encoding='utf-8',
            )
        answers.append(run_plugin(root, 'go', loggers=[NullLogger()]).output)
    assert answers == ['a', 'b', 'a']
    for name in [name for name in sys.modules if name.partition('.')[0] == 'plugin']:
        del sys.modules[name]


def test_a_wrong_checkpoint_registers_no_folder(backend, plugin, dm_v2):
    before = len(backend.list_datasets())
    with pytest.raises(LookupError, match='none such'):
        run('train', plugin=plugin(TRAIN, train='Train'), dataset=str(dm_v2), checkpoint='none such')
    with pytest.raises(ParamsError, match='neither'):
        run('yolo.train', dataset=True)
    assert len(backend.list_datasets()) == before


def test_a_plan_registers_no_folder(backend, plugin, dm_v2):
    before = len(backend.list_datasets())
    planned = plan('train', plugin=plugin(TRAIN, train='Train'), dataset=str(dm_v2))
    assert planned.dataset['count'] == 8
    assert planned.params['dataset'] == str(dm_v2)
    assert len(backend.list_datasets()) == before


def test_a_hook_of_the_caller_that_fails_closes_the_record(backend, plugin, home):
    def fail(context):
        raise ValueError('not this way')

    with pytest.raises(ActionFailedError, match='not this way'):
        run('train', plugin=plugin(TRAIN, train='Train'), dataset='shapes', on_context=fail)
    assert runs(home)[0].state == 'FAILED'


def test_a_model_that_allows_any_name_gets_them(backend, plugin):
    code = """
    from pydantic import BaseModel, ConfigDict
    from synapse_plugins import BaseAction

    class Params(BaseModel):
        model_config = ConfigDict(extra='allow')

    class Any_(BaseAction[Params]):
        def execute(self):
            return dict(self.params.model_extra)
    """
    assert run('any', plugin=plugin(code, any='Any_'), a=1).output == {'a': 1}
