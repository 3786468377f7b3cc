"""`update`: a project follows its template for years, and keeps what is its own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from synapse_plugins.errors import ConfigError, UnknownNameError
from synapse_plugins.scaffold import update_project

if TYPE_CHECKING:
    from collections.abc import Callable

    Git = Callable[..., str]
    Commit = Callable[..., None]

STEP_PACK = Path('templates') / 'step-pack'
STEPS = Path('src') / 'synapse_plugins_signs' / 'steps.py'


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding='utf-8')
    assert old in text, path
    path.write_text(text.replace(old, new), encoding='utf-8')


def answers_of(project: Path) -> dict[str, Any]:
    answers: dict[str, Any] = yaml.safe_load((project / '.copier-answers.yml').read_text(encoding='utf-8'))
    return answers


@pytest.fixture
def make(repository: Path, tmp_path: Path, git: Git, commit: Commit) -> Callable[..., Path]:
    """Make a project from the repository's last tag, and commit it."""
    import copier

    def call(**answers: Any) -> Path:
        folder = tmp_path / 'signs'
        copier.run_copy(str(repository), folder, data=answers, defaults=True, quiet=True, unsafe=False)
        git(folder, 'init', '-q')
        commit(folder)
        return folder

    return call


# -- what a repository gives -----------------------------------------------------------------------------------


def test_a_project_gets_the_last_release_and_no_source(
    repository: Path,
    render: Callable[..., Path],
    commit: Commit,
    tmp_path: Path,
    files_of: Callable[..., dict[str, bytes]],
) -> None:
    edit(repository / STEP_PACK / 'README.md.jinja', '## Try it', '## Not released yet')
    commit(repository)
    released = render(tmp_path / 'signs', template=repository)
    assert 'Not released yet' not in (released / 'README.md').read_text(encoding='utf-8')
    assert answers_of(released)['_commit'] == 'v0.1.0'
    files = files_of(released)
    assert not any(name.startswith(('synapse_plugins/', 'templates/', 'copier')) for name in files)
    for name in ('pyproject.toml', 'README.md', 'noxfile.py'):
        assert files[name] != (repository / name).read_bytes()


def test_the_checkout_itself_gives_no_source(tmp_path: Path) -> None:
    import warnings

    import copier

    checkout = Path(__file__).resolve().parents[2]
    if not (checkout / '.git').exists():
        pytest.skip('these files are no git checkout')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of a clone that is shallow, or has changes
        copier.run_copy(
            str(checkout), tmp_path / 'signs', vcs_ref='HEAD', defaults=True, quiet=True, unsafe=False
        )
    names = {path.name for path in (tmp_path / 'signs').iterdir()}
    assert 'pyproject.toml' in names
    assert (
        names & {'synapse_plugins', 'builtin_steps', 'templates', 'docs', 'copier.yml', 'benchmarks'} == set()
    )


def test_what_python_and_systems_leave_behind_is_not_copied(
    source: Path, render: Callable[..., Path], tmp_path: Path, files_of: Callable[..., dict[str, bytes]]
) -> None:
    template = shutil.copytree(source, tmp_path / 'template')
    package = template / STEP_PACK / 'src' / '{{ package }}'
    (package / '__pycache__').mkdir()
    for stray in ('__pycache__/a.cpython-311.pyc', 'b.pyc', '.DS_Store', 'steps.py~'):
        (package / stray).write_bytes(b'stray')
    assert b'stray' not in files_of(render(tmp_path / 'signs', template=template)).values()
    assert not list((tmp_path / 'signs').rglob('__pycache__'))


# -- what an update does ---------------------------------------------------------------------------------------


def test_an_update_merges_and_leaves_alone_what_is_the_users(
    make: Callable[..., Path], repository: Path, git: Git, commit: Commit
) -> None:
    project = make()
    edit(project / 'pyproject.toml', '"synapse-plugins>=', '"requests>=2",\n  "synapse-plugins>=')
    (project / STEPS).write_text('"""My own steps."""\n', encoding='utf-8')
    edit(project / 'README.md', '## Try it', '## My own page')
    for name in ('noxfile.py', 'CHANGELOG.md'):
        (project / name).unlink()
    commit(project)
    edit(
        repository / 'templates/_shared/pyproject.toml.jinja',
        '"Typing :: Typed",',
        '"Typing :: Typed",\n  "Topic :: Utilities",',
    )
    for name in (
        'README.md.jinja',
        'src/{{ package }}/steps.py.jinja',
        'CHANGELOG.md.jinja',
        'noxfile.py.jinja',
    ):
        path = repository / STEP_PACK / name
        path.write_text(path.read_text(encoding='utf-8') + '# new in the template\n', encoding='utf-8')
    (repository / STEP_PACK / 'NOTICE.jinja').write_text('{{ distribution }}\n', encoding='utf-8')
    commit(repository, 'v0.2.0')

    done = update_project(project)

    assert (done.before, done.after, done.conflicts) == ('v0.1.0', 'v0.2.0', [])
    assert done.changed == ['.copier-answers.yml', 'NOTICE', 'pyproject.toml']
    pyproject = (project / 'pyproject.toml').read_text(encoding='utf-8')
    assert '"requests>=2",' in pyproject
    assert '"Topic :: Utilities",' in pyproject
    assert (project / STEPS).read_text(encoding='utf-8') == '"""My own steps."""\n'
    assert 'new in the template' not in (project / 'README.md').read_text(encoding='utf-8')
    assert not (project / 'noxfile.py').exists()
    assert not (project / 'CHANGELOG.md').exists()
    assert (project / 'NOTICE').read_text(encoding='utf-8') == 'synapse-plugins-signs\n'
    assert answers_of(project)['_commit'] == 'v0.2.0'
    assert git(project, 'log', '--oneline').count('\n') == 2, 'nothing is committed'


def test_a_conflict_is_told_with_its_file(
    make: Callable[..., Path], repository: Path, commit: Commit, capsys: pytest.CaptureFixture[str]
) -> None:
    from synapse_plugins.cli import main

    project = make()
    edit(project / 'pyproject.toml', 'line-length = 120', 'line-length = 100')
    commit(project)
    edit(repository / 'templates/_shared/pyproject.toml.jinja', 'line-length = 120', 'line-length = 88')
    commit(repository, 'v0.2.0')
    assert main(['update', str(project)]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith('Error: ')
    assert '  pyproject.toml\n' in captured.err
    assert 'git reset --hard' in captured.err
    assert 'Traceback' not in captured.err
    text = (project / 'pyproject.toml').read_text(encoding='utf-8')
    assert re.search(r'<<<<<<< .*line-length = 100.*=======.*line-length = 88.*>>>>>>> ', text, re.DOTALL)
    # until it is finished there is no further update
    with pytest.raises(ConfigError, match='not committed'):
        update_project(project)


def test_what_the_template_gives_up_is_told(
    make: Callable[..., Path], repository: Path, commit: Commit, capsys: pytest.CaptureFixture[str]
) -> None:
    from synapse_plugins.cli import main

    project = make()
    edit(project / 'noxfile.py', 'import nox', 'import nox  # and mine')
    commit(project)
    (repository / STEP_PACK / 'noxfile.py.jinja').unlink()
    commit(repository, 'v0.2.0')
    assert main(['update', str(project)]) == 0
    told = capsys.readouterr().out
    assert 'Gone, because the template no longer has them:\n  noxfile.py\n' in told
    assert 'git checkout HEAD -- FILE' in told


def test_a_file_that_both_sides_made_is_a_conflict(
    make: Callable[..., Path], repository: Path, commit: Commit
) -> None:
    project = make()
    (project / 'NOTICE').write_text('mine\n', encoding='utf-8')
    commit(project)
    (repository / STEP_PACK / 'NOTICE').write_text('theirs\n', encoding='utf-8')
    commit(repository, 'v0.2.0')
    assert update_project(project).conflicts == ['NOTICE']
    assert 'mine' in (project / 'NOTICE').read_text(encoding='utf-8')


def test_a_switched_option_brings_its_files_and_takes_them_away(
    make: Callable[..., Path], commit: Commit
) -> None:
    project = make(with_format='yes')
    package = project / 'src' / 'synapse_plugins_signs'
    assert (package / 'formats.py').is_file()
    done = update_project(project, answers={'with_format': 'no', 'with_trainer': 'yes'})
    assert done.conflicts == []
    assert not (package / 'formats.py').exists()
    assert not (project / 'tests' / 'test_formats.py').exists()
    assert (package / 'trainer.py').is_file()
    assert (project / 'tests' / 'test_trainer.py').is_file()
    pack = (package / 'pack.py').read_text(encoding='utf-8')
    assert 'FormatProvider' not in pack
    assert 'MeanSizeStep' in pack
    assert (answers_of(project)['with_format'], answers_of(project)['with_trainer']) == (False, True)


def test_what_new_makes_is_updated_from_the_repository(
    repository: Path, source: Path, render: Callable[..., Path], git: Git, commit: Commit, tmp_path: Path
) -> None:
    origin = {
        'template_source': f'git+{repository.as_uri()}',
        'template_ref': 'v0.1.0',
    }  # what `new` tells copier
    project = render(tmp_path / 'signs', template=source, **origin)
    git(project, 'init', '-q')
    commit(project)
    edit(repository / 'templates/_shared/gitignore', 'build/', 'build/\nnewer/')
    commit(repository, 'v0.2.0')
    done = update_project(project)
    assert done.changed == ['.copier-answers.yml', '.gitignore']
    assert answers_of(project)['_src_path'] == f'git+{repository.as_uri()}'
    assert answers_of(project)['_commit'] == 'v0.2.0'


def test_a_project_in_a_folder_of_a_larger_repository_is_updated(
    repository: Path, render: Callable[..., Path], git: Git, commit: Commit, tmp_path: Path
) -> None:
    project = render(tmp_path / 'all my plugins' / 'signs', template=repository)
    git(project.parent, 'init', '-q')
    commit(project.parent)
    (project.parent / 'elsewhere.txt').touch()  # not committed, and no business of this project
    edit(repository / 'templates/_shared/gitignore', 'build/', 'build/\nnewer/')
    commit(repository, 'v0.2.0')
    assert update_project(project).changed == ['.copier-answers.yml', '.gitignore']


def test_a_project_of_what_is_not_released_is_not_taken_back(
    repository: Path, tmp_path: Path, git: Git, commit: Commit
) -> None:
    import copier

    edit(repository / 'templates/_shared/gitignore', 'build/', 'build/\nnewer/')
    commit(repository)
    project = tmp_path / 'signs'
    copier.run_copy(str(repository), project, vcs_ref='HEAD', defaults=True, quiet=True, unsafe=False)
    git(project, 'init', '-q')
    commit(project)
    with pytest.raises(ConfigError, match=r'[Dd]owngrad'):
        update_project(project)
    assert 'newer/' in (project / '.gitignore').read_text(encoding='utf-8')


def test_a_tag_that_was_moved_costs_no_edit(
    make: Callable[..., Path], repository: Path, git: Git, commit: Commit
) -> None:
    """Nobody can tell which of two contents of one tag a project has; so what came by moving it is not brought."""
    project = make()
    edit(project / 'noxfile.py', 'Build the sdist', 'Make the sdist')
    commit(project)
    shared = repository / 'templates' / '_shared'
    edit(shared / 'gitignore', 'build/', 'build/\nunder-the-old-name/')
    edit(shared / 'pyproject.toml.jinja', 'line-length = 120', 'line-length = 100')
    commit(repository)
    git(repository, 'tag', '--force', 'v0.1.0')
    assert update_project(project).changed == [], 'it is of that release already'
    edit(shared / 'noxfile.py', 'import nox', 'import nox  # newer')
    edit(shared / 'pyproject.toml.jinja', 'line-length = 100', 'line-length = 88')
    commit(repository, 'v0.2.0')
    done = update_project(project)
    assert (done.before, done.after) == ('v0.1.0', 'v0.2.0')
    assert done.changed == ['.copier-answers.yml', 'noxfile.py', 'pyproject.toml']
    assert done.conflicts == ['pyproject.toml'], (
        'the line that moved with the tag, and changed again, is asked about'
    )
    noxfile = (project / 'noxfile.py').read_text(encoding='utf-8')
    assert 'Make the sdist' in noxfile
    assert 'import nox  # newer' in noxfile
    assert 'under-the-old-name/' not in (project / '.gitignore').read_text(encoding='utf-8')


def test_a_tag_that_is_gone_is_told(
    make: Callable[..., Path], repository: Path, git: Git, commit: Commit
) -> None:
    project = make()
    edit(repository / 'templates/_shared/gitignore', 'build/', 'build/\nnewer/')
    commit(repository, 'v0.2.0')
    git(repository, 'tag', '--delete', 'v0.1.0')
    with pytest.raises(ConfigError, match='v0.1.0'):
        update_project(project)
    assert git(project, 'status', '--porcelain') == ''


@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')  # copier leaves a folder open
def test_the_folder_of_a_kind_is_no_template_by_itself(source: Path, tmp_path: Path) -> None:
    import copier
    from jinja2 import TemplateError

    with pytest.raises(TemplateError):
        copier.run_copy(str(source / STEP_PACK), tmp_path / 'signs', defaults=True, quiet=True, unsafe=False)
    assert not (tmp_path / 'signs').exists()


def test_nothing_new_is_said_so(make: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    from synapse_plugins.cli import main

    assert main(['update', str(make())]) == 0
    assert 'newest template already (v0.1.0)' in capsys.readouterr().out


# -- what cannot be updated ------------------------------------------------------------------------------------


@pytest.fixture
def plain(render: Callable[..., Path], tmp_path: Path) -> Path:
    """A project that says where it comes from, in no repository."""
    origin = {'template_source': 'git+file:///nowhere/at/all.git', 'template_ref': 'v0.1.0'}
    return render(tmp_path / 'signs', **origin)


def test_a_project_outside_git_cannot_be_updated(plain: Path) -> None:
    with pytest.raises(ConfigError, match='not in a git repository'):
        update_project(plain)


def test_changes_that_are_not_committed_come_first(plain: Path, git: Git, commit: Commit) -> None:
    git(plain, 'init', '-q')
    commit(plain)
    (plain / 'mine.txt').touch()
    with pytest.raises(ConfigError, match=r'not committed \(mine\.txt\)'):
        update_project(plain)


def test_a_repository_that_is_not_there_is_told(plain: Path, git: Git, commit: Commit) -> None:
    git(plain, 'init', '-q')
    commit(plain)
    with pytest.raises(ConfigError, match='git said') as caught:
        update_project(plain)
    assert 'nowhere' in str(caught.value)


def test_a_template_in_a_folder_that_is_gone_is_told(
    make: Callable[..., Path], repository: Path, commit: Commit
) -> None:
    project = make()
    edit(project / '.copier-answers.yml', f'_src_path: {repository}', '_src_path: ../repository')
    commit(project)
    with pytest.raises(ConfigError, match=r"lies in '\.\./repository', and there is no such folder here"):
        update_project(project)


def test_a_question_that_the_project_was_not_asked_is_refused(plain: Path, git: Git, commit: Commit) -> None:
    git(plain, 'init', '-q')
    commit(plain)
    with pytest.raises(UnknownNameError, match='with_format'):
        update_project(plain, answers={'with_formats': True})


@pytest.mark.parametrize(
    ('content', 'said'),
    [
        (None, 'was not made from a template'),
        ('kind: step-pack\n', 'does not say which release'),
        ('_src_path: git+https://example.org/x.git\n', 'does not say which release'),
        ('- a\n', 'holds no answers'),
        ('a: [\n', 'cannot be read'),
    ],
)
def test_without_a_good_answers_file_there_is_no_update(
    content: str | None, said: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / '.copier-answers.yml').write_text(content, encoding='utf-8')
    with pytest.raises(ConfigError, match=said):
        update_project(tmp_path)


def test_what_is_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='is not a folder'):
        update_project(tmp_path / 'nothing')
