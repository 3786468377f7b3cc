"""The command line: ``synapse-plugins``.

Importing this costs nothing. `main` loads the table of commands, and a command's module only when it is invoked.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ['main']


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: What stands after the program's name; by default that of this process.
    """
    from .app import root_command
    from .errors import guarded
    from .settings import PROGRAM, Settings
    from .streams import prepared

    words = list(sys.argv[1:] if arguments is None else arguments)
    settings = Settings()
    with prepared():
        return guarded(
            lambda: root_command()(args=arguments, prog_name=PROGRAM, obj=settings),
            settings=settings,
            wants_json='--json' in words,
        )
