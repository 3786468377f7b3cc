"""``publish``: a plugin to the platform."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import output
from ..options import JsonOption, PluginOption, new_app

if TYPE_CHECKING:
    from ...publish import Release

app = new_app()

_SHOWN = 30
"""Files that are listed; an archive may hold thousands."""


@app.command()
def publish(
    dry_run: Annotated[
        bool, typer.Option('--dry-run', help='Build the archive, show what would be sent, and stop.')
    ] = False,
    archive: Annotated[
        Path | None,
        typer.Option('--zip', metavar='FILE', help='Leave the archive there.', show_default=False),
    ] = None,
    plugin: PluginOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a release of a plugin to the platform; --dry-run shows what would be sent.

    The server and the token are those of SYNAPSE_HOST and SYNAPSE_ACCESS_TOKEN, else those of `login`.
    """
    from ...publish import make_release

    with tempfile.TemporaryDirectory(prefix='publish-') as folder:
        packed = archive or Path(folder) / 'plugin.zip'
        release = make_release(plugin or Path(), archive=packed)
        sent = None if dry_run or release.problems else _send(release, packed)
    if as_json:
        output.emit_json({**release.to_dict(), 'sent': sent})
    else:
        _show(release, archive)
        _say_sent(release, sent)
    if release.problems:
        raise typer.Exit(1)


def _send(release: 'Release', archive: Path) -> dict[str, Any]:
    """Send a release, and return what the server says of it."""
    from ...backends import SynapseBackend
    from ...errors import ConfigError

    with SynapseBackend() as client:
        if not client.credentials.headers():
            raise ConfigError(
                f'There is no token for {client.name}: `synapse-plugins login`, or set SYNAPSE_ACCESS_TOKEN. Nothing '
                'was sent; --dry-run shows what would be.'
            )
        made = client.create_plugin_release(release.fields, file=archive)
        return {'id': made.get('id'), 'backend': client.name}


def _say_sent(release: 'Release', sent: dict[str, Any] | None) -> None:
    if sent is None:
        output.say('', 'Nothing was sent.')
    else:
        named = f'{release.fields["plugin"]}@{release.fields["version"]}'
        output.say('', f'Sent {named} to {sent["backend"]}; it is release {sent["id"]}.')


def _show(release: 'Release', archive: Path | None) -> None:
    fields = release.fields
    output.fields(
        [
            ('plugin', fields['plugin']),
            ('version', fields['version']),
            ('category', fields['config']['category']),
            ('actions', list(fields['config']['actions'])),
            ('requirements', (fields.get('requirements') or '').split('\n')[:-1]),
        ]
    )
    output.say('')
    listed = list(release.files.items())
    columns = (output.Column('FILE', folds=True), output.Column('SIZE', right=True))
    output.table(columns, [(name, output.size(size)) for name, size in listed[:_SHOWN]])
    if len(listed) > _SHOWN:
        output.say(f'... and {len(listed) - _SHOWN:,} more; --json lists all')
    output.say('', f'{len(listed):,} files, {output.size(release.size)} packed, sha256 {release.sha256}')
    if release.left_out:
        output.say(
            'Left out:', *(f'  {output.shown(path)}  ({rule})' for path, rule in release.left_out.items())
        )
    for title, lines in (('Wrong:', release.problems), ('To know:', release.notes)):
        if lines:
            output.say(title, *(f'  {output.shown(line)}' for line in lines))
    if archive is not None:
        output.say(f'The archive is {archive}')
