"""``actions``: what can be run here."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .. import output
from ..options import JsonOption, PluginOption, new_app, settings_of

app = new_app()


@app.command()
def actions(
    ctx: typer.Context,
    action: Annotated[
        str | None,
        typer.Argument(metavar='ACTION', help='Show the parameters of this one.', show_default=False),
    ] = None,
    plugin: PluginOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the actions, or show the parameters of one."""
    if action is None:
        _list(plugin, as_json)
    else:
        _show(ctx, action, plugin, as_json)


def _list(plugin: Path | None, as_json: bool) -> None:
    from ...executors.prepare import list_actions
    from ...packs import get_manager
    from ..packs_view import note_broken
    from ..summaries import summary_of

    rows = [
        {**row, 'summary': row['summary'] or summary_of(row['action'], plugin)}
        for row in list_actions(plugin)
    ]
    if as_json:
        output.emit_json(rows)
        return
    columns = (output.Column('ACTION'), output.Column('FROM', folds=True), output.Column('ABOUT', folds=True))
    output.table(columns, [(row['name'], row['origin'], row['summary']) for row in rows])
    note_broken(get_manager())


def _show(ctx: typer.Context, action: str, plugin: Path | None, as_json: bool) -> None:
    from ...executors.prepare import find_action
    from ...packs import get_manager
    from ..parameters import parameter_rows

    found = find_action(action, plugin, get_manager())
    rows = parameter_rows(found)
    if as_json:
        output.emit_json({'name': found.name, 'origin': found.origin, 'parameters': rows})
        return
    output.say(f'{found.name}, from {found.origin}', '')
    columns = (
        output.Column('PARAMETER'),
        output.Column('TAKES', folds=True),
        output.Column('DEFAULT', folds=True),
        output.Column('ABOUT', folds=True),
    )
    output.table(columns, [(row['name'], row['takes'], _default(row), row['about']) for row in rows])
    required = [word for row in rows if row['required'] for word in ('-p', f'{row["name"]}=VALUE')]
    output.say('', f'Run it:  {settings_of(ctx).hint("run", action, *required)}')


def _default(row: dict[str, Any]) -> Any:
    return 'required' if row['required'] else row['default']
