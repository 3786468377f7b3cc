"""Words that the platform knows plugins and their actions by."""

from __future__ import annotations

from enum import StrEnum

__all__ = ['PluginCategory', 'RunMethod']


class PluginCategory(StrEnum):
    """What a plugin is for."""

    NEURAL_NET = 'neural_net'
    EXPORT = 'export'
    UPLOAD = 'upload'
    SMART_TOOL = 'smart_tool'
    POST_ANNOTATION = 'post_annotation'
    PRE_ANNOTATION = 'pre_annotation'
    DATA_VALIDATION = 'data_validation'
    CUSTOM = 'custom'


class RunMethod(StrEnum):
    """How the platform runs an action: as a job, as a short task, as a service, or by a request."""

    JOB = 'job'
    TASK = 'task'
    SERVE = 'serve'
    RESTAPI = 'restapi'
