"""One format on the bench: its folders, and what was found wrong with it."""

from __future__ import annotations

import gc
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...datasets import convert
from ...errors import DatasetError
from ..drawings import draw
from ..trees import differences, stamped_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ...datasets import Conversion
    from ...providers import FormatProvider

__all__ = ['Bench']


@dataclass
class Bench:
    """A format while it is checked.

    Attributes:
        provider: Its record.
        folder: Where to make things.
        task: The task that it is written for.
        options: Options of its writer.
        tolerance: How far a kept number may come back from where it was, in pixels.
        problems: What is wrong, as sentences.
        raised: What was raised that no format raises.
    """

    provider: FormatProvider
    folder: Path
    task: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = 0.01
    problems: list[str] = field(default_factory=list)
    raised: list[Exception] = field(default_factory=list)

    def say(self, problem: str) -> None:
        """Add a problem."""
        self.problems.append(problem)

    def drawn(self, name: str, kinds: Sequence[str], **options: Any) -> Path:
        """Return a dm_v2 dataset of this name, drawn when it is first asked for."""
        root = self.folder / 'sources' / name
        return root if root.exists() else draw(root, kinds, **options)

    def convert(self, source: Path, destination: Path, **options: Any) -> Conversion | None:
        """Write a dataset in this format, and see to it that the source stays as it is.

        Returns:
            None, and a problem, if it cannot be written.

        Raises:
            DatasetError: If the engine or the format refuses it.
        """
        before = stamped_tree(source)
        given = {'task': self.task, 'link': 'copy', **self.options, **options}
        conversion = None
        with self.guarded('writing'):
            conversion = convert(source, destination, to=self.provider.name, source_format='dm_v2', **given)
        after = stamped_tree(source)
        if after != before:
            self.say(f'writing (link={given["link"]!r}) touches the source: {differences(before, after)}')
        return conversion

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Tell of files that were never closed, as those of a conversion that ended early often are."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always', ResourceWarning)
            yield
            gc.collect()  # only now is told what was left open by what is gone
        left_open = []
        for one in caught:
            if issubclass(one.category, ResourceWarning) and self.folder.name in str(one.message):
                left_open.append(one.message)
            else:  # no business of this format
                warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        if left_open:
            self.say(
                f'files are left open ({len(left_open)}) when a conversion ends early, or always: {left_open[0]}'
            )

    @contextmanager
    def guarded(self, what: str) -> Iterator[None]:
        """Tell of any exception that a format does not raise."""
        try:
            yield
        except (DatasetError, Stop):
            raise
        except Exception as exc:  # noqa: BLE001 - a stranger's code; told
            self.raised.append(exc)
            self.say(
                f'{what} raises {type(exc).__name__}: {exc}; raise a DatasetError that says what and where'
            )


class Stop(Exception):  # noqa: N818 - no error: it is the check that stops a conversion
    """Stops a conversion midway."""
