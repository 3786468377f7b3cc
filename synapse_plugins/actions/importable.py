"""Where the modules of the plugin project at hand are found.

Projects name their packages alike (``plugin``), so that one at a time can be imported: what an earlier project
put there leaves when the next one comes, its modules too.
"""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ['add_folder', 'make_importable']

_wanted: list[str] = []
_added: list[str] = []
_known_before: set[str] = set()


def make_importable(root: Path) -> None:
    """Put a project's folder, and its ``src``, first where Python looks for modules, in place of the last one's."""
    wanted = [str(folder) for folder in (root / 'src', root) if folder.is_dir()]
    if wanted != _wanted:
        _forget()
        _wanted[:] = wanted
        # A folder that was there before is not ours to take away, nor a module that was.
        _added[:] = [folder for folder in wanted if folder not in sys.path]
        _known_before.update(sys.modules)
    for folder in reversed(wanted):
        add_folder(Path(folder))


def add_folder(folder: Path) -> None:
    """Put a folder first where Python looks for modules, unless it is there already."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _forget() -> None:
    sys.path[:] = [entry for entry in sys.path if entry not in _added]
    # What is installed stays, also where its environment lies in the project's folder, as `.venv` does.
    others = [entry for entry in sys.path if _lies_in(entry, _added)]
    for name, module in list(sys.modules.items()):
        places = [getattr(module, '__file__', None), *getattr(module, '__path__', ())]
        ours = any(_lies_in(place, _added) and not _lies_in(place, others) for place in places if place)
        if ours and name not in _known_before:
            del sys.modules[name]
    _known_before.clear()


def _lies_in(place: str, folders: list[str]) -> bool:
    return any(Path(place).is_relative_to(folder) for folder in folders)
