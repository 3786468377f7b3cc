"""What a writer of a dataset format is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from os import fspath
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import DatasetError
from .files import Placer
from .names import Namer

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from .report import Report
    from .sample import Annotation, Sample

__all__ = ['Writer']


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
        options: Options of the format; this class knows none and refuses them.
    """

    tasks: ClassVar[tuple[str, ...]] = ()
    """The tasks between which the format distinguishes."""

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
        **options: Any,
    ) -> None:
        if options:
            raise DatasetError(f'{type(self).__name__} knows no option {", ".join(sorted(options))}.')
        self.root = root
        self.final_root = final_root or root
        self.classes = classes
        self.splits = splits
        self.task = task
        self.report = report
        self.number = {name: place for place, name in enumerate(classes)}
        self._placer = Placer(link, report)
        self._namer = Namer()
        self._folders: dict[str, str] = {}

    @classmethod
    def choose_task(cls, tools: Collection[str]) -> str | None:  # noqa: ARG003 - for subclasses
        """Return the task for a dataset with annotations of these tools."""
        return cls.tasks[0] if cls.tasks else None

    @classmethod
    def holds(cls, task: str | None) -> frozenset[str] | None:  # noqa: ARG003 - for subclasses
        """Return the tools that the format can hold under *task*, changed or not; None: every tool."""
        return None

    @abstractmethod
    def write(self, sample: Sample) -> None:
        """Write one sample, whose picture is measured."""

    @abstractmethod
    def finish(self) -> Path | None:
        """Finish the dataset; return what a trainer is pointed at, relative to the root, or None."""

    def close(self) -> None:  # noqa: B027 - most writers hold nothing open
        """Let go of what is open; is called at the end, also when there was no `finish`."""

    # -- for subclasses -------------------------------------------------------------------------------

    def folder(self, name: str) -> str:
        """Return the folder *name* below the root, made when it is first asked for."""
        path = self._folders.get(name)
        if path is None:
            target = self.root / name
            target.mkdir(parents=True, exist_ok=True)
            path = self._folders[name] = fspath(target)
        return path

    def place(self, sample: Sample, folder: str) -> tuple[str, str]:
        """Put the picture of *sample* into *folder* under a unique name.

        Args:
            sample: The sample.
            folder: Where, relative to the root; names are unique within it.

        Returns:
            The stem and the file name.
        """
        own_stem, dot, suffix = sample.image.name.rpartition('.')
        stem = self._namer.name(folder, own_stem, sample.key)
        name = f'{stem}{dot}{suffix}'
        if stem != own_stem:
            self.report.renamed[sample.key] = name
        self._placer.place(sample.image, f'{self.folder(folder)}/{name}')
        return stem, name

    def number_of(self, annotation: Annotation, where: str) -> int | None:
        """Return the class number of an annotation; None, and dropped, if it has no class of the map."""
        number = self.number.get(annotation.label) if annotation.label is not None else None
        if number is None:
            self.report.drop(annotation.tool, 'it has no class', where)
        return number
