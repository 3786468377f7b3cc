"""Runs an action that is still based on the vendor's class, through its own `dispatch`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ConfigError

if TYPE_CHECKING:
    from .prepare import Prepared

__all__ = ['dispatch']


def dispatch(prepared: Prepared) -> Any:
    """Call the action's own `dispatch` with the vendor's runtime context.

    Raises:
        ConfigError: If ``synapse-sdk`` cannot make such a context here.
    """
    try:
        from synapse_sdk.loggers import ConsoleLogger
        from synapse_sdk.plugins.context import PluginEnvironment, RuntimeContext
    except ImportError as exc:
        raise ConfigError(
            f'{prepared.found.name} is based on synapse_sdk, which cannot be imported here ({exc}): it is not '
            'supported. Install synapse-sdk (Python 3.12 or later), or change its import root to synapse_plugins.'
        ) from exc
    context = RuntimeContext(
        logger=ConsoleLogger(), env=PluginEnvironment.from_environ(), job_id=None, client=prepared.ctx.client
    )
    result = prepared.found.cls.dispatch(prepared.params, context)
    return result.model_dump() if hasattr(result, 'model_dump') else result
