"""Command lines for a person to paste."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from .settings import PROGRAM

__all__ = ['command_line', 'folded', 'short_path']


def command_line(*words: str) -> str:
    """Return the command line of this program with *words*, quoted for the shell of the platform."""
    if os.name == 'nt':
        return subprocess.list2cmdline([*_program(), *words])
    return shlex.join([*_program(), *words])


@cache
def _program() -> tuple[str, ...]:
    """Return how the program is called from the user's shell, where it is not always on the PATH."""
    script = Path(sys.executable).parent / (f'{PROGRAM}.exe' if os.name == 'nt' else PROGRAM)
    found = shutil.which(PROGRAM)
    # nox puts its environment on the PATH for the session only, and the user pastes afterwards.
    if found and not os.environ.get('NOX_CURRENT_SESSION') and _same(Path(found), script):
        return (PROGRAM,)
    if script.is_file():
        return (_callable_path(script),)
    return (_callable_path(Path(sys.executable)), '-m', 'synapse_plugins')


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and one.resolve() == other.resolve()


def _callable_path(path: Path) -> str:
    """Return *path* as a shell takes it for a program: one in the current folder needs a dot before it."""
    short = short_path(path)
    return short if len(Path(short).parts) > 1 else f'{os.curdir}{os.sep}{short}'


def short_path(path: Path) -> str:
    """Return *path* relative to the current folder when it lies below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def folded(line: str, width: int) -> list[str]:
    """Break a command line that is wider than *width* where a shell reads on: after a backslash.

    An option and its value stay together.
    """
    if len(line) <= width or os.name == 'nt':
        return [line]
    lines: list[str] = []
    for part in _parts(line):
        if lines and len(lines[-1]) + len(part) + len('  \\') <= width:
            lines[-1] += f' {part}'
        else:
            lines.append(f'    {part}' if lines else part)
    return [*(f'{broken} \\' for broken in lines[:-1]), lines[-1]]


def _parts(line: str) -> list[str]:
    parts: list[str] = []
    for word in map(shlex.quote, shlex.split(line)):
        if parts and parts[-1].startswith('-') and ' ' not in parts[-1] and not word.startswith('-'):
            parts[-1] += f' {word}'
        else:
            parts.append(word)
    return parts
