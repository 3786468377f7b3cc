"""``doctor``: is everything there, and if not, what to type."""

import sys
from dataclasses import asdict

import typer

from .. import output
from ..options import JsonOption, new_app, settings_of

app = new_app()

_MARKS = {'ok': 'ok', 'note': '-', 'fault': 'FAULT'}


@app.command()
def doctor(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Check the installation, the store and the server.

    Of a token it says where it comes from, and never what it is.
    """
    from ..doctor_checks import LICENCES, checks

    found = list(checks(settings_of(ctx)))
    faults = [check for check in found if check.state == 'fault']
    if as_json:
        output.emit_json({'checks': [asdict(check) for check in found], 'licences': LICENCES})
    else:
        columns = (output.Column('CHECK'), output.Column('STATE'), output.Column('FOUND', folds=True))
        output.table(columns, [(check.name, _MARKS[check.state], check.found) for check in found])
        advice = [f'{check.name}: {check.advice}' for check in found if check.advice]
        if advice:
            output.say('', *advice)
        output.say('')
        output.prose(LICENCES, sys.stdout)
    if faults:
        raise typer.Exit(1)
