"""The records that a pack registers: what it provides, by reference.

A reference is ``'package.module:Name'``; it is imported when the thing is used, so that listing packs imports
no step. The records are public.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from .errors import PackError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ['ActionProvider', 'FormatProvider', 'LoggerProvider', 'Role', 'StepProvider', 'resolve']

Role = Literal['dataset.export', 'dataset.transform', 'dataset.convert', 'train', 'model.upload']
"""What a step is for in an auto-wired run."""


@dataclass(frozen=True, kw_only=True)
class StepProvider:
    """A step that a pack offers for a role.

    Attributes:
        name: Unique within the role, e.g. ``yolo``.
        role: What the step is for.
        step: Reference to the step class, or to a callable that returns a step. Steps of role
            ``dataset.convert`` are called with ``target_format=`` and the train provider's options, all others
            without arguments. Of role ``dataset.transform`` it may also be a function ``Sample -> Sample | None``,
            which conversions can name.
        formats: Dataset formats it serves; empty: every format.
        tasks: Tasks it serves, e.g. ``detect``; empty: every task.
        params: Reference to a pydantic model whose fields join the action's parameters.
        requires: Module name -> the line to type when it is not installed; checked before any data moves.
        prepare: Reference to a function ``(params: dict) -> dict`` that gives the options of the steps before
            it, e.g. ``{'task': 'segment'}`` for the conversion.
        summary: One line for listings.
    """

    name: str
    role: Role
    step: str
    formats: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    params: str | None = None
    requires: Mapping[str, str] = field(default_factory=dict)
    prepare: str | None = None
    summary: str = ''

    def __post_init__(self) -> None:
        """Refuse a text where several belong: a forgotten comma would make a format of each of its letters."""
        for name in ('formats', 'tasks'):
            if isinstance(given := getattr(self, name), str):
                raise TypeError(f'{name} of the step {self.name!r} is {given!r}; write {name}=({given!r},)')

    def serves(self, target_format: str | None, task: str | None) -> bool:
        """Tell whether this provider serves a format and a task; None asks for any."""
        return (target_format is None or not self.formats or target_format in self.formats) and (
            task is None or not self.tasks or task in self.tasks
        )


@dataclass(frozen=True, kw_only=True)
class FormatProvider:
    """A dataset format that a pack adds to the table of formats.

    Attributes:
        name: The format's name, e.g. ``yolo``.
        reader: Reference to a `synapse_plugins.datasets.Reader` class; None: it cannot be read.
        writer: Reference to a `synapse_plugins.datasets.Writer` class; None: it cannot be written.
        detect: Reference to ``(root: Path) -> str | None``: None when the folder is of this format, else the
            reason why it is not.
        summary: One line for listings.
        version: Goes into cache keys; raise it when what the writer writes changes.
    """

    name: str
    reader: str | None = None
    writer: str | None = None
    detect: str | None = None
    summary: str = ''
    version: int = 1


@dataclass(frozen=True, kw_only=True)
class ActionProvider:
    """An action that a pack offers.

    Attributes:
        name: What a user types, e.g. ``yolo.train``.
        action: Reference to the action class.
        defaults: Parameters that this name sets, e.g. ``{'trainer': 'yolo'}``.
        summary: One line for listings.
    """

    name: str
    action: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ''


@dataclass(frozen=True, kw_only=True)
class LoggerProvider:
    """A logger that gets every event that a run emits.

    Attributes:
        name: Unique among loggers.
        factory: Reference to a callable ``(run_id: str, action: str, params: dict) -> logger or None``; None
            means that it does not watch this run. The parameters are complete, with their defaults.
        summary: One line for listings.
    """

    name: str
    factory: str
    summary: str = ''


def resolve(reference: str) -> Any:
    """Import what a reference names.

    Raises:
        PackError: If the reference is malformed, its module or attribute is not there, or importing it fails.
    """
    module, colon, attribute = reference.partition(':')
    if not (module and colon and attribute):
        raise PackError(f"{reference!r} is not a reference; write it as 'package.module:Name'.")
    try:
        found: Any = import_module(module)
        for part in attribute.split('.'):
            found = getattr(found, part)
    except (Exception, SystemExit) as exc:
        raise PackError(f'{reference!r} cannot be imported: {type(exc).__name__}: {exc}') from exc
    return found
