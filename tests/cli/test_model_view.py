"""What `models show` prints of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synapse_plugins.cli.model_view import say_model

if TYPE_CHECKING:
    import pytest

EVALUATION = {
    'dataset': {'id': 2, 'name': '도형@1', 'count': 9},
    'split': 'test',
    'run': 'abc123',
    'metrics': {'metrics/mAP50(B)': 0.75, 'metrics/mAP50-95(B)': 0.5, 'fitness': 0.5},
}


def shown(capsys: pytest.CaptureFixture[str], **configuration: Any) -> str:
    facts = {
        'id': 1,
        'name': 'm',
        'description': '',
        'created': '',
        'checkpoint': None,
        'size': 1,
        'file': 'f',
    }
    say_model({**facts, 'metrics': {}, 'configuration': configuration})
    return capsys.readouterr().out


def test_evaluations_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, evaluations=[EVALUATION]).splitlines()
    assert lines[-2].split() == ['EVALUATED', 'ON', 'SPLIT', 'MAP50', 'MAP50-95', 'RUN']
    assert lines[-1].split() == ['도형@1', 'test', '0.75', '0.5', 'abc123']
    assert 'fitness' not in '\n'.join(lines)


def test_many_files_are_told_shortly_the_weights_first(capsys: pytest.CaptureFixture[str]) -> None:
    files = ['args.yaml', 'best.pt', *(f'plots/{number}.png' for number in range(20)), 'results.csv']
    (line,) = [line for line in shown(capsys, files=files).splitlines() if line.startswith('Holds')]
    assert line.split(maxsplit=1)[1].startswith('best.pt, args.yaml, results.csv, ')
    assert line.endswith('and 18 more files')


def test_a_model_of_another_kind_is_shown_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert 'other' in shown(capsys, evaluations=None, other=3)
