"""Reports what a framework says while it trains in this process.

The built-in YOLO step trains in a process of its own and does not need this; it is here for plugins that call
``self.autolog('ultralytics')`` and then train in their own `execute`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import MissingExtraError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .train import BaseTrainAction

__all__ = ['start_autolog']


def start_autolog(framework: str, action: BaseTrainAction[Any]) -> Callable[[], None]:
    """Begin to report, and return what ends it.

    Raises:
        UnknownNameError: If the framework is not known.
        MissingExtraError: If it is not installed.
    """
    if framework != 'ultralytics':
        raise UnknownNameError('framework', framework, ['ultralytics'])
    try:
        from ultralytics.utils.callbacks.base import default_callbacks
    except ImportError as exc:
        raise MissingExtraError(
            "autolog('ultralytics') needs ultralytics, which is not installed. "
            "Type: pip install 'synapse-plugins[yolo]'"
        ) from exc
    # Every model made from now on takes its callbacks from this table, so nothing of ultralytics is patched.
    added = _ultralytics_callbacks(action)
    for event, callback in added.items():
        default_callbacks[event].append(callback)

    def stop() -> None:
        for event, callback in added.items():
            if callback in default_callbacks[event]:
                default_callbacks[event].remove(callback)

    return stop


def _ultralytics_callbacks(action: BaseTrainAction[Any]) -> dict[str, Callable[[Any], None]]:
    def on_train_epoch_end(trainer: Any) -> None:
        losses = trainer.label_loss_items(trainer.tloss, prefix='train')
        action.report_metrics(_plain(losses), epoch=trainer.epoch + 1, category='train')
        action.set_progress(trainer.epoch + 1, trainer.epochs, 'train')

    def on_fit_epoch_end(trainer: Any) -> None:
        action.report_metrics(_plain(trainer.metrics), epoch=trainer.epoch + 1, category='validation')

    def on_train_end(trainer: Any) -> None:
        action.autolog_model_path = str(trainer.save_dir / 'weights')

    return {
        'on_train_epoch_end': on_train_epoch_end,
        'on_fit_epoch_end': on_fit_epoch_end,
        'on_train_end': on_train_end,
    }


def _plain(metrics: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in (metrics or {}).items()}
