"""Checks that a dataset format keeps to what every format promises."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ...datasets import formats
from ...packs import get_manager
from ...providers import resolve
from .bench import Bench
from .reading import check_reading
from .round_trip import check_round_trips
from .writing import check_writing

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ['check_format']


def check_format(
    name: str,
    *,
    source: Path | str | None = None,
    tasks: Sequence[str] | None = None,
    tolerance: float = 0.01,
    **options: Any,
) -> None:
    """Check a dataset format of a pack, or one of the engine's own.

    Written: small datasets with boxes, polygons, masks, keypoints, classes, attributes, with splits and without.
    Each annotation has to be in the report, two conversions of one source are equal byte for byte, the source is
    never touched, not even through a hard link, an output is whole or absent, and names no place but its own.

    Read: always the same samples in the same order, with unique keys and pictures that are there; damaged files
    are told, by an error or in the report; the folder is recognised as this format, and others are not.

    There and back: what the report says was kept comes back as it was, and what it says was changed comes back.

    Args:
        name: The format.
        source: A dataset in this format; where it can only be read there has to be one. It is copied.
        tasks: The tasks to write it for; None: all that its writer knows.
        tolerance: How far a kept number may come back from where it was, in pixels.
        **options: Options of its writer.

    Raises:
        AssertionError: Naming everything that is wrong.
        UnknownNameError: If there is no such format.
        ValueError: If there is nothing to read.
    """
    get_manager()  # the formats of packs join the table
    provider = formats.get(name)
    if provider.writer is None and source is None:
        raise ValueError(f'The format {name!r} cannot be written, so there is nothing to read: pass source=.')
    known = resolve(provider.writer).tasks if provider.writer is not None else ()
    problems: list[str] = []
    first: list[Exception] = []
    for task in tasks if tasks is not None else known or (None,):
        with TemporaryDirectory() as folder:
            bench = Bench(provider, Path(folder), task=task, options=options, tolerance=tolerance)
            with bench.watched():
                _check(bench, source)
            problems += [
                f'task {task}: {problem}' if len(known) > 1 else problem for problem in bench.problems
            ]
            first += bench.raised[:1]
    if problems:
        told = ''.join(f'\n  {problem}' for problem in dict.fromkeys(problems))
        raise AssertionError(f'The format {name!r} does not keep what formats promise:{told}') from (
            first[0] if first else None
        )


def _check(bench: Bench, source: Path | str | None) -> None:
    written = None
    if bench.provider.writer is not None:
        check_writing(bench)
        written = check_round_trips(bench)
    if bench.provider.reader is not None:
        for root in (written, source):
            if root is not None:
                check_reading(bench, Path(root))
