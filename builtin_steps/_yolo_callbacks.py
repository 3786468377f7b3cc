"""What the training process tells while it trains. Runs in the child.

The functions are of this module, not of the worker's script: ultralytics passes callbacks by reference to the
processes of a training on several GPUs, which import them from here. They find the run's specification by the
environment for the same reason.
"""

from __future__ import annotations

import json
import os
import time
from functools import lru_cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._yolo_events import EventWriter
from ._yolo_processors import limit_threads

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ['SPEC_VARIABLE', 'TRAINING', 'VALIDATION', 'Stopped', 'spec', 'tell']

SPEC_VARIABLE = 'SYNAPSE_PLUGINS_YOLO_SPEC'
"""The environment variable that names the file of the run's specification."""

BETWEEN_BATCHES = 0.5
"""Least seconds between two reports within an epoch."""


_RANK = int(os.environ.get('RANK', '-1')) if int(os.environ.get('WORLD_SIZE', '1')) > 1 else -1
"""Which of the processes of a training on several GPUs this is; -1 where there is one."""

_PARENT = os.getppid()


class Stopped(Exception):  # noqa: N818 - not an error: it was asked for
    """The training stops because the run was cancelled."""


@lru_cache(maxsize=1)
def spec() -> dict[str, Any]:
    """Return the specification of this run."""
    found: dict[str, Any] = json.loads(Path(os.environ[SPEC_VARIABLE]).read_text(encoding='utf-8'))
    return found


def tell(kind: str, **data: Any) -> None:
    """Tell the process that started us."""
    EventWriter(spec()['events'])(kind, **data)


def _first_process_only(callback: Callable[[Any], None]) -> Callable[[Any], None]:
    """Call a callback in one process only, where a training on several GPUs has one for each.

    Those processes are started by one in between, which does not end them when it is killed: each looks whether
    it is still there.
    """

    @wraps(callback)
    def guarded(trainer: Any) -> None:
        if _RANK >= 0 and os.getppid() != _PARENT:
            os._exit(1)
        if _RANK <= 0:
            callback(trainer)

    return guarded


@_first_process_only
def on_pretrain_routine_start(_trainer: Any) -> None:
    """Stop early if the run was cancelled while libraries were loaded."""
    _stop_if_cancelled(epoch=0)


@_first_process_only
def on_train_start(trainer: Any) -> None:
    """Say what is trained on what."""
    _stop_if_cancelled(epoch=0)
    if trainer.device.type == 'cpu':
        limit_threads()
    tell(
        'training',
        epochs=trainer.epochs,
        batches=len(trainer.train_loader),
        batch=trainer.batch_size,
        images=len(trainer.train_loader.dataset),
        images_val=len(trainer.test_loader.dataset),
        device=str(trainer.device),
        classes=len(trainer.data['names']),
        parameters=sum(parameter.numel() for parameter in trainer.model.parameters()),
    )


@_first_process_only
def on_train_epoch_start(trainer: Any) -> None:
    """Begin to count the batches of an epoch."""
    trainer.synapse_batch, trainer.synapse_told, trainer.synapse_epoch = 0, time.monotonic(), False


@_first_process_only
def on_train_batch_end(trainer: Any) -> None:
    """Count a batch; tell now and then."""
    trainer.synapse_batch += 1
    now = time.monotonic()
    if now - trainer.synapse_told >= BETWEEN_BATCHES:
        trainer.synapse_told = now
        tell(
            'batch',
            epoch=trainer.epoch,
            epochs=trainer.epochs,
            batch=trainer.synapse_batch,
            batches=len(trainer.train_loader),
        )


@_first_process_only
def on_train_epoch_end(trainer: Any) -> None:
    """Remember that an epoch was trained, so that its evaluation is told apart from the final one."""
    trainer.synapse_epoch = True


@_first_process_only
def on_model_save(trainer: Any) -> None:
    """Keep a copy of the newest weights that is whole at any instant; the trainer's own file is not."""
    keep_copy(trainer.last, Path(spec()['kept']))


@_first_process_only
def on_fit_epoch_end(trainer: Any) -> None:
    """Tell the losses and metrics of an epoch, or those of the final evaluation of the best weights."""
    if not getattr(trainer, 'synapse_epoch', False):
        found = {**numbers(trainer.metrics), **numbers({'fitness': trainer.best_fitness})}
        tell('final', metrics=found, per_class=per_class(trainer.validator))
        return
    trainer.synapse_epoch = False
    tell(
        'epoch',
        epoch=trainer.epoch + 1,
        epochs=trainer.epochs,
        losses=numbers(trainer.label_loss_items(trainer.tloss, prefix='train')),
        metrics={**numbers(trainer.metrics), **numbers({'fitness': trainer.fitness})},
        rates=numbers(trainer.lr),
        seconds=trainer.epoch_time,
    )
    if trainer.epoch + 1 < trainer.epochs and not trainer.stop:
        _stop_if_cancelled(epoch=trainer.epoch + 1)


def on_val_batch_end(validator: Any) -> None:
    """Count the batches of an evaluation."""
    tell('batch', epoch=0, epochs=1, batch=validator.batch_i + 1, batches=len(validator.dataloader))
    _stop_if_cancelled(epoch=0)


TRAINING = {
    function.__name__: function
    for function in (
        on_pretrain_routine_start,
        on_train_start,
        on_train_epoch_start,
        on_train_batch_end,
        on_train_epoch_end,
        on_model_save,
        on_fit_epoch_end,
    )
}
"""Callbacks of a training, by the event they are for."""

VALIDATION = {on_val_batch_end.__name__: on_val_batch_end}
"""Callbacks of an evaluation."""


def numbers(values: Any) -> dict[str, float]:
    """Return what is a number of *values*, by name."""
    found = {}
    for name, value in dict(values or {}).items():
        try:
            found[str(name)] = float(value)
        except (TypeError, ValueError):
            continue
    return found


def per_class(validator: Any) -> list[dict[str, Any]]:
    """Return the metrics of each class, where the task has them."""
    summary = getattr(getattr(validator, 'metrics', None), 'summary', None)
    return [dict(row) for row in summary()] if summary is not None else []


def keep_copy(source: Path, target: Path) -> None:
    """Copy a file so that *target* is at any instant the old or the new one, and survives a loss of power."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f'.{target.name}.new')
    with source.open('rb') as original, temporary.open('wb') as copy:
        while block := original.read(1 << 20):
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    temporary.replace(target)


def _stop_if_cancelled(epoch: int) -> None:
    if Path(spec()['cancel']).exists():
        tell('stopped', epoch=epoch)
        raise Stopped
