"""``update``: a project brought forward to the newest template."""

from pathlib import Path
from typing import Annotated

import typer

from .. import output
from ..answers import DataOption, parse_answers
from ..options import new_app

app = new_app()

_TAKE_BACK = 'git reset --hard && git clean -d -i'


@app.command()
def update(
    folder: Annotated[
        Path, typer.Argument(metavar='DIR', help='Folder of the project.', show_default='the current one')
    ] = Path(),
    data: DataOption = None,
) -> None:
    """Bring a project that `new` made forward to the newest template."""
    from ...scaffold import update_project

    done = update_project(folder, answers=parse_answers(data))
    if not done.changed:
        output.say(f'{done.path} is of the newest template already ({done.after}).')
        return
    output.say(f'Brought {done.path} from {done.before} to {done.after}: {len(done.changed)} files changed.')
    if done.removed:
        output.say(
            'Gone, because the template no longer has them:',
            *(f'  {name}' for name in done.removed),
            'If you had changed one, git diff shows it, and git checkout HEAD -- FILE brings it back.',
        )
    if not done.conflicts:
        output.say(f'Look at it with git diff, run the tests, and commit. To take it back: {_TAKE_BACK}')
        return
    output.note(
        'Error: both the template and this project changed the same lines of:',
        *(f'  {name}' for name in done.conflicts),
        'Finish them by hand (look for <<<<<<<), run the tests, and commit.',
        f'To take the update back: {_TAKE_BACK}',
    )
    raise typer.Exit(1)
