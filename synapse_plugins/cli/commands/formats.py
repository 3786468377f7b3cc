"""``formats``: what datasets can be read and written as."""

from typing import Annotated, Any

import typer

from .. import output
from ..options import JsonOption, new_app

app = new_app()


@app.command()
def formats(
    name: Annotated[
        str | None,
        typer.Argument(metavar='FORMAT', help='Show this one, with its options.', show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the dataset formats, or show one with the options that it is written with."""
    from ...packs import get_manager
    from ..packs_view import format_options, format_rows, note_broken

    manager = get_manager()
    rows = format_rows(manager)
    if name is not None:
        from ...datasets.formats import get

        provider = get(name)
        row = next(row for row in rows if row['name'] == provider.name)
        _show({**row, **format_options(provider)}, as_json=as_json)
        return
    if as_json:
        output.emit_json(rows)
        return
    columns = (
        output.Column('FORMAT'),
        output.Column('READS', spare=1),
        output.Column('WRITES', spare=1),
        output.Column('FROM', spare=2),
        output.Column('ABOUT', folds=True),
    )
    output.table(
        columns,
        [(row['name'], row['reads'], row['writes'], row['distribution'], row['summary']) for row in rows],
    )
    note_broken(manager)


def _show(row: dict[str, Any], *, as_json: bool) -> None:
    """Show one format."""
    if as_json:
        output.emit_json(row)
        return
    output.fields(
        [
            ('Format', row['name']),
            ('About', row['summary']),
            ('From', row['distribution']),
            ('Reads', row['reads']),
            ('Writes', row['writes']),
            ('Tasks', row['tasks']),
        ]
    )
    if row['options']:
        columns = (
            output.Column('OPTION'),
            output.Column('VALUES', folds=True),
            output.Column('DEFAULT', folds=True),
            output.Column('ABOUT', folds=True),
        )
        output.say('')
        output.table(
            columns, [(one['flag'], one['values'], one['default'], one['about']) for one in row['options']]
        )
