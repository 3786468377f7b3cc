"""Answers to a template's questions as they are typed: ``--data key=value``."""

from typing import Annotated

import typer

__all__ = ['DataOption', 'parse_answers']

DataOption = Annotated[
    list[str] | None,
    typer.Option(
        '--data',
        metavar='KEY=VALUE',
        help='An answer to a question of the template; may be given often.',
        show_default=False,
    ),
]


def parse_answers(pairs: list[str] | None) -> dict[str, str]:
    """Return the answers; the template's question says what a value is.

    Raises:
        typer.BadParameter: If one has no ``=``, or a name stands twice.
    """
    answers: dict[str, str] = {}
    for pair in pairs or ():
        name, equals, value = pair.partition('=')
        if not equals or not name:
            raise typer.BadParameter(
                f'{pair!r} is no answer; write it as --data key=value.', param_hint="'--data'"
            )
        if name in answers:
            raise typer.BadParameter(f'{name} is answered twice; keep one of them.', param_hint="'--data'")
        answers[name] = value
    return answers
