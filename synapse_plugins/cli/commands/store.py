"""``store``: what lies in the home folder, and its upkeep."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from .. import output
from ..options import JsonOption, new_group, settings_of

app = new_group('Look after the store: show, clean, check or move it.')


@app.command('show')
def show_store(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Show where the store is, what it holds, and how much room that takes."""
    facts = settings_of(ctx).backend().describe_store()
    if as_json:
        output.emit_json(facts)
        return
    schema = ', '.join(f'{name} {version}' for name, version in facts['schema'].items())
    output.fields([('Home', facts['home']), ('Schema', schema), ('Size', output.size(facts['size']))])
    output.say('')
    counts = [(name.replace('_', ' '), count) for name, count in facts['counts'].items()]
    output.table((output.Column('WHAT'), output.Column('COUNT', right=True)), counts)
    output.say('')
    sizes = [(name, output.size(size)) for name, size in facts['sizes'].items()]
    output.table((output.Column('PART', folds=True), output.Column('SIZE', right=True)), sizes)


@app.command('gc')
def collect_garbage(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Remove files that nothing needs any more, such as those of an import that was cut off."""
    removed = settings_of(ctx).backend().collect_all_garbage()
    if as_json:
        output.emit_json(removed)
        return
    count = removed['unreferenced'] + removed['stray']
    output.say(f'Removed {count} files: {output.size(removed["freed"])}.')


@app.command('fsck')
def check_store(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Read everything in the store, and say what is damaged or gone, and who needs it."""
    backend = settings_of(ctx).backend()
    with output.progress_bar('Checking') as progress:
        problems = backend.check_store(progress)
    damaged = [problem for problem in problems if problem['what'] != 'stray file']
    if as_json:
        output.emit_json({'ok': not damaged, 'problems': problems})
    else:
        _say_problems(problems)
    if damaged:
        raise typer.Exit(1)


@app.command('move')
def move(
    ctx: typer.Context,
    destination: Annotated[
        Path, typer.Argument(metavar='DIR', help='A folder that is new or empty.', show_default=False)
    ],
    as_json: JsonOption = False,
) -> None:
    """Move the store to another folder, whole or not at all."""
    from ...store.home import HOME_VARIABLE
    from ...store.moving import move_store

    settings = settings_of(ctx)
    with settings.store(existing=True) as store:
        home = store.home
    place = move_store(home, destination)
    if as_json:
        output.emit_json({'home': place, 'before': home})
        return
    output.say(f'The store is in {place} now.')
    output.say(f'Name it from now on, with --home {shlex.quote(str(place))}, or for all commands of a shell:')
    output.say(f'  export {HOME_VARIABLE}={shlex.quote(str(place))}')
    if settings.home is None:
        output.say(f'Without either, the next command begins a new and empty store in {home}.')


def _say_problems(problems: list[dict[str, Any]]) -> None:
    if not problems:
        output.say('Everything is as it was written.')
        return
    for problem in problems:
        needed = f' Needed by {", ".join(problem["needed_by"])}.' if problem['needed_by'] else ''
        output.say(f'{problem["what"]} {problem["path"]}: {problem["why"]}.{needed}')
