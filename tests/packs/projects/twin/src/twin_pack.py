"""A second trainer for the format tally."""

from __future__ import annotations

from synapse_plugins import hookimpl
from synapse_plugins.providers import StepProvider


@hookimpl
def synapse_register_steps(register):
    register(
        StepProvider(
            name='twin',
            role='train',
            step='stranger_pack.steps:TallyTrainStep',
            formats=('tally',),
            params='stranger_pack.params:TallyParams',
        )
    )
