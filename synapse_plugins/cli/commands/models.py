"""``models``: what was trained, and the way out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from .. import output
from ..metrics import find
from ..model_view import metrics_of, say_model
from ..options import BackendOption, JsonOption, ModelArgument, new_group, settings_of

_PAGE = 100

app = new_group('List, show, export or remove trained models.')


@app.command('list')
def list_models(ctx: typer.Context, backend: BackendOption = 'local', as_json: JsonOption = False) -> None:
    """List the models."""
    settings = settings_of(ctx)
    with settings.backend_at(backend) as place:
        models = [
            _shown(model, backend) for model in place.list_models({'page_size': _PAGE}, list_all=True)[0]
        ]
    if as_json:
        output.emit_json(models)
        return
    if not models and backend != 'local':
        output.say(f'No models at {place.name}.')
        return
    if not models:
        output.say(
            'No models yet. Train one:', f'  {settings.hint("run", "yolo.train", "-p", "dataset=NAME")}'
        )
        return
    columns = (
        output.Column('ID', right=True),
        output.Column('MODEL', folds=True),
        output.Column('MAP50', right=True),
        output.Column('SIZE', right=True),
        output.Column('MADE'),
    )
    output.table(
        columns,
        [
            (
                model['id'],
                model['name'],
                find(metrics_of(model), 'mAP50'),
                output.size(model.get('size')),
                output.when(model.get('created')),
            )
            for model in models
        ],
    )


@app.command('show')
def show_model(
    ctx: typer.Context, model: ModelArgument, backend: BackendOption = 'local', as_json: JsonOption = False
) -> None:
    """Show one model."""
    settings = settings_of(ctx)
    with settings.backend_at(backend) as place:
        # Of a server's model everything but its file, which would be fetched.
        describe = getattr(place, 'describe_model', place.get_model)
        found = _shown(describe(model), backend)
    if as_json:
        output.emit_json(found)
        return
    say_model(found)
    where = () if backend == 'local' else ('--backend', backend)
    command = settings.hint('models', 'export', str(found['id']), 'FOLDER', *where)
    output.say('', f'Take it out:  {command}')


@app.command('export')
def export_model(
    ctx: typer.Context,
    model: ModelArgument,
    destination: Annotated[Path, typer.Argument(metavar='DST', help='Folder to make.', show_default=False)],
    backend: BackendOption = 'local',
    as_json: JsonOption = False,
) -> None:
    """Export a model to a plain folder, and print the lines that use it."""
    from ...backends.exporting import export_model as export

    with settings_of(ctx).backend_at(backend) as place:
        lines = export(place, model, destination)
    if as_json:
        output.emit_json({'path': str(destination), 'usage': list(lines)})
    else:
        output.say(*lines)


@app.command('remove')
def remove_model(
    ctx: typer.Context, model: ModelArgument, backend: BackendOption = 'local', as_json: JsonOption = False
) -> None:
    """Remove a model."""
    with settings_of(ctx).backend_at(backend) as place:
        removed = place.remove_model(model)
    if as_json:
        output.emit_json({'removed': [removed]})
    else:
        output.say(f'Removed model {removed}.')


def _shown(model: Mapping[str, Any], backend: str) -> dict[str, Any]:
    """Return a model; an address of its file is good for a while and for whoever has it, so it is left out."""
    return dict(model) if backend == 'local' else {**model, 'file': None, 'backend': backend}
