"""What authors of plugins and packs test with; the fixtures of its pytest plugin are in `plugin`.

The names are loaded when they are asked for, so that a pytest run that uses none of them pays for none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .actions import run_action
    from .drawings import make_dataset
    from .formats import check_format
    from .packs import assert_pack_ok
    from .projects import make_project
    from .recording import RecordingLogger, recording_runtime
    from .rollback import assert_rollback_idempotent
    from .steps import run_step

__all__ = [
    'RecordingLogger',
    'assert_pack_ok',
    'assert_rollback_idempotent',
    'check_format',
    'make_dataset',
    'make_project',
    'recording_runtime',
    'run_action',
    'run_step',
]

_HOMES = {
    'RecordingLogger': 'recording',
    'assert_pack_ok': 'packs',
    'assert_rollback_idempotent': 'rollback',
    'check_format': 'formats',
    'make_dataset': 'drawings',
    'make_project': 'projects',
    'recording_runtime': 'recording',
    'run_action': 'actions',
    'run_step': 'steps',
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from importlib import import_module

    return getattr(import_module(f'{__name__}.{home}'), name)


def __dir__() -> list[str]:
    return sorted(__all__)
