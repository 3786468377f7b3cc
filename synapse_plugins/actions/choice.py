"""Who serves the roles of a train action: what its parameters or its class name, else what the packs say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, ProviderError
from ..packs import ROLE_PARAMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..packs import Claim, PackManager
    from ..providers import Role
    from .train import BaseTrainAction

__all__ = [
    'check_format',
    'has_own_execute',
    'named_provider',
    'takes_over',
    'target_format_of',
    'train_claim',
]


def train_claim(
    action: type[BaseTrainAction[Any]], params: Mapping[str, Any], packs: PackManager
) -> Claim | None:
    """Return who provides the train step; None when the action brings its own `execute`."""
    named = named_provider(action, params, 'train')
    if named is None and has_own_execute(action):
        return None
    target_format = params.get('target_format') or action.target_format
    if named is None and target_format is None:
        trainers = [claim.provider.name for claim in packs.steps() if claim.provider.role == 'train']
        raise ProviderError(
            f'{action.action_name or action.__name__} does not say how to train. Name a trainer, e.g. '
            f'-p trainer={trainers[0] if trainers else "NAME"}; in a class of your own set target_format, or write '
            'execute(data_path, checkpoint).'
        )
    check_format(target_format, packs)
    return packs.select('train', target_format, params.get('task'), named=named)


def takes_over(action: type[BaseTrainAction[Any]]) -> bool:
    """Tell whether an action overrides `setup_steps` or `run`, so that perhaps nothing is wired for it."""
    base = _base_class()
    return action.setup_steps is not base.setup_steps or action.run is not base.run


def _base_class() -> type[BaseTrainAction[Any]]:
    from .train import BaseTrainAction

    return BaseTrainAction


def has_own_execute(action: type[BaseTrainAction[Any]]) -> bool:
    """Tell whether an action brings its own training."""
    return action.execute is not _base_class().execute


def named_provider(action: Any, params: Mapping[str, Any], role: Role) -> str | None:
    """Return the provider that a parameter or else the action's class names for a role."""
    attribute = ROLE_PARAMS[role]
    return params.get(attribute) or getattr(action, attribute, None)


def target_format_of(
    action: type[BaseTrainAction[Any]], params: Mapping[str, Any], claim: Claim | None
) -> str | None:
    """Return the format to convert to: the one that is named, else the only one that the trainer serves."""
    named: str | None = params.get('target_format') or action.target_format
    if named is None and claim is not None and len(claim.provider.formats) == 1:
        return str(claim.provider.formats[0])
    if named is None and claim is not None and claim.provider.formats:
        raise ProviderError(
            f'{claim.provider.name!r} of {claim.pack.origin} serves {", ".join(claim.provider.formats)}; say which: '
            f'-p target_format={claim.provider.formats[0]}'
        )
    return named


def check_format(target_format: str | None, packs: PackManager) -> None:
    """Refuse a format that cannot be written, with who might bring it."""
    if target_format is None:
        return
    from ..datasets import formats

    if (conflict := packs.format_conflict(target_format)) is not None:
        raise conflict
    provider = formats.get(target_format)
    if provider.writer is None:
        raise ConfigError(
            f'Format {target_format!r} can be read but not written. See `synapse-plugins formats`.'
        )
