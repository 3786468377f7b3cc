"""The figures of an evaluation are kept with the model, beside those of others that ended meanwhile."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from builtin_steps.val_yolo import _keep_with_model
from synapse_plugins import backends
from synapse_plugins.steps import BaseStepContext


class OnlyUpdates:
    """A backend that has nothing but the plain calls."""

    def __init__(self, backend):
        self.get_model, self.update_model = backend.get_model, backend.update_model


class Context(BaseStepContext):
    def __init__(self, client, run):
        super().__init__(SimpleNamespace(client=client, run_id=run))
        self.params, self.metrics, self.dataset = {}, {'run': run}, None

    client = property(lambda self: self.runtime_ctx.client)


@pytest.mark.parametrize('through', [lambda backend: backend, OnlyUpdates])
def test_an_evaluation_that_ended_meanwhile_is_kept(tmp_path, through):
    with backends.open('local', home=tmp_path / 'home') as backend:
        (tmp_path / 'best.pt').write_bytes(b'weights')
        model = backend.create_model({'name': 'm', 'file': tmp_path / 'best.pt'})
        for run in ('one', 'two'):  # both begin with what the model was before
            _keep_with_model(Context(through(backend), run), model)
        kept = backend.get_model('m')['configuration']['evaluations']
    assert [entry['metrics'] for entry in kept] == [{'run': 'one'}, {'run': 'two'}]
