"""Converting a dataset: any format that can be read into any that can be written."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DatasetError, FormatError, OutputExistsError
from . import stream as streaming
from .ahead import pool_for
from .choices import Choices, explained_by, renaming
from .collection import seldom
from .converted import (
    REPORT_FILE,
    Conversion,
    doubts_about,
    made_with,
    record_in,
    strangers_in,
    write_record,
)
from .detection import detect_format, open_dataset
from .files import COPIED, LINKS, disk_trouble
from .formats import table, writer_of
from .given import check_pairs, listed
from .ledger import LEDGER_FILE, Ledger, LedgerWriter
from .losses import ON_LOSS, allowed_kinds, refuse_losses
from .options import several
from .output import Output, refuse_overlap
from .report import Report
from .selection import Selection
from .transforms import find_transforms, may_remember

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .pool import Pool
    from .reader import Reader
    from .sample import Sample
    from .stream import Stream
    from .work import Plan
    from .writer import Writer

__all__ = ['REPORT_FILE', 'Conversion', 'convert']


@disk_trouble
def convert(
    source: str | Path | Sequence[str | Path],
    destination: str | Path,
    *,
    to: str,
    source_format: str | None = None,
    task: str | None = None,
    classes: Sequence[str] | None = None,
    rename: Mapping[str, str] | None = None,
    sample: int | str | None = None,
    split: Mapping[str, float] | None = None,
    seed: int = 0,
    transforms: Sequence[str | Callable[[Sample], Sample | None]] = (),
    link: str = 'hard',
    on_loss: str = 'warn',
    allow: Sequence[str] = (),
    drop_empty: bool = False,
    verify: bool = False,
    overwrite: bool = False,
    remember: bool | None = None,
    reuse: str | Path | None = None,
    verify_cache: bool = False,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    stamp: Mapping[str, str] | None = None,
    final_root: Path | None = None,
    owned: bool = False,
    **options: Any,
) -> Conversion:
    """Convert a dataset. The output appears whole or not at all; the source is never written to.

    Args:
        source: The folder of the dataset; several are put together under one class map.
        destination: The folder to make.
        to: The format to write.
        source_format: The format of the source; by default it is found out, of several sources for each.
        task: What the dataset is for, in formats that distinguish (yolo: ``detect``, ``segment``); by default
            what its annotations are.
        classes: The classes to keep, in order; by default all, in the order that the source declares, else
            sorted.
        rename: Class -> the class that it becomes, before `classes` are kept; several may become one.
        sample: How many pictures to take: a number, or a share as ``'10%'``; which ones depends on their
            names and *seed* alone.
        split: Split -> share, as ``{'train': 0.8, 'valid': 0.2}``: puts every picture into a split, by the hash of
            its name and *seed*; by default pictures stay in the split that they have.
        seed: Another number gives another sample and other splits.
        transforms: What packs do to each sample, in order: names of providers of the role ``dataset.transform``,
            or functions ``Sample -> Sample | None``: ``'package.module:function'``, or the function itself. If
            other processes cannot import it, this one does all the work, and nothing is remembered.
        link: How pictures come into the output: ``hard`` (falls back to a copy across file systems),
            ``symlink`` or ``copy``.
        on_loss: ``warn``: losses are among the result's `warnings`; ``error``: nothing is written if anything
            would be changed, dropped or quarantined; ``ignore``: losses stand in the report only.
        allow: With ``error``: kinds, in the words of the report as ``'attribute'``, whose losses are reported and stop
            nothing.
        drop_empty: Leave out pictures without annotations, also those all of whose annotations are lost on the way.
        verify: Decode every picture, and quarantine those that cannot be; by default only their headers and ends
            are looked at.
        overwrite: Replace an output that an earlier conversion wrote, and that holds nothing else. What did not change
            since then is taken over from it, if it was to remember; if nothing changed it is the result.
        remember: Keep a ledger in the output, so that the next conversion need not do everything again; costs a tenth
            of the time. By default that is done with *overwrite*.
        reuse: Another earlier output from which to take over what did not change; by default the one that is replaced.
        verify_cache: Tell by their content, not by size and time of change, whether pictures changed. It takes effect
            from the second conversion on that asks for it.
        workers: How many processes may work; by default one for each processor. The output is the same for any
            number. Small datasets, and formats that cannot be split up, are converted in this process.
        progress: Is called with how many samples are done and how many there are.
        cancelled: Is asked now and then whether to stop.
        stamp: What to write beside the report, by which the caller knows its own output again. Then the report
            also tells what the output looked like, for `Conversion.is_unaltered`; without, the same input gives the
            same report.
        final_root: Where the caller will move the output to, for absolute paths in its files; by default it stays.
        owned: The destination lies in a cache that nobody but the caller writes to: with *overwrite* a folder whose
            report is damaged is replaced, too, where otherwise it would be taken for somebody else's.
        options: Options of the target format. All formats know ``bounds`` (what becomes of geometry that reaches
            out of its picture by more than ``tolerance`` pixels: ``clip``, ``drop`` or ``error``).

    Raises:
        FormatError: If the source cannot be read.
        OutputExistsError: If the destination is taken, unless its ledger shows that it is the result already; with
            *overwrite*, if it holds files that no conversion wrote.
        LossError: If something would be lost and must not be.
        DatasetError: If the source has no pictures or no annotations, or the conversion was cancelled.
    """
    _check(link=(link, LINKS), on_loss=(on_loss, ON_LOSS))
    allowed = allowed_kinds(allow, on_loss)
    classes = listed('classes', classes, "['cat', 'dog']")
    _check_pairs(rename, split)
    sources, report = _places(source), Report()
    changes = find_transforms(transforms, to, task)
    choices = Choices(Selection(sample, split, seed), classes, rename, changes, drop_empty)
    reference, writer_class = _writer_of(to, options)
    if source_format is not None:
        table.get(source_format)  # a name that is wrong is told of before a place that is
    _refuse_overlaps(sources, Path(destination))
    output = _output(destination, overwrite=overwrite, alone=stamp is None, owned=owned)
    may_be_done = stamp is None and reuse is None and remember is not False
    refusal = _refusal(output, may_be_done=may_be_done)
    with ExitStack() as stack:
        stack.enter_context(seldom())
        pool = pool_for(sources, workers, streaming.SMALL, stack)
        formats, readers = _open(sources, source_format, report, pool, verify=verify)
        ways: dict[str, Any] = {'workers': workers, 'progress': progress, 'cancelled': cancelled}
        stream = stack.enter_context(streaming.Stream(readers, report, choices, ahead=pool, **ways))
        with explained_by(report.warnings):
            task_given, (task, class_map, more) = task, stream.plan(writer_class, to, task)
        stack.enter_context(explained_by(list(report.warnings)))  # not by what is only found at the end
        common = {'classes': class_map, 'splits': stream.all_splits, 'task': task, 'link': link}
        remember = overwrite or refusal is not None if remember is None else remember
        remember = may_remember(changes, report, wanted=remember, is_large=stream.is_large)
        places = {'root': output.path, 'final_root': final_root or output.final}
        arguments = {**places, **common, **more, **options}
        plan = stream.make_plan(reference, arguments, remember=remember, verify=verify_cache)
        signature = stream.signature(plan, [(name, table.get(name).version) for name in (*formats, to)])
        chosen = {'task': task_given, 'link': link, 'verify': verify, 'on_loss': on_loss}
        made = made_with(choices, formats, writer_class, options, **chosen, allow=sorted(allowed))
        if plan.remember:
            old = Path(reuse) if reuse is not None else output.final
            ledger = stack.enter_context(Ledger(old, signature))
            may_stay = may_be_done and (overwrite or refusal is not None) and ledger.count
            if may_stay and (done := _done(stream, ledger, plan, made)) is not None:
                return done
            stream.batches.ledger, plan = ledger, _with_old(plan, ledger, output.final)
        if refusal is not None:
            raise refusal
        output.refuse_strangers()
        stack.enter_context(output)
        stack.push(stream.stop)
        keeper = stack.enter_context(LedgerWriter(output.path, signature)) if plan.remember else None
        with closing(plan.make_writer(report)) as writer:
            stream.run(writer, plan, keeper)
            config = writer.finish()
        told = {'source_format': ', '.join(dict.fromkeys(formats)), 'task': task, 'classes': class_map}
        asked = {'on_loss': on_loss, 'made_with': made, 'stamp': dict(stamp or {})}
        conversion = _made(stream, output.final, config, format=to, report=report, **told, **asked)
        if on_loss == 'error':
            refuse_losses(report, allowed, sources)
        write_record(output.path, conversion, sealed=stamp is not None)
        if keeper is not None:
            keeper.finish(output.path, stream.batches.count, stream.told(plan, stream.left), stream.folders)
        replaced = _format_in(output.final)
        output.commit()
    return replace(conversion, replaced=replaced)


def _check_pairs(rename: Any, split: Any) -> None:
    """Refuse mistakes in pairs before the sources are looked at."""
    check_pairs('rename', rename, "{'car': 'vehicle'}")
    check_pairs('split', split, "{'train': 0.8, 'valid': 0.2}")
    renaming(rename)


def _places(source: Any) -> list[Path]:
    """Return the folders of the sources.

    Raises:
        DatasetError: If it is neither a path nor a list of paths.
    """
    if isinstance(source, str | PathLike):
        return [Path(source)]
    several('source', source, "['first', 'second']")
    found = list(source or ())
    for one in found:
        if not isinstance(one, str | PathLike):
            raise DatasetError(f"source: {one!r} is no path of a folder; write it as source='folder'.")
    return [Path(one) for one in found]


def _output(destination: str | Path, *, overwrite: bool, alone: bool, owned: bool) -> Output:
    """Return the place of the output; runs that share a cache may be at the same work, and the first one wins."""
    output = Output(
        Path(destination),
        marker=REPORT_FILE,
        replaceable='--overwrite (overwrite=True)',
        doubts=doubts_about,
        strangers=strangers_in,
        overwrite=overwrite,
        owned=owned,
        alone=alone,
    )
    if alone:
        output.refuse_others()
    return output


def _refusal(output: Output, *, may_be_done: bool) -> OutputExistsError | None:
    """Return why there may be no output, if what lies in its place can tell whether it is just that output.

    Raises:
        OutputExistsError: If it cannot tell.
    """
    try:
        output.check()
    except OutputExistsError as exc:
        if may_be_done and not output.overwrite and (output.final / LEDGER_FILE).is_file():
            return exc
        raise
    return None


def _made(stream: Stream, place: Path, config: Path | None, **facts: Any) -> Conversion:
    return Conversion(
        path=place,
        config_path=None if config is None else place / config,
        is_categorized=stream.all_splits != [None],
        count=stream.count,
        splits=stream.splits,
        reused=stream.reused,
        **facts,
    )


def _done(stream: Stream, ledger: Ledger, plan: Plan, made: Mapping[str, Any]) -> Conversion | None:
    """Return the earlier conversion if it did all of this, and all of it is as it was; else None."""
    try:
        conversion = Conversion.load(ledger.folder)
    except FormatError:
        return None
    linked = plan.arguments['link'] != 'copy'
    linked = linked and not any(one.startswith(COPIED) for one in conversion.report.warnings)
    if conversion.made_with != made or not stream.is_done(ledger, plan, linked=linked):
        return None
    return replace(conversion, reused=conversion.count, is_hit=True)


def _with_old(plan: Plan, ledger: Ledger, place: Path) -> Plan:
    """Return the plan with where to take over from what did not change, if there is such a place."""
    if not ledger.count:
        return plan
    return replace(plan, old=str(ledger.folder), replaces=_is_same(ledger.folder, place))


def _is_same(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to one folder, which is there."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def _format_in(place: Path) -> str | None:
    """Return the format of what a conversion wrote into *place*; None if there is nothing, or it does not say."""
    record = record_in(place)
    return None if record is None else str(record['format'])


def _open(
    sources: Sequence[Path], source_format: str | None, report: Report, pool: Pool | None, *, verify: bool
) -> tuple[list[str], list[Reader]]:
    """Return the formats of the sources, and their readers."""
    if not sources:
        raise DatasetError('There is no source to convert; name at least one folder.')
    if len({folder.resolve() for folder in sources}) < len(sources):
        raise DatasetError('One source is named twice; name each folder once.')
    formats = [source_format or detect_format(folder) for folder in sources]
    pairs = zip(sources, formats, strict=True)
    readers = [open_dataset(folder, name, report=report, pool=pool) for folder, name in pairs]
    for reader in readers:
        reader.verify = verify
    return formats, readers


def _refuse_overlaps(sources: Sequence[Path], destination: Path) -> None:
    for folder in sources:
        refuse_overlap(folder, destination)


def _check(**choices: tuple[str, tuple[str, ...]]) -> None:
    for option, (value, known) in choices.items():
        if value not in known:
            raise DatasetError(f'{option}={value!r} is none of {", ".join(known)}.')


def _writer_of(name: str, options: Mapping[str, Any]) -> tuple[str, type[Writer]]:
    """Return where the writer of a format is found, and the writer, which takes these options from a user."""
    writer = writer_of(name)
    writer.check_options(options)
    return str(table.get(name).writer), writer
