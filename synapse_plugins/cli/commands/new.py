"""``new``: a project that works before its first edit."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ...errors import ParamsError
from .. import output
from ..answers import DataOption, parse_answers
from ..options import new_app

app = new_app()


class Kind(StrEnum):
    """What can be made."""

    STEP_PACK = 'step-pack'
    TRAIN_PLUGIN = 'train-plugin'
    EXPORT_PLUGIN = 'export-plugin'
    UPLOAD_PLUGIN = 'upload-plugin'


@app.command()
def new(
    destination: Annotated[Path, typer.Argument(metavar='DEST', help='Folder to make.', show_default=False)],
    kind: Annotated[
        Kind | None, typer.Option('--kind', help='What to make; asked if it is not given.')
    ] = None,
    data: DataOption = None,
    defaults: Annotated[
        bool, typer.Option('--defaults', help='Ask nothing; what is not answered takes its default.')
    ] = False,
) -> None:
    """Make a plugin project or a step pack that works before its first edit."""
    from ...scaffold import new_project

    answers = parse_answers(data)
    if kind is not None:
        answers['kind'] = kind.value
    if not defaults and not sys.stdin.isatty():
        raise ParamsError(
            'There is no terminal to ask questions on. Add --defaults, and --data key=value as you like.'
        )
    made = new_project(destination, answers=answers, defaults=defaults)
    output.say(made.next_steps)
    if made.note:
        output.note('', made.note)
