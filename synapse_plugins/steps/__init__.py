"""The step workflow: steps, the context they share, their order, and what runs them.

The names here are public. They need nothing but the standard library; the two dataset steps at the end come
from the built-in pack and are loaded when they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import BaseStep
from .context import BaseStepContext
from .orchestrator import Orchestrator
from .registry import StepRegistry
from .result import StepResult
from .retry import RetryStep
from .timeout import TimeoutStep
from .wrappers import LoggingStep, TimingStep, ValidationStep

if TYPE_CHECKING:
    from builtin_steps.convert import ConvertDatasetStep
    from builtin_steps.export import ExportDatasetStep

__all__ = [
    'BaseStep',
    'BaseStepContext',
    'ConvertDatasetStep',
    'ExportDatasetStep',
    'LoggingStep',
    'Orchestrator',
    'RetryStep',
    'StepRegistry',
    'StepResult',
    'TimeoutStep',
    'TimingStep',
    'ValidationStep',
]

_FROM_THE_BUILTIN_PACK = {
    'ConvertDatasetStep': 'builtin_steps.convert',
    'ExportDatasetStep': 'builtin_steps.export',
}


def __getattr__(name: str) -> Any:
    if name in _FROM_THE_BUILTIN_PACK:
        from importlib import import_module

        return getattr(import_module(_FROM_THE_BUILTIN_PACK[name]), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__() -> list[str]:
    return sorted(__all__)
