"""``run``: run an action, or say what it would do."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ...errors import ParamsError
from .. import output
from ..action_words import TakingParameters
from ..options import BackendOption, JsonOption, PluginOption, new_app, settings_of
from ..settings import Settings

app = new_app()

ParameterOption = Annotated[
    list[str] | None,
    typer.Option(
        '-p',
        '--param',
        metavar='KEY=VALUE',
        help='A parameter; may be given often.',
        show_default=False,
    ),
]


@app.command(cls=TakingParameters)
def run(
    ctx: typer.Context,
    action: Annotated[
        str,
        typer.Argument(
            metavar='ACTION',
            help='An action of this project or of a pack, or pkg.mod:Class.',
            show_default=False,
        ),
    ],
    pairs: ParameterOption = None,
    params_file: Annotated[
        Path | None,
        typer.Option(
            '--params',
            metavar='FILE',
            help='Parameters from a YAML or JSON file; -p wins.',
            show_default=False,
        ),
    ] = None,
    plan: Annotated[
        bool, typer.Option('--plan', help='Make every check, say what would be done, and stop.')
    ] = False,
    plugin: PluginOption = None,
    backend: BackendOption = 'local',
    job: Annotated[
        str | None,
        typer.Option(
            '--job',
            metavar='ID',
            help='Job of the backend that this run is: it gets status, progress, reports and result.',
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run an action, such as train or yolo.train.

    A value is what JSON reads it as, True, False and None too: lr0=1e-3 is a number, classes=[a,b] a list. All
    else is text, such as name=001 and country=no; quotes keep text what looks like a number: -p 'name="12"'.
    """
    settings = settings_of(ctx)
    arguments = {
        'params': _params(pairs or [], params_file),
        'backend': backend,
        'plugin': plugin,
    }
    if plan:
        _plan(action, {**arguments, 'home': settings.home}, as_json)
    else:
        _run(settings, action, {**arguments, 'job': job}, as_json)


def _params(pairs: list[str], file: Path | None) -> dict[str, Any]:
    from ..values import parse_pairs, read_params

    try:
        given = parse_pairs(pairs)
    except ParamsError as exc:
        raise typer.BadParameter(str(exc), param_hint="'-p'") from exc
    return {**(read_params(file) if file else {}), **given}


def _plan(action: str, arguments: dict[str, Any], as_json: bool) -> None:
    from ...executors import plan as make_plan
    from ..plan_view import plan_document, say_plan

    made = make_plan(action, **arguments)
    if as_json:
        output.emit_json(plan_document(made))
    else:
        say_plan(made)


def _run(settings: Settings, action: str, arguments: dict[str, Any], as_json: bool) -> None:
    from ..result_view import say_result
    from ..running import run_to_the_end

    finished = run_to_the_end(settings, action, arguments, as_json=as_json)
    if as_json:
        output.emit_json(finished.document())
    else:
        say_result(settings, finished.record, finished.result, finished.model)
