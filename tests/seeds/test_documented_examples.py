"""Every example of the documents that plugin authors come with, in other words and names.

The documents are five pages on step workflows: an overview (plain and as Markdown), the long guide, the Korean
overview with its older import path, and a page for coding agents. What a page promises of an example is
asserted here. Only the import root differs: `synapse_plugins`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from synapse_plugins import (
    BaseAction,
    BaseExportAction,
    BaseTrainAction,
    BaseUploadAction,
    RuntimeContext,
    backends,
)
from synapse_plugins.actions.train import BaseTrainParams, TrainContext
from synapse_plugins.actions.upload import UploadContext
from synapse_plugins.context import BaseLogger
from synapse_plugins.steps import (
    BaseStep,
    BaseStepContext,
    ConvertDatasetStep,
    ExportDatasetStep,
    LoggingStep,
    Orchestrator,
    StepRegistry,
    StepResult,
    TimingStep,
    ValidationStep,
)


class Keeper(BaseLogger):
    """Keeps what a workflow reports."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Any] = []

    def emit(self, record: Any) -> None:
        self.records.append(record)

    def events(self, *names: str) -> list[tuple[str, Any]]:
        return [(record.event, record.data) for record in self.records if record.event in names]

    def progress(self, step: str | None) -> list[float]:
        return [
            record.data['percent']
            for record in self.records
            if record.kind == 'progress' and record.step == step
        ]


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def runtime(keeper: Keeper) -> RuntimeContext:
    return RuntimeContext(logger=keeper)


# -- the quick example of the overviews ---------------------------------------------------------------------


@dataclass
class Basket(BaseStepContext):
    """State of the quick example: a list and a counter."""

    fruit: list[str] = field(default_factory=list)
    washed: int = 0


class Pick(BaseStep[Basket]):
    @property
    def name(self) -> str:
        return 'pick'

    @property
    def progress_weight(self) -> float:
        return 0.2

    def execute(self, context: Basket) -> StepResult:
        context.fruit = ['사과', '배', '감']
        return StepResult(success=True)


class Wash(BaseStep[Basket]):
    @property
    def name(self) -> str:
        return 'wash'

    @property
    def progress_weight(self) -> float:
        return 0.7

    def execute(self, context: Basket) -> StepResult:
        for _ in context.fruit:
            context.washed += 1
        return StepResult(success=True)

    def rollback(self, context: Basket, result: StepResult) -> None:
        context.washed = 0


class Count(BaseStep[Basket]):
    @property
    def name(self) -> str:
        return 'count'

    @property
    def progress_weight(self) -> float:
        return 0.1

    def execute(self, context: Basket) -> StepResult:
        return StepResult(success=True, data={'washed': context.washed})


def test_the_quick_example_runs_without_any_configuration() -> None:
    runtime_ctx = RuntimeContext()
    registry = StepRegistry[Basket]()
    for step in (Pick(), Wash(), Count()):
        registry.register(step)
    context = Basket(runtime_ctx=runtime_ctx)
    orchestrator = Orchestrator(registry, context)
    assert orchestrator.execute() == {'success': True, 'steps_executed': 3, 'steps_total': 3}
    assert context.step_results[-1].data == {'washed': 3}
    assert registry.total_weight == pytest.approx(1.0)


def test_the_quick_example_under_the_older_import_path(runtime: RuntimeContext) -> None:
    from synapse_plugins.pipelines.steps import BaseStep as OlderBaseStep
    from synapse_plugins.pipelines.steps import BaseStepContext as OlderContext
    from synapse_plugins.pipelines.steps import Orchestrator as OlderOrchestrator
    from synapse_plugins.pipelines.steps import StepRegistry as OlderRegistry
    from synapse_plugins.pipelines.steps import StepResult as OlderResult

    @dataclass
    class 바구니(OlderContext):
        과일: list[str] = field(default_factory=list)

    class 담기(OlderBaseStep[바구니]):
        @property
        def name(self) -> str:
            return '담기'

        @property
        def progress_weight(self) -> float:
            return 1.0

        def execute(self, context: 바구니) -> OlderResult:
            context.과일 = ['귤']
            return OlderResult(success=True)

    registry = OlderRegistry[바구니]()
    registry.register(담기())
    context = 바구니(runtime_ctx=runtime)
    result = OlderOrchestrator(registry, context).execute()
    assert result == {'success': True, 'steps_executed': 1, 'steps_total': 1}
    assert context.과일 == ['귤']


def test_an_upload_action_of_four_steps(runtime: RuntimeContext) -> None:
    from pydantic import BaseModel

    class Params(BaseModel):
        name: str = '업로드'

    done: list[str] = []

    def phase(title: str, weight: float) -> BaseStep[UploadContext]:
        class Phase(BaseStep[UploadContext]):
            name = title
            progress_weight = weight

            def execute(self, context: UploadContext) -> StepResult:
                done.append(title)
                assert context.params['name'] == '업로드'
                if title == 'upload':
                    context.uploaded_files.append({'path': 'a.png'})
                return StepResult(success=True)

        return Phase()

    class MyUpload(BaseUploadAction[Params]):
        def setup_steps(self, registry: StepRegistry[UploadContext]) -> None:
            registry.register(phase('initialize', 0.1))
            registry.register(phase('validate', 0.1))
            registry.register(phase('upload', 0.7))
            registry.register(phase('cleanup', 0.1))

    result = MyUpload.dispatch({}, runtime)
    assert done == ['initialize', 'validate', 'upload', 'cleanup']
    assert (result['success'], result['steps_executed'], result['uploaded_files']) == (True, 4, 1)


def test_an_export_action_may_have_steps_or_none(runtime: RuntimeContext) -> None:
    from pydantic import BaseModel

    class Params(BaseModel):
        target: str = 'ground_truth'

    class WithSteps(BaseExportAction[Params]):
        def setup_steps(self, registry: StepRegistry[Any]) -> None:
            registry.register(ValidationStep(lambda context: (context.params['target'] == 'task', 'no task')))

    class Simple(BaseExportAction[Params]):
        def execute(self) -> Any:
            return {'target': self.params.target}

    assert WithSteps.dispatch({'target': 'task'}, runtime)['success'] is True
    assert Simple.dispatch({}, runtime)['target'] == 'ground_truth'


# -- the guide: creating steps ------------------------------------------------------------------------------


@dataclass
class Work(BaseStepContext):
    items: list[str] = field(default_factory=list)
    folder: Path = Path()


class LoadItems(BaseStep[Work]):
    name = 'load'
    progress_weight = 0.3

    def execute(self, context: Work) -> StepResult:
        context.set_progress(0, 100)
        context.items = ['하나', '둘']
        context.set_progress(100, 100)
        return StepResult(success=True, data={'count': len(context.items)})


class WriteFiles(BaseStep[Work]):
    """Makes files, and says what to delete should a later step fail."""

    name = 'write'
    progress_weight = 0.2

    def execute(self, context: Work) -> StepResult:
        made = []
        for item in context.items:
            path = context.folder / f'{item}.txt'
            path.write_text(item, encoding='utf-8')
            made.append(str(path))
        return StepResult(success=True, data={'files': made}, rollback_data={'made': made})

    def rollback(self, context: Work, result: StepResult) -> None:
        made = result.rollback_data.get('made', [])
        for path in made:
            Path(path).unlink(missing_ok=True)
        context.log('rollback', {'step': self.name, 'removed': len(made)})


class Cached(BaseStep[Work]):
    name = 'cached'
    progress_weight = 0.1

    def can_skip(self, context: Work) -> bool:
        return len(context.items) > 0

    def execute(self, context: Work) -> StepResult:
        context.items = ['from the cache']
        return StepResult(success=True)


class Process(BaseStep[Work]):
    name = 'process'
    progress_weight = 0.5

    def execute(self, context: Work) -> StepResult:
        return StepResult(success=True)


class Fails(BaseStep[Work]):
    name = 'step3'
    progress_weight = 0.5

    def execute(self, context: Work) -> StepResult:
        return StepResult(success=False, error='Something went wrong')


def registry_of(*steps: Any) -> StepRegistry[Any]:
    registry: StepRegistry[Any] = StepRegistry()
    for step in steps:
        registry.register(step)
    return registry


def test_the_basic_workflow_reports_30_50_100(
    runtime: RuntimeContext, keeper: Keeper, tmp_path: Path
) -> None:
    context = Work(runtime_ctx=runtime, folder=tmp_path)
    seen: list[int] = []

    def callback(curr: int, total: int) -> None:
        assert total == 100
        seen.append(curr)
        context.set_progress(curr, total)

    orchestrator = Orchestrator(
        registry=registry_of(LoadItems(), WriteFiles(), Process()),
        context=context,
        progress_callback=callback,
    )
    assert orchestrator.execute() == {'success': True, 'steps_executed': 3, 'steps_total': 3}
    assert seen == [30, 50, 100]
    assert keeper.progress('load') == [0, 100], "set_progress without a step is the current step's"
    assert keeper.progress(None) == [30, 50, 100]
    assert context.step_results[0].data == {'count': 2}
    assert sorted(path.name for path in tmp_path.iterdir()) == ['둘.txt', '하나.txt']


def test_a_later_failure_deletes_the_files(runtime: RuntimeContext, keeper: Keeper, tmp_path: Path) -> None:
    context = Work(runtime_ctx=runtime, folder=tmp_path)
    with pytest.raises(RuntimeError, match=r"^Step 'step3' failed: Something went wrong$"):
        Orchestrator(registry_of(LoadItems(), WriteFiles(), Fails()), context).execute()
    assert list(tmp_path.iterdir()) == []
    assert keeper.events('rollback') == [('rollback', {'step': 'write', 'removed': 2})]


def test_a_step_is_skipped_when_its_work_is_done(runtime: RuntimeContext) -> None:
    full, empty = Work(runtime_ctx=runtime, items=['here']), Work(runtime_ctx=runtime)
    assert Orchestrator(registry_of(Cached()), full).execute()['steps_executed'] == 0
    assert full.step_results[0].skipped
    assert Orchestrator(registry_of(Cached()), empty).execute()['steps_executed'] == 1
    assert empty.items == ['from the cache']


def test_steps_can_be_inserted_around_others(runtime: RuntimeContext) -> None:
    registry = registry_of(LoadItems(), Process(), WriteFiles())
    registry.insert_before('process', ValidationStep(lambda context: (True, None), name='validate'))
    registry.insert_after('process', ValidationStep(lambda context: (True, None), name='audit'))
    assert [step.name for step in registry.get_steps()] == ['load', 'validate', 'process', 'audit', 'write']
    assert registry.get_step_orders() == {'load': 0, 'validate': 1, 'process': 2, 'audit': 3, 'write': 4}


def test_wrapped_steps_are_found_by_their_prefixed_name(runtime: RuntimeContext, keeper: Keeper) -> None:
    registry = registry_of(LoggingStep(LoadItems()), LoggingStep(Process()))
    registry.insert_before('logged_process', ValidationStep(lambda context: (True, None)))
    assert [step.name for step in registry.get_steps()] == ['logged_load', 'validate', 'logged_process']
    Orchestrator(registry, Work(runtime_ctx=runtime)).execute()
    events = keeper.events('step_start', 'step_end')
    assert [(event, data['step']) for event, data in events] == [
        ('step_start', 'load'), ('step_end', 'load'), ('step_start', 'process'), ('step_end', 'process'),
    ]  # fmt: skip
    assert set(events[1][1]) == {'step', 'elapsed', 'success', 'skipped'}
    assert (events[1][1]['success'], events[1][1]['skipped']) == (True, False)
    assert keeper.progress('logged_load') == [0, 100]


def test_a_wrapped_step_logs_its_rollback(runtime: RuntimeContext, keeper: Keeper, tmp_path: Path) -> None:
    context = Work(runtime_ctx=runtime, items=['x'], folder=tmp_path)
    with pytest.raises(RuntimeError):
        Orchestrator(registry_of(LoggingStep(WriteFiles()), Fails()), context).execute()
    assert keeper.events('step_rollback') == [('step_rollback', {'step': 'write'})]
    assert list(tmp_path.iterdir()) == []


def test_a_timed_step_tells_its_duration(runtime: RuntimeContext) -> None:
    context = Work(runtime_ctx=runtime)
    step: TimingStep[Work] = TimingStep(Process())
    assert step.name == 'timed_process'
    Orchestrator(registry_of(step), context).execute()
    assert 0 <= context.step_results[-1].data['duration_seconds'] < 60


def test_validation_stops_a_workflow_without_data(runtime: RuntimeContext) -> None:
    def is_loaded(context: Work) -> tuple[bool, str | None]:
        if not context.items:
            return False, 'No data loaded'
        return True, None

    check = ValidationStep(validator=is_loaded, name='validate_data', progress_weight=0.05)
    with pytest.raises(RuntimeError, match=r"^Step 'validate_data' failed: No data loaded$"):
        Orchestrator(registry_of(check), Work(runtime_ctx=runtime)).execute()
    assert Orchestrator(registry_of(check), Work(runtime_ctx=runtime, items=['x'])).execute()['success']


# -- the guide: errors and rollback -------------------------------------------------------------------------


def resource(number: int, letter: str) -> BaseStep[Work]:
    class MakesResource(BaseStep[Work]):
        name = f'step{number}'
        progress_weight = 0.25

        def execute(self, context: Work) -> StepResult:
            context.log(self.name, {'action': f'made {letter}'})
            return StepResult(success=True, rollback_data={'resource': letter})

        def rollback(self, context: Work, result: StepResult) -> None:
            context.log('rollback', {'action': f'deleted {result.rollback_data.get("resource")}'})

    return MakesResource()


def test_executed_steps_are_undone_in_reverse(runtime: RuntimeContext, keeper: Keeper) -> None:
    context = Work(runtime_ctx=runtime)
    with pytest.raises(RuntimeError) as caught:
        Orchestrator(registry_of(resource(1, 'A'), resource(2, 'B'), Fails()), context).execute()
    assert str(caught.value) == "Step 'step3' failed: Something went wrong"
    assert [data['action'] for _, data in keeper.events('step1', 'step2', 'rollback')] == [
        'made A', 'made B', 'deleted B', 'deleted A',
    ]  # fmt: skip


def test_an_error_in_a_rollback_does_not_stop_the_others(runtime: RuntimeContext, keeper: Keeper) -> None:
    class Stuck(Process):
        def rollback(self, context: Work, result: StepResult) -> None:
            raise OSError('busy')

    context = Work(runtime_ctx=runtime)
    with pytest.raises(RuntimeError, match='Something went wrong'):
        Orchestrator(registry_of(resource(1, 'A'), Stuck(), Fails()), context).execute()
    assert keeper.events('rollback') == [('rollback', {'action': 'deleted A'})]
    assert len(context.errors) == 1
    assert context.errors[0].startswith("Rollback failed for step 'process'")


def test_an_exception_becomes_a_failed_result(runtime: RuntimeContext) -> None:
    class Risky(BaseStep[Work]):
        name = 'risky'
        progress_weight = 1.0

        def execute(self, context: Work) -> StepResult:
            raise ValueError('Invalid input')

    context = Work(runtime_ctx=runtime)
    with pytest.raises(RuntimeError, match=r"^Step 'risky' failed: Invalid input$"):
        Orchestrator(registry_of(Risky()), context).execute()
    assert (context.step_results[-1].success, context.step_results[-1].error) == (False, 'Invalid input')


# -- the guide and the page for agents: progress ------------------------------------------------------------


def test_weights_of_a_fifth_three_fifths_and_a_fifth(runtime: RuntimeContext, keeper: Keeper) -> None:
    class Load(Process):
        name, progress_weight = 'load', 0.2

    class Train(BaseStep[Work]):
        name, progress_weight = 'train', 0.6

        def execute(self, context: Work) -> StepResult:
            for epoch in range(4):
                context.set_progress(epoch + 1, 4)
                context.set_metrics({'loss': 1 / (epoch + 1), 'epoch': epoch})
            return StepResult(success=True)

    class Upload(Process):
        name, progress_weight = 'upload', 0.2

    Orchestrator(registry_of(Load(), Train(), Upload()), Work(runtime_ctx=runtime)).execute()
    assert keeper.progress(None) == [20, 80, 100]
    assert keeper.progress('train') == [25, 50, 75, 100]
    overall = [record.data['overall'] for record in keeper.records if record.kind == 'progress']
    assert overall == [20, 35, 50, 65, 80, 80, 100], 'load: 0 to 20, train: 20 to 80, upload: 80 to 100'
    assert keeper.get_metrics('train') == {'loss': 0.25, 'epoch': 3}


def test_the_import_of_the_runtime_context_for_agents(keeper: Keeper) -> None:
    from synapse_plugins.context import RuntimeContext as FromContext

    @dataclass
    class Numbers(BaseStepContext):
        data: list[int] = field(default_factory=list)
        processed: int = 0

    class Load(BaseStep[Numbers]):
        name, progress_weight = 'load', 0.3

        def execute(self, ctx: Numbers) -> StepResult:
            ctx.data = [1, 2, 3, 4]
            return StepResult(success=True, data={'count': len(ctx.data)})

    class ProcessAll(BaseStep[Numbers]):
        name, progress_weight = 'process', 0.7

        def execute(self, ctx: Numbers) -> StepResult:
            for _ in ctx.data:
                ctx.processed += 1
                ctx.set_progress(ctx.processed, len(ctx.data))
            return StepResult(success=True)

    context = Numbers(runtime_ctx=FromContext(logger=keeper))
    result = Orchestrator(registry_of(Load(), ProcessAll()), context).execute()
    assert result['success']
    assert keeper.progress('process') == [25, 50, 75, 100]


def test_a_step_that_the_parameters_turn_off(runtime: RuntimeContext) -> None:
    class Optional(BaseStep[TrainContext]):
        name, progress_weight = 'validate', 0.1

        def can_skip(self, ctx: TrainContext) -> bool:
            return not ctx.params.get('enable_validation', True)

        def execute(self, ctx: TrainContext) -> StepResult:
            return StepResult(success=True)

    for params, executed in (({}, 1), ({'enable_validation': False}, 0)):
        context = TrainContext(runtime_ctx=runtime, params=params)
        assert Orchestrator(registry_of(Optional()), context).execute()['steps_executed'] == executed


def test_uploaded_files_are_deleted_when_a_later_step_fails(runtime: RuntimeContext, tmp_path: Path) -> None:
    class Upload(BaseStep[UploadContext]):
        name, progress_weight = 'upload', 0.5

        def execute(self, ctx: UploadContext) -> StepResult:
            for name in ('하나.png', '둘.png'):
                (tmp_path / name).touch()
                ctx.uploaded_files.append({'path': tmp_path / name})
            return StepResult(success=True)

        def rollback(self, ctx: UploadContext, result: StepResult) -> None:
            for file in ctx.uploaded_files:
                file['path'].unlink(missing_ok=True)

    context = UploadContext(runtime_ctx=runtime)
    with pytest.raises(RuntimeError):
        Orchestrator(registry_of(Upload(), Fails()), context).execute()
    assert list(tmp_path.iterdir()) == []


# -- the guide: train actions -------------------------------------------------------------------------------


class LongTraining(BaseTrainParams):
    """Parameters of the long example."""

    dataset: int
    epochs: int = 100
    batch_size: int = 32


class FetchCollection(BaseStep[TrainContext]):
    name = 'load_dataset'
    progress_weight = 0.1

    def execute(self, context: TrainContext) -> StepResult:
        number = context.params.get('dataset')
        context.log('dataset_load_start', {'dataset': number})
        context.dataset = context.client.get_data_collection(number)
        context.log('dataset_load_complete', {'count': len(context.dataset)})
        return StepResult(success=True, data={'dataset_size': len(context.dataset)})


class TrainEpochs(BaseStep[TrainContext]):
    name = 'train'
    progress_weight = 0.7

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def execute(self, context: TrainContext) -> StepResult:
        epochs = context.params.get('epochs', 100)
        loss = 0.0
        for epoch in range(epochs):
            loss = 1.0 / (epoch + 1)
            context.set_progress(epoch + 1, epochs)
            context.set_metrics({'loss': loss, 'epoch': epoch})
        path = self.folder / '모델.pt'
        path.write_bytes(b'weights')
        context.model_path = str(path)
        return StepResult(
            success=True, data={'final_loss': loss}, rollback_data={'model_path': context.model_path}
        )

    def rollback(self, context: TrainContext, result: StepResult) -> None:
        if model_path := result.rollback_data.get('model_path'):
            Path(model_path).unlink(missing_ok=True)


class RegisterModel(BaseStep[TrainContext]):
    name = 'upload_model'
    progress_weight = 0.2

    def execute(self, context: TrainContext) -> StepResult:
        context.set_progress(0, 100)
        model = context.client.create_model({'file': context.model_path, 'name': 'trained-model'})
        context.model = model
        context.set_progress(100, 100)
        return StepResult(success=True, data={'model_id': model['id']})


@pytest.fixture
def backend(home: Path) -> Any:
    return backends.open('local', home=home)


def long_action(folder: Path) -> type[BaseTrainAction[LongTraining]]:
    class LongAction(BaseTrainAction[LongTraining]):
        def setup_steps(self, registry: StepRegistry[TrainContext]) -> None:
            registry.register(LoggingStep(FetchCollection()))
            registry.register(LoggingStep(TrainEpochs(folder)))
            registry.register(LoggingStep(RegisterModel()))

    return LongAction


def test_the_long_example_trains_and_registers(backend: Any, keeper: Keeper, tmp_path: Path) -> None:
    collection = backend.create_data_collection({'name': '수집'})
    runtime = RuntimeContext(logger=keeper, client=backend)
    result = long_action(tmp_path).dispatch({'dataset': collection['id'], 'epochs': 4}, runtime)
    assert (result['success'], result['steps_executed'], result['steps_total']) == (True, 3, 3)
    model = backend.get_model(result['model_id'])
    assert model['name'] == 'trained-model'
    assert Path(model['file']).read_bytes() == b'weights'
    assert keeper.events('dataset_load_start') == [('dataset_load_start', {'dataset': collection['id']})]
    assert keeper.progress('logged_train') == [25, 50, 75, 100]
    assert keeper.progress(None) == [10, 80, 100]
    assert keeper.get_metrics('logged_train') == {'loss': 0.25, 'epoch': 3}


def test_the_long_example_cleans_up_when_the_upload_fails(
    backend: Any, keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = backend.create_data_collection({'name': 'c'})

    class Offline:
        def __getattr__(self, name: str) -> Any:
            if name == 'create_model':
                raise ConnectionError('the server is down')
            return getattr(backend, name)

    runtime = RuntimeContext(logger=keeper, client=Offline())
    with pytest.raises(RuntimeError, match=r"^Step 'logged_upload_model' failed: the server is down$"):
        long_action(tmp_path).dispatch({'dataset': collection['id'], 'epochs': 2}, runtime)
    assert not (tmp_path / '모델.pt').exists()
    assert [data['step'] for _, data in keeper.events('step_rollback')] == ['train', 'load_dataset']


def test_the_long_example_without_a_backend_says_how_to_get_one(keeper: Keeper, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"backends\.open\('local'\)"):
        long_action(tmp_path).dispatch({'dataset': 1}, RuntimeContext(logger=keeper))


def test_the_parameters_of_the_long_example_have_their_defaults() -> None:
    params = LongTraining(dataset=3)
    assert (params.dataset, params.epochs, params.batch_size) == (3, 100, 32)
    with pytest.raises(ValueError, match='dataset'):
        LongTraining()  # type: ignore[call-arg]


def test_a_train_action_with_its_own_context_and_progress(runtime: RuntimeContext, keeper: Keeper) -> None:
    @dataclass
    class MyTrainContext(TrainContext):
        augmentation: dict[str, Any] = field(default_factory=dict)
        checks: list[str] = field(default_factory=list)

    class Prepare(BaseStep[MyTrainContext]):
        name, progress_weight = 'prepare', 0.4

        def execute(self, context: MyTrainContext) -> StepResult:
            context.augmentation['flip'] = True
            context.checks.append('ok')
            return StepResult(success=True)

    class Train(BaseStep[MyTrainContext]):
        name, progress_weight = 'train', 0.6

        def execute(self, context: MyTrainContext) -> StepResult:
            assert context.augmentation == {'flip': True}
            context.model_path = 'x.pt'
            return StepResult(success=True)

    class MyTrain(BaseTrainAction[BaseTrainParams]):
        def create_context(self) -> MyTrainContext:
            return MyTrainContext(runtime_ctx=self.ctx, params=self.params.model_dump())

        def setup_steps(self, registry: StepRegistry[TrainContext]) -> None:
            registry.register(Prepare())
            registry.register(Train())

    assert MyTrain.dispatch({'dataset': 1}, runtime)['steps_executed'] == 2
    assert keeper.progress(None) == [40, 100]


def test_the_callback_of_an_action(runtime: RuntimeContext, keeper: Keeper) -> None:
    class Manual(BaseAction[BaseTrainParams]):
        def execute(self) -> dict[str, Any]:
            weights = {'a': 0.3, 'b': 0.2, 'c': 0.5}
            steps = [ValidationStep(lambda context: (True, None), name, weights[name]) for name in weights]
            orchestrator = Orchestrator(
                registry=registry_of(*steps),
                context=self.create_context(),
                progress_callback=lambda curr, total: self.set_progress(curr, total),  # noqa: PLW0108 - as there
            )
            return orchestrator.execute()

    assert Manual.dispatch({'dataset': 1}, runtime)['success']
    assert keeper.progress(None) == [30, 50, 100]


# -- the guide: dataset steps -------------------------------------------------------------------------------


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    """A dm_v2 folder: four pictures for training and two for validation, a box on each."""
    from PIL import Image

    root = tmp_path / 'shapes'
    for split, count in (('train', 4), ('valid', 2)):
        for kind in ('json', 'original_files'):
            (root / split / kind).mkdir(parents=True)
        for number in range(count):
            label = ('고양이', 'dog')[number % 2]
            picture = Image.new('RGB', (40, 30), (number * 40, 90, 120))
            picture.save(root / split / 'original_files' / f'{split}{number}.png')
            box = {'id': 'b', 'classification': label, 'attrs': [], 'data': [10, 6, 20, 12]}
            document = {'classification': {'bounding_box': [label]}, 'images': [{'bounding_box': [box]}]}
            (root / split / 'json' / f'{split}{number}.json').write_text(
                json.dumps(document), encoding='utf-8'
            )
    return root


def dataset_context(backend: Any, keeper: Keeper, shapes: Path, folder: Path) -> TrainContext:
    version = backend.import_dataset(shapes, 'shapes')
    (folder / 'work').mkdir()
    runtime = RuntimeContext(
        logger=keeper, client=backend, work_dir=folder / 'work', cache_dir=folder / 'cache'
    )
    return TrainContext(runtime_ctx=runtime, params={'dataset': version['id']})


def test_a_dataset_is_downloaded(backend: Any, keeper: Keeper, shapes: Path, tmp_path: Path) -> None:
    context = dataset_context(backend, keeper, shapes, tmp_path)
    Orchestrator(registry_of(ExportDatasetStep()), context).execute()
    assert {'path', 'format', 'is_categorized', 'count'} <= set(context.dataset)
    assert (context.dataset['format'], context.dataset['is_categorized'], context.dataset['count']) == (
        'dm_v2', True, 6,
    )  # fmt: skip
    pictures = list(Path(context.dataset['path']).rglob('*.png'))
    assert len(pictures) == 6


def test_a_dataset_is_downloaded_where_the_parameters_say(
    backend: Any, keeper: Keeper, shapes: Path, tmp_path: Path
) -> None:
    context = dataset_context(backend, keeper, shapes, tmp_path)
    context.params.update(output_dir=str(tmp_path / '출력'), splits={'train': {}})
    Orchestrator(registry_of(ExportDatasetStep()), context).execute()
    assert Path(context.dataset['path']) == tmp_path / '출력'
    assert context.dataset['count'] <= 6


@pytest.mark.parametrize('target', ['yolo', 'coco'])
def test_a_dataset_is_downloaded_and_converted(
    backend: Any, keeper: Keeper, shapes: Path, tmp_path: Path, target: str
) -> None:
    context = dataset_context(backend, keeper, shapes, tmp_path)
    registry = registry_of(ExportDatasetStep(), ConvertDatasetStep(target_format=target))
    assert Orchestrator(registry, context).execute()['steps_executed'] == 2
    assert {'path', 'config_path', 'format', 'is_categorized'} <= set(context.dataset)
    assert context.dataset['format'] == target
    assert Path(context.dataset['path']).is_dir()
    if target == 'yolo':
        assert Path(context.dataset['config_path']).name == 'dataset.yaml'
        assert Path(context.dataset['config_path']).is_file()
        assert (
            len([path for path in Path(context.dataset['path']).rglob('*.txt') if path.read_text('utf-8')])
            >= 6
        )
    else:
        documents = list(Path(context.dataset['path']).rglob('*.json'))
        assert any(
            '고양이' in path.read_text('utf-8') or '\\uace0' in path.read_text('utf-8') for path in documents
        )


def test_dataset_steps_have_the_names_and_defaults_of_the_documents() -> None:
    assert (ExportDatasetStep().name, ConvertDatasetStep().name) == ('dataset', 'convert')
    assert (ConvertDatasetStep().target_format, ConvertDatasetStep().source_format) == ('yolo', 'dm_v2')
    assert ConvertDatasetStep('coco', 'dm_v2').target_format == 'coco'


def test_dataset_steps_within_a_workflow_of_ones_own(
    backend: Any, keeper: Keeper, shapes: Path, tmp_path: Path
) -> None:
    seen: list[Any] = []

    class Augment(BaseStep[TrainContext]):
        name, progress_weight = 'augment', 0.2

        def execute(self, context: TrainContext) -> StepResult:
            seen.append(context.dataset['format'])
            return StepResult(success=True)

    class Train(BaseStep[TrainContext]):
        name, progress_weight = 'train', 0.5

        def execute(self, context: TrainContext) -> StepResult:
            seen.append(Path(context.dataset['config_path']).is_file())
            context.model_path = str(tmp_path / 'model.pt')
            return StepResult(success=True)

    class OwnWorkflow(BaseTrainAction[BaseTrainParams]):
        def setup_steps(self, registry: StepRegistry[TrainContext]) -> None:
            registry.register(ExportDatasetStep())
            registry.register(ConvertDatasetStep(target_format='yolo'))
            registry.register(Augment())
            registry.register(Train())

    context = dataset_context(backend, keeper, shapes, tmp_path)
    result = OwnWorkflow.dispatch({'dataset': context.params['dataset']}, context.runtime_ctx)
    assert result['steps_executed'] == 4
    assert seen == ['yolo', True]


def test_target_format_alone_wires_the_dataset_steps(
    backend: Any, keeper: Keeper, shapes: Path, tmp_path: Path
) -> None:
    class Wired(BaseTrainAction[BaseTrainParams]):
        target_format = 'yolo'

        def execute(self, data_path: Path, checkpoint: Any) -> dict[str, Any]:
            assert data_path.name == 'dataset.yaml'
            assert checkpoint is None
            weights = tmp_path / 'weights'
            weights.mkdir()
            (weights / 'best.pt').write_bytes(b'trained')
            return {'weights_path': str(weights)}

    context = dataset_context(backend, keeper, shapes, tmp_path)
    result = Wired.dispatch({'dataset': context.params['dataset']}, context.runtime_ctx)
    assert (result['success'], result['steps_executed']) == (True, 4)
    assert backend.get_model(result['model_id'])['id'] == result['model_id']
    plan = next(record.data['steps'] for record in keeper.records if record.kind == 'steps')
    assert [name for name, _ in plan] == ['dataset', 'convert', 'train', 'model_upload']
    assert keeper.progress(None) == [20, 25, 95, 100]
