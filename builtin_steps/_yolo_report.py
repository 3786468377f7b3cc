"""Turns what the training process tells into what the run reports: progress, metrics, messages, pictures."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from synapse_plugins.steps import BaseStepContext

__all__ = ['TrainReport']

PICTURES = {'.jpg', '.jpeg', '.png'}
SETTLED = 3.0
"""Seconds without a change after which a picture counts as whole while the training goes on."""

WARNINGS = ('WARNING', 'ignoring corrupt')
"""What a line of the trainer holds that people should see."""

MOST_WARNINGS = 20
"""How many of them are shown."""

TRAINED = 0.9
"""Share of an epoch that its training takes; its evaluation takes the rest."""

FINAL = 0.5
"""What the final evaluation and its plots take, in epochs."""


class TrainReport:
    """What a training reports through its context.

    Args:
        context: The run's context.
        step: Name of the step.
        save_dir: Where the trainer puts its pictures.

    Attributes:
        metrics: The last metrics it reported, those of the final evaluation when there was one.
        losses: The last training losses.
        per_class: Metrics of each class.
        names: Class names by index.
        started: What the process said of itself.
        epoch: Epochs that were finished.
        epochs: Epochs that were planned.
    """

    def __init__(self, context: BaseStepContext, step: str, save_dir: Path) -> None:
        self.metrics: dict[str, float] = {}
        self.losses: dict[str, float] = {}
        self.per_class: list[dict[str, Any]] = []
        self.names: dict[str, str] = {}
        self.started: dict[str, Any] = {}
        self.epoch = self.epochs = 0
        self._context = context
        self._runtime: Any = getattr(context, 'runtime_ctx', None)
        self._step = step
        self._save_dir = save_dir
        self._share = 0.0
        self._warnings = 0
        self._batches = 100
        self._seen: dict[str, tuple[float, int]] = {}
        self._warned: set[str] = set()

    def event(self, event: dict[str, Any]) -> None:
        """Report one event of the process."""
        handler = getattr(self, f'_on_{event["kind"]}', None)
        if handler is not None:
            handler(event)

    def line(self, line: str) -> None:
        """Report one line that the process printed."""
        _at_level('debug', self._context.log, 'train_output', {'line': line})
        if any(sign in line for sign in WARNINGS):
            self._warnings += 1
            if self._warnings <= MOST_WARNINGS:
                self._message(line, 'warning')

    def pictures(self, folder: Path, *, settled_for: float = 0.0) -> None:
        """Report the pictures of a folder that are new or changed, and whole."""
        before = time.time() - settled_for
        for path in sorted(folder.glob('*')):
            if path.suffix.lower() not in PICTURES:
                continue
            stat = path.stat()
            if self._seen.get(path.name) != (stat.st_mtime, stat.st_size) and stat.st_mtime <= before:
                self._seen[path.name] = (stat.st_mtime, stat.st_size)
                self._picture(path)

    def artifact(self, path: Path) -> None:
        """Report a file that is worth keeping."""
        report = getattr(self._runtime, 'log_artifact', None)
        if report is not None:
            report(str(path), 'weights' if path.suffix == '.pt' else 'results', path.name)

    def finish(self) -> None:
        """Report that the training is over."""
        self._say_what_was_not_shown()
        self._progress(1, 0)
        if self.metrics:
            self._context.set_metrics(self.summary(), self._step)

    def summary(self) -> dict[str, float]:
        """Return the run's metrics: the last losses, and what the final evaluation found."""
        return {**self.losses, **self.metrics}

    def figures(self) -> str:
        """Return the figures that a person looks at first, on one line."""
        return ', '.join(
            f'{name.removeprefix("metrics/").removesuffix("(B)")} {value:.3f}'
            for name, value in self.metrics.items()
            if name.startswith(('metrics/mAP', 'metrics/accuracy'))
        )

    # -- events ---------------------------------------------------------------------------------------

    def _say_what_was_not_shown(self) -> None:
        if self._warnings > MOST_WARNINGS:
            self._message(
                f'{self._warnings - MOST_WARNINGS} more warnings are in the log of the training.', 'warning'
            )

    def _on_started(self, event: dict[str, Any]) -> None:
        self.started = {'ultralytics': event['ultralytics']}

    def _on_training(self, event: dict[str, Any]) -> None:
        self.epochs, self._batches = event['epochs'], event['batches']
        self.started.update({name: value for name, value in event.items() if name != 'kind'})
        self._context.log('train_start', {name: value for name, value in event.items() if name != 'kind'})
        self._message(
            f'Training on {event["device"]}: {event["images"]} pictures, {event["images_val"]} to validate, '
            f'{event["classes"]} classes, {event["epochs"]} epochs of {event["batches"]} batches.'
        )

    def _on_batch(self, event: dict[str, Any]) -> None:
        self._progress(event['epoch'] + TRAINED * event['batch'] / event['batches'], event['epochs'])

    def _on_epoch(self, event: dict[str, Any]) -> None:
        self.epoch, self.epochs = event['epoch'], event['epochs']
        self.losses = self._finite(event['losses'])
        self.metrics = self._finite(event['metrics'])
        self._metric('train', {**self.losses, **self._finite(event['rates'])})
        self._metric('validation', self.metrics)
        self._progress(self.epoch, self.epochs)
        self._message(self._epoch_line(event['seconds']))
        self.pictures(self._save_dir, settled_for=SETTLED)

    def _on_final(self, event: dict[str, Any]) -> None:
        self.metrics = self._finite(event['metrics'])
        self.per_class = event['per_class']
        self._metric('validation', self.metrics)

    def _on_note(self, event: dict[str, Any]) -> None:
        self._message(event['text'], event['level'])

    def _on_stopped(self, event: dict[str, Any]) -> None:
        self.epoch = event['epoch']

    def _on_done(self, event: dict[str, Any]) -> None:
        self.names = event['names']

    # -- how it is told -------------------------------------------------------------------------------

    def _progress(self, epoch: float, epochs: int) -> None:
        """Report the batches that are done; the share never goes back, though the trainer may repeat an epoch."""
        share = epoch / (epochs + FINAL) if epochs else 1.0
        self._share = max(self._share, min(1.0, share))
        total = max(1, round((self.epochs + FINAL) * self._batches))
        self._context.set_progress(round(total * self._share), total, self._step)

    def _metric(self, category: str, values: dict[str, float]) -> None:
        report = getattr(self._runtime, 'log_metric', None)
        if report is not None and values:
            report(category, 'epoch', self.epoch, **values)

    def _message(self, text: str, level: str = 'info') -> None:
        _at_level(level, self._context.log_message, text)

    def _picture(self, path: Path) -> None:
        report = getattr(self._runtime, 'log_visualization', None)
        if report is not None:
            category = 'train' if path.name.startswith('train_') else 'validation'
            report(category, path.stem, self.epoch, str(path))

    def _epoch_line(self, seconds: float) -> str:
        losses = ', '.join(
            f'{name.removeprefix("train/").removesuffix("_loss")} {value:.3f}'
            for name, value in self.losses.items()
        )
        found = self.figures()
        return (
            f'Epoch {self.epoch}/{self.epochs}: '
            f'{"; ".join(filter(None, (losses and f"loss {losses}", found)))} ({seconds:.1f} s)'
        )

    def _finite(self, values: dict[str, float]) -> dict[str, float]:
        """Leave out what is not a number, and say so once."""
        for name, value in values.items():
            if not math.isfinite(value) and name not in self._warned:
                self._warned.add(name)
                self._message(
                    f'{name} is {value} in epoch {self.epoch}; such values are not reported.', 'warning'
                )
        return {name: value for name, value in values.items() if math.isfinite(value)}


def _at_level(level: str, report: Callable[..., None], *what: Any) -> None:
    """Report at a level; a runtime that wants its own type of level gets its default instead."""
    try:
        report(*what, level=level)
    except TypeError:
        report(*what)
