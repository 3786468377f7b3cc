"""What a writer of a dataset format is.

How to write one. The simple way is a `Writer` with `write` and `finish`, which runs in one process. The fast way
sets ``parallel = True`` and keeps to this:

1. ``write(sample)`` touches only files of that sample (through `place`, `folder` and `put`) and returns what the
   files of the whole dataset need to know of it: a small record, plain data or bytes, or None. It runs in several
   processes, in each on a writer of its own, so it may not count or collect on ``self``.
2. ``merge(split, record)`` gets that record in the parent, in the order of the samples, whatever the number of
   processes. Ids are counted here, files of the whole dataset are written here.
3. ``finish()`` and ``close()`` run in the parent.
4. What a writer must know of the whole dataset beforehand it takes from the survey in `prepare`, which returns
   options for the constructor in every process.

File names are given by the engine: unique within the split, or within the dataset with ``names_by_split = False``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import inf
from os import fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import DatasetError
from .files import Placer, copy_file, hand_over, write_bytes
from .ledger import content_digest
from .names import Namer, check_apart, check_splits
from .options import BOUNDS_OPTIONS, FROM_ENGINE, no_option, one_of
from .sample import ImageFile
from .shapes import BOUNDS, HOLES_FILLED, TOLERANCE, Shaper

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .options import FormatOption
    from .reader import Survey
    from .report import Report
    from .sample import Annotation, Sample

__all__ = ['SKIPPED', 'Writer']

SKIPPED = object()
"""What `Writer.write` returns for a sample that it has no place for."""


class Writer(ABC):
    """Turns samples into what lies on disk.

    Args:
        root: The folder to write into. It is empty, and it is moved to its final place when it is whole.
        classes: The class map; a class's number is its place.
        splits: The splits of the source, canonical; ``[None]`` without splits.
        task: One of `tasks`; None if the format knows no tasks.
        link: How pictures come into the output: ``hard``, ``symlink`` or ``copy``.
        report: Where to count what was kept, changed and dropped.
        final_root: Where the folder will be, for absolute paths inside files.
        bounds: What becomes of geometry that lies further outside its picture than *tolerance*: ``clip``,
            ``drop`` or ``error``.
        tolerance: In pixels; what reaches out less is clipped whatever *bounds* says.
        options: Options of the format; this class knows none and refuses them.
    """

    tasks: ClassVar[tuple[str, ...]] = ()
    """The tasks between which the format distinguishes."""

    parallel: ClassVar[bool] = False
    """Whether `write` may run in several processes at once; see the top of this page."""

    holds_media: ClassVar[bool] = False
    """Whether it holds media other than pictures, and what a Datamaker document says beside annotations."""

    names_by_split: ClassVar[bool] = True
    """Whether two splits may hold pictures of one name."""

    keeps_bounds: ClassVar[bool] = False
    """Whether `write` keeps annotations with an area to its bounds, by `shaper`; else the engine does it before."""

    tells_changes: ClassVar[bool] = False
    """Whether `write` counts what it writes by `Report.come_through`, which tells what was changed before; else the
    engine tells of all that was."""

    inner: ClassVar[frozenset[str]] = frozenset()
    """Arguments of the constructor that `prepare` gives, and no user."""

    options: ClassVar[tuple[FormatOption, ...]] = BOUNDS_OPTIONS
    """Options that this class adds: those of its bases need not be repeated."""

    bare_class: str | None = None
    """The class of poses that tell none, which the dataset decides; None where joints are annotations of their own."""

    drop_empty: bool = False
    """Whether `write` leaves out pictures of whose annotations nothing is left; the engine says it."""

    def __init__(
        self,
        root: Path,
        *,
        classes: list[str],
        splits: list[str | None],
        task: str | None,
        link: str,
        report: Report,
        final_root: Path | None = None,
        bounds: str = BOUNDS[0],
        tolerance: float = TOLERANCE,
        **options: Any,
    ) -> None:
        if options:
            raise no_option(type(self), options)
        _check_bounds(bounds, tolerance)
        check_splits(splits, 'The dataset')
        check_apart(splits, 'The dataset has', 'Give one of them another name.')
        self.root = root
        self.final_root = final_root or root
        self.classes = classes
        self.splits = splits
        self.task = task
        self.report = report
        self.number = {name: place for place, name in enumerate(classes)}
        self.stem: str | None = None
        self.written: list[tuple[str, str]] | None = None
        self.placed: list[tuple[str, str, bool]] = []
        self._bounds, self._tolerance = bounds, tolerance
        self._held = self.holds(task)
        self._placer = Placer(link, report)
        self._namer = Namer()
        self._folders: dict[str, str] = {}

    @classmethod
    def check_options(cls, names: Collection[str]) -> None:
        """Refuse options that are not for a user to give; what else it does not know the constructor refuses.

        Raises:
            DatasetError: If there are any.
        """
        others = FROM_ENGINE | cls.inner
        if not others.isdisjoint(names):
            raise no_option(cls, others.intersection(names))

    @classmethod
    def choose_task(cls, tools: Collection[str]) -> str | None:  # noqa: ARG003 - for subclasses
        """Return the task for a dataset with annotations of these tools (a `Survey`, which also knows traits)."""
        return cls.tasks[0] if cls.tasks else None

    @classmethod
    def holds(cls, task: str | None) -> frozenset[str] | None:  # noqa: ARG003 - for subclasses
        """Return the tools that the format can hold under *task*, changed or not; None: every tool."""
        return None

    @classmethod
    def needs_survey(cls, task: str | None) -> bool:  # noqa: ARG003 - for subclasses
        """Tell whether `prepare` needs a survey under *task*, though the classes are known without one."""
        return False

    @classmethod
    def prepare(cls, survey: Survey | None, task: str | None) -> dict[str, Any]:  # noqa: ARG003 - for subclasses
        """Return options for the constructor that depend on the whole dataset: plain data.

        Args:
            survey: What the dataset holds. Where nothing asked for one, only what its source says of itself, without
                labels; None if that is nothing.
            task: The task.
        """
        return {}

    @classmethod
    def class_names(cls, survey: Survey, task: str | None) -> set[str]:
        """Return the labels in a dataset that are classes: those of the tools that the format holds."""
        holds = cls.holds(task)
        tools = survey.labels if holds is None else holds.intersection(survey.labels)
        return {label for tool in tools for label in survey.labels[tool] if label}

    @classmethod
    def not_classes(cls, survey: Survey, task: str | None) -> set[str]:  # noqa: ARG003 - for subclasses
        """Return names that a dataset may declare as classes, but that are none to this format."""
        return set()

    def labels(self, annotations: list[Annotation]) -> set[str | None]:
        """Return the classes that a sample shows; empty for one that is a background to this format."""
        holds = self._held
        return {one.label for one in annotations if holds is None or one.tool in holds}

    @abstractmethod
    def write(self, sample: Sample) -> Any:
        """Write one sample, whose picture is measured.

        Returns:
            What `merge` gets of it, or `SKIPPED` if the format has no place for the sample, which is reported.
        """

    def merge(self, split: str | None, record: Any) -> None:  # noqa: B027 - many formats have no common files
        """Take the record of a sample that was written, in the order of the samples."""

    @abstractmethod
    def finish(self) -> Path | None:
        """Finish the dataset; return what a trainer is pointed at, relative to the root, or None."""

    def close(self) -> None:  # noqa: B027 - most writers hold nothing open
        """Let go of what is open; is called at the end, also when there was no `finish`."""

    # -- for subclasses -------------------------------------------------------------------------------

    def shaper(self, *, parts: str = '', holes: str = HOLES_FILLED, pixels: bool = False) -> Shaper:
        """Return a shaper that counts in the report of this writer and keeps to its bounds; see there."""
        rules: dict[str, Any] = {'bounds': self._bounds, 'tolerance': self._tolerance, 'pixels': pixels}
        return Shaper(self.report, parts=parts, holes=holes, **rules)

    def folder(self, name: str) -> str:
        """Return the folder *name* below the root, made when it is first asked for.

        Raises:
            DatasetError: If it would lie outside.
        """
        path = self._folders.get(name)
        if path is None:
            below = Path(name.replace('\\', '/'))
            if below.anchor or '..' in below.parts or '\0' in name:
                raise DatasetError(
                    f'{name!r} leads outside the output, so nothing is written there; no split, and no picture, may '
                    'be called so.'
                )
            target = self.root / name
            target.mkdir(parents=True, exist_ok=True)
            path = self._folders[name] = fspath(target)
        return path

    @property
    def bounds(self) -> tuple[str, float]:
        """What becomes of geometry outside its picture, and by how many pixels it may reach out."""
        return self._bounds, self._tolerance

    @property
    def folders(self) -> set[str]:
        """The folders that were made so far, relative to the root."""
        return set(self._folders)

    def put(self, folder: str, name: str, content: bytes) -> None:
        """Write a file of the sample at hand into *folder*, relative to the root."""
        write_bytes(f'{self.folder(folder)}/{name}', content)
        if self.written is not None:
            self.written.append((f'{folder}/{name}', content_digest(content)))

    def place(self, sample: Sample, folder: str) -> tuple[str, str]:
        """Put the picture of *sample* into *folder* under a unique name.

        Args:
            sample: The sample.
            folder: Where, relative to the root; names are unique within it.

        Returns:
            The stem and the file name.
        """
        own_stem, dot, suffix = sample.image.name.rpartition('.')
        stem = self.stem
        if stem is None:  # nobody gave a name, so this writer has seen all samples before
            stem = self._namer.name(folder, own_stem, sample.key)
        name = f'{stem}{dot}{suffix}'
        if stem != own_stem:
            self.report.renamed[sample.key] = name
        self._placer.place(sample.image, f'{self.folder(folder)}/{name}')
        if self.written is not None:
            self.placed.append((sample.image.file, f'{folder}/{name}', sample.image.complete))
        return stem, name

    def take_over(
        self, old: str, files: Iterable[str], pictures: Iterable[tuple[str, str, bool]], *, replaced: bool
    ) -> None:
        """Do for a sample what an earlier conversion did.

        Args:
            old: The folder that it wrote into.
            files: The files that it wrote, relative to that.
            pictures: (source, target relative to the output, whether it is complete) of the pictures that it placed.
            replaced: The output replaces that folder; else somebody may edit files in either of the two.
        """
        bring = hand_over if replaced else copy_file
        for name in files:
            folder, _, own = name.rpartition('/')
            bring(f'{old}/{name}', f'{self.folder(folder)}/{own}')
        for source, name, complete in pictures:
            folder, _, own = name.rpartition('/')
            image = ImageFile(source, complete=complete)
            self._placer.place(image, f'{self.folder(folder)}/{own}', told=True)

    def leaves_out(self, sample: Sample) -> bool:
        """Tell whether a picture of whose annotations nothing is left is not wanted; it is then counted as left out.

        A writer asks before it writes anything of the sample, and returns `SKIPPED` if so.
        """
        if self.drop_empty:
            self.report.leave_out('image', 'none of its annotations is left', sample.key)
        return self.drop_empty

    def number_of(self, annotation: Annotation, where: str) -> int | None:
        """Return the class number of an annotation; None, and dropped, if it has no class of the map."""
        number = self.number.get(annotation.label) if annotation.label is not None else None
        if number is None:
            self.report.drop(annotation.tool, 'it has no class', where)
        return number


def _check_bounds(bounds: Any, tolerance: Any) -> None:
    one_of('bounds', bounds, BOUNDS)
    is_number = isinstance(tolerance, int | float) and not isinstance(tolerance, bool)
    if not (is_number and 0 <= tolerance < inf):
        raise DatasetError(f'tolerance={tolerance!r} is no number of pixels; use 0 or more.')
