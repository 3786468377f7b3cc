"""The parameters of a train action: its own, joined with those of the steps that will be wired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from ..errors import PackError, ProviderError, UnknownNameError
from ..packs import get_manager
from ..providers import resolve
from .choice import named_provider, takes_over, train_claim

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..packs import Claim
    from ..providers import Role
    from .train import BaseTrainAction

__all__ = ['WiringParams', 'joined_params_model']


class WiringParams(BaseModel):
    """Parameters that choose what is wired, for every train action.

    Attributes:
        target_format: Format that the dataset is converted to.
        trainer: Name of the provider of the train step.
        exporter: Name of the provider of the export step.
        converter: Name of the provider of the conversion step.
        uploader: Name of the provider of the upload step.
    """

    model_config = ConfigDict(coerce_numbers_to_str=True)  # `-p name=2024` is a name

    target_format: str | None = Field(None, description='format that the dataset is converted to')
    trainer: str | None = Field(None, description='provider of the train step')
    exporter: str | None = Field(None, description='provider of the export step')
    converter: str | None = Field(None, description='provider of the conversion step')
    uploader: str | None = Field(None, description='provider of the upload step')


def joined_params_model(action: type[BaseTrainAction[Any]], params: Mapping[str, Any]) -> type[BaseModel]:
    """Return the action's model joined with those of the steps that will be wired; the action's own fields win."""
    own = action.params_model
    wired: list[type[BaseModel]] = [WiringParams, *_provider_models(action, params)]
    joined = dict.fromkeys(model for model in wired if not issubclass(own, model))
    return create_model(own.__name__, __base__=(own, *joined), __module__=own.__module__)


def _provider_models(action: type[BaseTrainAction[Any]], params: Mapping[str, Any]) -> list[type[BaseModel]]:
    packs = get_manager()
    try:
        trainer = train_claim(action, params, packs)
    except (ProviderError, UnknownNameError):
        # An action that takes over may need no provider; if it does, wiring says so.
        if not takes_over(action) or named_provider(action, params, 'train') is not None:
            raise
        trainer = None
    roles: tuple[Role, ...] = ('dataset.export', 'dataset.convert', 'model.upload')
    others = [packs.select(role, named=named_provider(action, params, role)) for role in roles]
    return [
        _params_model(claim) for claim in (trainer, *others) if claim is not None and claim.provider.params
    ]


def _params_model(claim: Claim) -> type[BaseModel]:
    model = resolve(claim.provider.params)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return model
    raise PackError(
        f'{claim.provider.params!r} is not a pydantic model: the provider {claim.provider.name!r} of '
        f'{claim.pack.origin} is broken.'
    )
