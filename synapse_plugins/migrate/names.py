"""What the names of `synapse_sdk` are called here, and why some have no counterpart.

This is a table and the questions that are asked of it. `docs/migrating.md` says the same for people; a test
compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ['MODULES', 'NOT_HERE', 'TABLE', 'VENDOR', 'Target', 'find', 'is_framework', 'subject', 'why_not']

VENDOR = 'synapse_sdk'
_PLUGINS = f'{VENDOR}.plugins'


@dataclass(frozen=True)
class Target:
    """Where a name is found here.

    Attributes:
        module: The module.
        name: The name in it.
    """

    module: str
    name: str


def _same(module: str, *names: str) -> dict[str, Target]:
    return {name: Target(module, name) for name in names}


_STEPS = _same(
    'synapse_plugins.steps',
    'BaseStep',
    'BaseStepContext',
    'ConvertDatasetStep',
    'ExportDatasetStep',
    'LoggingStep',
    'Orchestrator',
    'StepRegistry',
    'StepResult',
    'TimingStep',
    'ValidationStep',
)
_CONTEXT = _same('synapse_plugins.context', 'PluginEnvironment', 'RuntimeContext')
_MESSAGES = _same(
    'synapse_plugins.context',
    'CommonLogMessageCode',
    'LogMessageCode',
    'register_log_messages',
    'resolve_log_message',
)
_BASE = {
    **_same('synapse_plugins', 'BaseAction'),
    **_same('synapse_plugins.actions.base', 'NoResult'),
}
_TRAIN = {
    **_same('synapse_plugins.actions.train', 'BaseTrainAction', 'BaseTrainParams', 'TrainContext'),
    **_same('synapse_plugins.context', 'TrainLogMessageCode'),
}
_RESULT = _same('synapse_plugins.actions.train', 'TrainResult')
_EXPORT = _same(
    'synapse_plugins.actions.export',
    'AssignmentExportTargetHandler',
    'BaseExportAction',
    'BaseExporter',
    'DefaultExportAction',
    'ExportContext',
    'ExportLogMessageCode',
    'ExportParams',
    'ExportStatus',
    'ExportTargetHandler',
    'ExporterRunAdapter',
    'GroundTruthExportTargetHandler',
    'MetricsRecord',
    'TargetHandlerFactory',
    'TaskExportTargetHandler',
)
_EXPORT_STEPS = _same(
    'synapse_plugins.actions.export.steps',
    'ConvertDataStep',
    'FetchResultsStep',
    'FinalizeStep',
    'InitializeStep',
    'PrepareExportStep',
    'SaveFilesStep',
)
_UPLOAD = _same(
    'synapse_plugins.actions.upload',
    'AssetConfig',
    'BaseUploadAction',
    'DefaultUploadAction',
    'UploadContext',
    'UploadLogMessageCode',
    'UploadParams',
    'UploadResult',
)
_UPLOAD_STEPS = _same(
    'synapse_plugins.actions.upload.steps',
    'AnalyzeCollectionStep',
    'CleanupStep',
    'GenerateDataUnitsStep',
    'InitializeStep',
    'OrganizeFilesStep',
    'ProcessMetadataStep',
    'UploadFilesStep',
    'ValidateFilesStep',
)
_DATASET = _same(
    'synapse_plugins.actions.dataset', 'DatasetAction', 'DatasetOperation', 'DatasetParams', 'DatasetResult'
)
_CATEGORIES = _same('synapse_plugins.enums', 'PluginCategory', 'RunMethod')
_METRICS = _same('synapse_plugins.context', 'MetricsCategory')
_TYPES = _same(
    'synapse_plugins.types',
    'COCODataset',
    'DMDataset',
    'DMv1Dataset',
    'DMv2Dataset',
    'DataType',
    'Dataset',
    'InferenceResults',
    'Model',
    'ModelWeights',
    'ONNXModel',
    'PascalVOCDataset',
    'Result',
    'TensorRTModel',
    'TestResults',
    'YOLODataset',
)
_LOGGERS = {
    **_same('synapse_plugins.context', 'BaseLogger', 'ConsoleLogger'),
    'NoOpLogger': Target('synapse_plugins.context', 'NullLogger'),
}
_TRAIN_STEPS = {
    **{name: _STEPS[name] for name in ('ConvertDatasetStep', 'ExportDatasetStep')},
    'ModelUploadStep': Target('builtin_steps.upload_model', 'UploadModelStep'),
}
_AT_THE_TOP = {
    **_same(
        'synapse_plugins',
        'BaseAction',
        'BaseExportAction',
        'BaseStep',
        'BaseStepContext',
        'BaseTrainAction',
        'BaseUploadAction',
        'Orchestrator',
        'RuntimeContext',
        'StepRegistry',
        'StepResult',
    ),
    **{name: _STEPS[name] for name in ('LoggingStep', 'TimingStep', 'ValidationStep')},
    'NoResult': _BASE['NoResult'],
    'TrainContext': _TRAIN['TrainContext'],
    **_RESULT,
    'ExportContext': _EXPORT['ExportContext'],
    'UploadContext': _UPLOAD['UploadContext'],
    'PluginCategory': _CATEGORIES['PluginCategory'],
    'MetricsCategory': _METRICS['MetricsCategory'],
}

TABLE: dict[str, dict[str, Target]] = {
    f'{_PLUGINS}.pipelines.steps': _STEPS,
    f'{_PLUGINS}.steps': _STEPS,
    f'{_PLUGINS}.context': _CONTEXT,
    f'{_PLUGINS}.actions.train.steps': _TRAIN_STEPS,
    f'{_PLUGINS}.actions.train': _TRAIN,
    f'{_PLUGINS}.actions.export.steps': _EXPORT_STEPS,
    f'{_PLUGINS}.actions.export': _EXPORT,
    f'{_PLUGINS}.actions.upload.steps': _UPLOAD_STEPS,
    f'{_PLUGINS}.actions.upload': _UPLOAD,
    f'{_PLUGINS}.actions.dataset': _DATASET,
    f'{_PLUGINS}.log_messages': _MESSAGES,
    f'{_PLUGINS}.action': _BASE,
    f'{_PLUGINS}.enums': {**_CATEGORIES, **_METRICS},
    f'{_PLUGINS}.types': _TYPES,
    f'{_PLUGINS}.schemas': _RESULT,
    f'{_PLUGINS}.models.logger': _same('synapse_plugins.context', 'LogLevel'),
    f'{VENDOR}.loggers': _LOGGERS,
}
"""Module, with everything below it -> name -> where it is here."""

_EXACTLY: dict[str, dict[str, Target]] = {
    _PLUGINS: _AT_THE_TOP,
    f'{_PLUGINS}.actions': {**_TRAIN, **_EXPORT, **_UPLOAD, **_DATASET},
    f'{_PLUGINS}.pipelines': {
        name: target
        for name, target in _STEPS.items()
        if name not in {'ConvertDatasetStep', 'ExportDatasetStep'}
    },
}
"""The same for modules whose submodules hold something else."""

MODULES: dict[str, str] = {
    f'{_PLUGINS}.pipelines.steps': 'synapse_plugins.steps',
    f'{_PLUGINS}.steps': 'synapse_plugins.steps',
    f'{_PLUGINS}.context': 'synapse_plugins.context',
    f'{_PLUGINS}.types': 'synapse_plugins.types',
    f'{_PLUGINS}.enums': 'synapse_plugins.enums',
    f'{_PLUGINS}.actions.train': 'synapse_plugins.actions.train',
    f'{_PLUGINS}.actions.export': 'synapse_plugins.actions.export',
    f'{_PLUGINS}.actions.upload': 'synapse_plugins.actions.upload',
    f'{_PLUGINS}.actions.dataset': 'synapse_plugins.actions.dataset',
}
"""Modules that are imported whole -> the module here."""

_SERVING = 'serving a model is not here'
_PIPELINES = 'chains of actions are not here: make one action of the steps'
_EXPORTER = 'the older export is not here: make it a DefaultExportAction, or an exporter of your own'
_UPLOAD_PARTS = (
    'the default upload is made of other parts here; its steps are in synapse_plugins.actions.upload.steps'
)
_EXPORT_PARTS = (
    'the default export is made of other parts here; its steps are in synapse_plugins.actions.export.steps'
)
_TUNING = 'searching hyperparameters is not here yet'
_SMART = 'smart tools are not here'
_TASKS = 'pre-annotation is not here as a kind of its own: an ordinary action does it (docs/migrating.md)'

NOT_HERE: dict[str, str] = {
    'ActionPipeline': _PIPELINES,
    'BaseAutoLabelAction': _SMART,
    'BaseDeploymentAction': _SERVING,
    'BaseInferenceAction': _SERVING,
    'BaseServeDeployment': _SERVING,
    'ExportAction': _EXPORTER,
    'ToTaskAction': _TASKS,
    'TrainExecuteStep': 'the train step is wired by itself; write execute(), or a train step in a pack',
    'TuneDatasetStep': _TUNING,
    'TuneTrialsStep': _TUNING,
    'action': 'an action is a class here',
    'run_plugin': 'runs are started by synapse_plugins.run() or `synapse-plugins run`',
    f'{_PLUGINS}.actions.auto_label': _SMART,
    f'{_PLUGINS}.actions.export': _EXPORT_PARTS,
    f'{_PLUGINS}.actions.inference': _SERVING,
    f'{_PLUGINS}.actions.to_task': _TASKS,
    f'{_PLUGINS}.actions.train.tune': _TUNING,
    f'{_PLUGINS}.actions.upload': _UPLOAD_PARTS,
    f'{_PLUGINS}.errors': 'errors are another tree here; catch synapse_plugins.errors.SynapsePluginsError',
    f'{_PLUGINS}.executors': 'runs are started by synapse_plugins.run() or `synapse-plugins run`',
    f'{_PLUGINS}.log_messages': 'your own messages are registered with synapse_plugins.context.register_log_messages',
    f'{_PLUGINS}.pipelines': _PIPELINES,
    f'{_PLUGINS}.runner': 'runs are started by synapse_plugins.run() or `synapse-plugins run`',
    f'{_PLUGINS}.testing': 'plugins are tested with synapse_plugins.testing',
    f'{VENDOR}.clients': "a run's client is self.client; of a server by itself synapse_plugins.backends.open('https://...')",
    f'{VENDOR}.loggers': 'a logger is an object with emit(record), plugged in by a pack',
    f'{VENDOR}.plugins.categories': 'this is the first generation of the SDK; move to its steps and actions first',
    f'{VENDOR}.utils.converters': 'formats are converted by synapse_plugins.datasets.convert()',
}
"""Name, or module with everything below it -> why it stays on the vendor's SDK, and what there is instead."""

_FRAMEWORK = ('action', 'actions', 'decorators', 'executors', 'pipelines', 'runner', 'testing', 'categories')
"""Modules below `synapse_sdk.plugins` whose classes run plugins: what is built on them stays with them."""


def find(module: str, name: str) -> Target | None:
    """Return where *name* of the vendor's *module* is found here; None if it is not."""
    table = _EXACTLY.get(module) or TABLE.get(_longest(module, TABLE), {})
    return table.get(name)


def why_not(module: str, name: str) -> str:
    """Return why a name without a counterpart stays on the vendor's SDK."""
    if name.endswith('LogMessageCode'):
        return NOT_HERE[f'{_PLUGINS}.log_messages']
    return NOT_HERE.get(name) or NOT_HERE.get(_longest(module, NOT_HERE), 'it has no counterpart here')


def is_framework(module: str, name: str) -> bool:
    """Tell whether a name without a counterpart is what actions are built on, not a helper beside them."""
    if module == _PLUGINS:
        return name in NOT_HERE
    return module.removeprefix(f'{_PLUGINS}.').partition('.')[0] in _FRAMEWORK


def subject(module: str, name: str) -> str:
    """Return what a name is about (``train``, ``upload``, ``steps`` ...): names of one subject belong together."""
    if (target := find(module, name)) is not None and target.module != 'synapse_plugins':
        return target.module.rpartition('.')[2]
    for word in ('train', 'export', 'upload', 'dataset'):
        if module.startswith(f'{_PLUGINS}.actions.{word}') or word in name.lower():
            return word
    return module


def _longest(module: str, table: dict[str, object] | dict[str, dict[str, Target]] | dict[str, str]) -> str:
    """Return the module of *table* that *module* is, or lies below; the nearest one."""
    while module and module not in table:
        module = module.rpartition('.')[0]
    return module
