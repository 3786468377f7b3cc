"""``config``: a plugin's config.yaml against its code."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .. import output
from ..options import JsonOption, PluginOption, new_group

if TYPE_CHECKING:
    from ...plugin_config import ConfigReport

app = new_group("Check a plugin's config.yaml, or bring it in line with the code.")


@app.command()
def check(plugin: PluginOption = None, as_json: JsonOption = False) -> None:
    """Say what is wrong with config.yaml, and what sync would change; exits with 1 if there is any of it."""
    from ...plugin_config import check as check_config

    report = check_config(plugin or Path())
    _show(report, as_json)
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def sync(plugin: PluginOption = None, as_json: JsonOption = False) -> None:
    """Write entrypoints, methods, types and forms into config.yaml, as the code says; all else stays as it is."""
    from ...plugin_config import sync as sync_config

    report = sync_config(plugin or Path())
    _show(report, as_json)
    if not report.ok:
        raise typer.Exit(1)


def _show(report: 'ConfigReport', as_json: bool) -> None:
    if as_json:
        output.emit_json(report.to_dict())
        return
    if not report.written:
        output.say(*map(output.shown, report.diff().splitlines()))
    for title, lines in (
        ('Wrong:', report.problems),
        ('To know:', report.notes),
        ('Changed:' if report.written else 'Not in line with the code:', report.changes),
    ):
        if lines:
            output.say(title, *(f'  {output.shown(line)}' for line in lines))
    if report.before == report.after:
        output.say(f'{report.path} is in line with the code.')
    elif not report.written:
        output.say('', 'Write it:  synapse-plugins config sync')
