"""``demo``: the whole way, from pictures to a registered model, on a dataset that is made here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...errors import MissingExtraError, SynapsePluginsError
from .. import output
from ..demo_folder import DemoFolder
from ..metrics import find
from ..options import new_app, settings_of
from ..result_view import model_fields
from ..running import Finished, run_to_the_end
from ..runs_view import run_seconds, say_steps
from ..settings import Settings

if TYPE_CHECKING:
    from ...backends.local import LocalBackend

app = new_app()

GOAL = 0.7
"""The mAP50 that the demo must reach."""
_DATASET = 'shapes'


@app.command()
def demo(
    ctx: typer.Context,
    epochs: Annotated[
        int | None,
        typer.Option(
            '--epochs', metavar='N', min=1, help='Passes over the pictures; fewer may not reach the goal.'
        ),
    ] = None,
    keep: Annotated[
        Path, typer.Option('--keep', metavar='DIR', help='Folder to work in, and to keep.', show_default=True)
    ] = Path('synapse-plugins-demo'),
) -> None:
    """Train a model on a small dataset made here: the whole way, in about a minute."""
    _need_yolo()
    settings = settings_of(ctx)
    if settings.home is not None:
        raise typer.BadParameter(
            'the demo has a store of its own; say where with --keep', param_hint="'--home'"
        )
    folder = DemoFolder(keep)
    folder.check()
    output.note(
        f'Pictures of coloured shapes, and a store for them, in {folder.path}',
        'Their outlines become boxes, for the model learns to detect.',
        '',
    )
    is_new = folder.make()
    settings.home = folder.home
    version = _imported(settings.backend(existing=False), folder, is_new)
    finished = run_to_the_end(settings, 'yolo.train', {'params': _params(version, epochs)}, quiet=True)
    advice = 'Give it more epochs.' if epochs else f'Look for the fault: `{settings.hint("doctor")}`'
    _say(settings, finished, advice)


def _need_yolo() -> None:
    """Say what is missing before anything is made."""
    from importlib.util import find_spec

    if find_spec('ultralytics') is None or find_spec('torch') is None:
        raise MissingExtraError(
            "The demo trains with ultralytics, which is not installed. Type: pip install 'synapse-plugins[yolo]'"
        )


def _imported(backend: 'LocalBackend', folder: DemoFolder, is_new: bool) -> dict[str, Any]:
    """Return the dataset's newest version in the demo's store; a new dataset makes one."""
    if not is_new:
        for version in backend.list_datasets():
            if version['name'] == _DATASET:
                return version
    with output.progress_bar('Importing') as progress:
        return backend.import_dataset(folder.dataset, _DATASET, source_format='dm_v2', progress=progress)


def _params(version: dict[str, Any], epochs: int | None) -> dict[str, Any]:
    from builtin_steps.shapes import DEMO_PARAMS

    params = {**DEMO_PARAMS, 'dataset': version['id'], 'name': _DATASET}
    return params if epochs is None else {**params, 'epochs': epochs}


def _say(settings: Settings, finished: Finished, advice: str) -> None:
    """Print what came of it, and fail where it is not good enough."""
    metrics = finished.result.metrics
    reached = find(metrics, 'mAP50')
    output.say('')
    say_steps(finished.record.steps)
    output.say('')
    output.fields(
        [
            ('mAP50', reached),
            ('mAP50-95', find(metrics, 'mAP50-95')),
            ('Took', output.duration(run_seconds(finished.record))),
            *(model_fields(finished.record, finished.model) if finished.model else ()),
        ]
    )
    output.say('')
    output.commands('Next:', _next(settings, finished))
    if reached is None or reached < GOAL:
        raise SynapsePluginsError(
            f'The model reached mAP50 {reached}, and this demo wants {GOAL} at least. {advice}'
        )


def _next(settings: Settings, finished: Finished) -> list[str]:
    model = str(finished.result.model_id)
    return [
        settings.hint('models', 'export', model, f'shapes-model-{model}'),
        settings.hint('run', 'yolo.val', '-p', f'dataset={_DATASET}', '-p', f'checkpoint={model}'),
        settings.hint('runs', 'show', finished.record.id),
    ]
