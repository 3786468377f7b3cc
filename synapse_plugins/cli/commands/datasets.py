"""``datasets``: what is in the store, and the ways in and out."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from .. import output
from ..options import BackendOption, DatasetArgument, FromOption, JsonOption, new_group, settings_of
from ..report_view import say_lines, say_report
from ..settings import Settings

app = new_group('Import, list, show, export or remove datasets.')


class ImportLink(StrEnum):
    """How the store takes the pictures."""

    COPY = 'copy'
    HARD = 'hard'
    REFERENCE = 'reference'


class ExportLink(StrEnum):
    """How an export gives the pictures."""

    COPY = 'copy'
    HARD = 'hard'
    SYMLINK = 'symlink'


@app.command('import')
def import_dataset(
    ctx: typer.Context,
    source: Annotated[Path, typer.Argument(metavar='SRC', help='Folder of the dataset.', show_default=False)],
    name: Annotated[
        str,
        typer.Option('--name', metavar='NAME', help='Name in the store; a new one, or a new version of it.'),
    ],
    source_format: FromOption = None,
    link: Annotated[
        ImportLink,
        typer.Option(
            '--link',
            help='copy the pictures, link them hard, or refer to them where they lie.',
            show_default=True,
        ),
    ] = ImportLink.COPY,
    as_json: JsonOption = False,
) -> None:
    """Import a dataset folder into the store."""
    settings = settings_of(ctx)
    with (
        settings.writing_whole_or_nothing(),
        settings.backend(existing=False) as backend,
        output.progress_bar('Importing') as progress,
    ):
        version = backend.import_dataset(
            source, name, source_format=source_format, link=link.value, progress=progress
        )
    if as_json:
        output.emit_json(version)
        return
    if version['is_new']:
        splits = f'splits {_splits(version)}' if version['splits'] else 'no splits'
        output.say(
            f'Imported {_label(version)} from {source}: {_count(version["count"], "image")}, '
            f'{_count(len(version["classes"]), "class", "classes")}, {splits}.'
        )
    else:
        output.say(
            f'Nothing has changed: {_label(version)} (id {version["id"]}) holds just what is in {source}, so no new '
            'version was made.'
        )
    _say_next(settings, version)


@app.command('list')
def list_datasets(ctx: typer.Context, backend: BackendOption = 'local', as_json: JsonOption = False) -> None:
    """List the datasets, each version with its id."""
    settings = settings_of(ctx)
    with settings.backend_at(backend) as place:
        versions = place.list_datasets()
    if as_json:
        output.emit_json(versions)
    elif not versions and backend != 'local':
        output.say(f'No datasets at {place.name}.')
    elif not versions:
        example = settings.hint('datasets', 'import', 'FOLDER', '--name', 'NAME')
        output.say('No datasets yet. Import one:', f'  {example}')
    else:
        _print_versions(versions)


@app.command('show')
def show_dataset(
    ctx: typer.Context,
    dataset: DatasetArgument,
    backend: BackendOption = 'local',
    as_json: JsonOption = False,
) -> None:
    """Show one dataset version."""
    settings = settings_of(ctx)
    with settings.backend_at(backend) as place:
        version = place.get_dataset(dataset)
    if as_json:
        output.emit_json(version)
        return
    output.fields(
        [
            ('Id', version['id']),
            ('Dataset', _label(version)),
            ('Images', version.get('count')),
            ('Splits', _splits(version)),
            ('Classes', version.get('classes')),
            ('Imported', output.when(version.get('created'))),
            ('From', version.get('format')),
            ('Pictures', version.get('link')),
        ]
    )
    output.say('')
    _say_next(settings, version, backend)


@app.command('export')
def export_dataset(
    ctx: typer.Context,
    dataset: DatasetArgument,
    destination: Annotated[Path, typer.Argument(metavar='DST', help='Folder to make.', show_default=False)],
    to: Annotated[
        str, typer.Option('--to', metavar='FORMAT', help='Format to write.', show_default=True)
    ] = 'dm_v2',
    task: Annotated[
        str | None,
        typer.Option(
            '--task', metavar='TASK', help='Task that the format is written for, e.g. detect or segment.'
        ),
    ] = None,
    link: Annotated[
        ExportLink, typer.Option('--link', help='How the pictures come out of the store.', show_default=True)
    ] = ExportLink.COPY,
    backend: BackendOption = 'local',
    as_json: JsonOption = False,
) -> None:
    """Export a dataset version to a folder."""
    from ...backends.exporting import export_dataset as export
    from ...datasets import Conversion

    settings = settings_of(ctx)
    with (
        settings.writing_whole_or_nothing(),
        settings.backend_at(backend) as place,
        output.progress_bar('Exporting') as progress,
    ):
        ways: dict[str, Any] = {'task': task, 'link': link.value, 'progress': progress}
        result = export(place, dataset, destination, format=to, **ways)
    # The store holds dm_v2: everything else is a conversion of it, in which something may get lost.
    conversion = None if to == 'dm_v2' else Conversion.load(result)
    if as_json:
        report = {} if conversion is None else {'report': conversion.report.to_dict()}
        output.emit_json({'path': str(result), 'format': to, **report})
        return
    output.say(f'Exported dataset {dataset} as {to} to {result}')
    if conversion is not None:
        say_report(conversion)


@app.command('remove')
def remove_dataset(ctx: typer.Context, dataset: DatasetArgument, as_json: JsonOption = False) -> None:
    """Remove a dataset version, or all versions of a name; your own folders stay as they are."""
    with settings_of(ctx).backend() as backend:
        removed = backend.remove_dataset(dataset)
    if as_json:
        output.emit_json({'removed': removed})
    else:
        output.say(f'Removed {", ".join(removed)}.')


def _print_versions(versions: list[dict[str, Any]]) -> None:
    columns = (
        output.Column('ID', right=True),
        output.Column('DATASET', folds=True),
        output.Column('IMAGES', right=True),
        output.Column('SPLITS', folds=True),
        output.Column('CLASSES', folds=True),
        output.Column('IMPORTED'),
    )
    output.table(
        columns,
        [
            (
                version['id'],
                _label(version),
                version.get('count'),
                _splits(version, output.TOGETHER),
                _some(version.get('classes') or []),
                output.when(version.get('created')),
            )
            for version in versions
        ],
    )


def _say_next(settings: Settings, version: dict[str, Any], backend: str = 'local') -> None:
    where = () if backend == 'local' else ('--backend', backend)
    say_lines(
        [f'Note: {note}' for note in version.get('notes') or ()],
        settings.hint('datasets', 'show', _label(version), '--json', *where),
    )
    if version.get('classes') != []:  # a server may not tell
        train = settings.hint('run', 'yolo.train', '-p', f'dataset={_label(version)}', *where)
        output.say(f'Train on it:  {train}')
    else:
        output.say('Nothing in it is annotated, so nothing can be trained on it.')


def _label(version: dict[str, Any]) -> str:
    number = version.get('version')
    return str(version.get('name')) if number is None else f'{version.get("name")}@{number}'


def _splits(version: dict[str, Any], space: str = ' ') -> str:
    return ', '.join(f'{name}{space}{count}' for name, count in (version.get('splits') or {}).items())


def _some(names: list[str], limit: int = 5) -> str:
    """Return the first names; a list of a thousand classes is no table cell."""
    rest = len(names) - limit
    return ', '.join(names[:limit]) + (f' and {rest} more' if rest > 0 else '')


def _count(number: int, one: str, many: str | None = None) -> str:
    return f'{number:,} {one if number == 1 else many or f"{one}s"}'
