"""``convert``: a dataset folder in another format; needs no store and no backend."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import output
from ..options import FromOption, JsonOption, new_app, settings_of
from ..pairs import read_list, read_options, read_pairs, read_shares
from ..report_view import say_contents, say_report
from ..several import SeveralAndOne
from ..sources import hinting_at_the_store

if TYPE_CHECKING:
    from ...datasets import Conversion

app = new_app()

_LINKED = (
    'The pictures are hard links: one edited in place changes in the source too. `--link copy` makes copies.'
)


class Link(StrEnum):
    """How the pictures come into the new folder."""

    HARD = 'hard'
    SYMLINK = 'symlink'
    COPY = 'copy'


class Bounds(StrEnum):
    """What becomes of geometry that reaches out of its picture."""

    CLIP = 'clip'
    DROP = 'drop'
    ERROR = 'error'


class OnLoss(StrEnum):
    """What to do when something cannot be said in the new format."""

    WARN = 'warn'
    ERROR = 'error'
    IGNORE = 'ignore'


@app.command(cls=SeveralAndOne)
def convert(
    ctx: typer.Context,
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar='SRC',
            help='Folder of the dataset; several are put together under one class map.',
            show_default=False,
        ),
    ],
    destination: Annotated[Path, typer.Argument(metavar='DST', help='Folder to make.', show_default=False)],
    to: Annotated[str, typer.Option('--to', metavar='FORMAT', help='Format to write.')],
    source_format: FromOption = None,
    task: Annotated[
        str | None,
        typer.Option(
            '--task', metavar='TASK', help='Task that the format is written for, e.g. detect or segment.'
        ),
    ] = None,
    classes: Annotated[
        list[str] | None,
        typer.Option(
            '--classes',
            metavar='A,B',
            help='Classes to keep, in the order of their numbers; a name with a comma in double quotes, as '
            '\'"a, b",c\'. Can be repeated.',
        ),
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            '--rename',
            metavar='OLD=NEW',
            help='Call a class something else, before --classes are kept; several may become one. Can be repeated.',
        ),
    ] = None,
    sample: Annotated[
        str | None,
        typer.Option(
            '--sample',
            metavar='N|P%',
            help='Take so many pictures, or about that share: each is chosen by its name.',
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            '--split',
            metavar='NAME=SHARE,...',
            help='Put every picture into a split by the hash of its name, e.g. train=.8,val=.2; few pictures meet '
            'the shares only about.',
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option('--seed', metavar='N', help='Another number gives another sample and other splits.')
    ] = 0,
    transforms: Annotated[
        list[str] | None,
        typer.Option(
            '--transform',
            metavar='NAME',
            help='Let what a pack provides, or pkg.mod:function, change every sample. Can be repeated.',
        ),
    ] = None,
    bounds: Annotated[
        Bounds,
        typer.Option(
            '--bounds',
            help='When an annotation reaches out of its picture by more than a pixel.',
            show_default=True,
        ),
    ] = Bounds.CLIP,
    link: Annotated[
        Link, typer.Option('--link', help='How the pictures come into the new folder.', show_default=True)
    ] = Link.HARD,
    on_loss: Annotated[
        OnLoss,
        typer.Option(
            '--on-loss',
            help='When something gets lost: say so, write nothing, or leave it to report.json.',
            show_default=True,
        ),
    ] = OnLoss.WARN,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            '--allow',
            metavar='KIND',
            help='With --on-loss error: report losses of this kind, e.g. attribute, and go on. Can be repeated.',
        ),
    ] = None,
    drop_empty: Annotated[
        bool, typer.Option('--drop-empty', help='Leave out pictures that have no annotations, or none left.')
    ] = False,
    verify: Annotated[
        bool, typer.Option('--verify', help='Decode every picture, and leave out those that are damaged.')
    ] = False,
    options: Annotated[
        list[str] | None,
        typer.Option(
            '--option',
            metavar='NAME=VALUE',
            help='An option of the format that is written, as `formats FORMAT` lists them. Can be repeated.',
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            '--overwrite',
            help='Replace a folder that an earlier conversion made, and that holds nothing else; what you edited '
            'in its files is lost.',
        ),
    ] = False,
    verify_cache: Annotated[
        bool,
        typer.Option(
            '--verify-cache',
            help='With --overwrite: tell by their content whether pictures changed, not by size and time.',
        ),
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            '--workers',
            metavar='N',
            min=1,
            help='How many processes may work; by default one for each processor. The output is the same for any.',
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Convert a dataset folder to another format."""
    from ...actions.importable import add_folder
    from ...datasets import convert as convert_dataset

    format_options = _options(ctx, to, options)
    if any(':' in name for name in transforms or ()):
        add_folder(Path.cwd())  # where `run` looks for what a reference names, too
    settings = settings_of(ctx)
    with (
        settings.writing_whole_or_nothing(),
        hinting_at_the_store(settings, sources),
        output.progress_bar('Converting') as progress,
    ):
        made = convert_dataset(
            sources,
            destination,
            to=to,
            source_format=source_format,
            task=task,
            classes=[name for text in classes for name in read_list('--classes', text)] if classes else None,
            rename=read_pairs('--rename', rename),
            sample=sample,
            split=read_shares('--split', split),
            seed=seed,
            transforms=transforms or (),
            bounds=bounds.value,
            link=link.value,
            on_loss=on_loss.value,
            allow=allow or (),
            drop_empty=drop_empty,
            verify=verify,
            overwrite=overwrite,
            verify_cache=verify_cache,
            workers=workers,
            progress=progress,
            **format_options,
        )
    if as_json:
        output.emit_json(
            {
                'path': made.path,
                'config_path': made.config_path,
                'format': made.format,
                'task': made.task,
                'count': made.count,
                'reused': made.reused,
                'replaced': made.replaced,
                'splits': made.splits,
                'classes': made.classes,
                'report': made.report.to_dict(),
                'report_path': made.report_path,
            }
        )
        return
    _say(made, link)


def _say(made: 'Conversion', link: Link) -> None:
    """Tell a person what came of it."""
    from ...datasets.files import COPIED

    if made.is_hit:
        output.say(f'Nothing has changed since it was converted: {made.count:,} images in {made.path}')
    else:
        again = f', {made.count - made.reused:,} of them anew' if made.reused else ''
        output.say(f'Converted {made.count:,} images to {made.format} in {made.path}{again}')
    output.say(*(f'warning: {output.shown(line)}' for line in made.replacement_lines()))
    say_contents(made)
    is_copied = any(line.startswith(COPIED) for line in made.report.warnings)
    if link is Link.HARD and not made.is_hit and not is_copied:
        output.prose(_LINKED, sys.stdout)
    say_report(made)
    if made.config_path:
        output.say(f'Point a trainer at {made.config_path}')


def _options(ctx: typer.Context, to: str, texts: list[str] | None) -> dict[str, Any]:
    """Return the options of the format that is written."""
    if not texts:
        return {}
    from inspect import signature

    from ...datasets import convert as convert_dataset
    from ...datasets.formats import writer_of
    from ...datasets.options import FROM_ENGINE, options_of

    flags = {
        param.name: param.opts[0]
        for param in ctx.command.params
        if param.name and param.opts[0].startswith('--') and param.name != 'options'
    }
    reserved = {*signature(convert_dataset).parameters} | FROM_ENGINE
    return read_options('--option', texts, options_of(writer_of(to)), flags, reserved)
