"""``inspect``: what a dataset folder holds and what is wrong with it; needs no store and no backend."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from .. import output
from ..inspection_view import say_inspection, say_written
from ..options import FromOption, JsonOption, new_app, settings_of
from ..sources import hinting_at_the_store

app = new_app()


@app.command()
def inspect(
    ctx: typer.Context,
    source: Annotated[Path, typer.Argument(metavar='SRC', help='Folder of the dataset.', show_default=False)],
    source_format: FromOption = None,
    verify: Annotated[
        bool, typer.Option('--verify', help='Decode every picture; finds more damage and takes longer.')
    ] = False,
    preview: Annotated[
        Path | None,
        typer.Option(
            '--preview',
            metavar='OUT.png',
            help='Write a contact sheet: pictures with their annotations.',
            show_default=False,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            '--report',
            metavar='OUT.html',
            help='Write all of it as one page that needs no network.',
            show_default=False,
        ),
    ] = None,
    pictures: Annotated[
        int, typer.Option('--pictures', metavar='N', min=1, max=200, help='How many pictures to show there.')
    ] = 12,
    as_json: JsonOption = False,
) -> None:
    """Show what a dataset folder holds and what is wrong with it."""
    from ...datasets import inspect as inspect_dataset

    settings = settings_of(ctx)
    with (
        # Of two files one may be there already.
        settings.writing_whole_or_nothing() if preview is None or report is None else nullcontext(),
        hinting_at_the_store(settings, [source]),
        output.progress_bar('Inspecting') as progress,
    ):
        record = inspect_dataset(
            source,
            source_format=source_format,
            verify=verify,
            preview=preview,
            report=report,
            pictures=pictures,
            progress=progress,
        )
    if as_json:
        output.emit_json(record.to_dict())
        return
    say_inspection(record)
    say_written(record, [path for path in (preview, report) if path is not None])
