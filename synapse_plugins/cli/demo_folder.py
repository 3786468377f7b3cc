"""The folder that `demo` works in: its store and its dataset, told apart from anybody else's folder."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from .._version import __version__
from ..errors import OutputExistsError, StoreError
from ..store.mounts import network_file_system
from .settings import PROGRAM

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['DemoFolder']

_MARK = '.synapse-plugins-demo'
_TEXT = 'Made by `{program} demo`, which may replace what is in this folder.\nversion {version}\n'


class DemoFolder:
    """A folder that holds a demo, and nothing else.

    Attributes:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def home(self) -> Path:
        """The demo's own store."""
        return self.path / 'home'

    @property
    def dataset(self) -> Path:
        """The pictures with their annotations."""
        return self.path / 'shapes'

    def check(self) -> None:
        """See whether the folder is free, or an earlier demo's, and can hold a store; make it if it is not there.

        Raises:
            OutputExistsError: If it is somebody else's.
            StoreError: If it cannot be made, or is on a network file system.
        """
        if kind := network_file_system(self.home):
            raise StoreError(
                f'{self.path} is on a network file system ({kind}), where databases get damaged when two machines '
                f'write. Name a folder on a disk of this machine: {PROGRAM} demo --keep DIR'
            )
        if self._mark.is_file():
            return
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise OutputExistsError(
                f'{self.path} is there already, and no earlier demo made it. Name another folder: '
                f'{PROGRAM} demo --keep DIR'
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._mark.touch()
            self._mark.unlink()
        except OSError as exc:
            raise StoreError(
                f'{self.path} cannot be written to: {exc.strerror or exc}. Name another folder: '
                f'{PROGRAM} demo --keep DIR'
            ) from exc

    def make(self) -> bool:
        """Make the folder with its dataset; an earlier demo of this version is used again.

        Returns:
            Whether the dataset is new.
        """
        from builtin_steps.shapes import make_shapes_dataset

        self.check()
        text = _TEXT.format(program=PROGRAM, version=__version__)
        if self.dataset.is_dir() and self._mark.is_file() and self._mark.read_text(encoding='utf-8') == text:
            return False
        self._mark.write_text(text, encoding='utf-8')  # first: what follows is ours to replace from now on
        partial = self.path / 'shapes.partial'
        shutil.rmtree(partial, ignore_errors=True)
        make_shapes_dataset(partial)
        if self.dataset.exists():
            shutil.rmtree(self.dataset)
        partial.rename(self.dataset)
        return True

    @property
    def _mark(self) -> Path:
        return self.path / _MARK
