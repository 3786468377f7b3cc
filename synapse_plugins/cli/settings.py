"""What the global options say, handed to every command as ``ctx.obj``."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..backends import SynapseBackend
    from ..backends.local import LocalBackend
    from ..runs import RunStore
    from ..store import Store

__all__ = ['PROGRAM', 'Settings']

PROGRAM = 'synapse-plugins'


@dataclass
class Settings:
    """The global options.

    Attributes:
        home: The store's folder, or None for the default one.
        traceback: Show the traceback of an error that is not ours, too.
        as_json: The command prints one JSON document, also about an error.
        refusal: Why the command line is bad usage, once that is known.
        interrupted: Whether Ctrl-C ended the command.
        when_stopped: What is said then.
    """

    home: Path | None = None
    traceback: bool = False
    as_json: bool = False
    refusal: str | None = None
    interrupted: bool = False
    when_stopped: str = 'Stopped.'

    @contextmanager
    def writing_whole_or_nothing(self) -> Iterator[None]:
        """Say that nothing was written if Ctrl-C ends the block, whose output appears at its very end."""
        before, self.when_stopped = self.when_stopped, 'Stopped; nothing was written.'
        yield  # where it is left by an exception, this stands
        self.when_stopped = before

    def store(self, *, existing: bool = False) -> Store:
        """Open the store in use.

        Args:
            existing: Do not make one where ``--home`` points at nothing: it was mistyped.

        Raises:
            StoreError: If it cannot be used, or is absent and must not be made.
        """
        from ..errors import StoreError
        from ..store import open_store

        if existing and self.home is not None and not self.home.expanduser().exists():
            raise StoreError(
                f'There is no store in {self.home}. Check --home, or make one: '
                f'`{self.hint("datasets", "import", "FOLDER", "--name", "NAME")}`'
            )
        return open_store(self.home)

    def backend(self, *, existing: bool = True) -> LocalBackend:
        """Open the embedded backend of the store in use."""
        store = self.store(existing=existing)
        from ..backends.local import LocalBackend

        return LocalBackend(store)

    def backend_at(self, place: str) -> LocalBackend | SynapseBackend:
        """Open the backend that ``--backend`` names: ``local``, or the address of a server."""
        if place == 'local':
            return self.backend()
        from .. import backends

        return backends.open(place, home=self.home)

    def runs(self) -> RunStore:
        """Open the records of the runs in the store in use."""
        store = self.store(existing=True)
        from ..runs import RunStore

        return RunStore(store)

    def hint(self, *words: str) -> str:
        """Return a command line that works when pasted, in the store in use."""
        from .hints import command_line

        home = ('--home', str(self.home)) if self.home is not None else ()
        return command_line(*words, *home)
