"""``packs``: what is installed, and in which state."""

import sys
from typing import Any

from .. import output
from ..options import JsonOption, new_app

app = new_app()


@app.command()
def packs(as_json: JsonOption = False) -> None:
    """List the installed packs and what they provide."""
    from ...packs import get_manager
    from ..packs_view import pack_lines, pack_rows

    rows = pack_rows(get_manager())
    if as_json:
        output.emit_json(rows)
        return
    columns = (
        output.Column('PACK'),
        output.Column('VERSION'),
        output.Column('STATE'),
        output.Column('PROVIDES', folds=True),
    )
    output.table(
        columns,
        [
            (
                row['distribution'],
                row['version'],
                row['state'],
                '\n'.join(pack_lines(row)),
            )
            for row in rows
        ],
    )
    for error in dict.fromkeys(_error(row) for row in rows if row['error']):  # a conflict is told once
        output.say('', error)
    output.say(
        '', f'Packs are found in {sys.prefix}; one more comes with pip install synapse-plugins-<name>.'
    )


def _error(row: dict[str, Any]) -> str:
    error = output.shown(row['error'])
    return error if row['state'] == 'conflict' else f'{row["distribution"]}: {error}'
