"""The auto-wired steps of a train action: a provider's at its place in the run, or the action's own `execute`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..steps import BaseStep, StepResult
from ..steps.wrappers import StepWrapper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..packs import Claim
    from ..providers import Role
    from .train import BaseTrainAction, TrainContext

__all__ = ['PLACES', 'ExecuteStep', 'WiredStep', 'WiredTrainStep']

PLACES: Mapping[Role, tuple[str, float]] = {
    'dataset.export': ('dataset', 0.2),
    'dataset.convert': ('convert', 0.05),
    'train': ('train', 0.7),
    'model.upload': ('model_upload', 0.05),
}
"""Name and weight of each auto-wired step."""


class WiredStep(StepWrapper[Any]):
    """A provider's step at its place in the run: under the auto-wired name and weight, whatever its own are.

    Attributes:
        claim: Who provides it.
    """

    def __init__(self, claim: Claim, step: Any) -> None:
        super().__init__(step)
        self.claim = claim

    @property
    def name(self) -> str:
        """The auto-wired step's name."""
        return PLACES[self.claim.provider.role][0]

    @property
    def progress_weight(self) -> float:
        """The auto-wired step's weight."""
        return PLACES[self.claim.provider.role][1]

    @property
    def progress_proportion(self) -> int:
        """The weight as a whole per cent."""
        return round(self.progress_weight * 100)


class WiredTrainStep(WiredStep):
    """A provider's train step: gets the checkpoint, and owes a model."""

    def __init__(self, claim: Claim, step: Any, action: BaseTrainAction[Any]) -> None:
        super().__init__(claim, step)
        self._action = action

    def execute(self, context: Any) -> StepResult:
        """Fetch the model to start from, train, and see to it that there is a model."""
        _load_checkpoint(self._action, context)
        result = super().execute(context)
        if result.success and not context.model_path:
            error = f'{type(self.wrapped).__name__} ended without a model: it did not set context.model_path'
            return StepResult(success=False, error=error, rollback_data=result.rollback_data)
        return result


def _load_checkpoint(action: BaseTrainAction[Any], context: TrainContext) -> None:
    if context.checkpoint is None:
        context.checkpoint = action.get_checkpoint()


class ExecuteStep(BaseStep[Any]):
    """Runs the action's own `execute(data_path, checkpoint)` as the ``train`` step."""

    name, progress_weight = PLACES['train']

    def __init__(self, action: BaseTrainAction[Any]) -> None:
        self._action = action

    def execute(self, context: TrainContext) -> StepResult:
        """Call `execute` and take the weights and metrics from what it returns."""
        _load_checkpoint(self._action, context)
        dataset = context.dataset or {}
        path = dataset.get('config_path') or dataset.get('path')
        if path is None:
            return StepResult(success=False, error='No data path available: params.dataset is not set')
        context.data_path = Path(path)
        context.output = self._action.execute(context.data_path, context.checkpoint)
        weights = (
            _read(context.output, 'weights_path') or context.model_path or self._action.autolog_model_path
        )
        if not weights:
            return StepResult(
                success=False,
                error=f'{type(self._action).__name__}.execute() ended without a model: return a dict or a TrainResult '
                f'with weights_path, the trained file or folder',
            )
        if not Path(weights).exists():
            return StepResult(success=False, error=f'weights_path {str(weights)!r} does not exist')
        context.model_path = str(weights)
        for source in ('train_metrics', 'val_metrics', 'metrics'):
            context.metrics.update(_read(context.output, source) or {})
        return StepResult(data={'model_path': context.model_path, 'metrics': dict(context.metrics)})


def _read(output: Any, name: str) -> Any:
    return output.get(name) if isinstance(output, dict) else getattr(output, name, None)
