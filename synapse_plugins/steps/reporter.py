"""Tells the others about a run: the runtime and its logger, the progress callback, the observers.

Whoever listens may fail without harm to the run: what they raise is kept in `context.errors` and warned of once.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .plan import Planned
    from .protocols import Observer

__all__ = ['Reporter']


class Reporter:
    """What one run says, and to whom.

    A step may run steps of its own, over the same context or over another one with the same runtime. What
    was the current step before is the current step again between the inner steps, and after them.
    """

    def __init__(
        self,
        context: Any,
        progress_callback: Callable[[int, int], Any] | None,
        observers: tuple[Observer, ...],
    ) -> None:
        self.context = context
        self.progress_callback = progress_callback
        self.observers = observers
        self.runtime: Any = getattr(context, 'runtime_ctx', None)
        self.logger = getattr(self.runtime, 'logger', None)
        self.set_step = getattr(self.logger, 'set_step', None)
        self.outer = (context.current_step, context.current_step_order)
        self.outer_logged = self.outer if self.outer[0] is not None else _logged_step(self.logger)
        self.owns_plan = False
        self.proportions: dict[str, int] | None = None
        self.warned: set[str] = set()

    # -- the runtime ----------------------------------------------------------------------------------

    def declare(self, plan: list[Planned], registry: Any) -> None:
        """Tell the runtime the weights, in the way it knows, so that it can count overall progress."""
        try:
            declare = getattr(self.logger, 'set_step_proportions', None)
            begin = getattr(self.runtime, 'begin_steps', None)
            if declare is not None and self.outer_logged[0] is None:
                self.proportions = registry.get_step_proportions()
                with suppress(RuntimeError):  # progress has started: the plan that such a logger has holds
                    declare(self.proportions, orders=registry.get_step_orders())
            elif begin is not None:
                self.owns_plan = begin([(planned.name, planned.weight) for planned in plan]) is True
        except Exception as exc:  # noqa: BLE001 - by contract
            self.record('Declaring the weights failed', exc)

    def end(self, success: bool) -> None:
        """Take back what this run set up."""
        self.leave_step()
        if self.owns_plan:
            try:
                self.runtime.end_steps(success)
            except Exception as exc:  # noqa: BLE001 - by contract
                self.record('Ending the steps in the log failed', exc)

    def enter_step(self, name: str, order: int) -> None:
        """Make a step the current one."""
        self.context._set_current_step(name, order=order)
        if self.set_step is not None:
            try:
                self.set_step(name, order=order)
            except Exception as exc:  # noqa: BLE001 - by contract
                self.record('Naming the step in the log failed', exc)

    def leave_step(self) -> None:
        """Make what was the current step before this run the current one again, usually none."""
        name, order = self.outer
        self.context._set_current_step(name, order=order)
        if self.set_step is not None:
            name, order = self.outer_logged
            try:
                if name is None:
                    self.set_step(None)
                else:
                    self.set_step(name, order=order)
            except Exception as exc:  # noqa: BLE001 - by contract
                self.record('Naming the step in the log failed', exc)

    def progress(self, percent: int, step: str | None) -> None:
        """Say how much of the run is done, after *step*. There is no current step meanwhile."""
        self.leave_step()
        try:
            if self.proportions is not None and step is not None and self.proportions.get(step):
                self.runtime.set_progress(100, 100, step)  # such a logger adds the steps up by itself
            if self.progress_callback is not None:
                self.progress_callback(percent, 100)
            elif self.proportions is None and self.runtime is not None:
                self.runtime.set_progress(percent, 100, self.outer_logged[0])
        except Exception as exc:  # noqa: BLE001 - by contract
            self.record('Reporting the progress failed', exc)

    def step_failed(self, name: str, order: int, reason: str, stopped: bool) -> None:
        """Tell the log that a step failed, or was stopped; only a logger that has a word for it is told."""
        self._tell_logger('step_failed', name, order=order, reason=reason, stopped=stopped)

    def step_rolled_back(self, name: str, order: int, raised: BaseException | None) -> None:
        """Tell the log that a step was rolled back, or could not be."""
        error = None if raised is None else describe(raised)
        self._tell_logger('step_rolled_back', name, order=order, error=error)

    def _tell_logger(self, method: str, name: str, **data: Any) -> None:
        tell = getattr(self.logger, method, None)
        if tell is None:
            return
        try:
            tell(name, **data)
        except Exception as exc:  # noqa: BLE001 - by contract
            self.record('Telling the log of a failure failed', exc)

    # -- the observers --------------------------------------------------------------------------------

    def notify(self, event: str, *args: Any) -> None:
        """Tell the observers that have a method for it: what comes before in order, the rest in the reverse."""
        for observer in self.observers if event.startswith('before_') else reversed(self.observers):
            method = getattr(observer, event, None)
            if method is None:
                continue
            try:
                method(self.context, *args)
            except Exception as exc:  # noqa: BLE001 - by contract
                self.record(f'Observer {type(observer).__name__}.{event} failed', exc)

    # -- when they fail -------------------------------------------------------------------------------

    def record(self, what: str, exc: BaseException) -> None:
        """Keep a failure that changes nothing, and warn of it the first time."""
        text = f'{what}: {describe(exc)}'
        errors = self.context.errors
        if text not in errors:
            errors.append(text)
        if what in self.warned:
            return
        self.warned.add(what)
        try:
            self.context.log_message(text, 'warning')
        except Exception as unsaid:  # noqa: BLE001 - there is nobody left to tell
            errors.append(f'The warning could not be shown: {describe(unsaid)}')


def log_quietly(context: Any, event: str, data: dict[str, Any]) -> None:
    """Log an event of a wrapper; a logger that fails does not fail the step."""
    try:
        context.log(event, data)
    except Exception as exc:  # noqa: BLE001 - by contract
        context.errors.append(f'The event {event} could not be logged: {describe(exc)}')


def describe(exc: BaseException) -> str:
    """Return type and text of an exception, also of one whose text cannot be had."""
    text = text_of(exc)
    name = type(exc).__name__
    return name if text == name else f'{name}: {text}'


def text_of(exc: BaseException | None) -> str:
    """Return the text of an exception, or its type if there is no text."""
    try:
        return str(exc) or type(exc).__name__
    except Exception:  # noqa: BLE001 - a broken __str__ must not stand between a failure and its rollback
        return type(exc).__name__


def reason_of(exc: BaseException | None) -> str:
    """Return why a step failed: the text of what it raised; a KeyError's is but a key, so its type goes before."""
    return describe(exc) if isinstance(exc, KeyError) else text_of(exc)


def _logged_step(logger: Any) -> tuple[str | None, int | None]:
    """Return the step that the logger is at: that of an outer run over another context, if there is one."""
    get_step, get_order = getattr(logger, 'get_step', None), getattr(logger, 'get_step_order', None)
    step = get_step() if get_step is not None else None
    order = get_order() if get_order is not None else None
    # Stand-ins in tests answer every call with something.
    return (step, order if isinstance(order, int) else None) if isinstance(step, str) else (None, None)
