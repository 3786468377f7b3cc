"""Says what a run would do: every check is made, nothing is run."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .namesakes import registered
from .prepare import is_vendor_action, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .prepare import Prepared

__all__ = ['PlannedStep', 'RunPlan', 'plan']


@dataclass(frozen=True)
class PlannedStep:
    """A step that would run.

    Attributes:
        name: Its name.
        weight: Its share of the run, 0 to 1.
        provider: Who provides it, by the provider's name; None for the action's own steps.
        origin: The distribution that brings it, or the action's class.
    """

    name: str
    weight: float
    provider: str | None
    origin: str


@dataclass
class RunPlan:
    """What a run would do.

    Attributes:
        action: The action's name.
        origin: Where the action comes from.
        params: Its parameters, complete, names resolved to ids.
        steps: Its steps, in order; empty for an action that runs without steps.
        dataset: What the backend says of the dataset version.
        paths: What lies where: `home`, `cache`, `runs`.
        disk: `needed` and `free`, in bytes; `needed` is what the pictures take if they must be copied.
        notes: What else a user should know.
    """

    action: str
    origin: str
    params: dict[str, Any]
    steps: list[PlannedStep]
    dataset: dict[str, Any] | None
    paths: dict[str, str]
    disk: dict[str, int]
    notes: list[str] = field(default_factory=list)


def plan(
    action: str,
    *,
    params: Mapping[str, Any] | None = None,
    backend: str = 'local',
    home: str | Path | None = None,
    plugin: str | Path | None = None,
    **kwargs: Any,
) -> RunPlan:
    """Make every check of `run` and say what it would do; the arguments are those of `run`.

    Raises:
        SynapsePluginsError: What `run` would raise before it starts.
    """
    from .. import backends
    from ..store import open_store

    with open_store(home) as store, backends.open(backend, home=home) as client:
        prepared = prepare(
            action, {**(params or {}), **kwargs}, client=client, plugin=plugin, cache_dir=store.cache_dir
        )
        return RunPlan(
            action=action,
            origin=prepared.found.origin,
            params=prepared.complete_params(),
            steps=_steps(prepared),
            dataset=prepared.dataset,
            paths={'home': str(store.home), 'cache': str(store.cache_dir), 'runs': str(store.runs_dir)},
            disk={
                'needed': int((prepared.dataset or {}).get('size') or 0),
                'free': shutil.disk_usage(store.home).free,
            },
            notes=_notes(prepared),
        )


def _steps(prepared: Prepared) -> list[PlannedStep]:
    if prepared.action is None:
        return []
    steps = list(prepared.action.build_registry())
    total = sum(step.progress_weight for step in steps) or 1.0
    return [_planned(step, step.progress_weight / total, prepared) for step in steps]


def _planned(step: Any, weight: float, prepared: Prepared) -> PlannedStep:
    claim = getattr(step, 'claim', None)
    if claim is None:
        cls = prepared.found.cls
        return PlannedStep(step.name, weight, None, f'{cls.__module__}:{cls.__qualname__}')
    return PlannedStep(step.name, weight, claim.provider.name, claim.pack.origin)


def _notes(prepared: Prepared) -> list[str]:
    notes = [note for note, _ in prepared.notes]
    if prepared.folder is not None:
        notes.append(registered(prepared.folder, prepared.dataset or {}))
    if is_vendor_action(prepared.found.cls):
        notes.append(
            "This action is based on the vendor's class: its own dispatch runs it, and its steps are not known before."
        )
    notes.extend(
        f'Pack {record.name!r} of {record.origin}: {record.error}'
        for record in prepared.ctx.packs.records
        if record.error
    )
    return notes
