"""What all loggers have in common: they check, keep the state of the run, and make records of it."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from threading import RLock
from typing import TYPE_CHECKING, Any

from .levels import LogLevel, level_of
from .progress import ProgressModel
from .records import Kind, LogRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ['BaseLogger']

_KIND_OF_EVENT: dict[str, Kind] = {
    'message': 'message',
    'metric': 'metric',
    'visualization': 'visualization',
    'artifact': 'artifact',
}


class BaseLogger(ABC):
    """Takes what a run reports; a subclass says in `emit` what becomes of it.

    Reports may come from several threads; records come out one at a time. A logger whose `emit` raises is
    switched off, and the run goes on.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._model = ProgressModel()
        self._step: str | None = None
        self._order: int | None = None
        self._progress: dict[str | None, dict[str, Any]] = {}
        self._metrics: dict[str, dict[str, Any]] = {}
        self._finished = False
        self._failure: Exception | None = None

    @abstractmethod
    def emit(self, record: LogRecord) -> None:
        """Show, keep or pass on one record."""

    # -- what a run reports ---------------------------------------------------------------------------

    def log(
        self,
        level: Any,
        event: str,
        data: Mapping[str, Any],
        file: str | os.PathLike[str] | None = None,
        step: str | None = None,
    ) -> None:
        """Report an event.

        Args:
            level: A `LogLevel`, or the name of one.
            event: Its name; ``message``, ``metric``, ``visualization`` and ``artifact`` have a meaning.
            data: What there is to know.
            file: Path of the file that belongs to it.
            step: The step that it belongs to, by default the one at work.

        Raises:
            TypeError: If *level* is no level or *data* no mapping.
            RuntimeError: If the logger is finished.
        """
        self._check_open()
        level = level_of(level)
        if not isinstance(data, Mapping):
            raise TypeError(f'data must be a dict, got {type(data).__name__}')
        path = None if file is None else os.fspath(file)
        with self._lock:
            self._send(
                _KIND_OF_EVENT.get(event, 'event'), step or self._step, dict(data), level.value, event, path
            )

    def log_message(
        self, content: str, level: Any = LogLevel.INFO, *, key: str | None = None, step: str | None = None
    ) -> None:
        """Report a message that a person reads."""
        self.log(
            level,
            'message',
            {'content': content} if key is None else {'content': content, 'key': key},
            step=step,
        )

    def log_metric(self, category: str, key: str, value: float, **metrics: Any) -> None:
        """Report metrics at a point of a training, e.g. ``('train', 'epoch', 3, loss=0.1)``."""
        data = {'category': str(category), 'key': key, 'value': value, 'metrics': metrics}
        self.log(LogLevel.INFO, 'metric', data)

    def log_visualization(
        self, category: str, group: str, index: int, image: str | os.PathLike[str], **meta: Any
    ) -> None:
        """Report a picture."""
        data = {**meta, 'category': str(category), 'group': group, 'index': index}
        self.log(LogLevel.INFO, 'visualization', data, image)

    def log_artifact(self, path: str | os.PathLike[str], kind: str, name: str | None = None) -> None:
        """Report a file that the run made and that is worth keeping, by default under its own name."""
        path = os.fspath(path)
        self.log(LogLevel.INFO, 'artifact', {'kind': kind, 'name': name or os.path.basename(path)}, path)  # noqa: PTH119 - pathlib costs start-up

    def debug(self, message: str) -> None:
        """Report something for developers."""
        self.log(LogLevel.DEBUG, 'debug', {'content': message})

    def info(self, message: str) -> None:
        """Report a message."""
        self.log_message(message)

    def warning(self, message: str) -> None:
        """Report a message of level warning."""
        self.log_message(message, LogLevel.WARNING)

    def error(self, message: str) -> None:
        """Report a message of level error."""
        self.log_message(message, LogLevel.ERROR)

    def critical(self, message: str) -> None:
        """Report a message of level critical."""
        self.log_message(message, LogLevel.CRITICAL)

    # -- progress and metrics -------------------------------------------------------------------------

    def set_progress(self, current: float, total: float, step: str | None = None) -> None:
        """Report progress of *step*, by default of the one at work; between steps, of the whole run.

        Raises:
            ValueError: If *total* is not positive or *current* not between 0 and *total*.
            RuntimeError: If the logger is finished.
        """
        self._check_progress(current, total)
        with self._lock:
            step = step or self._step
            data = self._progress[step] = self._model.report(current, total, step)
            self._send('progress', step, data)

    def set_metrics(self, value: Mapping[str, Any], step: str | None = None) -> None:
        """Report metrics of *step*, by default of the one at work; they add up.

        Raises:
            TypeError: If *value* is no mapping.
            ValueError: If there is no step.
            RuntimeError: If the logger is finished.
        """
        self._check_open()
        if not isinstance(value, Mapping):
            raise TypeError(f'value must be a dict, got {type(value).__name__}')
        step = step or self._step
        if not step:
            raise ValueError('step must be specified or set via set_step()')
        with self._lock:
            self._metrics.setdefault(step, {}).update(value)
            self._send('metrics', step, dict(value))

    def get_progress(self, step: str | None = None) -> dict[str, Any] | None:
        """Return the last progress of *step* as its record has it; None if there was none."""
        data = self._progress.get(step)
        return None if data is None else dict(data)

    def get_metrics(self, step: str | None = None) -> dict[str, Any]:
        """Return the metrics of *step*, or those of all steps by name."""
        if step:
            return dict(self._metrics.get(step, {}))
        return {name: dict(values) for name, values in self._metrics.items()}

    # -- the steps of the run -------------------------------------------------------------------------

    def begin_steps(self, weights: Iterable[tuple[str, float]]) -> bool:
        """Declare the steps of a run and their weights, in order.

        Returns:
            False if a plan is in force already: this is a run within a step, and the outer one counts.
        """
        with self._lock:
            weights = list(weights)
            if not self._model.begin(weights):
                return False
            self._progress.clear()
            self._send('steps', self._step, {'steps': [[name, weight] for name, weight in weights]})
            return True

    def end_steps(self, success: bool = True) -> None:
        """End the plan, and say whether its run succeeded."""
        with self._lock:
            if self._model.planned:
                self._model.end()
                self._send('step', self._step, {'finished': success})

    def set_step(self, step: str | None, order: int | None = None) -> None:
        """Say which step is at work; None: none is."""
        with self._lock:
            changed = step != self._step
            self._step = step
            self._order = order if step is not None else None
            if not changed:
                return
            if step is not None:
                self._model.enter(step)
            self._send('step', step, {})

    def step_failed(
        self, step: str, *, order: int | None = None, reason: str = '', stopped: bool = False
    ) -> None:
        """Report that *step* failed, with its reason; *stopped*: because the run was asked to stop."""
        with self._lock:
            self._send('step', step, {'failed': reason, 'stopped': stopped}, order=order)

    def step_rolled_back(self, step: str, *, order: int | None = None, error: str | None = None) -> None:
        """Report that *step* was rolled back; *error*: what went wrong with that."""
        with self._lock:
            self._send('step', step, {'rolled_back': error is None, 'error': error}, order=order)

    def get_step(self) -> str | None:
        """Return the step at work."""
        return self._step

    def get_step_order(self) -> int | None:
        """Return the place of the step at work, from 0."""
        return self._order

    def finish(self) -> None:
        """Take no more reports. Safe to call again."""
        with self._lock:
            if not self._finished:
                self._finished = True
                self._on_finish()

    # -- inside ---------------------------------------------------------------------------------------

    def _on_finish(self) -> None:  # noqa: B027 - optional
        """Let go of what the logger holds; for subclasses."""

    def _check_progress(self, current: float, total: float) -> None:
        self._check_open()
        if not total > 0:
            raise ValueError(f'total must be > 0, got {total}')
        if not 0 <= current <= total:
            raise ValueError(f'current must be between 0 and {total}, got {current}')

    def _check_open(self) -> None:
        if self._finished:
            raise RuntimeError('Cannot log to a finished logger')

    def _send(
        self,
        kind: Kind,
        step: str | None,
        data: dict[str, Any],
        level: str = 'info',
        event: str = '',
        file: str | None = None,
        order: int | None = None,
    ) -> None:
        """Make a record and give it to `emit`, which cannot harm the run."""
        if self._failure is not None:
            return
        order = self._order if step == self._step else order
        try:
            self.emit(LogRecord(kind, datetime.now(UTC), step, order, level, event or kind, data, file))
        except Exception as exc:  # noqa: BLE001 - by contract
            self._failure = exc
            warn_off(self, exc)


def warn_off(sink: object, exc: Exception) -> None:
    """Say, where no logger is left to say it, that one was switched off."""
    from logging import getLogger

    getLogger('synapse_plugins').warning(
        'The logger %s failed and is switched off: %s: %s', type(sink).__name__, type(exc).__name__, exc
    )
