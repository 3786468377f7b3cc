"""A small laboratory for the step workflow: steps that say what happens to them, and a journal on disk."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.steps import BaseStep, BaseStepContext, Orchestrator, StepRegistry, StepResult

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass
class Runtime:
    """A runtime that keeps what it is told."""

    reports: list[tuple[Any, ...]] = field(default_factory=list)
    logger: Any = None
    cancelled: bool = False
    cancel_reason: str = ''

    def log(self, event: str, data: dict[str, Any], file: str | None = None, level: str = 'info') -> None:
        self.reports.append(('log', event, data))

    def set_progress(self, current: int, total: int, step: str | None = None) -> None:
        self.reports.append(('progress', current, total, step))

    def set_metrics(self, value: dict[str, Any], step: str | None = None) -> None:
        self.reports.append(('metrics', value, step))

    def log_message(self, message: str, level: str = 'info', *, step: str | None = None, **fmt: Any) -> None:
        self.reports.append(('message', message, level, step))

    def events(self, name: str) -> list[dict[str, Any]]:
        return [report[2] for report in self.reports if report[:2] == ('log', name)]


@dataclass
class Outcome:
    result: dict[str, Any] | None
    error: BaseException | None


class Lab:
    """Makes steps that write to `trace`, and runs them."""

    def __init__(self) -> None:
        self.trace: list[str] = []
        self.runtime = Runtime()
        self.context = BaseStepContext(self.runtime)
        self.progress: list[tuple[int, int]] = []

    def step(
        self,
        name: str,
        weight: float = 1.0,
        *,
        do: Callable[[BaseStepContext], Any] | None = None,
        undo: Callable[[BaseStepContext, StepResult], Any] | None = None,
        skip: Callable[[BaseStepContext], bool] | bool = False,
    ) -> BaseStep[BaseStepContext]:
        trace = self.trace

        class TracedStep(BaseStep[BaseStepContext]):
            progress_weight = weight

            @property
            def name(self) -> str:
                return name

            def can_skip(self, context: BaseStepContext) -> bool:
                return skip(context) if callable(skip) else skip

            def execute(self, context: BaseStepContext) -> Any:
                trace.append(name)
                return StepResult(data={'by': name}) if do is None else do(context)

            def rollback(self, context: BaseStepContext, result: StepResult) -> None:
                trace.append(f'undo {name}')
                if undo is not None:
                    undo(context, result)

        return TracedStep()

    def registry(self, *steps: Any) -> StepRegistry[BaseStepContext]:
        registry: StepRegistry[BaseStepContext] = StepRegistry()
        for step in steps:
            registry.register(step)
        return registry

    def run(self, *steps: Any, callback: Any = 'collect', **options: Any) -> Outcome:
        if callback == 'collect':
            callback = lambda current, total: self.progress.append((current, total))  # noqa: E731
        orchestrator = Orchestrator(self.registry(*steps), self.context, callback, **options)
        return self.execute(orchestrator)

    def execute(self, orchestrator: Orchestrator[BaseStepContext]) -> Outcome:
        try:
            return Outcome(orchestrator.execute(), None)
        except BaseException as exc:
            return Outcome(None, exc)


class FileJournal:
    """A journal as small as one can be that is durable: a line for each call, on disk when it returns."""

    def __init__(self, path: Path, run_id: str = 'run-1') -> None:
        self.path = path
        self._run_id = run_id
        self.fails_at: str | None = None
        path.touch()

    @property
    def run_id(self) -> str:
        return self._run_id

    def lines(self) -> list[list[Any]]:
        return [json.loads(line) for line in self.path.read_text(encoding='utf-8').splitlines()]

    def _write(self, *what: Any) -> None:
        if self.fails_at == what[0]:
            raise OSError(28, 'No space left on device')
        with self.path.open('a', encoding='utf-8') as file:
            file.write(json.dumps(what, ensure_ascii=False) + '\n')
            file.flush()
            os.fsync(file.fileno())

    def steps_declared(self, steps: Any) -> None:
        self._write('declared', [list(step) for step in steps])

    def step_started(self, name: str, order: int) -> None:
        self._write('started', name, order)

    def save_rollback(self, name: str, data: Any) -> None:
        self._write('saved', name, dict(data))

    def step_finished(self, name: str, order: int, result: Any, seconds: float) -> None:
        assert seconds >= 0
        state = 'skipped' if result.skipped else 'done' if result.success else f'failed: {result.error}'
        self._write('finished', name, order, state, result.rollback_data)

    def step_rolled_back(self, name: str, error: str | None) -> None:
        self._write('undone', name, error)


class Watcher:
    """An observer that keeps what it sees."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, ...]] = []

    def before_run(self, context: Any, steps: Any) -> None:
        self.seen.append(('before_run', list(steps)))

    def before_step(self, context: Any, step: str) -> None:
        self.seen.append(('before_step', step))

    def after_step(self, context: Any, step: str, result: Any) -> None:
        self.seen.append(('after_step', step, 'skipped' if result.skipped else 'done'))

    def on_step_error(self, context: Any, step: str, error: BaseException) -> None:
        self.seen.append(('on_step_error', step, type(error).__name__, str(error)))

    def after_rollback(self, context: Any, step: str, error: BaseException | None) -> None:
        self.seen.append(('after_rollback', step, error and type(error).__name__))

    def after_run(self, context: Any, error: BaseException | None) -> None:
        self.seen.append(('after_run', error and type(error).__name__))


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture(scope='session')
def new_lab() -> type[Lab]:
    """For tests that need several, such as property tests."""
    return Lab


@pytest.fixture
def journal(tmp_path: Path) -> FileJournal:
    return FileJournal(tmp_path / 'journal.jsonl')


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()
