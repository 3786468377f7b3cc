"""The parameters of YOLO training and evaluation, checked before any data moves."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from synapse_plugins.errors import ParamsError, suggestion

from ._yolo_arguments import arguments, check_argument
from ._yolo_device import check_device
from ._yolo_model import default_model, resolve_model, task_of

__all__ = ['TRACKERS', 'YoloParams', 'YoloValParams', 'prepare', 'training_arguments']

TRACKERS = ('clearml', 'comet', 'dvc', 'mlflow', 'raytune', 'tensorboard', 'wandb')
"""The experiment trackers that ultralytics can feed."""

Tracker = Literal['clearml', 'comet', 'dvc', 'mlflow', 'raytune', 'tensorboard', 'wandb']
_MODEL_TEXT = (
    'a model .yaml (from scratch) or local weights .pt; by default the checkpoint, '
    f'else the nano model of the task from scratch, {default_model("detect")} for detect'
)
Device = int | str | list[int] | None


class _UltralyticsParams(BaseModel):
    """Parameters of which those that are not fields are arguments of ultralytics."""

    model_config = ConfigDict(extra='allow', protected_namespaces=())

    @field_validator('device', check_fields=False)
    @classmethod
    def _check_device(cls, device: Device) -> Device:
        try:
            checked: Device = check_device(device)
        except ParamsError as exc:
            raise ValueError(str(exc)) from exc
        return checked

    @model_validator(mode='after')
    def _check_other_arguments(self) -> _UltralyticsParams:
        for name, value in list((self.model_extra or {}).items()):
            try:
                setattr(self, name, check_argument(name, value))
            except ParamsError as exc:
                fields = suggestion(name, type(self).model_fields)
                near = f' {fields}' if 'Did you mean' in fields and 'Did you mean' not in str(exc) else ''
                raise ValueError(f'{exc}{near}') from exc
        return self


class YoloParams(_UltralyticsParams):
    """What `yolo.train` takes, beside every other argument of ultralytics' own training.

    Attributes:
        model: A model configuration (``yolo11n.yaml``: from scratch) or a local file of weights (``.pt``);
            by default the checkpoint's weights, else the nano model of the task, from scratch. What is taken by
            default stands here once the parameters are checked, so that plans and records tell it.
        task: ``detect``, ``segment``, ``pose``, ``obb`` or ``classify``; by default what the model's name tells.
        epochs: Passes over the training pictures.
        imgsz: Side of the square that pictures are scaled to, in pixels; by default 640, for classify 224.
        batch: Pictures in a batch; -1 or a fraction lets a GPU decide.
        device: ``cpu``, a GPU's number, several of them, or nothing to take what is there.
        seed: Seed of the training.
        workers: Processes that load pictures (none on a CPU).
        name: Name of the model that is registered; by default made of the action and the run.
        trackers: Experiment trackers to feed; all others are switched off.
    """

    model: str | None = Field(None, description=_MODEL_TEXT)
    task: str | None = Field(
        None, description='detect, segment, pose, obb or classify; by default as the model is named'
    )
    epochs: int = Field(100, ge=1, description='passes over the training pictures')
    imgsz: int = Field(
        640, ge=32, description='pixels of the square that pictures are scaled to; for classify 224'
    )
    batch: int | float = Field(16, description='pictures in a batch; -1 or a fraction: as a GPU can hold')
    device: Device = Field(None, description='cpu, a GPU number, or several; by default what is there')
    seed: int = Field(0, ge=0, description='seed of the training')
    workers: int = Field(8, ge=0, description='processes that load pictures')
    name: str | None = Field(None, description='name of the model that is registered')
    trackers: tuple[Tracker, ...] = Field((), description='experiment trackers to feed')

    @field_validator('trackers', mode='before')
    @classmethod
    def _from_one_text(cls, value: Any) -> Any:
        if isinstance(value, str):
            return [name.strip() for name in value.split(',') if name.strip()]
        return () if value is None else value

    @model_validator(mode='after')
    def _check_model_and_task(self) -> YoloParams:
        try:
            task_of(self.model, self.task)
            if self.model:
                resolve_model(self.model)
        except ParamsError as exc:
            raise ValueError(str(exc)) from exc
        if self.batch == 0 or self.batch < -1:
            raise ValueError(f"The parameter 'batch' is {self.batch}; give a count, -1 or a fraction.")
        return self

    @model_validator(mode='after')
    def _scale_as_the_task_wants(self) -> YoloParams:
        if 'imgsz' not in self.model_fields_set and task_of(self.model, self.task) == 'classify':
            self.__dict__['imgsz'] = 224  # as above: not the user's word
        return self

    @model_validator(mode='after')
    def _name_the_default_model(self) -> YoloParams:
        if self.model is None and getattr(self, 'checkpoint', None) is None:
            # Not by assignment: whether the user named a model still shows in `model_fields_set`.
            self.__dict__['model'] = default_model(task_of(None, self.task))
        return self


class YoloValParams(_UltralyticsParams):
    """What `yolo.val` takes, beside every other argument of ultralytics' own validation.

    Attributes:
        task: By default what the model was trained for.
        split: Split to evaluate on: ``val``, ``test`` or ``train``.
        imgsz: By default what the model was trained with.
        batch: Pictures in a batch.
        device: ``cpu``, a GPU's number, or nothing to take what is there.
    """

    task: str | None = Field(None, description='by default what the model was trained for')
    split: Literal['train', 'val', 'test'] = Field('val', description='split to evaluate on')
    imgsz: int | None = Field(None, ge=32, description='by default what the model was trained with')
    batch: int = Field(16, ge=1, description='pictures in a batch')
    device: Device = Field(None, description='cpu or a GPU number; by default what is there')


def prepare(params: dict[str, Any]) -> dict[str, Any]:
    """Return the options that the steps before the training need: the task.

    Raises:
        ParamsError: If there is no such task, or it does not fit the model.
    """
    return {'task': task_of(params.get('model'), params.get('task'))}


def training_arguments(params: dict[str, Any]) -> dict[str, Any]:
    """Return those of an action's parameters that ultralytics is to be told, as it wants them.

    Parameters of the action itself (the dataset, the checkpoint ...) are left out: they are not in
    ultralytics' table, or mean something else there.
    """
    ours = {'model', 'task', 'name', 'trackers'}
    known = set(arguments()) - ours
    told = {name: value for name, value in params.items() if name in known and value is not None}
    return {name: check_argument(name, value) for name, value in sorted(told.items())}


def model_for(params: dict[str, Any]) -> tuple[str, str]:
    """Return the model to train and its task.

    Raises:
        ParamsError: If the model is not on this machine, or the task does not fit.
    """
    task = task_of(params.get('model'), params.get('task'))
    return resolve_model(params.get('model') or default_model(task)), task
