"""What a step reports through: the runtime context, its environment, and the loggers.

Needs nothing but the standard library until a terminal really shows progress bars; the names are loaded when
they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base_logger import BaseLogger
    from .console import ConsoleLogger
    from .environment import PluginEnvironment
    from .job import JobLogger
    from .jsonl import JsonLinesLogger
    from .levels import LogLevel, MetricsCategory
    from .message_codes import ExportLogMessageCode, TrainLogMessageCode, UploadLogMessageCode
    from .messages import (
        CommonLogMessageCode,
        LogMessageCode,
        register_log_messages,
        resolve_log_message,
    )
    from .null import NullLogger
    from .records import LogRecord
    from .runtime import RuntimeContext
    from .tee import TeeLogger

__all__ = [
    'BaseLogger',
    'CommonLogMessageCode',
    'ConsoleLogger',
    'ExportLogMessageCode',
    'JobLogger',
    'JsonLinesLogger',
    'LogLevel',
    'LogMessageCode',
    'LogRecord',
    'MetricsCategory',
    'NullLogger',
    'PluginEnvironment',
    'RuntimeContext',
    'TeeLogger',
    'TrainLogMessageCode',
    'UploadLogMessageCode',
    'register_log_messages',
    'resolve_log_message',
]

_MODULES = {
    'BaseLogger': '.base_logger',
    'CommonLogMessageCode': '.messages',
    'ConsoleLogger': '.console',
    'ExportLogMessageCode': '.message_codes',
    'JobLogger': '.job',
    'JsonLinesLogger': '.jsonl',
    'LogLevel': '.levels',
    'LogMessageCode': '.messages',
    'LogRecord': '.records',
    'MetricsCategory': '.levels',
    'NullLogger': '.null',
    'PluginEnvironment': '.environment',
    'RuntimeContext': '.runtime',
    'TeeLogger': '.tee',
    'TrainLogMessageCode': '.message_codes',
    'UploadLogMessageCode': '.message_codes',
    'register_log_messages': '.messages',
    'resolve_log_message': '.messages',
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        from importlib import import_module

        return getattr(import_module(_MODULES[name], __name__), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__() -> list[str]:
    return sorted(__all__)
