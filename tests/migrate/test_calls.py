"""The few calls that mean something else here."""

from __future__ import annotations

from textwrap import dedent

import pytest

pytest.importorskip('libcst', reason="needs the extra `migrate`: pip install 'synapse-plugins[migrate]'")

from synapse_plugins.migrate.module import migrate_module

HEAD = 'from synapse_sdk.plugins.actions.train import BaseTrainAction\n'


def migrated(code: str) -> tuple[str, list[str], list[str]]:
    after, what, notes = migrate_module((HEAD + dedent(code)).encode('utf-8'), 'a.py')
    text = after.decode('utf-8')
    assert text.startswith('from synapse_plugins.actions.train import BaseTrainAction\n')
    return text.partition('\n')[2], what, [str(note) for note in notes]


def test_the_base_of_setup_steps_would_wire_the_default_steps() -> None:
    after, what, _ = migrated(
        """
        class A(BaseTrainAction):
            def setup_steps(self, registry):
                \"\"\"My steps.\"\"\"
                super().setup_steps(registry)  # nothing
                registry.register(Mine())
        """
    )
    assert 'super()' not in after
    assert 'registry.register(Mine())' in after
    assert any('super().setup_steps()' in change for change in what)


def test_steps_of_a_base_class_of_ones_own_stay() -> None:
    after, _, notes = migrated(
        """
        class Mine(BaseTrainAction):
            def setup_steps(self, registry):
                super().setup_steps(registry)
                registry.register(A())

        class Plain(BaseTrainAction):
            pass

        class Sub(Mine):
            def setup_steps(self, registry):
                super().setup_steps(registry)  # A
                registry.register(B())

        class SubOfSub(Sub):
            pass

        class Last(SubOfSub):
            def setup_steps(self, registry):
                super().setup_steps(registry)  # A and B
                registry.register(C())

        class OfPlain(Plain):
            def setup_steps(self, registry):
                super().setup_steps(registry)  # nothing
                registry.register(D())
        """
    )
    assert after.count('super().setup_steps(registry)') == 2
    assert '# A\n' in after
    assert '# A and B\n' in after
    assert notes == []


@pytest.mark.parametrize(
    ('base', 'moves'),
    [
        ("class B(BaseTrainAction):\n    target_format = 'yolo'", False),
        ("class B(BaseTrainAction):\n    target_format = 'coco'", True),
        ('class B(BaseTrainAction):\n    pass', True),
        ('from .other import Mixin\nclass B(Mixin, BaseTrainAction):\n    pass', False),
    ],
)
def test_the_format_may_be_that_of_a_base_class(base: str, moves: bool) -> None:
    execute = 'class T(B):\n    def execute(self, data_path, checkpoint):\n        return data_path.parent\n'
    assert ('data_path.parent' not in migrated(f'{base}\n\n{execute}')[0]) is moves


def test_a_base_class_of_another_file_is_left_to_its_author() -> None:
    after, _, notes = migrated(
        """
        from .mixins import Checked
        class A(Checked, BaseTrainAction):
            def setup_steps(self, registry):
                super().setup_steps(registry)
                registry.register(Mine())
        """
    )
    assert 'super().setup_steps(registry)' in after
    assert any('a base class of another file' in note for note in notes)


def test_where_nothing_else_is_registered_the_call_stays() -> None:
    code = '\nclass A(BaseTrainAction):\n    def setup_steps(self, registry):\n        super().setup_steps(registry)\n'
    assert migrated(code)[0] == code


def test_other_kinds_of_actions_keep_the_call() -> None:
    code = dedent(
        """
        from synapse_plugins import BaseUploadAction
        class U(BaseUploadAction):
            def setup_steps(self, registry):
                super().setup_steps(registry)
                registry.register(Mine())
        """
    )
    assert migrated(code)[0] == code


@pytest.mark.parametrize(
    ('line', 'moves'),
    [
        ("target_format = 'coco'", True),
        ('target_format: str | None = None', True),
        ('x = 1', True),
        ("target_format = 'yolo'", False),
        ('target_format = FORMAT', False),
    ],
)
def test_the_data_path_without_a_configuration_file_is_the_folder(line: str, moves: bool) -> None:
    after, what, _ = migrated(
        f"""
        class A(BaseTrainAction):
            {line}

            def execute(self, folder, checkpoint):
                return train(folder.parent / 'train', folder.parent.parent, checkpoint.parent)

        def other(folder):
            return folder.parent
        """
    )
    if moves:
        assert "train(folder / 'train', folder.parent, checkpoint.parent)" in after
        assert 'folder is the folder itself' in what
    else:
        assert "train(folder.parent / 'train', folder.parent.parent, checkpoint.parent)" in after
    assert 'return folder.parent\n' in after


def test_the_older_name_of_a_format() -> None:
    after, what, _ = migrated(
        """
        from synapse_sdk.plugins.steps import ConvertDatasetStep

        class A(BaseTrainAction):
            target_format = 'pascal'

            def setup_steps(self, registry):
                registry.register(ConvertDatasetStep("pascal", source_format='dm_v2'))
                registry.register(ConvertDatasetStep(target_format='pascal'))
                registry.register(Other('pascal'))
        """
    )
    assert "target_format = 'pascal_voc'" in after
    assert 'ConvertDatasetStep("pascal_voc", source_format=\'dm_v2\')' in after
    assert "ConvertDatasetStep(target_format='pascal_voc')" in after
    assert "Other('pascal')" in after
    assert 'the format pascal is called pascal_voc' in what


def test_what_a_backend_here_does_not_offer_is_told() -> None:
    _, _, notes = migrated(
        """
        class A(BaseTrainAction):
            def execute(self, data_path, checkpoint):
                self.client.get_model(1)
                return self.ctx.client.list_tasks()
        """
    )
    assert notes == ['a.py:6: client.list_tasks is not among what every backend offers here (docs/store.md)']


def test_texts_that_name_the_other_sdk_are_told_but_docstrings_are_not() -> None:
    _, _, notes = migrated(
        """
        class A(BaseTrainAction):
            \"\"\"Moved from synapse_sdk.plugins.\"\"\"

            where = 'synapse_sdk.plugins.steps'
        """
    )
    assert [note.split(':')[1] for note in notes] == ['6']
