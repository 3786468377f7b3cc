"""``runs``: the records of what was run."""

import typer

from .. import output
from ..options import JsonOption, RunArgument, new_group, settings_of
from ..runs_view import run_document, run_seconds, say_run

app = new_group('Look at past runs, or remove their records.')


@app.command('list')
def list_runs(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """List the runs, the newest first."""
    settings = settings_of(ctx)
    records = settings.runs().list()
    if as_json:
        output.emit_json([run_document(record) for record in records])
        return
    if not records:
        output.say('No runs yet. Start one:', f'  {settings.hint("run", "yolo.train", "-p", "dataset=NAME")}')
        return
    columns = (
        output.Column('RUN'),
        output.Column('ACTION', folds=True),
        output.Column('STATE'),
        output.Column('DATASET', folds=True),
        output.Column('STARTED'),
        output.Column('TOOK', right=True),
    )
    output.table(
        columns,
        [
            (
                record.id,
                record.action,
                record.state,
                record.dataset,
                output.when(record.started),
                output.duration(run_seconds(record)),
            )
            for record in records
        ],
    )


@app.command('show')
def show_run(ctx: typer.Context, run: RunArgument, as_json: JsonOption = False) -> None:
    """Show one run: its steps, metrics, messages and files."""
    settings = settings_of(ctx)
    record = settings.runs().get(run)
    if as_json:
        output.emit_json(run_document(record))
    else:
        say_run(record)


@app.command('remove')
def remove_run(ctx: typer.Context, run: RunArgument, as_json: JsonOption = False) -> None:
    """Remove the record of a run, and its work folder; models and datasets stay."""
    runs = settings_of(ctx).runs()
    record = runs.get(run)
    runs.remove(record.id)
    if as_json:
        output.emit_json({'removed': [record.id]})
    else:
        output.say(f'Removed run {record.id} ({record.action}, {record.state}).')
