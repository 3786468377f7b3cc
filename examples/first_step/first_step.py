"""One step, one run, one rollback."""

from synapse_plugins.steps import BaseStep, BaseStepContext, Orchestrator, StepRegistry, StepResult


class ReserveStep(BaseStep):
    name = 'reserve'
    progress_weight = 1.0

    def execute(self, context):
        print('reserving a table')
        return StepResult(success=False, error='the kitchen is closed', rollback_data={'table': 7})

    def rollback(self, context, result):
        print('giving back table', result.rollback_data['table'])


registry = StepRegistry()
registry.register(ReserveStep())
try:
    Orchestrator(registry, BaseStepContext(None)).execute()
except RuntimeError as error:
    print(error)
