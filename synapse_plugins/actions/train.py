"""Train actions: a dataset in, a registered model out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..errors import NoModelError
from .base import ActionContext, BaseAction, P
from .joined_params import joined_params_model
from .wiring import wire_train_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..steps import StepRegistry

__all__ = ['BaseTrainAction', 'BaseTrainParams', 'TrainContext', 'TrainResult']


class BaseTrainParams(BaseModel):
    """Parameters that every train action has; subclass it to add your own.

    Attributes:
        dataset: Id of the dataset version to train on.
        splits: Split name -> filters, to train on a part of the dataset; None: all of it.
        checkpoint: Id of the model to start from.
        is_tune: Search hyperparameters instead of training once; not supported yet.
        hyperparameters: The values of the platform's form: the first entry is spread to the top level, where
            what is there already wins.
    """

    model_config = ConfigDict(extra='allow', protected_namespaces=())

    dataset: int = Field(description='dataset to train on: id of a version, name, name@version, or folder')
    splits: dict[str, Any] | None = Field(
        None, description='split -> filters, to train on a part; by default all'
    )
    checkpoint: int | None = Field(None, description='registered model to start from: id or name')
    is_tune: bool = Field(False, description='search hyperparameters; not supported yet')
    hyperparameters: list[dict[str, Any]] | None = Field(None, description="values of the platform's form")

    @model_validator(mode='before')
    @classmethod
    def _spread_hyperparameters(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get('is_tune'):
            return values
        form = values.get('hyperparameters')
        if isinstance(form, list) and form and isinstance(form[0], dict):
            return {**form[0], **values}
        return values

    @model_validator(mode='after')
    def _refuse_tuning(self) -> BaseTrainParams:
        if self.is_tune:
            raise ValueError(
                'is_tune: searching hyperparameters is not supported yet; train once without it.'
            )
        return self


class TrainResult(BaseModel):
    """What `execute` of a train action may return.

    Attributes:
        weights_path: The trained weights: a file or a folder.
        final_epoch: The last epoch, from 1.
        best_epoch: The epoch of the best weights.
        train_metrics: Metrics on the training split.
        val_metrics: Metrics on the validation split.
    """

    weights_path: str
    final_epoch: int
    best_epoch: int | None = None
    train_metrics: dict[str, Any] = {}
    val_metrics: dict[str, Any] = {}


@dataclass
class TrainContext(ActionContext):
    """What the steps of a train action share.

    Attributes:
        dataset: What the dataset steps made: `path`, `format`, `is_categorized`, `count`, `config_path`,
            `source_path`, `splits`, `classes`, `report_path`.
        model_path: The trained model, a file or a folder, set by the train step.
        model: The registered model, set by the upload step.
        metrics: Final metrics by name, set by the train step.
        checkpoint: The model to start from: `category`, `path` (a folder), `weights`, `id`, `name`; or None.
        output: What the action's own `execute` returned.
        data_path: What a trainer is pointed at.
        tune_result: Best result of a search.
        trial_models: Models of a search's trials.
    """

    dataset: Any = None
    model_path: str | None = None
    model: dict[str, Any] | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    checkpoint: dict[str, Any] | None = None
    output: Any = None
    data_path: Path | None = None
    tune_result: dict[str, Any] | None = None
    trial_models: list[dict[str, Any]] = field(default_factory=list)


class BaseTrainAction(BaseAction[P]):
    """Trains a model on a dataset and registers it.

    With `target_format` set, four steps are wired by themselves: ``dataset`` (export from the backend),
    ``convert``, ``train`` and ``model_upload``. ``train`` is this class's `execute` if a subclass writes it,
    else the train step of the pack that serves the format. To add a step, call ``super().setup_steps(registry)``
    and insert yours; to take over, register your own steps without calling it.

    Attributes:
        target_format: Format that the dataset is converted to before training, e.g. ``yolo``.
        trainer: Name of the provider of the train step; None: the one that serves the format.
        exporter: Name of the provider of the ``dataset`` step.
        converter: Name of the provider of the ``convert`` step.
        uploader: Name of the provider of the ``model_upload`` step.
        autolog_model_path: The weights' folder that `autolog` saw at the end of training.
    """

    category: ClassVar[Any] = 'neural_net'
    params_model: ClassVar[type[BaseModel]] = BaseTrainParams

    target_format: str | None = None
    trainer: str | None = None
    exporter: str | None = None
    converter: str | None = None
    uploader: str | None = None
    autolog_model_path: str | None = None
    _undo_autolog: Callable[[], None] | None = None

    @classmethod
    def params_model_for(cls, params: Mapping[str, Any]) -> type[BaseModel]:
        """Return this action's model joined with the parameters of the train provider that will serve it."""
        return joined_params_model(cls, params)

    def execute(self, data_path: Path, checkpoint: dict[str, Any] | None) -> Any:
        """Train; write this to bring your own training.

        Args:
            data_path: What the format's trainers are pointed at: the configuration file where the format has
                one (yolo: ``dataset.yaml``), else the folder.
            checkpoint: The model to start from, or None.

        Returns:
            A `TrainResult`, or a dict or object with at least `weights_path` (a file or a folder).
        """
        raise NotImplementedError(f'{type(self).__name__} has no execute() of its own.')

    def setup_steps(self, registry: StepRegistry[Any]) -> None:
        """Wire ``dataset``, ``convert``, ``train`` and ``model_upload``."""
        wire_train_steps(self, registry)

    def build_registry(self) -> StepRegistry[Any]:
        """Return the steps that `setup_steps` registers; if it registers none, the auto-wired ones."""
        registry = super().build_registry()
        if not registry:
            wire_train_steps(self, registry)
        return registry

    def create_context(self) -> TrainContext:
        """Make what the steps share."""
        return TrainContext(
            self.ctx,
            params=self.params.model_dump(),
            typed_params=self.params,
        )

    def run(self) -> dict[str, Any]:
        """Run the steps.

        Returns:
            ``success``, ``steps_executed``, ``steps_total``, ``model_id``, ``metrics`` (final, by name) and
            ``output`` (what `execute` returned).

        Raises:
            StepFailedError: If a step failed; everything was rolled back.
            NoModelError: If the steps ended without a model.
        """
        registry = self.build_registry()
        context = self.create_context()
        try:
            result = {**self.run_steps(registry, context), **self.result_of(context)}
        finally:
            self._stop_autolog()
        if getattr(context, 'model', None) is None and not getattr(context, 'model_path', None):
            raise NoModelError(
                f'{type(self).__name__} ended without a model: no step set context.model_path or context.model.'
            )
        return result

    def result_of(self, context: Any) -> dict[str, Any]:
        """Return the model's id, the final metrics and what `execute` returned."""
        model = getattr(context, 'model', None)
        output = getattr(context, 'output', None)
        return {
            'model_id': model.get('id') if isinstance(model, dict) else None,
            'model_path': str(Path(context.model_path).resolve())
            if getattr(context, 'model_path', None)
            else None,
            'metrics': dict(getattr(context, 'metrics', None) or {}),
            'output': output.model_dump() if isinstance(output, BaseModel) else output,
        }

    # -- what `execute` may call ----------------------------------------------------------------------

    def get_dataset(self) -> dict[str, Any]:
        """Return what the backend says of the dataset version."""
        return dict(self.client.get_ground_truth_version(self.params.dataset))  # type: ignore[attr-defined]

    def get_model(self, model_id: int) -> dict[str, Any]:
        """Return a registered model, with the path of its archive as `file`."""
        return dict(self.client.get_model(model_id))

    def create_model(self, path: str | Path, **kwargs: Any) -> dict[str, Any]:
        """Register a model: a file or a folder; *kwargs* are further fields, e.g. `name`."""
        from ..backends.registering import register_model

        return register_model(self.client, kwargs, path)

    def get_checkpoint(self) -> dict[str, Any] | None:
        """Return the model to start from, unpacked, or None.

        Returns:
            `category`, `path` (a folder), `weights` (the weights file in it, if there is one that is told by
            its name), `id`, `name`.
        """
        from .checkpoint import fetch_checkpoint

        given = getattr(self.ctx, 'checkpoint', None)
        if given is not None:
            return dict(given)
        model_id = getattr(self.params, 'checkpoint', None)
        return None if model_id is None else fetch_checkpoint(self.client, model_id, self.ctx)

    def report_metrics(
        self, metrics: dict[str, Any], *, epoch: int | None = None, category: str = 'train'
    ) -> None:
        """Report metrics of an epoch; *category* is ``train``, ``validation`` or ``test``."""
        self.log_metric(category, 'epoch', epoch or 0, **metrics)

    def autolog(self, framework: str) -> None:
        """Report what a framework's training in this process says; call it before the model is made.

        Args:
            framework: ``ultralytics``.
        """
        from .autolog import start_autolog

        self._stop_autolog()
        self._undo_autolog = start_autolog(framework, self)

    def _stop_autolog(self) -> None:
        if self._undo_autolog is not None:
            self._undo_autolog()
            self._undo_autolog = None
