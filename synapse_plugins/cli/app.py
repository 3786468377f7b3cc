"""The root command: a table of names, each command's module imported when it is invoked.

typer reads the annotations when it builds a command, so this module does not postpone them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .._version import __version__
from .options import require_command
from .settings import PROGRAM, Settings

__all__ = ['COMMANDS', 'root_command']

COMMANDS = {
    'demo': 'Train a model on a small dataset made here: the whole way, in about a minute.',
    'run': 'Run an action, such as train or yolo.train.',
    'runs': 'Look at past runs, or remove their records.',
    'datasets': 'Import, list, show, export or remove datasets.',
    'models': 'List, show, export or remove trained models.',
    'convert': 'Convert a dataset folder to another format.',
    'inspect': 'Show what a dataset folder holds and what is wrong with it.',
    'new': 'Make a plugin project or a step pack that works before its first edit.',
    'update': 'Bring a project that `new` made forward to the newest template.',
    'actions': 'List the actions, or show the parameters of one.',
    'packs': 'List the installed packs and what they provide.',
    'steps': 'List the steps that packs provide, and which one serves.',
    'formats': 'List the dataset formats, or show one with the options that it is written with.',
    'migrate': 'Rewrite a plugin that is built on synapse-sdk so that it runs here; '
    'shows the diff, and what it cannot do.',
    'config': "Check a plugin's config.yaml, or bring it in line with the code.",
    'login': 'Save the token of a server in ~/.synapse/config.json.',
    'publish': 'Send a release of a plugin to the platform; --dry-run shows what would be sent.',
    'serve': 'Serve the store to clients of the platform over HTTP.',
    'doctor': 'Check the installation, the store and the server.',
    'store': 'Look after the store: show, clean, check or move it.',
    'cache': 'Clear what can be made again.',
}
"""Name of each command -> its line in the root help. The module has the command's name."""

_GLOBAL_OPTIONS = ('home', 'traceback')


class LazyGroup(TyperGroup):
    """A group that knows its commands by `COMMANDS` and imports one when it is asked for.

    The contexts are typed `Any`: typer moved their class between its releases.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import and return a command, or None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f'.commands.{cmd_name}', __package__)
        command = typer.main.get_command(module.app)
        _plain_usage(command)
        shared = [param for param in self.params if param.name in _GLOBAL_OPTIONS]
        _share(command, shared)
        _pass_over_what_is_not_given(command)
        return command

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Read the options before the command's name."""
        with _noting_the_end(extra.get('obj') or Settings()):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a usage error says its reason without the word of a library in front of it."""
        with _noting_the_end(ctx.obj):
            result = super().invoke(ctx)
            require_command(ctx)
            return result

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, or fail with the names that come near."""
        from ..errors import suggestion

        if args[0] not in COMMANDS and not args[0].startswith('-'):
            ctx.fail(f'No such command {args[0]!r}. {suggestion(args[0], COMMANDS)}'.rstrip())
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the table; no command is imported for it."""
        with formatter.section('Commands'):
            formatter.write_dl(list(COMMANDS.items()))


@contextmanager
def _noting_the_end(settings: Settings) -> Iterator[None]:
    """Keep why a command ended that the library turns into a mere number: a usage error, which it prints, or Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        settings.interrupted = True
        raise
    except Exception as exc:
        message = getattr(exc, 'message', None)
        format_message = getattr(exc, 'format_message', None)
        if format_message is not None:
            if isinstance(message, str):
                exc.message = message.removeprefix('Value error, ')  # type: ignore[attr-defined]
            settings.refusal = format_message()
        raise


def _share(command: Any, options: Iterable[Any]) -> None:
    """Let *command* and the commands below it take the global options too, after their names."""
    for child in getattr(command, 'commands', {}).values():
        _share(child, options)
    command.params.extend(options)


def _pass_over_what_is_not_given(command: Any) -> None:
    """Keep typer from loading pydantic (a tenth of a second) to convert options that nobody gave.

    None is what such an option has before and after its conversion, and what its callback makes of it.
    """
    for child in getattr(command, 'commands', {}).values():
        _pass_over_what_is_not_given(child)
    params_of = command.get_params
    command.get_params = lambda ctx: [_passed_over(param) for param in params_of(ctx)]


def _passed_over(param: Any) -> Any:
    if (
        not (param.required or param.multiple or isinstance(param.process_value, partial))
        and param.nargs == 1
    ):
        param.process_value = partial(_process_value, param.process_value)
    return param


def _process_value(process: Callable[[Any, Any], Any], ctx: Any, value: Any) -> Any:
    return None if value is None else process(ctx, value)


def _plain_usage(command: Any) -> None:
    """Write the arguments in usage lines as everybody does: some releases of typer put braces around them."""
    for child in getattr(command, 'commands', {}).values():
        _plain_usage(child)
    pieces = command.collect_usage_pieces
    command.collect_usage_pieces = lambda ctx: [re.sub('[{}]', '', piece) for piece in pieces(ctx)]


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f'{PROGRAM} {__version__}')
        raise typer.Exit


def _set_home(ctx: typer.Context, value: Path | None) -> Path | None:
    if value is not None:
        _settings(ctx).home = value
    return value


def _set_traceback(ctx: typer.Context, value: bool) -> bool:
    _settings(ctx).traceback |= value
    return value


def _settings(ctx: typer.Context) -> Settings:
    settings: Settings = ctx.obj
    return settings


_app = typer.Typer(
    cls=LazyGroup,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
)


@_app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option('--version', help='Show the version and exit.', callback=_show_version, is_eager=True),
    ] = False,
    home: Annotated[
        Path | None,
        typer.Option(
            '--home',
            metavar='DIR',
            help='Folder of the store; by default $SYNAPSE_PLUGINS_HOME, else the data folder of the platform.',
            callback=_set_home,
            expose_value=False,
        ),
    ] = None,
    traceback: Annotated[
        bool,
        typer.Option(
            '--traceback', help='Show where an error came from.', callback=_set_traceback, expose_value=False
        ),
    ] = False,
) -> None:
    """Train, convert and ship: steps, actions and datasets for the Synapse labelling platform."""


def root_command() -> Any:
    """Return the command that stands for the whole program."""
    command = typer.main.get_command(_app)
    _pass_over_what_is_not_given(command)
    return command
