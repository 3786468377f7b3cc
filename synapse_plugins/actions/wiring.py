"""Wires the steps of a train action from what packs provide.

Everything that can be refused is refused here, before a step runs and any data moves: unknown providers,
formats that nobody serves, modules that are not installed.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtraError
from ..packs import get_manager
from ..providers import resolve
from .choice import check_format, named_provider, target_format_of, train_claim
from .wired_steps import ExecuteStep, WiredStep, WiredTrainStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..packs import Claim, PackManager
    from ..providers import Role
    from ..steps import StepRegistry
    from .train import BaseTrainAction

__all__ = ['wire_train_steps']


def _packs_of(ctx: Any) -> PackManager:
    """Return the packs of a runtime context, or of this process."""
    return getattr(ctx, 'packs', None) or get_manager()


def wire_train_steps(action: BaseTrainAction[Any], registry: StepRegistry[Any]) -> None:
    """Register ``dataset``, ``convert`` (with a target format), ``train`` and ``model_upload``.

    Raises:
        ProviderError: If nobody serves a role, or several packs do.
        UnknownNameError: If a provider or the format does not exist.
        MissingExtraError: If a module that a provider needs is not installed.
    """
    packs = _packs_of(action.ctx)
    params = action.params.model_dump()
    claim = train_claim(type(action), params, packs)
    target_format = target_format_of(type(action), params, claim)
    check_format(target_format, packs)
    options = _prepare(claim, params, action.ctx)
    if getattr(action.params, 'dataset', None) is not None:
        exporter = _claim(action, params, packs, 'dataset.export', 'dm_v2')
        registry.register(WiredStep(exporter, _make_step(exporter)))
        if target_format is not None:
            converter = _claim(action, params, packs, 'dataset.convert', target_format)
            registry.register(
                WiredStep(converter, _make_step(converter, target_format=target_format, **options))
            )
    if claim is None:
        registry.register(ExecuteStep(action))
    else:
        registry.register(WiredTrainStep(claim, _make_step(claim), action))
    uploader = _claim(action, params, packs, 'model.upload', None)
    registry.register(WiredStep(uploader, _make_step(uploader)))


def _claim(
    action: BaseTrainAction[Any],
    params: Mapping[str, Any],
    packs: PackManager,
    role: Role,
    target_format: str | None,
) -> Claim:
    return packs.select(role, target_format, named=named_provider(action, params, role))


def _prepare(claim: Claim | None, params: dict[str, Any], ctx: Any) -> dict[str, Any]:
    """Ask the train provider for the options of the steps before it.

    A training that starts from a checkpoint goes on with that model's parameters where none are given, e.g. with
    its task.
    """
    if claim is None or claim.provider.prepare is None:
        return {}
    given = {name: value for name, value in params.items() if value is not None}
    return dict(resolve(claim.provider.prepare)({**params, **_checkpoint_params(params, ctx), **given}))


def _checkpoint_params(params: Mapping[str, Any], ctx: Any) -> dict[str, Any]:
    client = getattr(ctx, 'client', None)
    if params.get('checkpoint') is None or client is None:
        return {}
    configuration = client.get_model(params['checkpoint']).get('configuration') or {}
    return dict(configuration.get('hyperparameter') or {})


def _make_step(claim: Claim, **options: Any) -> Any:
    for module, line in claim.provider.requires.items():
        if find_spec(module.partition('.')[0]) is None:
            raise MissingExtraError(
                f'The step {claim.provider.name!r} of {claim.pack.origin} needs {module}, which is not installed. '
                f'Type: {line}'
            )
    return resolve(claim.provider.step)(**options)
