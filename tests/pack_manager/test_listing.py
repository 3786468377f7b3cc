"""What the commands tell of five packs: one good, one broken, one too new, two that claim one name, one disabled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

CLAIM = """
    from synapse_plugins import hookimpl
    from synapse_plugins.providers import FormatProvider

    @hookimpl
    def synapse_register_formats(register):
        register(FormatProvider(name='shared', writer='x:Y'))
"""
GOOD = """
    from synapse_plugins import hookimpl
    from synapse_plugins.providers import FormatProvider

    @hookimpl
    def synapse_register_formats(register):
        register(FormatProvider(name='good_format', writer='x:Y'))
"""


@pytest.fixture
def told(
    install: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    home: Any,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Any]:
    """Install the packs, and return a function that runs a command and returns its code, its JSON and its text."""
    install('synapse-plugins-good', GOOD)
    install('synapse-plugins-broken', 'raise RuntimeError("kaputt")')
    install('synapse-plugins-new', 'x = 1', requires='synapse-plugins>=99')
    install('synapse-plugins-one', CLAIM)
    install('synapse-plugins-two', CLAIM)
    install('synapse-plugins-off', 'raise RuntimeError("imported")')
    monkeypatch.setenv('SYNAPSE_PLUGINS_DISABLE', 'synapse-plugins-off')

    def tell(*arguments: str) -> Any:
        code = main(list(arguments))
        out = capsys.readouterr().out
        return code, json.loads(out) if '--json' in arguments else None, out

    return tell


def test_packs_tells_each_apart(told):
    code, rows, _ = told('packs', '--json')
    states = {row['distribution'].removeprefix('synapse-plugins-'): row['state'] for row in rows}
    assert code == 0
    assert states == {
        'synapse-plugins': 'loaded',
        'good': 'loaded',
        'broken': 'broken',
        'new': 'incompatible',
        'one': 'conflict',
        'two': 'conflict',
        'off': 'disabled',
    }
    text = told('packs')[2]
    assert text.count('claim one name') == 1
    assert 'synapse-plugins-broken: RuntimeError: kaputt' in text


def test_doctor_says_what_to_type_for_each_fault(told):
    code, found, _ = told('doctor', '--json')
    faults = {check['name']: check['advice'] for check in found['checks'] if check['state'] == 'fault'}
    assert code == 1
    assert 'pip uninstall synapse-plugins-broken' in faults['pack synapse-plugins-broken']
    assert 'pip install --upgrade' in faults['pack synapse-plugins-new']
    assert 'pip uninstall synapse-plugins-two' in faults['pack synapse-plugins-one']
    assert 'pack synapse-plugins-off' not in faults


def test_packs_says_what_serves_and_why_and_which_hooks_there_are(told, install):
    trainer = """
        from synapse_plugins import hookimpl
        from synapse_plugins.providers import StepProvider

        @hookimpl
        def synapse_register_steps(register):
            register(StepProvider(name={name!r}, role='train', step='x:Y', formats={formats!r}))

        @hookimpl
        def synapse_after_run(context, error): ...
    """
    install(
        'synapse-plugins-alone',
        trainer.format(name='alone', formats=('coco', 'yolo')),
        requires='synapse-plugins>=0.1',
    )
    install('synapse-plugins-twin', trainer.format(name='twin', formats=('dm_v2', 'pascal_voc')))
    install('synapse-plugins-other', trainer.format(name='other', formats=('dm_v2',)))
    _, rows, _ = told('packs', '--json')
    by_name = {row['distribution']: row for row in rows}
    served = {
        (row['format'], row['reason'])
        for name in ('alone', 'twin')
        for row in by_name[f'synapse-plugins-{name}']['serves']
    }
    assert served == {
        ('coco', 'the only one'),
        ('yolo', 'when named: -p trainer=alone'),
        ('dm_v2', 'when named: -p trainer=twin'),
        ('pascal_voc', 'the only one'),
    }
    assert by_name['synapse-plugins-alone']['needs'] == '>=0.1'
    text = told('packs')[2]
    assert 'serves train for coco: the only one' in text
    assert 'hooks: after_run, register_steps' in text


def test_doctor_tells_the_extras_and_the_licences_of_what_is_installed(told):
    checks = {check['name']: check for check in told('doctor', '--json')[1]['checks']}
    assert {'extra yolo', 'extra templates', 'extra migrate'} <= set(checks)
    for extra, distribution in (('templates', 'copier'), ('migrate', 'libcst')):
        if checks[f'extra {extra}']['state'] == 'ok':
            assert 'MIT' in checks[f'licence {distribution}']['found']
    assert checks['licence synapse-plugins-good']['found'] == 'it names none (a pack)'


def test_everything_else_works(told):
    _, rows, _ = told('formats', '--json')
    names = {row['name'] for row in rows}
    assert {'good_format', 'yolo'} <= names
    assert 'shared' not in names
