"""What a run is given: where reports go, the backend, the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from .console import ConsoleLogger
from .environment import PluginEnvironment
from .levels import LogLevel
from .messages import LANGUAGE_VARIABLE, CommonLogMessageCode, formatted, text_in, texts_of
from .tee import TeeLogger

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ..steps.protocols import Journal, Observer

__all__ = ['RuntimeContext']


@dataclass
class RuntimeContext:
    """What a run is given. Needs no argument and touches no disk.

    Attributes:
        logger: Where reports go; by default the console. A logger, or any object with ``emit(record)``.
        env: The settings; by default the environment variables.
        job_id: The job that this run is for a backend.
        client: The backend.
        v2_client: A second backend client, where there is one.
        agent_client: Client of the agent that submits jobs.
        checkpoint: The model to start from: `category`, `path` and more.
        language: Language of messages (``en``, ``ko``); by default the setting SYNAPSE_LANGUAGE, else ``en``.
        journal: Where the run becomes durable.
        observers: Who watches its steps.
        packs: The packs that actions take their steps from; by default the installed ones.
        work_dir: Folder for the run's own files; None: a temporary one is made where one is needed.
        cache_dir: Folder for files that later runs can use again.
        run_id: Id of the run.
    """

    logger: Any = None
    env: Any = None
    job_id: str | None = None
    client: Any = None
    v2_client: Any = None
    agent_client: Any = None
    checkpoint: dict[str, Any] | None = None
    language: str | None = None
    journal: Journal | None = field(default=None, kw_only=True)
    observers: Iterable[Observer] = field(default=(), kw_only=True)
    packs: Any = field(default=None, kw_only=True)
    work_dir: Path | None = field(default=None, kw_only=True)
    cache_dir: Path | None = field(default=None, kw_only=True)
    run_id: str | None = field(default=None, kw_only=True)
    takes_message_codes: ClassVar[bool] = True
    _cancel_reason: str | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.logger is None:
            self.logger = ConsoleLogger()
        elif not hasattr(self.logger, 'log') and hasattr(self.logger, 'emit'):
            self.logger = TeeLogger([self.logger])
        if self.env is None:
            self.env = PluginEnvironment.from_environ()

    @property
    def client_v1(self) -> Any:
        """The same as `client`."""
        return self.client

    @property
    def client_v2(self) -> Any:
        """The same as `v2_client`."""
        return self.v2_client

    # -- reporting ------------------------------------------------------------------------------------

    def log(
        self,
        event: str,
        data: dict[str, Any],
        file: str | os.PathLike[str] | None = None,
        level: Any = LogLevel.INFO,
    ) -> None:
        """Report an event, with the path of a file that belongs to it if there is one."""
        self.logger.log(level, event, data, file)

    def set_progress(self, current: int, total: int, step: str | None = None) -> None:
        """Report progress of *step*, by default of the one at work; between steps, of the whole run."""
        self.logger.set_progress(current, total, step)

    def set_metrics(self, value: dict[str, Any], step: str | None = None) -> None:
        """Report metrics of *step*, by default of the one at work."""
        self.logger.set_metrics(value, step)

    def log_message(
        self,
        message: str | Mapping[str, str],
        level: Any = None,
        *,
        context: Any = None,
        language: str | None = None,
        step: str | None = None,
        **fmt: Any,
    ) -> None:
        """Report a message that a person reads.

        Args:
            message: A text, a `LogMessageCode`, or texts by language, e.g. ``{'en': '{n} items', 'ko': '{n}개'}``.
            level: How much it matters; None: as much as its code says, else ``info``.
            context: An older name of *level*.
            language: Language of this message.
            step: The step that it belongs to, by default the one at work.
            fmt: What the text is formatted with; without any it is taken as it is.
        """
        if context is not None:
            from warnings import warn

            warn('log_message(context=...) is deprecated: pass level=...', DeprecationWarning, stacklevel=2)
            level = context
        texts = texts_of(message, fmt)  # a code has texts by language
        text = texts if isinstance(texts, str) else text_in(texts, self._language(language))
        if level is None:
            level = getattr(message, 'level', LogLevel.INFO)
        data = {'content': formatted(str(text), fmt)}
        if texts is not message:
            data['key'] = str(message)
        self.logger.log(level, 'message', data, step=step)

    def log_metric(self, category: str, key: str, value: float, **metrics: Any) -> None:
        """Report metrics at a point of a training, e.g. ``('train', 'epoch', 3, loss=0.1)``."""
        data = {'category': str(category), 'key': key, 'value': value, 'metrics': metrics}
        self.logger.log(LogLevel.INFO, 'metric', data)

    def log_visualization(
        self, category: str, group: str, index: int, image: str | os.PathLike[str], **meta: Any
    ) -> None:
        """Report a picture."""
        data = {**meta, 'category': str(category), 'group': group, 'index': index}
        self.logger.log(LogLevel.INFO, 'visualization', data, str(image))

    def log_artifact(self, path: str | os.PathLike[str], kind: str, name: str | None = None) -> None:
        """Report a file that the run made and that is worth keeping.

        Args:
            path: The file, or a folder.
            kind: What it is, e.g. ``model``, ``plot``, ``results``.
            name: Name to show it under; by default its own.
        """
        path = str(path)
        shown = name or path.replace('\\', '/').rstrip('/').rpartition('/')[2]
        self.logger.log(LogLevel.INFO, 'artifact', {'kind': kind, 'name': shown}, path)

    def log_trials(self, data: dict[str, Any] | None = None, **parts: Any) -> None:
        """Report the trials of a parameter search, whole or in parts (`trials`, `base`, `hyperparameters` ...)."""
        empty: dict[str, Any] = {
            'base': [],
            'trials': {},
            'hyperparameters': [],
            'metrics': [],
            'best_trial': '',
        }
        given = {name: part for name, part in parts.items() if part is not None}
        self.logger.log(LogLevel.INFO, 'trials', {**empty, **given} if data is None else data)

    def log_dev_event(self, message: str, data: dict[str, Any] | None = None) -> None:
        """Report something for the developer of the plugin."""
        self.logger.log(LogLevel.DEBUG, 'dev_event', {'message': message, 'data': data})

    def end_log(self) -> None:
        """Say that the plugin is done."""
        self.log_message(CommonLogMessageCode.PLUGIN_RUN_COMPLETE)

    # -- the steps of the run, for the orchestrator ---------------------------------------------------

    def begin_steps(self, weights: list[tuple[str, float]]) -> bool:
        """Declare the steps of a run; False if they do not count: the logger cannot, or counts others already."""
        begin = getattr(self.logger, 'begin_steps', None)
        return begin is not None and begin(weights) is True

    def end_steps(self, success: bool = True) -> None:
        """End what `begin_steps` began."""
        end = getattr(self.logger, 'end_steps', None)
        if end is not None:
            end(success)

    # -- cancel ---------------------------------------------------------------------------------------

    def cancel(self, reason: str = 'cancelled') -> None:
        """Ask the run to stop. Safe to call from another thread or a signal handler; the first reason stays."""
        if self._cancel_reason is None:
            self._cancel_reason = reason or 'cancelled'

    @property
    def cancelled(self) -> bool:
        """Whether the run was asked to stop."""
        return self._cancel_reason is not None

    @property
    def cancel_reason(self) -> str:
        """Why; empty when it was not."""
        return self._cancel_reason or ''

    # -- inside ---------------------------------------------------------------------------------------

    def _language(self, language: str | None) -> str | None:
        return language or self.language or self.env.get(LANGUAGE_VARIABLE)
