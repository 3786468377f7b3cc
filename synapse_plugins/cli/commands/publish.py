"""``publish``: a plugin to the platform."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    """Publish a plugin; in this version only --dry-run, which shows what would be sent."""
    from ...errors import BackendError
    from ...publish import make_release

    if not dry_run:
        raise BackendError(
            'Sending a plugin comes with a later version: add --dry-run to see what would be sent, and send it with '
            '`synapse plugin publish` of synapse-sdk.'
        )
    release = make_release(plugin or Path(), archive=archive)
    if as_json:
        output.emit_json(release.to_dict())
    else:
        _show(release, archive)
    if release.problems:
        raise typer.Exit(1)


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
    output.say('', 'Nothing was sent.')
