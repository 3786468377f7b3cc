"""The hooks: records and references, nothing else is imported."""

from __future__ import annotations

from synapse_plugins import hookimpl
from synapse_plugins.providers import ActionProvider, FormatProvider, LoggerProvider, StepProvider


@hookimpl
def synapse_register_formats(register):
    register(
        FormatProvider(
            name='tally',
            reader='stranger_pack.tally:TallyReader',
            writer='stranger_pack.tally:TallyWriter',
            detect='stranger_pack.tally:detect',
            summary='One JSON line an image: its name and how often each class is on it.',
        )
    )


@hookimpl
def synapse_register_steps(register):
    register(
        StepProvider(
            name='tally',
            role='train',
            step='stranger_pack.steps:TallyTrainStep',
            formats=('tally',),
            params='stranger_pack.params:TallyParams',
            summary='Learns how often each class is on an image.',
        )
    )
    register(
        StepProvider(
            name='mean-box',
            role='train',
            step='stranger_pack.steps:MeanBoxTrainStep',
            formats=('coco',),
            summary='Learns the mean box of each class.',
        )
    )
    register(StepProvider(name='census', role='dataset.transform', step='stranger_pack.steps:CensusStep'))


@hookimpl
def synapse_register_actions(register):
    register(
        ActionProvider(
            name='stranger.train',
            action='stranger_pack.actions:TallyTrain',
            summary='Trains on tallies, after a census.',
        )
    )


@hookimpl
def synapse_register_loggers(register):
    register(LoggerProvider(name='event-lines', factory='stranger_pack.lines:make'))
