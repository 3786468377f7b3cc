"""Brings a project forward to the newest template, as a merge that a person reviews."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .copying import ANSWERS_FILE, copier_errors, load_copier, read_answers
from .questions import check_names

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ['Update', 'update_project']

_REMOTE = re.compile(r'[\w+]+://|\w+:|[\w.-]+@')
"""An address (git+https://..., git@host:...) or one of copier's short forms (gh:, gl:); a drive's letter, too."""
_MARKERS = (b'<<<<<<< before updating', b'>>>>>>> after updating')


@dataclass(frozen=True)
class Update:
    """What an update did.

    Attributes:
        path: The project's folder.
        before: The template's version that the project was of.
        after: The one that it is of now.
        changed: Files that changed, came or went, relative to the folder.
        conflicts: Those of them that a person has to finish, because both sides changed the same lines.
        removed: Those of them that are gone, because the template no longer has them.
    """

    path: Path
    before: str
    after: str
    changed: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def update_project(folder: Path | str = '.', *, answers: Mapping[str, Any] | None = None) -> Update:
    """Bring a project forward to the newest release of the template that it was made from.

    Nothing is committed. Files that the project owns, and files that were deleted in it, stay as they are.

    Args:
        folder: The project's folder, in a git repository without changes that are not committed.
        answers: Questions to answer anew, e.g. ``{'with_format': True}``.

    Raises:
        ConfigError: If it cannot be updated; nothing was changed then.
        UnknownNameError: If there is no such question.
        ParamsError: If an answer is wrong.
        MissingExtraError: If copier is not installed.
    """
    copier = load_copier()
    root = Path(folder).absolute()
    before = _check_project(root)
    check_names(answers or {}, (name for name in before if not name.startswith('_')))
    with copier_errors(f'{root} cannot be updated'):
        copier.run_update(
            root, data=dict(answers or {}), defaults=True, overwrite=True, quiet=True, unsafe=False
        )
    changed = _changed_files(root)
    return Update(
        path=root,
        before=str(before['_commit']),
        after=str(read_answers(root).get('_commit', '')),
        changed=list(changed),
        conflicts=[name for name, state in changed.items() if 'U' in state or _has_conflict(root / name)],
        removed=[name for name in changed if not (root / name).exists()],
    )


def _check_project(root: Path) -> dict[str, Any]:
    """Return the answers of a project that can be updated."""
    if not root.is_dir():
        raise ConfigError(f'{root} is not a folder.')
    answers = read_answers(root)
    if not answers:
        raise ConfigError(
            f'{root} has no {ANSWERS_FILE}, so it was not made from a template, or lost that file.'
        )
    if not answers.get('_src_path') or not answers.get('_commit'):
        raise ConfigError(
            f'{root / ANSWERS_FILE} does not say which release of which repository the project was made from: it was '
            'made by a synapse-plugins that is no release. Write both into it, as _src_path: git+https://... and '
            '_commit: vX.Y.Z.'
        )
    _check_source(root, str(answers['_src_path']))
    if shutil.which('git') is None:
        raise ConfigError('git is not installed; an update is a merge, and git makes it.')
    if _git(root, 'rev-parse', '--is-inside-work-tree').strip() != 'true':
        raise ConfigError(
            f'{root} is not in a git repository, so a change could not be reviewed or taken back. Type there: '
            'git init && git add -A && git commit -m Start'
        )
    if dirty := list(_changed_files(root)):
        raise ConfigError(
            f'{root} has changes that are not committed ({", ".join(dirty[:3])}{", ..." if len(dirty) > 3 else ""}). '
            'Commit them first, so that the update can be told from them.'
        )
    return answers


def _check_source(root: Path, source: str) -> None:
    """Refuse a template in a folder that is not there: copier keeps a relative path as it was typed at that time."""
    if _REMOTE.match(source) or Path(source).expanduser().exists():
        return
    raise ConfigError(
        f'{root / ANSWERS_FILE} says that the template lies in {source!r}, and there is no such folder here. Write '
        'into it where the template is now, as _src_path: git+https://... or a whole path, and commit that.'
    )


def _changed_files(root: Path) -> dict[str, str]:
    """Return the files under *root* that differ from the last commit, or are new, relative to it, with git's state."""
    prefix = _git(root, 'rev-parse', '--show-prefix').rstrip('\n')
    listed = _git(root, 'status', '--porcelain', '-z', '--no-renames', '--untracked-files=all', '--', '.')
    found = {entry[3:].removeprefix(prefix): entry[:2] for entry in listed.split('\0') if entry}
    return dict(sorted(found.items()))


def _has_conflict(path: Path) -> bool:
    if path.suffix == '.rej':
        return True
    return path.is_file() and any(line.rstrip() in _MARKERS for line in path.read_bytes().splitlines())


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ['git', '-C', str(root), *arguments], capture_output=True, text=True, encoding='utf-8', check=False
    )
    return done.stdout
