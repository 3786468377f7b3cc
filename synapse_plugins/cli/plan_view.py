"""What a run would do, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from . import output

if TYPE_CHECKING:
    from ..executors import RunPlan

__all__ = ['plan_document', 'say_plan']


def plan_document(plan: RunPlan) -> dict[str, Any]:
    """Return a plan as plain data."""
    return asdict(plan)


def say_plan(plan: RunPlan) -> None:
    """Print a plan."""
    output.say(f'{plan.action} of {plan.origin} would run like this:', '')
    if plan.steps:
        columns = (
            output.Column('STEP'),
            output.Column('SHARE', right=True),
            output.Column('PROVIDER'),
            output.Column('FROM', folds=True),
        )
        output.table(
            columns, [(step.name, f'{step.weight:.0%}', step.provider, step.origin) for step in plan.steps]
        )
        output.say('')
    output.fields([*_dataset(plan.dataset), *plan.params.items()])
    output.say('')
    output.fields(
        [
            *((name.capitalize(), path) for name, path in plan.paths.items()),
            (
                'Disk',
                f'{output.size(plan.disk["free"])} free, up to {output.size(plan.disk["needed"])} needed',
            ),
        ]
    )
    for note in plan.notes:
        output.say('', note)
    output.say('', 'Nothing was run. Leave out --plan to run it.')


def _dataset(version: dict[str, Any] | None) -> list[tuple[str, str]]:
    if version is None:
        return []
    return [('Dataset', f'{version["name"]}@{version["version"]}, {version["count"]:,} images')]
