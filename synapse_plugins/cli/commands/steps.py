"""``steps``: who serves which role and format, and why."""

from .. import output
from ..options import JsonOption, new_app

app = new_app()


@app.command()
def steps(as_json: JsonOption = False) -> None:
    """List the steps that packs provide, and which one serves."""
    from ...packs import get_manager
    from ..packs_view import note_broken, step_rows

    manager = get_manager()
    rows = step_rows(manager)
    if as_json:
        output.emit_json(rows)
        return
    columns = (
        output.Column('ROLE'),
        output.Column('FORMAT'),
        output.Column('NAME'),
        output.Column('PACK', folds=True),
        output.Column('SERVES', folds=True),
    )
    output.table(
        columns,
        [
            (
                row['role'],
                row['format'] or 'any',
                row['name'],
                f'{row["distribution"]} {row["version"]}',
                f'by default: {row["reason"]}' if row['default'] else row['reason'],
            )
            for row in rows
        ],
    )
    note_broken(manager)
