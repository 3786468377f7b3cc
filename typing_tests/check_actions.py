"""Actions: parameters by the generic argument, steps around the wired ones, running them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_type

from pydantic import BaseModel

from synapse_plugins import (
    BaseAction,
    BaseExportAction,
    BaseTrainAction,
    BaseUploadAction,
    RuntimeContext,
    run,
)
from synapse_plugins.actions.export import BaseExporter, DefaultExportAction, ExportContext, ExportParams
from synapse_plugins.actions.train import BaseTrainParams, TrainContext
from synapse_plugins.actions.upload import DefaultUploadAction, UploadParams
from synapse_plugins.context import LogLevel, LogMessageCode, register_log_messages, resolve_log_message
from synapse_plugins.steps import BaseStep, StepRegistry, StepResult

if TYPE_CHECKING:
    from synapse_plugins import RunResult


class MyParams(BaseTrainParams):
    epochs: int = 10


class CheckStep(BaseStep[TrainContext]):
    @property
    def name(self) -> str:
        return 'check'

    @property
    def progress_weight(self) -> float:
        return 0.05

    def execute(self, context: TrainContext) -> StepResult:
        assert_type(context.params, dict[str, Any])
        assert_type(context.model_path, str | None)
        return StepResult()


class MyTrain(BaseTrainAction[MyParams]):
    action_name = 'my.train'
    target_format = 'yolo'

    def execute(self, data_path: Path, checkpoint: dict[str, Any] | None) -> dict[str, Any]:
        assert_type(self.params.epochs, int)
        return {'weights_path': str(data_path / 'best.pt')}

    def setup_steps(self, registry: StepRegistry[Any]) -> None:
        super().setup_steps(registry)
        registry.insert_before('train', CheckStep())


class CountParams(BaseModel):
    limit: int = 3


class CountAction(BaseAction[CountParams]):
    def execute(self) -> dict[str, int]:
        self.set_progress(1, self.params.limit)
        self.params.limits  # type: ignore[attr-defined]
        return {'limit': self.params.limit}


class MyExport(BaseExportAction[CountParams]):
    pass


class MyUpload(BaseUploadAction[CountParams]):
    pass


CountAction.dispatch({'limit': 3}, RuntimeContext())
assert_type(MyTrain({'epochs': 'x'}, RuntimeContext()), MyTrain)  # type: ignore[arg-type]
result = run('yolo.train', dataset='bccd', epochs=2, backend='local')
assert_type(result.success, bool)
assert_type(result.run_id, str)
found: RunResult = result


class OwnUploadParams(UploadParams):
    at_least: int = 1


class OwnUpload(DefaultUploadAction[OwnUploadParams]):
    def setup_steps(self, registry: StepRegistry[Any]) -> None:
        super().setup_steps(registry)
        assert_type(self.params, OwnUploadParams)

    def get_allowed_extensions(self) -> dict[str, list[str]]:
        return {'image': ['.png']}


class OwnExporter(BaseExporter):
    def convert_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {**data, 'data': {}}


class OwnExport(DefaultExportAction[ExportParams]):
    entrypoint = OwnExporter

    def create_context(self) -> ExportContext:
        context = super().create_context()
        assert_type(context, ExportContext)
        return context


class Code(LogMessageCode):
    FOUND = ('FOUND', 'info')


register_log_messages({Code.FOUND: {'en': '{n} found', 'ko': '{n}개'}})
RuntimeContext().log_message(Code.FOUND, n=1)
assert_type(resolve_log_message(Code.FOUND, 'ko', n=1), tuple[str, LogLevel])
