"""What the commands share: the shape of their typer app, and parameters that mean the same everywhere."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .settings import Settings
from .streams import divert_prints

__all__ = [
    'BackendOption',
    'DatasetArgument',
    'FromOption',
    'JsonOption',
    'ModelArgument',
    'PluginOption',
    'RunArgument',
    'new_app',
    'new_group',
    'require_command',
    'settings_of',
]


def _set_json(ctx: typer.Context, value: bool) -> bool:
    settings_of(ctx).as_json |= value
    if value:
        divert_prints()
    return value


JsonOption = Annotated[
    bool,
    typer.Option(
        '--json',
        help='Print one JSON document on stdout, and nothing else.',
        callback=_set_json,
        is_eager=True,  # an error in what stands before it is told in JSON too
    ),
]
FromOption = Annotated[
    str | None,
    typer.Option('--from', metavar='FORMAT', help='Format of the source; found out when it is not given.'),
]
BackendOption = Annotated[
    str,
    typer.Option(
        '--backend',
        metavar='local|URL',
        help='Where datasets and models live: the store of this machine, or a server.',
        show_default=True,
    ),
]
PluginOption = Annotated[
    Path | None,
    typer.Option(
        '--plugin',
        metavar='DIR',
        help='Folder of the plugin project; by default the current one.',
        show_default=False,
    ),
]
DatasetArgument = Annotated[
    str,
    typer.Argument(
        metavar='DATASET', help='Id of a dataset version, its name, or name@version.', show_default=False
    ),
]
ModelArgument = Annotated[
    str, typer.Argument(metavar='MODEL', help='Id of a model, or its name.', show_default=False)
]
RunArgument = Annotated[
    str, typer.Argument(metavar='RUN', help='Id of a run, or its beginning.', show_default=False)
]


def new_app(**settings: Any) -> typer.Typer:
    """Return a typer app whose help and errors are plain text."""
    return typer.Typer(
        add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, **settings
    )


def new_group(help: str) -> typer.Typer:  # noqa: A002 - as typer calls it
    """Return the app of a command that has commands below it, and says which where none was named."""
    app = new_app(help=help)
    app.callback(invoke_without_command=True)(require_command)
    return app


def require_command(ctx: typer.Context) -> None:
    """Refuse a group without a command: bad usage, with the commands that there are."""
    if ctx.invoked_subcommand is None:
        group: Any = ctx.command
        formatter = ctx.make_formatter()
        group.format_commands(ctx, formatter)
        commands = formatter.getvalue().strip().partition('\n')[2]
        ctx.fail(f'Missing command: name one of these.\n{commands}')


def settings_of(ctx: typer.Context) -> Settings:
    """Return what the global options say."""
    settings: Settings = ctx.obj
    return settings
