"""`assert_pack_ok` passes packs that can be used, and names what is wrong with the others."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.testing import assert_pack_ok

if TYPE_CHECKING:
    from collections.abc import Callable

    Install = Callable[..., str]

STEPS = """
    from pydantic import BaseModel
    from synapse_plugins.steps import BaseStep, StepResult
    from synapse_plugins.datasets import Reader, Writer
    from synapse_plugins import BaseAction

    class Params(BaseModel):
        smoothing: float = 0.5

    def prepare(params):
        return {'task': 'detect'}

    class Train(BaseStep):
        name, progress_weight = 'train', 1.0

        def execute(self, context):
            return StepResult()

    class Convert(Train):
        def __init__(self, target_format):
            assert target_format == 'coco'

    class NeedsArguments(Train):
        def __init__(self, more):
            pass

    class Nameless(Train):
        name = ''

    class Weightless(Train):
        progress_weight = float('nan')

    class Idle:
        name, progress_weight = 'idle', 1.0

    class Action(BaseAction[Params]):
        def execute(self):
            return {}

    def make_logger(run_id, action, params):
        return None

    def change(sample, strictly=True):
        return sample

    def make_step():
        return Train()

    def two_samples(one, other):
        return one

    NUMBER = 1
"""
HEAD = """
    from synapse_plugins import hookimpl
    from synapse_plugins.providers import ActionProvider, FormatProvider, LoggerProvider, StepProvider
"""


def hook(kind: str, record: str) -> str:
    """Return the text of a hook that registers one record."""
    return f'{HEAD}\n    @hookimpl\n    def synapse_register_{kind}(register):\n        register({record})\n'


def step(**fields: Any) -> str:
    """Return the text of a good StepProvider, but for *fields*."""
    given = {'name': 'mine', 'role': 'train', 'step': 'kit_steps:Train', 'formats': ('coco',), **fields}
    return f'StepProvider({", ".join(f"{name}={value!r}" for name, value in given.items())})'


def test_the_pack_that_ships() -> None:
    record = assert_pack_ok('synapse-plugins')
    assert record.is_builtin
    assert 'train:yolo' in record.provides['steps']


GOOD = f"""
    {HEAD}
    @hookimpl
    def synapse_register_steps(register):
        register({step(params='kit_steps:Params', prepare='kit_steps:prepare', requires={'json': 'pip install json'})})
        register({step(name='converts', role='dataset.convert', step='kit_steps:Convert')})
        register({step(name='later', step='kit_absent:Train', requires={'no_such_module': "pip install 'x>=1'"})})

    @hookimpl
    def synapse_register_formats(register):
        register(FormatProvider(name='mine', reader='kit_steps:Reader', detect='kit_steps:prepare'))

    @hookimpl
    def synapse_register_actions(register):
        register(ActionProvider(name='mine.run', action='kit_steps:Action', defaults={{'smoothing': 1}}))
        register(ActionProvider(name='mine.train', action='builtin_steps.actions:TrainAction'))

    @hookimpl
    def synapse_register_loggers(register):
        register(LoggerProvider(name='mine', factory='kit_steps:make_logger'))
"""


def test_a_good_pack(install: Install) -> None:
    install('synapse-plugins-mine', GOOD, kit_steps=STEPS, kit_absent='import no_such_module')
    record = assert_pack_ok('synapse_plugins.mine')
    assert record.origin == 'synapse-plugins-mine 1.0'
    assert record.provides['formats'] == ['mine']


@pytest.mark.parametrize('form', ['change', 'make_step', 'Train'])
def test_a_transform_is_a_function_or_a_step(form: str, install: Install) -> None:
    code = hook('steps', step(role='dataset.transform', step=f'kit_steps:{form}'))
    install('synapse-plugins-mine', code, kit_steps=STEPS)
    assert assert_pack_ok('synapse-plugins-mine').provides['steps'] == ['dataset.transform:mine']


def test_a_pack_that_is_not_installed() -> None:
    with pytest.raises(
        AssertionError, match=r"'synapse-plugin'.* Did you mean 'synapse-plugins'.*pip install -e"
    ):
        assert_pack_ok('synapse-plugin')


def test_a_pack_that_is_switched_off(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install('synapse-plugins-mine', GOOD, kit_steps=STEPS)
    monkeypatch.setenv('SYNAPSE_PLUGINS_DISABLE', 'synapse-plugins-mine')
    with pytest.raises(AssertionError, match='it is disabled'):
        assert_pack_ok('synapse-plugins-mine')


BROKEN = {
    'it does not load': ('raise RuntimeError("kaputt")', 'it is broken: RuntimeError: kaputt'),
    'it takes a name of another': (
        hook('formats', "FormatProvider(name='yolo', reader='kit_steps:Reader')"),
        "it is conflict.*format 'yolo'",
    ),
    'it forgets to mark its hooks': ('def synapse_register_steps(register): ...', 'it implements no hook'),
    'no module': (
        hook('steps', step(step='kit_nowhere:Train')),
        "step: 'kit_nowhere:Train' cannot be imported",
    ),
    'no attribute': (
        hook('steps', step(step='kit_steps:Trian')),
        "'mine': step: 'kit_steps:Trian' cannot be imported",
    ),
    'no reference': (hook('steps', step(step='kit_steps.Train')), 'is not a reference'),
    'a module that is not required': (
        hook('steps', step(step='kit_absent:Train', requires={'another': 'pip install another'})),
        "'kit_absent:Train' cannot be imported: .*No module named 'no_such_module'",
    ),
    'a module that raises': (
        hook('steps', step(step='kit_raises:Train')),
        "'kit_raises:Train' cannot be imported: ZeroD",
    ),
    'a step that needs arguments': (
        hook('steps', step(step='kit_steps:NeedsArguments')),
        'step: it cannot be made: TypeError',
    ),
    'a function where a step belongs': (
        hook('steps', step(step='kit_steps:change')),
        'step: it cannot be made: TypeError',
    ),
    'a transform that is a step that needs arguments': (
        hook('steps', step(role='dataset.transform', step='kit_steps:NeedsArguments')),
        'step: it cannot be made: TypeError',
    ),
    'a transform of two samples': (
        hook('steps', step(role='dataset.transform', step='kit_steps:two_samples')),
        'step: it does not take one argument',
    ),
    'a step without a name': (hook('steps', step(step='kit_steps:Nameless')), "step: its name is ''"),
    'a step of no weight': (
        hook('steps', step(step='kit_steps:Weightless')),
        'step: its progress_weight is nan',
    ),
    'a step that does nothing': (
        hook('steps', step(step='kit_steps:Idle')),
        r'step: it has no execute\(context\)',
    ),
    'no role': (hook('steps', step(role='training')), "role: 'training' is none of dataset.export"),
    'no format': (
        hook('steps', step(formats=('cooc',))),
        "formats: no .* has the format 'cooc'. Did you mean 'coco'",
    ),
    'parameters that are no model': (
        hook('steps', step(params='kit_steps:Train')),
        'params: .* is no pydantic model',
    ),
    'parameters that are nowhere': (
        hook('steps', step(params='kit_steps:Parms')),
        "params: 'kit_steps:Parms' cannot be",
    ),
    'prepare that is no function': (
        hook('steps', step(prepare='kit_steps:NUMBER')),
        'prepare: .* is no function',
    ),
    'a distribution for a module': (
        hook('steps', step(requires={'scikit-learn': 'pip install scikit-learn'})),
        "requires: 'scikit-learn' is no name of a module",
    ),
    'no line to type': (
        hook('steps', step(requires={'torch': 'torch'})),
        "requires: 'torch' is no line to type",
    ),
    'a line that the shell takes otherwise': (
        hook('steps', step(requires={'torch': 'pip install torch>=2'})),
        'requires: .* quote the part with >',
    ),
    'a line with half a quote': (
        hook('steps', step(requires={'torch': "pip install 'torch"})),
        'No closing quotation',
    ),
    'a format of nothing': (
        hook('formats', "FormatProvider(name='mine')"),
        'it has neither a reader nor a writer',
    ),
    'a reader that is none': (
        hook('formats', "FormatProvider(name='mine', reader='kit_steps:Train')"),
        r'reader: .* is no subclass of synapse_plugins\.datasets\.Reader',
    ),
    'a writer that is none': (
        hook('formats', "FormatProvider(name='mine', writer='kit_steps:Reader')"),
        r'writer: .* is no subclass of synapse_plugins\.datasets\.Writer',
    ),
    'a writer that is nowhere': (
        hook('formats', "FormatProvider(name='mine', writer='kit_steps:Wrtier')"),
        "writer: 'kit_steps:Wrtier' cannot be imported",
    ),
    'detect that is no function': (
        hook('formats', "FormatProvider(name='mine', reader='kit_steps:Reader', detect='kit_steps:NUMBER')"),
        'detect: .* is no function',
    ),
    'an action that is none': (
        hook('actions', "ActionProvider(name='mine.run', action='kit_steps:Train')"),
        "'mine.run': kit_steps:Train is not an action",
    ),
    'an action that is nowhere': (
        hook('actions', "ActionProvider(name='mine.run', action='kit_steps:Acton')"),
        "action: 'kit_steps:Acton' cannot be imported",
    ),
    'defaults that nobody reads': (
        hook(
            'actions', "ActionProvider(name='mine.run', action='kit_steps:Action', defaults={'smothing': 1})"
        ),
        "no parameter 'smothing'",
    ),
    'a trainer that is not there': (
        hook(
            'actions',
            "ActionProvider(name='m', action='builtin_steps.actions:TrainAction', defaults={'trainer': 'yollo'})",
        ),
        "Unknown trainer 'yollo'",
    ),
    'a logger that cannot be called': (
        hook('loggers', "LoggerProvider(name='mine', factory='kit_steps:NUMBER')"),
        'factory: .* cannot be called',
    ),
    'a logger that is nowhere': (
        hook('loggers', "LoggerProvider(name='mine', factory='kit_steps:nobody')"),
        "factory: 'kit_steps:nobody' cannot be imported",
    ),
}


@pytest.mark.parametrize('what', BROKEN)
def test_a_broken_pack(what: str, install: Install) -> None:
    code, told = BROKEN[what]
    beside = {'kit_steps': STEPS, 'kit_absent': 'import no_such_module', 'kit_raises': '1 / 0'}
    install('synapse-plugins-mine', textwrap.dedent(code), **beside)
    with pytest.raises(AssertionError, match=told) as caught:
        assert_pack_ok('synapse-plugins-mine')
    assert 'synapse-plugins-mine 1.0' in str(caught.value)


def test_everything_wrong_is_named_at_once(install: Install) -> None:
    install(
        'synapse-plugins-mine',
        hook('steps', step(step='kit_steps:Trian', params='kit_steps:Train')),
        kit_steps=STEPS,
    )
    with pytest.raises(AssertionError) as caught:
        assert_pack_ok('synapse-plugins-mine')
    assert len(str(caught.value).splitlines()) == 3
