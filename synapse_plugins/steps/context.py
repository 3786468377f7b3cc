"""The state that the steps of one run share."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from ..errors import NoBackendError
from .cancel import cancel_reason, is_cancelled

if TYPE_CHECKING:
    from .protocols import Journal
    from .result import StepResult

__all__ = ['BaseStepContext']


@dataclass
class BaseStepContext:
    """What the steps of one run share, and what they report through.

    Subclass it as a dataclass and give every added field a default.

    Attributes:
        runtime_ctx: What reports go to, usually a `RuntimeContext`; None reports nowhere.
        step_results: Results of the steps so far, in order, skipped and failed ones too.
        errors: What went wrong beside the failure itself: rollbacks, observers, the progress callback.
        current_step: Name of the step at work; None between steps.
        current_step_order: Its place, from 0.
        user_failure_message_emitted: Whether a person was already told why the run failed.
    """

    runtime_ctx: Any
    step_results: list[StepResult] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    current_step: str | None = field(default=None, init=False)
    current_step_order: int | None = field(default=None, init=False)
    user_failure_message_emitted: bool = field(default=False, init=False)
    _journal: Journal | None = field(default=None, init=False, repr=False, compare=False)
    _saved_rollback: dict[str, Any] | None = field(default=None, init=False, repr=False, compare=False)
    _cancels: dict[object, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    _own_run_id: str | None = field(default=None, init=False, repr=False, compare=False)
    _scope_path: str = field(default='', init=False, repr=False, compare=False)

    # -- reporting ------------------------------------------------------------------------------------

    def log(self, event: str, data: dict[str, Any], file: str | None = None, level: Any = None) -> None:
        """Report an event, with the path of a file that belongs to it if there is one."""
        if self.runtime_ctx is None:
            return
        report = self.runtime_ctx.log
        if level is None:  # the runtime's own default, whatever its type of level
            report(event, data, file)
        else:
            report(event, data, file, level=_level_for(report, level))

    def set_progress(self, current: int, total: int, step: str | None = None) -> None:
        """Report progress of *step*, by default of the step at work; between steps, of the whole run."""
        if self.runtime_ctx is not None:
            self.runtime_ctx.set_progress(current, total, step or self.current_step)

    def set_metrics(self, value: dict[str, Any], step: str | None = None) -> None:
        """Report metrics of *step*, by default of the step at work.

        Raises:
            ValueError: If there is no step at work and none was given.
        """
        step = step or self.current_step
        if not step:
            raise ValueError(
                "set_metrics was called between steps: pass step='...' to say whose metrics they are."
            )
        if self.runtime_ctx is not None:
            self.runtime_ctx.set_metrics(value, step)

    def log_message(self, message: Any, level: Any = None, *, context: Any = None, **kwargs: Any) -> None:
        """Report a message that a person reads.

        Args:
            message: A text, a message code, or what else the runtime makes a text of.
            level: ``info``, ``success``, ``warning``, ``danger`` ... or the runtime's own type of level.
            context: An older name of *level*.
            kwargs: What the message is formatted with.
        """
        if context is not None:
            from warnings import warn

            warn('log_message(context=...) is deprecated: pass level=...', DeprecationWarning, stacklevel=2)
            level = level if level is not None else context
        if self.runtime_ctx is None:
            return
        report = self.runtime_ctx.log_message
        texts = getattr(message, 'texts', None)
        if texts is not None and not getattr(self.runtime_ctx, 'takes_message_codes', False):
            # Another package's runtime does not know our codes; it takes texts by language.
            texts = message.texts_for(kwargs) if hasattr(message, 'texts_for') else texts
            message, level = texts, message.level.value if level is None else level
        if level is None:
            report(message, step=self.current_step, **kwargs)
        else:
            report(message, _level_for(report, level), step=self.current_step, **kwargs)

    def mark_user_failure_emitted(self) -> None:
        """Say that a person was already told why the run failed."""
        self.user_failure_message_emitted = True

    # -- the backend ----------------------------------------------------------------------------------

    @property
    def client(self) -> Any:
        """The backend of this run.

        Raises:
            NoBackendError: If the run has none.
        """
        client = getattr(self.runtime_ctx, 'client', None)
        if client is None:
            raise NoBackendError(
                'This run has no backend. Give it one: '
                "RuntimeContext(client=synapse_plugins.backends.open('local')), or start it with "
                '`synapse-plugins run`.'
            )
        return client

    # -- what rollback and resume stand on ------------------------------------------------------------

    def save_rollback(self, **data: Any) -> None:
        """Keep what `rollback` needs, before the step makes the thing that may have to be undone.

        With a journal it is durable when this returns, so that it survives a crash of the process. Several
        calls add up. The step's `rollback` finds it in ``result.rollback_data``.

        Raises:
            RuntimeError: If no step executes.
        """
        if self.current_step is None or self._saved_rollback is None:
            raise RuntimeError(
                "save_rollback was called when no step executes: call it from a step's execute(), under the "
                'orchestrator of this package.'
            )
        self._saved_rollback.update(data)
        if self._journal is not None:
            self._journal.save_rollback(self.current_step, self._saved_rollback)

    def _clear_rollback(self) -> None:
        """Forget what the step at work saved: it is undone, and a next attempt begins."""
        if self._saved_rollback:
            self._saved_rollback.clear()
            if self._journal is not None and self.current_step is not None:
                self._journal.save_rollback(self.current_step, {})

    def idempotency_key(self, name: str) -> str:
        """Return a key for creating the thing *name* once; the same again when the run is resumed.

        32 hexadecimal digits, made of the run's id, the step at work and *name*. In a run within a step, the outer
        step and the number of the run within it count too.
        """
        from hashlib import sha256

        step = f'{self._scope_path}{self.current_step or ""}'
        return sha256(f'{self.run_id}\0{step}\0{name}'.encode()).hexdigest()[:32]

    @property
    def run_id(self) -> str:
        """The id of the run: the journal's, else the runtime context's, else one made for this context."""
        if self._journal is not None:
            return self._journal.run_id
        if self._own_run_id is None:
            given = getattr(self.runtime_ctx, 'run_id', None)
            if isinstance(given, str) and given:
                return given
            from uuid import uuid4

            self._own_run_id = uuid4().hex
        return self._own_run_id

    # -- cancel ---------------------------------------------------------------------------------------

    @property
    def cancelled(self) -> bool:
        """Whether the work should stop: the run was cancelled, or a time-out of this step has passed.

        Long steps look at it now and then, and raise or return a failed result.
        """
        return bool(self._cancels) or is_cancelled(self.runtime_ctx)

    @property
    def cancel_reason(self) -> str:
        """Why the work should stop; empty when it should not."""
        for reason in tuple(self._cancels.values()):
            return reason
        return (cancel_reason(self.runtime_ctx) or 'cancelled') if is_cancelled(self.runtime_ctx) else ''

    def cancel(self, reason: str = 'cancelled') -> None:
        """Ask the run to stop: the step at work sees `cancelled`, and no further step is started.

        Safe to call from another thread. It stays: a run over this context does not begin again.
        """
        self._cancel_for(object(), reason)

    def _cancel_for(self, asker: object, reason: str) -> None:
        """Cancel, with something to take it back by; each of the two is one atomic change of a dict."""
        self._cancels[asker] = reason

    def _withdraw_cancel(self, asker: object) -> None:
        """Take back what *asker* asked for; a time-out ends with the step it was set for."""
        self._cancels.pop(asker, None)

    # -- for the orchestrator -------------------------------------------------------------------------

    def _set_current_step(self, name: str | None, order: int | None = None) -> None:
        self.current_step = name
        self.current_step_order = order if name is not None else None


def _level_for(report: Any, level: Any) -> Any:
    """Return a level that came as text in the type that *report* has for levels: its default shows it."""
    if type(level) is str:
        for default in getattr(report, '__defaults__', None) or ():
            if isinstance(default, Enum):
                return type(default)(level)
    return level
