"""What the commands tell of five packs: one good, one broken, one too new, two that claim one name, one disabled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.cli import main
from synapse_plugins.packs import get_manager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
) -> Iterator[Callable[..., Any]]:
    """Install the packs, and return a function that runs a command and returns its code, its JSON and its text."""
    install('synapse-plugins-good', GOOD)
    install('synapse-plugins-broken', 'raise RuntimeError("kaputt")')
    install('synapse-plugins-new', 'x = 1', requires='synapse-plugins>=99')
    install('synapse-plugins-one', CLAIM)
    install('synapse-plugins-two', CLAIM)
    install('synapse-plugins-off', 'raise RuntimeError("imported")')
    monkeypatch.setenv('SYNAPSE_PLUGINS_DISABLE', 'synapse-plugins-off')
    get_manager.cache_clear()

    def tell(*arguments: str) -> Any:
        code = main(list(arguments))
        out = capsys.readouterr().out
        return code, json.loads(out) if '--json' in arguments else None, out

    yield tell
    get_manager.cache_clear()


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


def test_everything_else_works(told):
    _, rows, _ = told('formats', '--json')
    names = {row['name'] for row in rows}
    assert {'good_format', 'yolo'} <= names
    assert 'shared' not in names
