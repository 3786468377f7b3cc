"""The questionnaire: short, safe for everybody, with defaults that work."""

from __future__ import annotations

import keyword
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from synapse_plugins import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).resolve().parents[2]
CONFIG: dict[str, Any] = yaml.safe_load((PROJECT / 'copier.yml').read_text(encoding='utf-8'))
QUESTIONS = {name: entry for name, entry in CONFIG.items() if not name.startswith('_')}
ASKED = {name: entry for name, entry in QUESTIONS.items() if entry.get('when') is not False}


def jinja(**options: Any) -> Any:
    """Return what copier renders questions with."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    extensions = ['jinja2_ansible_filters.AnsibleCoreFiltersExtension']
    return SandboxedEnvironment(extensions=extensions, undefined=StrictUndefined, **options)


ENVIRONMENT = jinja()
MALFORMED = [
    '',
    ' ',
    'Road',
    'road signs',
    'road_signs',
    '3d',
    '-a',
    'a-',
    'a--b',
    'straße',
    '표지판',
    "it's",
    'a\n',
]
MALFORMED += ['x' * 61, 'synapse-plugins-', 'synapse-plugins-3d']
TAKEN = ['yolo', 'coco', 'builtin', 'synapse-plugins', 'synapse-plugins-yolo']
RENDERED = {
    (name, part): ENVIRONMENT.from_string(entry[part])
    for name, entry in ASKED.items()
    for part in ('default', 'validator')
    if isinstance(entry.get(part), str)
}


def problem_with(name: str, answer: str) -> str:
    return str(RENDERED[name, 'validator'].render({name: answer})).strip()


def test_nobody_is_asked_more_than_eight_questions(kind: str) -> None:
    asked = [
        name
        for name, entry in ASKED.items()
        if 'when' not in entry or ENVIRONMENT.from_string(entry['when']).render(kind=kind) == 'True'
    ]
    assert 5 <= len(asked) <= 8


def test_every_question_has_a_default_and_a_help_and_a_type() -> None:
    for name, entry in ASKED.items():
        assert {'default', 'help', 'type'} <= set(entry), name
        assert entry['type'] == 'bool' or 'choices' in entry or 'validator' in entry, name


def test_nobody_has_to_trust_it() -> None:
    assert {'_tasks', '_migrations', '_jinja_extensions', '_external_data'} & set(CONFIG) == set()


def test_the_kinds_are_the_folders() -> None:
    folders = {path.name for path in (PROJECT / 'templates').iterdir() if path.is_dir()}
    assert set(ASKED['kind']['choices'].values()) == folders - {'_shared'}
    assert CONFIG['_subdirectory'] == 'templates/{{ kind }}'


def test_it_is_of_the_version_of_the_package() -> None:
    assert QUESTIONS['sdk_version']['default'] == __version__
    assert str(Version(f'v{__version__}')) == __version__, 'copier takes only such tags for releases'


def test_there_is_one_copier_yml_and_it_is_at_the_root() -> None:
    found = [*PROJECT.glob('copier.y*ml'), *(PROJECT / 'templates').rglob('copier.y*ml')]
    assert found == [PROJECT / 'copier.yml']


def test_what_copier_would_not_leave_out_by_itself_is_left_out() -> None:
    assert {'__pycache__', '*.py[cod]', '.git', '.DS_Store'} <= set(CONFIG['_exclude'])
    assert CONFIG['_envops']['undefined'] == 'jinja2.StrictUndefined'
    assert tuple(map(int, CONFIG['_min_copier_version'].split('.'))) >= (9, 18)


def test_no_question_leans_on_what_copier_took_away_once() -> None:
    assert '_copier_conf' not in str(QUESTIONS)


def test_file_names_work_on_every_system() -> None:
    for path in (PROJECT / 'templates').rglob('*'):
        relative = path.relative_to(PROJECT / 'templates').as_posix()
        assert not set(relative) & set('"|:<>?*\\'), relative
        assert len(relative) <= 100, relative
        assert not path.is_symlink()
        assert path.is_file() or not path.name.endswith('.jinja'), 'folders carry no suffix'


@given(st.text(max_size=80))
def test_any_folder_name_gives_a_good_project_name(folder: str) -> None:
    default = RENDERED['project_name', 'default']
    for kind in ASKED['kind']['choices'].values():
        assert problem_with('project_name', default.render(_folder_name=folder, kind=kind)) == ''


@pytest.mark.parametrize(
    ('folder', 'name'),
    [
        ('road-signs', 'road-signs'),
        ('Road Signs', 'road-signs'),
        ('synapse-plugins-kitti', 'kitti'),
        ('3d boxes', 'pack-3d-boxes'),
        ('교통 표지판', 'my-pack'),
        ('yolo', 'my-pack'),
        ('synapse-plugins', 'my-pack'),
        ('x' * 80, 'x' * 60),
        ('-', 'my-pack'),
    ],
)
def test_the_name_of_the_folder_is_the_default(folder: str, name: str) -> None:
    default = RENDERED['project_name', 'default']
    assert default.render(_folder_name=folder, kind='step-pack') == name


@pytest.mark.parametrize('name', [*MALFORMED, *TAKEN])
def test_a_name_that_would_not_work_is_refused(name: str) -> None:
    assert problem_with('project_name', name)


@pytest.mark.parametrize('name', sorted({'class', 'json', 'site', 'test', 'numpy', 'pytest', 'x' * 60}))
def test_a_name_that_is_a_module_or_a_keyword_does_no_harm(name: str) -> None:
    assert problem_with('project_name', name) == ''
    package = ENVIRONMENT.from_string(QUESTIONS['package']['default']).render(name=name)
    assert package.isidentifier()
    assert package not in {*sys.stdlib_module_names, *keyword.kwlist, name}


@given(st.text(st.characters(exclude_categories=['C', 'Z']), min_size=1, max_size=200))
def test_any_line_of_text_is_a_description(text: str) -> None:
    assert problem_with('description', text) == ''
    assert problem_with('user_name', text) == ''


@pytest.mark.parametrize(
    'text', ['two\nlines', 'a\x00b', 'a\x1bb', 'a\x7fb', 'a\x85b', 'a\u2028b', 'a\ud800b', 'a\rb']
)
def test_what_is_no_line_of_text_is_refused(text: str) -> None:
    assert problem_with('description', text)
    assert problem_with('user_name', text)


@pytest.mark.parametrize('address', ['', 'a@b', 'first.last+tag@example.org', '홍@예.한국'])
def test_an_address_may_be_empty(address: str) -> None:
    assert problem_with('user_email', address) == ''


@pytest.mark.parametrize('address', ['a', '@', 'a@', 'a b@c', 'a@b\n', '"a"@b', 'a@b, c@d', '<a@b>'])
def test_what_is_no_address_is_refused(address: str) -> None:
    assert problem_with('user_email', address)


@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')  # copier leaves a folder open
def test_a_misspelt_variable_is_an_error(render: Callable[..., Path], source: Path, tmp_path: Path) -> None:
    import shutil

    from jinja2 import UndefinedError

    template = shutil.copytree(source, tmp_path / 'template')
    (template / 'templates' / 'step-pack' / 'README.md.jinja').write_text(
        '{{ projct_name }}', encoding='utf-8'
    )
    with pytest.raises(UndefinedError, match='projct_name'):
        render(tmp_path / 'out', template=template)
    assert not (tmp_path / 'out').exists()
