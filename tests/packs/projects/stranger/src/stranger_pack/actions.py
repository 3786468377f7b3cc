"""A train action that adds a step to the wired ones."""

from __future__ import annotations

from stranger_pack.steps import CensusStep
from synapse_plugins import BaseTrainAction
from synapse_plugins.actions.train import BaseTrainParams


class TallyTrain(BaseTrainAction[BaseTrainParams]):
    """Trains on tallies, after a census."""

    action_name = 'stranger.train'
    target_format = 'tally'

    def setup_steps(self, registry):
        super().setup_steps(registry)
        registry.insert_before('train', CensusStep())


class CocoTrain(BaseTrainAction[BaseTrainParams]):
    """Says nothing but its format."""

    target_format = 'coco'
