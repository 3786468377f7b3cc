"""Sends every event of a run to MLflow, at the place that MLFLOW_TRACKING_URI names."""

import json

from synapse_plugins import hookimpl
from synapse_plugins.providers import LoggerProvider

_states = {}  # run id -> what MLflow is to call its end


@hookimpl
def synapse_register_loggers(register):
    register(
        LoggerProvider(name='mlflow', factory=f'{__name__}:MlflowLogger', summary='Sends events to MLflow.')
    )


@hookimpl
def synapse_after_run(context, error):
    _states[context.run_id] = 'FAILED' if error else 'FINISHED'


class MlflowLogger:
    def __init__(self, run_id, action, params):
        import mlflow  # here, so that commands that run nothing do not load it

        self._id, self._client, self._lines = run_id, mlflow.MlflowClient(), []
        experiment = mlflow.set_experiment(action)
        self._run = self._client.create_run(experiment.experiment_id, run_name=run_id).info.run_id
        for name, value in params.items():
            self._client.log_param(self._run, name, value)

    def emit(self, record):
        fields = {
            'time': record.time.isoformat(),
            'kind': record.kind,
            'event': record.event,
            'step': record.step,
        }
        self._lines.append(json.dumps({**fields, 'data': record.data}, default=str, ensure_ascii=False))
        values = record.data.get('metrics', {}) if record.kind == 'metric' else record.data
        if record.kind in {'metrics', 'metric', 'progress'}:
            for name, value in values.items():
                if isinstance(value, int | float):
                    self._client.log_metric(self._run, f'{record.step or "run"}/{name}', value)
        if record.file:
            self._client.log_artifact(self._run, record.file, artifact_path=record.step)

    def finish(self):
        self._client.log_text(self._run, '\n'.join(self._lines), 'events.jsonl')
        self._client.set_terminated(self._run, _states.pop(self._id, 'FINISHED'))
