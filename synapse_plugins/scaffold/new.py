"""Makes a project from the templates that came with this package: no git and no network needed."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, SynapsePluginsError
from .copying import copier_errors, load_copier, read_answers
from .questions import check_answers, check_used, read_questions
from .source import installed_from, repository_ref, repository_url, templates_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ['NewProject', 'new_project']

_NEXT_STEPS = 'templates/_shared/next_steps.txt'


@dataclass(frozen=True)
class NewProject:
    """A project that was made.

    Attributes:
        path: Its folder.
        answers: What was answered, by question.
        next_steps: What to do next, as text.
        note: Why it cannot be updated later; empty if it can.
    """

    path: Path
    answers: dict[str, Any]
    next_steps: str
    note: str


def new_project(
    destination: Path | str, *, answers: Mapping[str, Any] | None = None, defaults: bool = False
) -> NewProject:
    """Make a project; its folder appears whole or not at all.

    Args:
        destination: Its folder: one that is not there yet, or an empty one (a repository without files is empty).
        answers: Answers by question; those questions are not asked.
        defaults: Ask nothing: what is not answered takes its default.

    Raises:
        ConfigError: If the folder is not empty, or cannot be made.
        UnknownNameError: If there is no such question.
        ParamsError: If an answer is wrong, or the kind of project has no use for it.
        MissingExtraError: If copier is not installed.
    """
    copier = load_copier()
    given, root, target = dict(answers or {}), templates_root(), Path(destination).absolute()
    check_answers(given, read_questions(root))
    _check_destination(target)
    home = next(parent for parent in target.parents if parent.is_dir())
    with _disk_errors(target), tempfile.TemporaryDirectory(prefix='.synapse-plugins-', dir=home) as folder:
        made = Path(
            folder, 'project', target.name
        )  # under its own name, which is the default of its questions
        source = _copy_of_templates(root, Path(folder, 'source'))
        with copier_errors('The project cannot be made'):
            worker = copier.run_copy(
                str(source), made, data={**given, **_origin()}, defaults=defaults, quiet=True, unsafe=False
            )
        kept = read_answers(made)
        check_used(given, kept)
        _move(made, target)
    return NewProject(
        path=target,
        answers={name: value for name, value in kept.items() if not name.startswith('_')},
        next_steps=_next_steps(root, worker.answers.combined, str(destination)),
        note=_note(kept),
    )


def _check_destination(target: Path) -> None:
    if target.is_dir():
        inside = sorted(path.name for path in target.iterdir() if path.name != '.git')
        if inside:
            shown = ', '.join(inside[:3]) + (', ...' if len(inside) > 3 else '')
            raise ConfigError(
                f'{target} is not empty (it holds {shown}), and nothing there was touched. Name a folder that is not '
                'there yet, or an empty one.'
            )
        return
    found = next(path for path in (target, *target.parents) if os.path.lexists(path))
    if not found.is_dir():
        raise ConfigError(f'{found} is a file. Name a folder that is not there yet, or an empty one.')


@contextmanager
def _disk_errors(target: Path) -> Iterator[None]:
    """Say of a place where nothing can be written that it is one; our own errors go through."""
    try:
        yield
    except OSError as exc:
        if isinstance(exc, SynapsePluginsError):
            raise
        place = f' ({exc.filename})' if exc.filename else ''
        raise ConfigError(
            f'{target} cannot be made: {exc.strerror or exc}{place}. Nothing was left there. Name a folder in a place '
            'that you can write to and that has room.'
        ) from exc


def _copy_of_templates(root: Path, folder: Path) -> Path:
    """Copy the templates out of the package or the checkout, where copier would look for a repository's last tag."""
    folder.mkdir()
    shutil.copy(root / 'copier.yml', folder)
    ignored = shutil.ignore_patterns('__pycache__', '*.py[cod]')
    shutil.copytree(root / 'templates', folder / 'templates', ignore=ignored)
    return folder


def _origin() -> dict[str, str]:
    """Return what the answers file says of where the template comes from, in place of a folder of this machine."""
    return {'template_source': repository_url() or 'unknown', 'template_ref': repository_ref() or ''}


def _move(made: Path, target: Path) -> None:
    if target.is_dir():
        for path in sorted(made.iterdir()):
            shutil.move(path, target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    made.rename(target)


def _next_steps(root: Path, answers: Mapping[str, Any], destination: str) -> str:
    """Render what `copier copy` says at its end, for a project that was made elsewhere and moved."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(root),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - text for a terminal
    )
    environment.filters['quote'] = shlex.quote
    template = environment.get_template(_NEXT_STEPS)
    place = {'destination': destination, 'sdk_source': installed_from(), 'windows': sys.platform == 'win32'}
    return template.render(**answers, **place).strip()


def _note(answers: Mapping[str, Any]) -> str:
    if '_src_path' not in answers:
        return (
            'This project cannot be brought forward by `synapse-plugins update`: the installed synapse-plugins does '
            'not say where its repository is.'
        )
    if '_commit' not in answers:
        return (
            'This project cannot be brought forward by `synapse-plugins update` yet: it was made by a synapse-plugins '
            'that is no release. Once there is one with these templates, write its tag into .copier-answers.yml, as '
            '_commit: vX.Y.Z.'
        )
    return ''
