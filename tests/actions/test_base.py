"""What every action does: parameters, steps, result."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pydantic import BaseModel, Field

from synapse_plugins import BaseAction, BaseExportAction, BaseUploadAction, RuntimeContext
from synapse_plugins.context import NullLogger
from synapse_plugins.errors import ConfigError, NoBackendError, ParamsError, StepFailedError
from synapse_plugins.steps import BaseStep, BaseStepContext, StepResult


class Params(BaseModel):
    count: int = Field(ge=1)
    name: str = 'x'


def runtime() -> RuntimeContext:
    return RuntimeContext(NullLogger())


class Simple(BaseAction[Params]):
    def execute(self):
        return {'counted': self.params.count}


def step(name_: str, act=lambda context: None, weight: float = 1.0) -> BaseStep:
    class Step(BaseStep):
        name, progress_weight = name_, weight

        def execute(self, context):
            act(context)
            return StepResult()

    return Step()


def test_the_params_model_is_the_generic_argument_also_of_a_grandchild():
    class Child(Simple):
        pass

    class Other(Params):
        more: bool = False

    class Regeneric(BaseAction[Other]):
        pass

    assert Simple.params_model is Params
    assert Child.params_model is Params
    assert Regeneric.params_model is Other


def test_dispatch_validates_and_runs():
    assert Simple.dispatch({'count': 3}, runtime()) == {'counted': 3}


@pytest.mark.parametrize(
    ('params', 'told'),
    [({}, '-p count=VALUE'), ({'count': 0}, 'greater than or equal to 1'), ({'count': 'many'}, "'many'")],
)
def test_wrong_params_are_told_by_name_with_what_to_do(params, told):
    with pytest.raises(ParamsError, match='count') as caught:
        Simple.dispatch(params, runtime())
    assert told in str(caught.value)
    assert '\n' not in str(caught.value)


def test_any_action_may_be_made_of_steps():
    class Steps(BaseAction[Params]):
        def setup_steps(self, registry):
            registry.register(
                step('one', lambda context: seen.append((context.params, context.typed_params)))
            )
            registry.register(step('two'))

        def result_of(self, context):
            return {'own': len(context.step_results)}

    seen = []
    result = Steps.dispatch({'count': 2}, runtime())
    assert result == {'success': True, 'steps_executed': 2, 'steps_total': 2, 'own': 2}
    params, typed = seen[0]
    assert params == {'count': 2, 'name': 'x'}
    assert typed.count == 2


def test_an_action_with_neither_steps_nor_execute_says_so():
    class Nothing(BaseAction[Params]):
        pass

    with pytest.raises(NotImplementedError, match='setup_steps'):
        Nothing.dispatch({'count': 1}, runtime())


def test_the_client_is_asked_for_with_the_way_out():
    with pytest.raises(NoBackendError, match=r"backends\.open\('local'\)"):
        _ = Simple(Params(count=1), runtime()).client


def test_a_failing_step_is_rolled_back_and_named():
    undone = []

    class Failing(BaseAction[Params]):
        def setup_steps(self, registry):
            first = step('first')
            first.rollback = lambda context, result: undone.append('first')  # type: ignore[method-assign]
            registry.register(first)

            def fail(context):
                raise ValueError('no')

            registry.register(step('second', fail))

    with pytest.raises(StepFailedError, match="Step 'second' failed: no"):
        Failing.dispatch({'count': 1}, runtime())
    assert undone == ['first']


def test_an_upload_without_steps_says_so_and_one_with_a_context_of_its_own_works():
    class NoSteps(BaseUploadAction[Params]):
        pass

    @dataclass
    class Unrelated(BaseStepContext):
        seen: int = 0

    class WithSteps(BaseUploadAction[Params]):
        def setup_steps(self, registry):
            registry.register(step('upload'))

        def create_context(self):
            return Unrelated(self.ctx)

    with pytest.raises(ConfigError, match='No steps registered'):
        NoSteps.dispatch({'count': 1}, runtime())
    result = WithSteps.dispatch({'count': 1}, runtime())
    assert result['success']
    assert (result['uploaded_files'], result['lost_files']) == (0, [])


def test_an_upload_counts_what_it_uploaded_and_lost():
    class Upload(BaseUploadAction[Params]):
        def setup_steps(self, registry):
            def act(context):
                context.uploaded_files.append({'name': 'a'})
                context.lost_files.append({'name': 'b', 'reason': 'unreadable'})

            registry.register(step('upload', act))

    result = Upload.dispatch({'count': 1}, runtime())
    assert (result['uploaded_files'], result['lost_files_count'], result['partial_failure']) == (1, 1, True)


def test_an_export_runs_by_execute_or_by_steps():
    class ByExecute(BaseExportAction[Params]):
        def execute(self):
            return {'exported_count': 5}

    class BySteps(BaseExportAction[Params]):
        def setup_steps(self, registry):
            registry.register(step('save', lambda context: setattr(context, 'exported_count', 7)))

    assert ByExecute.dispatch({'count': 1}, runtime()) == {'exported_count': 5}
    assert BySteps.dispatch({'count': 1}, runtime())['exported_count'] == 7


def test_a_train_action_that_overrides_run_needs_no_provider():
    from synapse_plugins import BaseTrainAction
    from synapse_plugins.actions.train import BaseTrainParams

    class Own(BaseTrainAction[BaseTrainParams]):
        def run(self):
            return {'dataset': self.params.dataset}

    assert Own.dispatch({'dataset': 7}, runtime()) == {'dataset': 7}


def test_a_train_action_that_says_nothing_is_told_what_to_say():
    from synapse_plugins import BaseTrainAction
    from synapse_plugins.actions.train import BaseTrainParams
    from synapse_plugins.errors import ProviderError

    class Silent(BaseTrainAction[BaseTrainParams]):
        pass

    with pytest.raises(ProviderError, match='-p trainer=yolo'):
        Silent.dispatch({'dataset': 7}, runtime())


def test_the_platforms_form_is_spread_and_what_is_given_wins():
    from synapse_plugins.actions.train import BaseTrainParams

    params = BaseTrainParams.model_validate(
        {'dataset': 1, 'epochs': 5, 'hyperparameters': [{'epochs': 9, 'lr': 0.1}]}
    )
    assert params.model_dump()['epochs'] == 5
    assert params.model_dump()['lr'] == 0.1


def test_an_action_without_parameters_needs_no_model():
    class Bare(BaseAction):
        def execute(self):
            return 'done'

    class Empty(BaseAction[BaseModel]):
        def execute(self):
            return 'done'

    assert Bare.dispatch({}, runtime()) == 'done'
    assert Empty.dispatch({}, runtime()) == 'done'


def test_a_run_has_a_folder_of_its_own(tmp_path):
    ctx = runtime()
    action = Simple(Params(count=1), ctx)
    assert action.work_dir.is_dir()
    assert action.work_dir == action.work_dir == action.create_context().work_dir
    ctx.work_dir = tmp_path / 'own'
    assert action.create_context().work_dir == tmp_path / 'own'
    assert (tmp_path / 'own').is_dir()
