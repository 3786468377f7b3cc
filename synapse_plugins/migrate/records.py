"""What a migration found and would do."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import unified_diff
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['FileChange', 'Migration', 'Note']


@dataclass(frozen=True)
class Note:
    """Something that a person should know.

    Attributes:
        kind: ``stays``: this remains on the vendor's SDK. ``look``: this could not be done for you.
        path: The file, relative to the project.
        line: Its line, from 1.
        text: What, and why.
    """

    kind: Literal['stays', 'look']
    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f'{self.path}:{self.line}: {self.text}'


@dataclass(frozen=True)
class FileChange:
    """A file before and after.

    Attributes:
        path: The file, relative to the project.
        before: Its content.
        after: What it becomes.
        what: The changes, each in a few words.
    """

    path: str
    before: bytes
    after: bytes
    what: tuple[str, ...] = ()

    def diff(self) -> str:
        """Return the change as a unified diff."""
        before, after = (
            content.decode('utf-8', 'replace').splitlines(keepends=True)
            for content in (self.before, self.after)
        )
        lines = unified_diff(before, after, f'a/{self.path}', f'b/{self.path}')
        return ''.join(line if line.endswith('\n') else f'{line}\n' for line in lines)


@dataclass
class Migration:
    """What is to be done to a project, and what is not.

    Attributes:
        root: The folder of the project.
        changes: The files that change.
        notes: What stays on the vendor's SDK, and what could not be done.
        files: How many Python files were read.
        written: Whether the changes are on disk.
    """

    root: Path
    changes: list[FileChange] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    files: int = 0
    written: bool = False

    def of(self, kind: str) -> list[Note]:
        """Return the notes of one kind, by file and line."""
        return sorted(
            (note for note in self.notes if note.kind == kind), key=lambda note: (note.path, note.line)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            'root': str(self.root),
            'files': self.files,
            'written': self.written,
            'changes': [
                {'path': change.path, 'what': list(change.what), 'diff': change.diff()}
                for change in self.changes
            ],
            'stays': [_plain(note) for note in self.of('stays')],
            'look': [_plain(note) for note in self.of('look')],
        }


def _plain(note: Note) -> dict[str, Any]:
    return {'path': note.path, 'line': note.line, 'text': note.text}
