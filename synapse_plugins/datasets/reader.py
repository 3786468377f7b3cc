"""What a reader of a dataset format is.

How to write one. The simple way is a `Reader` with `splits` and `__iter__`, which yields samples; it runs in one
process. The fast way is a `UnitReader`:

1. ``__init__(root, report)`` lists files and reads what describes the dataset as a whole, nothing else.
2. ``units()`` yields a `Unit` for every sample there may be: cheap, small, picklable, always in the same order. What
   `read` needs beside the unit's key, split and name goes into ``unit.source``, e.g. the names of two files. It is
   called more than once, so it reports nothing.
3. ``read(unit)`` returns the `Sample`, or None after a word to ``self.report``. It runs in several processes, so it
   may look only at its unit and at attributes that no sample changes; what the parent has to know of it goes to
   ``self.tell(fact)``.
4. ``leave(facts)`` runs once in the parent after the last unit and reports what no unit used.
5. ``survey_unit(unit, survey)`` looks at the annotations only; without it every unit is read twice.
6. ``listing`` names the attributes that hold long lists. They stay in the parent, so `read` must not use them.
7. ``evidence(unit)`` names the files that `read` looks at, so that unchanged ones need not be read again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from ..errors import DatasetError
from .angles import rotation
from .classes import read_classes
from .cut import is_cut_short
from .declared import note_size
from .files import read_bytes
from .images import decode, probe_and_link
from .marks import tell_marks
from .names import is_text
from .report import Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from .sample import Annotation, ImageFile, Sample
    from .skeletons import Skeleton

__all__ = ['UNREADABLE', 'Evidence', 'Reader', 'Survey', 'Unit', 'UnitReader', 'samples_of']

_ROOM = 24 << 20
"""Bytes of annotation files that are kept between the survey and the reading, in each process."""

UNREADABLE = 'its image cannot be read'
"""Why an annotation is dropped whose picture is quarantined."""


@dataclass(slots=True)
class Survey(Collection[str]):
    """What a dataset holds, as far as a writer must know before its first sample; as a collection, its tools.

    Attributes:
        labels: Tool -> the class names seen with it; the tools are those with at least one annotation.
        traits: What else a reader saw that decides about the task: ``rotated`` for a box that is turned, ``grouped``
            for keypoints that make poses, ``bare`` for poses without a box or another shape.
        skeleton: The joints that the dataset declares for its poses; None if it declares none.
        skeletons: Class -> the joints of its poses, where the dataset declares them by class.
        numbers: Class -> its number in the source, where that has a meaning outside.
        supercategories: Class -> the kind of class that it is, where the dataset says so.
        declared: The classes that the dataset declares, whether or not it shows them.
        originals: The class names seen before the user's changes, where `labels` are those after them.
    """

    labels: dict[str, set[str]] = field(default_factory=dict)
    traits: set[str] = field(default_factory=set)
    skeleton: Skeleton | None = None
    skeletons: dict[str, Skeleton] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    supercategories: dict[str, str] = field(default_factory=dict)
    declared: set[str] = field(default_factory=set)
    originals: set[str] = field(default_factory=set)

    def __contains__(self, tool: object) -> bool:
        """Tell whether there is an annotation of this tool."""
        return tool in self.labels

    def __iter__(self) -> Iterator[str]:
        """Yield the tools."""
        return iter(self.labels)

    def __len__(self) -> int:
        """Return how many tools there are."""
        return len(self.labels)

    def add(self, tool: str, label: str | None) -> None:
        """Add one annotation."""
        labels = self.labels.get(tool)
        if labels is None:
            labels = self.labels[tool] = set()
        if label:
            labels.add(label)

    def add_all(self, annotations: Iterable[Annotation]) -> None:
        """Add the annotations of a sample, with what can be told of them."""
        joints: set[Any] = set()
        shapes: set[Any] = set()
        for annotation in annotations:
            self.add(annotation.tool, annotation.label)
            if annotation.extra and isinstance(group := annotation.extra.get('group_id'), str | int):
                (joints if annotation.tool == 'keypoint' else shapes).add(group)
            if annotation.attrs and annotation.tool == 'bounding_box' and rotation(annotation):
                self.traits.add('rotated')
            if annotation.tool == 'group' or (
                annotation.tool == 'keypoint' and 'group_id' in annotation.extra
            ):
                self.traits.add('grouped')
        if joints - shapes:
            self.traits.add('bare')

    def merge(self, other: Survey) -> None:
        """Add what another survey saw."""
        for tool, labels in other.labels.items():
            self.labels.setdefault(tool, set()).update(labels)
        self.traits |= other.traits
        self.skeleton = self.skeleton or other.skeleton
        self.numbers = other.numbers | self.numbers
        self.originals |= other.originals


class Reader(ABC):
    """Turns what lies on disk into samples.

    A subclass finds its files when it is made, and yields the samples, always in the same order, when it is
    iterated. What it cannot read goes to the report while it is iterated; it raises only when the dataset as a
    whole cannot be read.

    Args:
        root: The dataset's folder.
        report: Where problems go.
    """

    declares_classes: ClassVar[bool] = False
    """Whether `classes` is the whole truth, because annotations refer to classes by their place in it."""

    uses_pool: ClassVar[bool] = False
    """Whether it is made with a third argument ``pool``, processes (`Pool` or None) that help to read long files."""

    verify: bool = False
    """Whether `measure` decodes the pictures too."""

    goes_on: bool = False
    """Whether an annotation of a class that the dataset does not have is counted and passed over, for whoever looks for
    all of them; else it is an error."""

    prefix: str = ''
    """What stands before its keys in the report, where it is one of several sources; the engine says it."""

    splits: list[str | None]
    """Canonical names: ``train``, ``valid``, ``test``, others; ``[None]`` in a dataset without splits."""

    def __init__(self, root: Path, report: Report) -> None:
        self.root = root
        self.report = report

    @property
    def is_categorized(self) -> bool:
        """Whether the dataset has splits."""
        return self.splits != [None]

    @property
    def classes(self) -> list[str] | None:
        """The classes in the order that the dataset declares; None if it declares none."""
        return read_classes(self.root)

    @property
    def skeleton(self) -> Skeleton | None:
        """The joints that the dataset declares for its poses, in order; None if it declares none."""
        return None

    @property
    def skeletons(self) -> Mapping[str, Skeleton]:
        """Class -> the joints of its poses, where the dataset declares them by class."""
        return {}

    @property
    def supercategories(self) -> Mapping[str, str]:
        """Class -> the kind of class that it is, where the dataset says so, as COCO does."""
        return {}

    @property
    def class_numbers(self) -> dict[str, int]:
        """Class -> its number, where that has a meaning outside of the dataset, as category ids of COCO have."""
        return {}

    @abstractmethod
    def __iter__(self) -> Iterator[Sample]:
        """Yield the samples."""

    def count(self) -> int | None:
        """Return how many samples there are at most, for progress; None if only reading them would tell."""
        return None

    def survey(self) -> Survey:
        """Return what the dataset holds. A format overrides this where it can tell without reading all."""
        survey = Survey()
        for sample in type(self)(self.root, Report()):  # problems are reported when it is read in earnest
            survey.add_all(sample.annotations)
        return survey

    def close(self) -> None:  # noqa: B027 - most readers hold nothing open
        """Let go of what is open."""

    def measure(self, image: ImageFile, where: str) -> bool:
        """Read the size of a picture from its header; False, and quarantined, if it cannot be read.

        One that has another size than its annotation file declares (`ImageFile.declared`) is noted.
        """
        if image.width or image.media != 'image':  # what is no picture has no size
            return True
        if not image.name.isascii() and not is_text(image.name):
            self.report.quarantine('image', 'its name is not valid UTF-8', where)
            return False
        try:
            (image.width, image.height, image.complete), image.is_link = probe_and_link(image.file)
            if self.verify:
                decode(image.file)
        except (DatasetError, OSError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
            image.width = image.height = 0
            self.report.quarantine('image', reason, where)
            return False
        if not image.complete and is_cut_short(image.file):
            image.width = image.height = 0
            self.report.quarantine('image', 'the file is cut short', where)
            return False
        if image.declared is not None:
            note_size(image, self.report, where)
        return True

    def lose(self, annotations: Iterable[Annotation], reason: str, where: str) -> None:
        """Count annotations that never become part of a sample."""
        for annotation in annotations:
            self.report.drop(annotation.tool, reason, where)


class Unit(NamedTuple):
    """The work for one sample, before anything of it is read.

    Attributes:
        key: The key of the sample that will come of it.
        split: Its split, canonical; None without splits.
        name: The file name of its picture, after which the output is named.
        source: What the reader needs to read it: plain data, small, the same in every process.
    """

    key: str
    split: str | None
    name: str
    source: Any


class Evidence(NamedTuple):
    """What `UnitReader.read` looks at.

    Attributes:
        annotations: Paths of files whose content counts; bytes count as they are.
        images: Paths of files whose name, size and time of change count.
    """

    annotations: tuple[str | bytes, ...]
    images: tuple[str, ...]


class UnitReader(Reader):
    """A reader whose samples can be read one by one, in any process; see the top of this page."""

    listing: ClassVar[tuple[str, ...]] = ()
    """Attributes that stay in the parent process: the long lists from which `units` are made."""

    def __init__(self, root: Path, report: Report) -> None:
        super().__init__(root, report)
        self._facts: list[Any] = []
        self._kept: dict[str, bytes] = {}
        self._room = _ROOM

    @abstractmethod
    def units(self) -> Iterator[Unit]:
        """Yield the units, by split and then in the order of the dataset; the same ones whenever it is called."""

    @abstractmethod
    def read(self, unit: Unit) -> Sample | None:
        """Return the sample of a unit; None, and reported, if it has none."""

    def leave(self, facts: list[Any]) -> None:
        """Report what no unit used.

        Args:
            facts: What `read` told, in the order of the units.
        """

    def survey_unit(self, unit: Unit, survey: Survey) -> None:
        """Add to a survey what a unit holds. A format overrides this where it can tell without reading all."""
        sample = self.read(unit)
        if sample is not None:
            survey.add_all(sample.annotations)

    def known_survey(self) -> Survey | None:
        """Return what the dataset holds, where that was seen when the files were listed; None: read it."""
        return None

    def evidence(self, unit: Unit) -> Evidence | None:
        """Return what `read` looks at; None: the unit is read anew every time."""
        return None

    # -- what the engine uses --------------------------------------------------------------------------

    def tell(self, fact: Any) -> None:
        """Tell the parent something that `leave` needs; it must be picklable."""
        self._facts.append(fact)

    def take_facts(self) -> list[Any]:
        """Return what was told so far, and start anew."""
        facts, self._facts = self._facts, []
        return facts

    def load(self, path: str, *, again: bool = False) -> bytes:
        """Return the content of an annotation file.

        Args:
            path: The file.
            again: It will be asked for once more, so it is kept while there is room.
        """
        content = self._kept.pop(path, None)
        if content is None:
            content = read_bytes(path)
        else:
            self._room += len(content)
        if again and len(content) < self._room:
            self._kept[path] = content
            self._room -= len(content)
        return content

    def __iter__(self) -> Iterator[Sample]:
        """Yield the samples."""
        for unit in self.units():
            sample = self.read(unit)
            if sample is not None:
                tell_marks(sample, self.report)
                yield sample
        self.leave(self.take_facts())

    def survey(self) -> Survey:
        """Return what the dataset holds."""
        known = self.known_survey()
        if known is not None:
            return known
        survey = Survey()
        report, self.report = self.report, Report()  # problems are reported when it is read in earnest
        try:
            for unit in self.units():
                self.survey_unit(unit, survey)
        finally:
            self.report = report
            self.take_facts()
        return survey

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs to read units."""
        state = self.__dict__.copy()
        for name in self.listing:
            state[name] = None
        state['_facts'], state['_kept'], state['_room'] = [], {}, _ROOM
        state['report'] = None
        return state


def samples_of(reader: Reader) -> Iterator[Sample]:
    """Yield the samples whose picture can be read, measured; the others are in the reader's report."""
    for sample in reader:
        if reader.measure(sample.image, sample.key):
            yield sample
        else:
            reader.lose(sample.annotations, UNREADABLE, sample.key)
