"""What runs an action: on this machine now, on a cluster later. The names are loaded when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .local import RunResult, run, run_plugin
    from .planning import PlannedStep, RunPlan, plan

__all__ = ['PlannedStep', 'RunPlan', 'RunResult', 'plan', 'run', 'run_plugin']

_HOMES = {
    'PlannedStep': 'planning',
    'RunPlan': 'planning',
    'RunResult': 'local',
    'plan': 'planning',
    'run': 'local',
    'run_plugin': 'local',
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from importlib import import_module

    value = getattr(import_module(f'{__name__}.{_HOMES[name]}'), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
