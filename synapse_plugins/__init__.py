"""Steps, actions and a dataset engine for plugins of the Synapse labelling platform.

Importing this package costs no third-party package: every name is loaded when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .actions.base import BaseAction
    from .actions.export import BaseExportAction
    from .actions.train import BaseTrainAction
    from .actions.upload import BaseUploadAction
    from .context import RuntimeContext
    from .errors import SynapsePluginsError
    from .executors import RunPlan, RunResult, run, run_plugin
    from .hookspecs import hookimpl
    from .steps import BaseStep, BaseStepContext, Orchestrator, StepRegistry, StepResult

__all__ = [
    'BaseAction',
    'BaseExportAction',
    'BaseStep',
    'BaseStepContext',
    'BaseTrainAction',
    'BaseUploadAction',
    'Orchestrator',
    'RunPlan',
    'RunResult',
    'RuntimeContext',
    'StepRegistry',
    'StepResult',
    'SynapsePluginsError',
    '__version__',
    'hookimpl',
    'run',
    'run_plugin',
]

_HOMES = {
    'BaseAction': 'actions.base',
    'BaseExportAction': 'actions.export',
    'BaseStep': 'steps',
    'BaseStepContext': 'steps',
    'BaseTrainAction': 'actions.train',
    'BaseUploadAction': 'actions.upload',
    'Orchestrator': 'steps',
    'RunPlan': 'executors',
    'RunResult': 'executors',
    'RuntimeContext': 'context',
    'StepRegistry': 'steps',
    'StepResult': 'steps',
    'SynapsePluginsError': 'errors',
    'hookimpl': 'hookspecs',
    'run': 'executors',
    'run_plugin': 'executors',
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from importlib import import_module

    value = getattr(import_module(f'{__name__}.{home}'), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
