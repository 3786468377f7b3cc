"""A dataset that was converted, and what is told of that beside its files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..errors import FormatError
from .classes import write_classes
from .contents import NAMES_FILE, read_names, strangers, write_names
from .digest import seal
from .options import options_of
from .report import Report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .choices import Choices
    from .writer import Writer

__all__ = [
    'REPORT_FILE',
    'Conversion',
    'doubts_about',
    'made_with',
    'record_in',
    'strangers_in',
    'write_record',
]

REPORT_FILE = 'report.json'
"""Where a written dataset keeps how it came about; every folder that `convert` wrote has one."""

_KINDS = {'format': str, 'made_with': dict, 'report': dict, 'stamp': dict}
"""What such a file has, whoever else writes one of that name."""


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """A converted dataset.

    Attributes:
        path: Its folder.
        config_path: What a trainer is pointed at, e.g. ``dataset.yaml``; None if the format has no such file.
        format: Its format.
        source_format: The format it was converted from.
        task: The task it was written for; None if the format knows none.
        is_categorized: Whether it has splits.
        count: How many pictures it holds.
        splits: Split -> how many pictures; empty without splits.
        classes: The class map; a class's number is its place.
        report: What was kept, changed, dropped and quarantined.
        on_loss: What was asked for.
        made_with: What was asked for, with the format of each source and the version of this package; no paths.
        stamp: What the caller had written beside the report; with it, as ``seal``, what the output looked like.
        reused: How many pictures were taken over from the output that was replaced, because nothing about them changed.
        replaced: The format of the output that was replaced; None if there was none.
        is_hit: Nothing at all had changed, so the output that was there is the result.
    """

    path: Path
    config_path: Path | None
    format: str
    source_format: str
    task: str | None
    is_categorized: bool
    count: int
    splits: dict[str, int]
    classes: list[str]
    report: Report
    on_loss: str = 'warn'
    made_with: dict[str, Any] = field(default_factory=dict)
    stamp: dict[str, str]
    reused: int = field(default=0, compare=False)
    replaced: str | None = field(default=None, compare=False)
    is_hit: bool = field(default=False, compare=False)

    @property
    def report_path(self) -> Path:
        """Where the report lies."""
        return self.path / REPORT_FILE

    @property
    def warnings(self) -> list[str]:
        """What to tell a person: the losses, unless they are to be ignored, and what is odd about the dataset."""
        losses = [] if self.on_loss == 'ignore' else self.report.loss_lines()
        return losses + self.report.warnings + self.replacement_lines()

    def replacement_lines(self) -> list[str]:
        """Say that what lay in its place was of another format; no part of the report, which depends on the source."""
        if self.replaced in (None, self.format):
            return []
        return [f'{self.path} was {self.replaced} before, and is {self.format} now.']

    def is_unaltered(self) -> bool:
        """Tell whether the output is as it was written; False, too, where no stamp was asked for."""
        try:
            return self.stamp.get('seal') == seal(self.path)
        except OSError:  # a link to nowhere, or a folder that is going
            return False

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as it stands in the report file: without the place where it lies."""
        return {
            'format': self.format,
            'source_format': self.source_format,
            'task': self.task,
            'is_categorized': self.is_categorized,
            'count': self.count,
            'splits': self.splits,
            'classes': self.classes,
            'config': None
            if self.config_path is None
            else self.config_path.relative_to(self.path).as_posix(),
            'on_loss': self.on_loss,
            'made_with': self.made_with,
            'report': self.report.to_dict(),
            'stamp': dict(self.stamp),
        }

    @classmethod
    def load(cls, path: str | Path) -> Conversion:
        """Return what `convert` wrote into *path*.

        Raises:
            FormatError: If it was not written by `convert`, or is not whole any more.
        """
        folder = Path(path)
        try:
            data = json.loads((folder / REPORT_FILE).read_text(encoding='utf-8'))
            config = data.pop('config')
            data['report'] = Report.from_dict(data['report'])
            found = cls(path=folder, config_path=None if config is None else folder / config, **data)
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as exc:
            raise FormatError(
                f'{folder} was not written by a conversion, or its {REPORT_FILE} is damaged.'
            ) from exc
        if found.config_path is not None and not found.config_path.exists():
            raise FormatError(f'{folder} is not whole any more: {found.config_path.name} is missing.')
        return found


def made_with(
    choices: Choices, formats: Sequence[str], writer: type[Writer], options: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """Return what a conversion is made with as plain data, the same for the same input wherever that lies.

    Args:
        choices: What becomes of the samples.
        formats: The format of each source.
        writer: The writer, whose options are told with their defaults.
        options: The options that were given to it.
        more: What else was chosen.
    """
    given = {one.name: options.get(one.name, one.default) for one in options_of(writer)}
    return {
        'synapse_plugins': __version__,
        'sources': list(formats),
        'classes': None if choices.classes is None else list(choices.classes),
        'rename': dict(choices.rename or {}),
        **choices.selection.to_dict(),
        'transforms': [one if isinstance(one, str) else one.name for one in choices.transforms],
        'drop_empty': choices.drop_empty,
        **more,
        'options': {name: _plain(value) for name, value in sorted((given | dict(options)).items())},
    }


def _plain(value: Any) -> Any:
    """Return an option as plain data; of a path only its name, for the place differs between machines."""
    if isinstance(value, PurePath) or (isinstance(value, str) and PurePath(value).is_absolute()):
        return PurePath(value).name
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [
            _plain(one) for one in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)
        ]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    to_dict = getattr(value, 'to_dict', None)
    return to_dict() if callable(to_dict) else type(value).__name__


def record_in(folder: Path) -> dict[str, Any] | None:
    """Return what the report of a conversion in *folder* says; None if there is none, or it is somebody else's."""
    try:
        found = json.loads((folder / REPORT_FILE).read_text(encoding='utf-8'))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    return found if all(isinstance(found.get(key), kind) for key, kind in _KINDS.items()) else None


def doubts_about(folder: Path) -> str:
    """Return why a folder with a report may be no output, or hold files of others; empty if neither is so."""
    if record_in(folder) is None:
        return f'was not written by synapse-plugins (its {REPORT_FILE} is not that of a conversion)'
    try:
        read_names(folder)
    except (OSError, ValueError):
        return f'may hold files of yours ({NAMES_FILE} in it, which tells them apart, is missing or damaged)'
    return ''


def strangers_in(folder: Path) -> tuple[int, list[str]]:
    """Return how many files lie in an output that its conversion did not write, and the first of them."""
    try:
        return strangers(folder, read_names(folder))
    except FileNotFoundError:  # another one has replaced it at this moment
        return 0, []
    except ValueError:  # somebody changed it at this moment
        return 1, [NAMES_FILE]


def write_record(root: Path, conversion: Conversion, *, sealed: bool) -> None:
    """Write what is told of a conversion beside its files.

    Args:
        root: Where they lie as yet.
        conversion: The conversion.
        sealed: Tell what the output looked like, too.
    """
    write_classes(root, conversion.classes)
    if sealed:
        conversion.stamp['seal'] = seal(root)
    text = json.dumps(conversion.to_dict(), ensure_ascii=False, indent=2)
    (root / REPORT_FILE).write_text(text + '\n', encoding='utf-8')
    write_names(root)
