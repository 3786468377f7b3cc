"""How a run's end reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synapse_plugins.cli.result_view import say_result
from synapse_plugins.cli.settings import Settings
from synapse_plugins.executors import RunResult
from synapse_plugins.runs import RunRecord

if TYPE_CHECKING:
    import pytest

MODEL = {'id': 3, 'name': '네모', 'file': '/store/네모.zip'}


def told(capsys: pytest.CaptureFixture[str], **params: Any) -> str:
    record = RunRecord(id='r1', action='yolo.val', state='SUCCEEDED', params=params)
    say_result(
        Settings(), record, RunResult('r1', 'yolo.val', 'SUCCEEDED', {}, metrics={'mAP50': 0.5}), MODEL
    )
    return capsys.readouterr().out


def test_a_model_that_was_made_is_told_with_its_weights(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys)
    assert 'Weights  /store/네모.zip' in out
    assert 'models export 3 model-3' in out


def test_a_model_that_was_evaluated_is_not_told_as_a_new_one(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, checkpoint=3)
    assert 'Model  3, 네모' in out
    assert 'Weights' not in out
    assert 'models export' not in out
    assert 'models show 3' in out


def test_what_a_simple_action_returned_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    returned = {'count': 3, 'folder': '나가는 곳', 'lost': [], 'success': True, 'long': list(range(500))}
    for result in (returned, 42, None):
        record = RunRecord(id='r1', action='count', state='SUCCEEDED', params={}, result=result)
        say_result(Settings(), record, RunResult('r1', 'count', 'SUCCEEDED', result), None)
    out = capsys.readouterr().out
    assert 'count   3\nfolder  나가는 곳\nlong    [0, 1, ' in out
    assert 'lost' not in out
    assert 'success ' not in out
    assert max(map(len, out.splitlines())) < 350
    assert out.count('Result') == 1
    assert 'Result  42' in out
