"""The vendor's package beside ours, where it is installed: it needs Python 3.12, and we do not require it."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from types import SimpleNamespace
from typing import Any

import pytest

NAMES = {
    'steps': 'plugins.steps',
    'context': 'plugins.context',
    'loggers': 'loggers',
    'executors': 'plugins.executors.local',
    'errors': 'plugins.errors',
    'log_messages': 'plugins.log_messages',
    'level': 'plugins.models.logger',
    'sentry': 'observability._sentry',
    'profile': 'observability._profile',
}


@pytest.fixture(scope='session')
def vendor() -> Any:
    """The vendor's modules by short names."""
    if importlib.util.find_spec('synapse_sdk') is None:
        pytest.skip(
            'synapse-sdk is not installed: `pip install synapse-sdk` (Python 3.12 or later) to test with it'
        )
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # its modules warn while they are imported
        return SimpleNamespace(
            **{name: importlib.import_module(f'synapse_sdk.{path}') for name, path in NAMES.items()}
        )


@pytest.fixture
def vendor_runtime(vendor: Any) -> Any:
    """The vendor's runtime context with its console logger."""
    return vendor.context.RuntimeContext(
        logger=vendor.loggers.ConsoleLogger(), env=vendor.context.PluginEnvironment()
    )


class Trace(list[str]):
    """What happened, in order."""


@pytest.fixture
def trace() -> Trace:
    return Trace()


@pytest.fixture
def make_step(trace: Trace) -> Any:
    """Make a step of either package: ``make_step(steps_module, name, ...)``."""

    def make(steps: Any, name: str, weight: float = 0.5, *, do: Any = None, skip: bool = False) -> Any:
        class Step(steps.BaseStep):  # type: ignore[misc, name-defined]
            progress_weight = weight

            @property
            def name(self) -> str:
                return name

            def can_skip(self, context: Any) -> bool:
                return skip

            def execute(self, context: Any) -> Any:
                trace.append(name)
                return steps.StepResult(rollback_data={'by': name}) if do is None else do(context)

            def rollback(self, context: Any, result: Any) -> None:
                trace.append(f'undo {name} {result.rollback_data}')

        return Step()

    return make
