"""Steps, a context of one's own, a registry, an orchestrator, wrappers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, assert_type

from synapse_plugins import RuntimeContext
from synapse_plugins.steps import (
    BaseStep,
    BaseStepContext,
    LoggingStep,
    Orchestrator,
    RetryStep,
    StepRegistry,
    StepResult,
    TimeoutStep,
    TimingStep,
    ValidationStep,
)


@dataclass
class CountContext(BaseStepContext):
    items: list[str] = field(default_factory=list[str])
    total: int = 0


class LoadStep(BaseStep[CountContext]):
    @property
    def name(self) -> str:
        return 'load'

    @property
    def progress_weight(self) -> float:
        return 0.3

    def execute(self, context: CountContext) -> StepResult:
        context.items = ['a', 'b']
        context.save_rollback(made='a')
        assert_type(context.idempotency_key('a'), str)
        assert_type(context.cancelled, bool)
        return StepResult(
            success=True, data={'count': len(context.items)}, rollback_data={'items': context.items}
        )

    def can_skip(self, context: CountContext) -> bool:
        return bool(context.items)

    def rollback(self, context: CountContext, result: StepResult) -> None:
        assert_type(result.rollback_data, dict[str, Any])
        context.items.clear()


class CountStep(BaseStep[CountContext]):
    @property
    def name(self) -> str:
        return 'count'

    @property
    def progress_weight(self) -> float:
        return 0.7

    def execute(self, context: CountContext) -> StepResult:
        context.total = len(context.items)
        context.set_progress(1, 1)
        context.set_metrics({'total': context.total})
        context.log('counted', {'total': context.total})
        context.log_message('done')
        return StepResult()


def has_items(context: CountContext) -> tuple[bool, str | None]:
    return bool(context.items), 'there are no items'


class OtherContext(BaseStepContext):
    pass


class OtherStep(BaseStep[OtherContext]):
    @property
    def name(self) -> str:
        return 'other'

    @property
    def progress_weight(self) -> float:
        return 1.0

    def execute(self, context: OtherContext) -> StepResult:
        return StepResult()


class WrongStep(BaseStep[CountContext]):
    @property
    def name(self) -> str:
        return 'wrong'

    @property
    def progress_weight(self) -> float:
        return 1.0

    def execute(self, context: CountContext) -> str:  # type: ignore[override]
        return 'a step returns a StepResult'


registry = StepRegistry[CountContext]()
registry.register(LoggingStep(LoadStep()))
registry.register(TimingStep(CountStep()))
registry.insert_after('load', ValidationStep(has_items))
registry.insert_before('count', RetryStep(CountStep(), attempts=3, on=(OSError,)))
registry.insert_before('count', TimeoutStep(CountStep(), 3.0))
registry.register(OtherStep())  # type: ignore[arg-type]
registry.register('load')  # type: ignore[arg-type]

context = CountContext(RuntimeContext())
assert_type(context.total, int)
orchestrator = Orchestrator(registry, context, progress_callback=lambda current, total: None)
assert_type(orchestrator, Orchestrator[CountContext])
assert_type(orchestrator.execute(), dict[str, Any])
