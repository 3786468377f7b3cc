"""Imports move, whatever way they are written, and nothing else does."""

from __future__ import annotations

from textwrap import dedent

import pytest

pytest.importorskip('libcst', reason="needs the extra `migrate`: pip install 'synapse-plugins[migrate]'")

from synapse_plugins.migrate.module import migrate_module


def migrated(code: str) -> tuple[str, list[str]]:
    after, _, notes = migrate_module(dedent(code).encode('utf-8'), 'a.py')
    return after.decode('utf-8'), [str(note) for note in notes]


CASES = {
    'the same path': (
        'from synapse_sdk.plugins.steps import BaseStep, StepRegistry\n',
        'from synapse_plugins.steps import BaseStep, StepRegistry\n',
    ),
    'an older path': (
        'from synapse_sdk.plugins.pipelines.steps import BaseStep as Step  # 단계\n',
        'from synapse_plugins.steps import BaseStep as Step  # 단계\n',
    ),
    'a module below': (
        'from synapse_sdk.plugins.steps.utils.timing import TimingStep\n',
        'from synapse_plugins.steps import TimingStep\n',
    ),
    'several homes': (
        'from synapse_sdk.plugins import BaseAction, MetricsCategory, TrainContext as Context\n',
        (
            'from synapse_plugins import BaseAction\n'
            'from synapse_plugins.actions.train import TrainContext as Context\n'
            'from synapse_plugins.context import MetricsCategory\n'
        ),
    ),
    'another name': (
        'from synapse_sdk.loggers import NoOpLogger\nlogger = NoOpLogger()\n',
        'from synapse_plugins.context import NullLogger as NoOpLogger\nlogger = NoOpLogger()\n',
    ),
    'everything': (
        'from synapse_sdk.plugins.steps import *\n',
        'from synapse_plugins.steps import *\n',
    ),
    'a module as a name': (
        'from synapse_sdk.plugins import steps\nclass S(steps.BaseStep):\n    pass\n',
        'from synapse_plugins import steps\nclass S(steps.BaseStep):\n    pass\n',
    ),
    'a module under another name': (
        'import synapse_sdk.plugins.types as t, os\nx = t.ModelWeights.name\n',
        'import synapse_plugins.types as t, os\nx = t.ModelWeights.name\n',
    ),
    'written out': (
        'import synapse_sdk.plugins.steps\nclass S(synapse_sdk.plugins.steps.BaseStep):\n    pass\n',
        'import synapse_plugins.steps\nclass S(synapse_plugins.steps.BaseStep):\n    pass\n',
    ),
    'the layout with its comments': (
        'from synapse_sdk.plugins.actions.train import (\n    BaseTrainAction,  # base\n    BaseTrainParams,\n)\n',
        'from synapse_plugins.actions.train import (\n    BaseTrainAction,  # base\n    BaseTrainParams,\n)\n',
    ),
    'within something': (
        'def f():\n    if 1:\n        from synapse_sdk.plugins import LoggingStep, StepResult\n    return StepResult\n',
        (
            'def f():\n    if 1:\n        from synapse_plugins import StepResult\n'
            '        from synapse_plugins.steps import LoggingStep\n    return StepResult\n'
        ),
    ),
    'two on a line': (
        'import os; from synapse_sdk.plugins.context import RuntimeContext\n',
        'import os; from synapse_plugins.context import RuntimeContext\n',
    ),
    'under TYPE_CHECKING': (
        'from typing import TYPE_CHECKING as T\nif T:\n    from synapse_sdk.plugins.context import RuntimeContext\n',
        'from typing import TYPE_CHECKING as T\nif T:\n    from synapse_plugins.context import RuntimeContext\n',
    ),
}


@pytest.mark.parametrize('case', CASES)
def test_what_moves(case: str) -> None:
    before, after = CASES[case]
    assert migrated(before) == (after, [])


@pytest.mark.parametrize(
    ('code', 'why'),
    [
        (
            'from synapse_sdk.plugins import BaseDeploymentAction\nclass D(BaseDeploymentAction): pass\n',
            'serving',
        ),
        ('from synapse_sdk.plugins.actions.export.report import write_report\n', 'other parts'),
        ('from synapse_sdk.clients.backend import BackendClient\n', 'self.client'),
        ('import synapse_sdk.clients.backend\nsynapse_sdk.clients.backend.BackendClient\n', 'no counterpart'),
        ('import synapse_sdk.plugins.enums as e\ne.DataType\n', 'DataType is not in synapse_plugins.enums'),
        ('from synapse_sdk.clients import *\n', 'name what is imported'),
        ('from synapse_sdk.plugins.actions.train import TuneTrialsStep\n', 'searching hyperparameters'),
    ],
)
def test_what_stays_is_told_with_its_line(code: str, why: str) -> None:
    after, notes = migrated(f'"""한글"""\n\n{code}')
    assert after == f'"""한글"""\n\n{code}'
    (note,) = notes
    assert note.startswith('a.py:3: ')
    assert why in note


def test_what_moves_and_what_stays_part() -> None:
    after, notes = migrated(
        """\
        from synapse_sdk.plugins.actions.train import (
            BaseTrainAction,
            TuneTrialsStep,  # tuning
        )
        class A(BaseTrainAction): pass
        """
    )
    assert 'from synapse_plugins.actions.train import (\n    BaseTrainAction,\n)' in after
    assert 'from synapse_sdk.plugins.actions.train import (\n    TuneTrialsStep,  # tuning\n)' in after
    assert [note.split(':')[1] for note in notes] == ['3']


def test_a_module_whose_actions_all_stay_is_left_alone() -> None:
    code = dedent(
        """\
        from synapse_sdk.plugins.actions.export import ExportAction, ExportContext, ExportParams
        from synapse_sdk.plugins.steps import BaseStep

        class Mine(BaseStep[ExportContext]):
            pass

        class Upload(ExportAction):
            pass
        """
    )
    after, notes = migrated(code)
    assert after == code
    assert len(notes) == 1


def test_in_a_mixed_module_what_belongs_to_a_staying_action_stays_with_it() -> None:
    after, notes = migrated(
        """\
        from synapse_sdk.plugins.actions.train import BaseTrainAction
        from synapse_sdk.plugins.actions.export import ExportAction, ExportContext
        from synapse_sdk.plugins.steps import StepRegistry

        class Train(BaseTrainAction):
            pass

        class Base(ExportAction):
            pass

        class Upload(Base):
            pass
        """
    )
    assert 'from synapse_plugins.actions.train import BaseTrainAction' in after
    assert 'from synapse_plugins.steps import StepRegistry' in after
    assert 'from synapse_sdk.plugins.actions.export import ExportAction, ExportContext' in after
    assert any('ExportContext stays' in note for note in notes)


def test_a_module_without_imports_is_only_searched_for_texts() -> None:
    code = '"""About synapse_sdk.plugins."""\nx = \'synapse_sdk.plugins.steps\'\n'
    after, notes = migrated(code)
    assert after == code
    assert notes == ["a.py:2: 'synapse_sdk.plugins.steps' is a text, and names the vendor's SDK"]


@pytest.mark.parametrize('ending', ['\r\n', '\n'])
@pytest.mark.parametrize('mark', [b'', b'\xef\xbb\xbf'])
def test_line_ends_and_byte_order_marks_stay(ending: str, mark: bytes) -> None:
    code = f'# 주석{ending}from synapse_sdk.plugins.steps import BaseStep{ending}x = 1'
    after, _, _ = migrate_module(mark + code.encode('utf-8'), 'a.py')
    assert after == mark + code.replace('synapse_sdk.plugins', 'synapse_plugins').encode('utf-8')


def test_newer_syntax_is_understood() -> None:
    after, _ = migrated(
        'from synapse_sdk.plugins.steps import BaseStep\ntype A = int\nclass S[T](BaseStep[T]): pass\n'
    )
    assert after.startswith('from synapse_plugins.steps import BaseStep')
