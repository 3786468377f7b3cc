"""What the template asks, and whether given answers fit: copier ignores the names that it does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ParamsError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ['check_answers', 'check_names', 'check_used', 'read_questions']

_BOOLEANS = {'y', 'yes', 'on', 'true', '1', 'n', 'no', 'off', 'false', '0'}


def read_questions(root: Path) -> dict[str, Any]:
    """Return the questions of a template that somebody may be asked, by name; what is computed is left out."""
    import yaml

    content = yaml.safe_load((root / 'copier.yml').read_text(encoding='utf-8'))
    return {
        name: question
        for name, question in content.items()
        if not name.startswith('_') and question.get('when') is not False
    }


def check_answers(answers: Mapping[str, Any], questions: Mapping[str, Any]) -> None:
    """Refuse answers that copier would ignore or guess at; it checks the others itself.

    Raises:
        UnknownNameError: For a question that is not asked.
        ParamsError: For neither yes nor no, where that is asked, which copier takes for a no; and for what is not
            among the choices, which not every copier names.
    """
    check_names(answers, questions)
    for name, answer in answers.items():
        choices = questions[name].get('choices') or ()
        choices = list(choices.values() if isinstance(choices, dict) else choices)
        if choices and answer not in choices:
            raise ParamsError(f'{name}: {answer!r} is none of {", ".join(choices)}.')
        if questions[name].get('type') == 'bool' and str(answer).lower() not in _BOOLEANS:
            raise ParamsError(f'{name} is yes or no, not {answer!r}.')


def check_names(answers: Iterable[str], known: Iterable[str]) -> None:
    """Refuse answers to questions that are not asked.

    Raises:
        UnknownNameError: Naming the first, with those that come near.
    """
    known = list(known)
    for name in answers:
        if name not in known:
            raise UnknownNameError('question', name, known, 'It was answered by --data.')


def check_used(answers: Iterable[str], used: Mapping[str, Any]) -> None:
    """Refuse answers that this kind of project has no use for.

    Raises:
        ParamsError: Naming the first.
    """
    for name in answers:
        if name not in used:
            raise ParamsError(
                f'The kind {used["kind"]} does not ask for {name!r}; leave it out, or choose another --kind.'
            )
