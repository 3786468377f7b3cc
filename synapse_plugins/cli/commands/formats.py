"""``formats``: what datasets can be read and written as."""

from .. import output
from ..options import JsonOption, new_app

app = new_app()


@app.command()
def formats(as_json: JsonOption = False) -> None:
    """List the dataset formats."""
    from ...packs import get_manager
    from ..packs_view import format_rows, note_broken

    manager = get_manager()
    rows = format_rows(manager)
    if as_json:
        output.emit_json(rows)
        return
    columns = (
        output.Column('FORMAT'),
        output.Column('READS'),
        output.Column('WRITES'),
        output.Column('FROM'),
        output.Column('ABOUT', folds=True),
    )
    output.table(
        columns,
        [(row['name'], row['reads'], row['writes'], row['distribution'], row['summary']) for row in rows],
    )
    note_broken(manager)
