"""The pack manager over real metadata on the import path."""

from __future__ import annotations

import pytest

from synapse_plugins.datasets import formats
from synapse_plugins.errors import PackConflictError, PackError, ProviderError, UnknownNameError
from synapse_plugins.packs import PackManager

TRAINER = """
    from synapse_plugins import hookimpl
    from synapse_plugins.providers import StepProvider

    @hookimpl
    def synapse_register_steps(register):
        register(StepProvider(name='{name}', role='train', step='{module}_steps:Train', formats=({formats},)))
"""
FORMAT = """
    from synapse_plugins import hookimpl
    from synapse_plugins.providers import FormatProvider

    @hookimpl
    def synapse_register_formats(register):
        register(FormatProvider(name='{name}', writer='{module}_steps:Writer'))
"""


def trainer(name: str, *served: str) -> str:
    return TRAINER.format(name=name, module=name, formats=', '.join(map(repr, served)))


def record(manager: PackManager, distribution: str):
    return next(one for one in manager.records if one.distribution == distribution and not one.is_builtin)


def test_the_builtin_pack_comes_first_and_serves_the_main_job():
    manager = PackManager()
    assert manager.records[0].is_builtin
    assert manager.records[0].state == 'loaded', manager.records[0].error
    assert manager.select('train', 'yolo').provider.name == 'yolo'
    assert manager.select('dataset.export', 'dm_v2').provider.step.endswith(':ExportDatasetStep')
    assert manager.action('yolo.train').provider.defaults['trainer'] == 'yolo'


def test_packs_are_listed_by_distribution_with_what_they_provide(install):
    install('synapse-plugins-bbb', trainer('b', 'coco'), version='2.1')
    install('synapse-plugins-aaa', FORMAT.format(name='a_format', module='a'))
    manager = PackManager()
    assert [one.distribution for one in manager.records[-2:]] == [
        'synapse-plugins-aaa',
        'synapse-plugins-bbb',
    ]
    assert record(manager, 'synapse-plugins-bbb').provides == {'steps': ['train:b']}
    assert record(manager, 'synapse-plugins-bbb').origin == 'synapse-plugins-bbb 2.1'
    assert 'a_format' in formats.names()
    assert manager.select('train', 'coco').provider.name == 'b'


def test_listing_packs_imports_no_step(install):
    install('synapse-plugins-lazy', trainer('lazy', 'coco'))
    manager = PackManager()  # the module lazy_steps does not exist: it would fail if it were imported
    assert record(manager, 'synapse-plugins-lazy').state == 'loaded'


@pytest.mark.parametrize(
    ('code', 'told'),
    [
        ('raise RuntimeError("kaputt")', 'kaputt'),
        ('raise SystemExit(3)', 'SystemExit'),
        ('import no_such_module_here', 'no_such_module_here'),
        (
            (
                'from synapse_plugins.providers import StepProvider\n'
                "StepProvider(name='x', role='train', step='a:B', formats=('coco'))"
            ),
            "write formats=('coco',)",
        ),
        (
            'from synapse_plugins import hookimpl\n@hookimpl\ndef synapse_register_stps(register): ...',
            'synapse_register_stps',
        ),
        (
            'from synapse_plugins import hookimpl\n@hookimpl\ndef synapse_register_steps(registrar): ...',
            'registrar',
        ),
        (
            'from synapse_plugins import hookimpl\n@hookimpl\ndef synapse_register_steps(register): register("x:Y")',
            'StepProvider',
        ),
    ],
)
def test_a_broken_pack_is_told_and_harms_no_other(install, code, told):
    install('synapse-plugins-broken', code)
    install('synapse-plugins-good', trainer('good', 'coco'))
    manager = PackManager()
    assert record(manager, 'synapse-plugins-broken').state == 'broken'
    assert told in record(manager, 'synapse-plugins-broken').error
    assert manager.select('train', 'coco').provider.name == 'good'
    with pytest.raises(PackError, match='synapse-plugins-broken'):
        PackManager(strict=True)


def test_a_broken_pack_registers_nothing_of_itself(install):
    install(
        'synapse-plugins-half',
        trainer('half', 'coco')
        + """
    @hookimpl
    def synapse_register_actions(register):
        raise ValueError('after the steps were registered')
    """,
    )
    manager = PackManager()
    assert record(manager, 'synapse-plugins-half').state == 'broken'
    assert manager.candidates('train', 'coco') == []
    assert manager.observers() == []


def test_a_disabled_pack_is_not_even_imported(install, monkeypatch):
    install('synapse-plugins-loud', 'raise RuntimeError("imported")')
    monkeypatch.setenv('SYNAPSE_PLUGINS_DISABLE', 'synapse_plugins_loud')
    assert record(PackManager.from_environment(), 'synapse-plugins-loud').state == 'disabled'


def test_load_names_the_only_packs_that_are_wanted(install, monkeypatch):
    install('synapse-plugins-one', trainer('one', 'coco'))
    install('synapse-plugins-two', trainer('two', 'coco'))
    monkeypatch.setenv('SYNAPSE_PLUGINS_LOAD', 'synapse-plugins-two')
    manager = PackManager.from_environment()
    assert record(manager, 'synapse-plugins-one').state == 'disabled'
    assert manager.select('train', 'coco').provider.name == 'two'
    monkeypatch.setenv('SYNAPSE_PLUGINS_LOAD', '')
    assert PackManager.from_environment().records[0].state == 'loaded'


def test_two_packs_that_claim_one_name_are_an_error_naming_both(install):
    install('synapse-plugins-one', FORMAT.format(name='shared', module='one'))
    install('synapse-plugins-two', FORMAT.format(name='shared', module='two'))
    manager = PackManager()
    conflict = manager.format_conflict('shared')
    assert isinstance(conflict, PackConflictError)
    assert 'synapse-plugins-one 1.0' in str(conflict)
    assert 'synapse-plugins-two 1.0' in str(conflict)
    assert 'pip uninstall' in str(conflict)
    assert {one.state for one in manager.records if not one.is_builtin} == {'conflict'}
    assert 'shared' not in formats.names()
    with pytest.raises(PackConflictError):
        manager.select('train', 'shared')
    with pytest.raises(PackConflictError):
        PackManager(strict=True)


def test_a_pack_cannot_take_a_name_of_the_builtin_pack(install):
    install('synapse-plugins-thief', FORMAT.format(name='yolo', module='thief'))
    manager = PackManager()
    assert record(manager, 'synapse-plugins-thief').state == 'conflict'
    assert formats.get('yolo').writer.startswith('synapse_plugins.')
    assert manager.format_conflict('yolo') is None
    assert manager.select('train', 'yolo').pack.is_builtin


def test_installing_a_pack_never_changes_what_serves(install):
    install('aaa-first-in-the-alphabet', trainer('aaa', 'yolo'))
    assert PackManager().select('train', 'yolo').provider.name == 'yolo'
    assert PackManager().select('train', 'yolo', named='aaa').provider.name == 'aaa'


def test_two_packs_for_one_role_are_listed_with_the_line_to_type(install):
    install('synapse-plugins-one', trainer('one', 'coco'))
    install('synapse-plugins-two', trainer('two', 'coco'))
    with pytest.raises(ProviderError) as caught:
        PackManager().select('train', 'coco')
    assert '-p trainer=one' in str(caught.value)
    assert '-p trainer=two' in str(caught.value)
    assert 'synapse-plugins-two 1.0' in str(caught.value)


def test_nobody_serving_a_format_lists_who_serves_another(install):
    with pytest.raises(ProviderError, match='-p trainer=yolo'):
        PackManager().select('train', 'coco')


def test_an_unknown_provider_has_close_matches():
    with pytest.raises(UnknownNameError, match="Did you mean 'yolo'"):
        PackManager().select('train', named='yollo')
    with pytest.raises(UnknownNameError, match=r"Did you mean 'yolo\.train'"):
        PackManager().action('yolo.trian')


def test_one_distribution_listed_twice_is_one_pack(install, tmp_path, monkeypatch):
    install('synapse-plugins-once', trainer('once', 'coco'))
    (tmp_path / 'lib64').symlink_to(tmp_path / 'site')
    monkeypatch.syspath_prepend(str(tmp_path / 'lib64'))
    found = [one for one in PackManager().records if one.distribution == 'synapse-plugins-once']
    assert [one.state for one in found] == ['loaded']


def test_observers_are_named_after_their_distribution_and_take_what_they_ask_for(install):
    install(
        'synapse-plugins-watch',
        """
        from synapse_plugins import hookimpl
        seen = []

        @hookimpl
        def synapse_after_step(step, result):
            seen.append((step, result.success))

        @hookimpl
        def synapse_before_run(steps):
            raise ValueError('an observer that fails')
        """,
    )
    from synapse_plugins.steps import BaseStep, BaseStepContext, Orchestrator, StepRegistry, StepResult

    class One(BaseStep):
        name, progress_weight = 'one', 1.0

        def execute(self, context):
            return StepResult()

    registry = StepRegistry()
    registry.register(One())
    context = BaseStepContext(None)
    result = Orchestrator(registry, context, observers=PackManager().observers()).execute()
    assert result['success']
    import synapse_plugins_watch

    assert synapse_plugins_watch.seen == [('one', True)]
    assert 'Pack[synapse-plugins-watch].before_run failed' in context.errors[0]


def test_trace_writes_every_hook_call(install, capsys):
    install('synapse-plugins-traced', trainer('traced', 'coco'))
    PackManager(trace=True)
    assert 'synapse_register_steps(' in capsys.readouterr().err


def test_a_module_that_is_not_installed_joins_once(install, tmp_path):
    (tmp_path / 'site' / 'at_hand.py').write_text('from synapse_plugins import hookimpl\n', encoding='utf-8')
    manager = PackManager()
    first = manager.add_module('at_hand', distribution='my-plugin')
    assert first.state == 'loaded'
    assert manager.add_module('at_hand', distribution='my-plugin') is first


@pytest.mark.parametrize(
    'requires', ['synapse-plugins>=99', 'synapse_plugins[yolo] (>=99,<100)', 'Synapse.Plugins ==99.*']
)
def test_a_pack_that_needs_another_version_is_named_and_not_imported(install, requires):
    install('synapse-plugins-new', 'raise RuntimeError("imported")', requires=requires)
    install('synapse-plugins-good', trainer('good', 'coco'), requires='synapse-plugins>=0.1,<99')
    manager = PackManager()
    assert record(manager, 'synapse-plugins-new').state == 'incompatible'
    assert 'pip install --upgrade' in record(manager, 'synapse-plugins-new').error
    assert record(manager, 'synapse-plugins-good').state == 'loaded'


@pytest.mark.parametrize(
    'requires', ['synapse-plugins>=99; python_version < "3"', 'other>=99', 'synapse-plugins-other>=99']
)
def test_what_a_pack_requires_of_others_or_elsewhere_is_no_matter(install, requires):
    install('synapse-plugins-good', trainer('good', 'coco'), requires=requires)
    assert record(PackManager(), 'synapse-plugins-good').state == 'loaded'
