"""The words of config.yaml that the platform understands."""

from __future__ import annotations

from ..enums import PluginCategory, RunMethod

__all__ = [
    'ACTION_KEYS',
    'CHOICES',
    'DATA_TYPES',
    'FORM_PARAMETERS',
    'KEYS',
    'METHODS_BY_NAME',
    'MISTAKEN_KEYS',
    'WIRING_PARAMETERS',
]

DATA_TYPES = ('image', 'text', 'video', 'pcd', 'audio', 'data')

KEYS = (
    'actions',
    'annotation_category',
    'annotation_type',
    'category',
    'code',
    'data_type',
    'dependencies',
    'description',
    'env',
    'name',
    'package_manager',
    'package_manager_options',
    'readme',
    'requires',
    'runtime_env',
    'smart_tool',
    'supported_annotation_tools',
    'supported_data_type',
    'supported_data_types',
    'tags',
    'tasks',
    'variant',
    'version',
    'wheels_dir',
)
"""What may stand at the top."""

MISTAKEN_KEYS = {'smart_tool_type': 'smart_tool'}
"""Keys that are written by mistake, the scaffold of synapse-sdk among those who do -> what is read."""

ACTION_KEYS = (
    'description',
    'entrypoint',
    'hyperparameters',
    'input_type',
    'method',
    'name',
    'output_type',
    'result_schema',
    'serve_options',
    'ui_schema',
)
"""What may stand in an action."""

CHOICES: dict[str, tuple[str, ...]] = {
    'annotation_category': ('image', 'video', 'audio', 'text', 'pcd', 'prompt', 'time_series'),
    'annotation_type': ('bbox', 'polygon', 'point', 'line', 'mask', 'label'),
    'category': tuple(PluginCategory),
    'data_type': DATA_TYPES,
    'method': tuple(RunMethod),
    'package_manager': ('pip', 'uv'),
    'smart_tool': ('interactive', 'automatic', 'semi_automatic'),
    'supported_data_types': DATA_TYPES,
}
"""Key -> the values that it may have."""

METHODS_BY_NAME = {
    'auto_label': 'task',
    'convert': 'job',
    'deployment': 'job',
    'download': 'job',
    'export': 'job',
    'inference': 'serve',
    'test': 'job',
    'to_task': 'job',
    'train': 'job',
    'upload': 'job',
}
"""How the platform runs the actions of these names."""

FORM_PARAMETERS = frozenset(
    {
        'checkpoint',
        'data_path',
        'dataset',
        'dataset_path',
        'hyperparameters',
        'is_tune',
        'model_path',
        'output_path',
        'splits',
        'weights_path',
        'work_dir',
    }
)
"""Parameters of a training that the platform fills in itself: no form asks for them."""

WIRING_PARAMETERS = frozenset(
    {
        'converter',
        'description',
        'download_workers',
        'exporter',
        'name',
        'on_missing',
        'output_dir',
        'target_format',
        'trainer',
        'uploader',
    }
)
"""Parameters that every auto-wired training takes; a form asks for one only where the action's own model has it."""
