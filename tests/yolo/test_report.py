"""What a training says while it lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from builtin_steps._yolo_report import TrainReport
from synapse_plugins.context import LogRecord, RuntimeContext
from synapse_plugins.steps import BaseStepContext

if TYPE_CHECKING:
    from pathlib import Path


class Records:
    """A logger that keeps what it is told."""

    def __init__(self) -> None:
        self.kept: list[LogRecord] = []

    def emit(self, record: LogRecord) -> None:
        self.kept.append(record)

    def of(self, kind: str) -> list[LogRecord]:
        return [record for record in self.kept if record.kind == kind]


def epoch(number: int, epochs: int) -> dict[str, Any]:
    found = {'train/box_loss': 1.0 / number}
    return {
        'kind': 'epoch', 'epoch': number, 'epochs': epochs, 'losses': found,
        'metrics': {}, 'rates': {}, 'seconds': 0.1,
    }  # fmt: skip


def test_every_epoch_gets_a_message(tmp_path: Path) -> None:
    records = Records()
    report = TrainReport(BaseStepContext(RuntimeContext(logger=records)), 'train', tmp_path)
    for number in range(1, 61):
        report.event(epoch(number, 60))
    said = [record.data['content'].partition(':')[0] for record in records.of('message')]
    assert said == [f'Epoch {number}/60' for number in range(1, 61)]
