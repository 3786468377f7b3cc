"""``models``: what was trained, and the way out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import output
from ..metrics import find
from ..model_view import say_model
from ..options import JsonOption, ModelArgument, new_group, settings_of

if TYPE_CHECKING:
    from ...backends.local import LocalBackend

_PAGE = 100

app = new_group('List, show, export or remove trained models.')


@app.command('list')
def list_models(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """List the models."""
    settings = settings_of(ctx)
    models = _models(settings.backend())
    if as_json:
        output.emit_json(models)
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
                find(model['metrics'], 'mAP50'),
                output.size(model['size']),
                output.when(model['created']),
            )
            for model in models
        ],
    )


@app.command('show')
def show_model(ctx: typer.Context, model: ModelArgument, as_json: JsonOption = False) -> None:
    """Show one model."""
    settings = settings_of(ctx)
    found = settings.backend().get_model(model)
    if as_json:
        output.emit_json(found)
        return
    say_model(found)
    output.say('', f'Take it out:  {settings.hint("models", "export", str(found["id"]), "FOLDER")}')


@app.command('export')
def export_model(
    ctx: typer.Context,
    model: ModelArgument,
    destination: Annotated[Path, typer.Argument(metavar='DST', help='Folder to make.', show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Export a model to a plain folder, and print the lines that use it."""
    backend = settings_of(ctx).backend()
    lines = backend.export_model(backend.resolve_model(model), destination)
    if as_json:
        output.emit_json({'path': str(destination), 'usage': list(lines)})
    else:
        output.say(*lines)


@app.command('remove')
def remove_model(ctx: typer.Context, model: ModelArgument, as_json: JsonOption = False) -> None:
    """Remove a model from the store."""
    removed = settings_of(ctx).backend().remove_model(model)
    if as_json:
        output.emit_json({'removed': [removed]})
    else:
        output.say(f'Removed model {removed}.')


def _models(backend: 'LocalBackend') -> list[dict[str, Any]]:
    """Return all models, whichever page they are on."""
    models: list[dict[str, Any]] = []
    page: dict[str, Any] = {'next': True}
    while page['next']:
        page = backend.list_models({'page': len(models) // _PAGE + 1, 'page_size': _PAGE})
        models += page['results']
    return models
