"""``migrate``: from the vendor's SDK to this package."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import output
from ..options import JsonOption, new_app

if TYPE_CHECKING:
    from ...migrate import Migration

app = new_app()


@app.command()
def migrate(
    path: Annotated[
        Path,
        typer.Argument(
            metavar='PATH', help='Folder of a plugin project, or one Python file.', show_default=False
        ),
    ],
    write: Annotated[
        bool, typer.Option('--write', help='Change the files; without it nothing is changed.')
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Rewrite a plugin that is built on synapse-sdk so that it runs here; shows the diff, and what it cannot do."""
    from ... import migrate as way_over

    done = way_over.migrate(path, write=write)
    if as_json:
        output.emit_json(done.to_dict())
        return
    if not write:
        for change in done.changes:
            output.say(*map(output.shown, change.diff().splitlines()))
        output.say(*[''] * bool(done.changes))
    _tell(done)


def _tell(done: 'Migration') -> None:
    verb = 'Changed' if done.written else 'To change'
    if done.changes:
        output.say(f'{verb}:', *(f'  {change.path}: {", ".join(change.what)}' for change in done.changes))
    for kind, title in (('stays', 'Stays on synapse-sdk:'), ('look', 'Not done, please look:')):
        if notes := done.of(kind):
            output.say(title, *(f'  {output.shown(str(note))}' for note in notes))
    if not done.changes:
        output.say(f'Nothing to change; {done.files} Python files were read.')
    elif not done.written:
        output.say('', 'Nothing was changed. The same command with --write does it.')
    else:
        output.say('', 'Next:  synapse-plugins actions     synapse-plugins config check')
