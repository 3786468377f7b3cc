"""Export actions: annotated data out of the backend. The names are loaded when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...context.message_codes import ExportLogMessageCode
    from .action import BaseExportAction, DefaultExportAction, ExportResult
    from .context import ExportContext
    from .exporter import BaseExporter
    from .params import ExportParams
    from .reporting import ExporterRunAdapter, ExportStatus, MetricsRecord
    from .targets import (
        AssignmentExportTargetHandler,
        ExportTargetHandler,
        GroundTruthExportTargetHandler,
        TargetHandlerFactory,
        TaskExportTargetHandler,
    )

__all__ = [
    'AssignmentExportTargetHandler',
    'BaseExportAction',
    'BaseExporter',
    'DefaultExportAction',
    'ExportContext',
    'ExportLogMessageCode',
    'ExportParams',
    'ExportResult',
    'ExportStatus',
    'ExportTargetHandler',
    'ExporterRunAdapter',
    'GroundTruthExportTargetHandler',
    'MetricsRecord',
    'TargetHandlerFactory',
    'TaskExportTargetHandler',
]

_HOMES = {
    'AssignmentExportTargetHandler': '.targets',
    'BaseExportAction': '.action',
    'BaseExporter': '.exporter',
    'DefaultExportAction': '.action',
    'ExportContext': '.context',
    'ExportLogMessageCode': '...context.message_codes',
    'ExportParams': '.params',
    'ExportResult': '.action',
    'ExportStatus': '.reporting',
    'ExportTargetHandler': '.targets',
    'ExporterRunAdapter': '.reporting',
    'GroundTruthExportTargetHandler': '.targets',
    'MetricsRecord': '.reporting',
    'TargetHandlerFactory': '.targets',
    'TaskExportTargetHandler': '.targets',
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from importlib import import_module

    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
