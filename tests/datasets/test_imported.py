"""Functions of which this process has other code than its workers would import, and those that they would not find."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import zipfile
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, imported
from synapse_plugins.datasets.given import OwnFunction
from synapse_plugins.datasets.ledger import LEDGER_FILE
from synapse_plugins.datasets.transforms import find_transforms, transforms_digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = 'my_imported_changes'
REFERENCE = f'{NAME}:change'

CODE = """
import functools
LABEL = 'WBC'


def wrapped(function):
    @functools.wraps(function)
    def call(sample):
        return function(sample)
    return call


class Kept:
    def says(self, one):
        return one.label != 'RBC'


@wrapped
def change(sample):
    sample.annotations = [one for one in sample.annotations if Kept().says(one)]
    for one in sample.annotations:
        one.label = LABEL
    return sample
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module of a user, which no earlier test has imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / f'{NAME}.py'
    path.write_text(CODE, encoding='utf-8')
    importlib.invalidate_caches()
    yield path
    sys.modules.pop(NAME, None)


@pytest.mark.parametrize(
    ('old', 'new'),
    [
        ("!= 'RBC'", "!= 'WBC'"),  # in a method
        ('for one in sample', 'for one in sample.annotations[:1] or sample'),  # below a decorator
        ('def change', 'def changed'),
        ('return call', 'return call)'),  # half edited
    ],
)
def test_what_was_edited_before_the_first_look_is_used_as_it_was_imported(
    module: Path, blood: Path, old: str, new: str
) -> None:
    change = importlib.import_module(NAME).change
    wanted = convert(blood, module.parent / 'wanted', to='yolo', transforms=[change]).report.to_dict()
    imported._known.clear()
    module.write_text(CODE.replace(old, new), encoding='utf-8')
    for number, given in enumerate((REFERENCE, change)):
        out = module.parent / f'out-{number}'
        report = convert(blood, out, to='yolo', transforms=[given], remember=True).report
        (told,) = [line for line in report.warnings if 'edited since' in line]
        assert told == (
            f'The module {NAME} was edited since this process imported it, and {REFERENCE} was used as it was then. '
            f'Start Python anew, or call importlib.reload({NAME}), to use it as it is now.'
        )
        report.warnings.remove(told)
        assert report.to_dict() == wanted
        assert not (out / LEDGER_FILE).exists()
    module.write_text(f'# A line more.\n{CODE}', encoding='utf-8')
    assert find_transforms([change], 'yolo', None) == (REFERENCE,)


def test_what_was_edited_since_is_used_as_it_was_until_it_is_imported_anew(module: Path, blood: Path) -> None:
    ways: dict[str, Any] = {'to': 'yolo', 'overwrite': True, 'transforms': [REFERENCE]}
    assert convert(blood, module.parent / 'out', **ways).classes == ['WBC']
    assert convert(blood, module.parent / 'out', **ways).is_hit
    module.write_text(CODE.replace("'WBC'", "'Cell'"), encoding='utf-8')
    made = convert(blood, module.parent / 'out', **ways)
    assert (made.classes, made.reused, made.is_hit) == (['WBC'], 0, False)
    assert 'was edited since' in '\n'.join(made.report.warnings)
    old = sys.modules[NAME].change
    importlib.reload(sys.modules[NAME])
    made = convert(blood, module.parent / 'out', **ways)
    assert (made.classes, made.reused) == (['Cell'], 0)
    assert convert(blood, module.parent / 'out', **ways).is_hit
    assert find_transforms([old], 'yolo', None) == (OwnFunction(REFERENCE, old),)


def test_of_code_in_an_archive_nothing_is_remembered(
    blood: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / 'code.zip', 'w') as archive:
        archive.writestr('my_zipped_pack/__init__.py', '')
        archive.writestr('my_zipped_pack/changes.py', CODE)
    monkeypatch.syspath_prepend(str(tmp_path / 'code.zip'))
    ways: dict[str, Any] = {'to': 'yolo', 'overwrite': True, 'transforms': ['my_zipped_pack.changes:change']}
    for _ in range(2):
        made = convert(blood, tmp_path / 'out', **ways)
        assert (made.classes, made.is_hit, made.reused) == (['WBC'], False, 0)
    assert not (tmp_path / 'out' / LEDGER_FILE).exists()
    assert len({transforms_digest(ways['transforms'], 'yolo') for _ in range(2)}) == 2


def test_what_other_processes_do_not_find_this_one_does_alone(
    blood: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'hidden.py').write_text(CODE, encoding='utf-8')
    spec = importlib.util.spec_from_file_location('my_hidden', tmp_path / 'hidden.py')
    assert spec is not None
    assert spec.loader is not None
    hidden = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, 'my_hidden', hidden)
    spec.loader.exec_module(hidden)
    made = ModuleType('my_made_up_changes')
    exec(CODE, vars(made))
    monkeypatch.setitem(sys.modules, made.__name__, made)
    for number, given in enumerate(('my_hidden:change', hidden.change, 'my_made_up_changes:change')):
        out = tmp_path / f'out-{number}'
        conversion = convert(blood, out, to='yolo', transforms=[given], remember=True)
        assert conversion.classes == ['WBC']
        (told,) = [line for line in conversion.report.warnings if 'this process alone' in line]
        if number < 2:
            assert told.endswith(
                f' my_hidden was imported from {tmp_path / "hidden.py"}, where other processes do not find it: to them '
                'my_hidden is no module at all. Put the folder that holds my_hidden on PYTHONPATH, before others that '
                'hold a module of that name, or install it.'
            )
        else:
            assert told.endswith(' lies in no file; write it into one that can be imported.')


def test_another_module_of_that_name_is_another_module_and_a_copy_is_none(
    module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_transforms([REFERENCE], 'yolo', None)
    (tmp_path / 'before').mkdir()
    (tmp_path / 'before' / module.name).write_text(CODE, encoding='utf-8')
    monkeypatch.syspath_prepend(str(tmp_path / 'before'))
    assert find_transforms([REFERENCE], 'yolo', None) == (REFERENCE,)
    (tmp_path / 'before' / module.name).write_text(f'{CODE}\n', encoding='utf-8')
    change = sys.modules[NAME].change
    (found,) = find_transforms([REFERENCE], 'yolo', None)
    assert isinstance(found, OwnFunction)
    assert (found.name, found.function, found.edited) == (REFERENCE, change, None)
    assert f'imported from {module}' in str(found.hidden)
    assert f'{NAME} is {tmp_path / "before" / module.name}. ' in str(found.hidden)
