"""Writes `cli.md` from what `--help` says: `python docs/render_cli.py`. A test compares the page with `--help`."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

from synapse_plugins.cli import main

PAGE = Path(__file__).with_name('cli.md')
REQUIRED = '[required]'
EVERYWHERE = ('--home', '--traceback', '--help')
HEAD = """\
# The command line

<!-- Written by docs/render_cli.py; do not edit. -->

`synapse-plugins`, also `python -m synapse_plugins`. Every command takes `--home DIR`, `--traceback` and `--help`.

* With `--json` a command prints one JSON document on standard output, and nothing else there. An error is
  `{"error": {"type": ..., "message": ..., "exit_code": ...}}` there, and its paragraph on standard error; a run that
  failed prints its record instead.
* Exit codes: 0 done; 1 the problem is yours, or the run failed: one paragraph says what, where, and the next command;
  2 bad usage; 130 and 143 interrupted, of which a line tells. A traceback is a bug of ours, or you asked for it with
  `--traceback`.
"""


@dataclass
class Help:
    """What `--help` says of one command."""

    path: tuple[str, ...]
    summary: str = ''
    entries: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The line that a user types."""
        arguments = (
            name if REQUIRED in said else f'[{name}]' for name, said in self.entries.get('Arguments', [])
        )
        return ' '.join(('synapse-plugins', *self.path, *arguments))

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The arguments, and the options that not every command has, with what is said of them."""
        options = self.entries.get('Options', [])
        own = [entry for entry in options if not self.path or not set(names(entry[0])) & set(EVERYWHERE)]
        arguments = [(name, said.replace(REQUIRED, '')) for name, said in self.entries.get('Arguments', [])]
        return [(_cell(name), _cell(said)) for name, said in arguments + own]


def names(entry: str) -> list[str]:
    """Return the option names in the first column of an entry, e.g. ``-p`` and ``--param``."""
    return re.findall(r'(?<![\w-])--?[a-z][a-z-]*', entry)


def read_help(*path: str) -> Help:
    """Ask a command for its help and take it apart."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        assert main([*path, '--help']) == 0
    found = Help(path)
    section = ''
    for line in printed.getvalue().splitlines():
        if line.endswith(':') and not line.startswith(' '):
            section = line[:-1]
        elif not section and line.startswith('  '):
            found.summary += f' {line.strip()}'
        elif section and (entry := re.match(r'  (\S.*?)(?: {2,}(\S.*))?$', line)):
            name = entry[1].removesuffix(' <str>').removesuffix(' <path>').replace(' <list[Path]>', '...')
            found.entries.setdefault(section, []).append((name, entry[2] or ''))
        elif section and line.strip():
            name, said = found.entries[section][-1]
            glue = '' if said.endswith('-') or not said else ' '  # a name may be folded at its hyphen
            found.entries[section][-1] = (name, f'{said}{glue}{line.strip()}')
    found.summary = found.summary.strip()
    return found


def walk(*path: str) -> list[Help]:
    """Return the help of a command and of all below it."""
    found = read_help(*path)
    below = [name for name, _ in found.entries.get('Commands', [])]
    return [found, *(page for name in below for page in walk(*path, name))]


def render() -> str:
    """Return the page."""
    lines = [HEAD]
    for found in walk():
        lines += [f'## `{found.title}`', '', found.summary, '']
        if found.rows:
            lines += ['| | |', '|---|---|', *(f'| `{name}` | {said} |' for name, said in found.rows), '']
    return '\n'.join(lines).rstrip() + '\n'


def _cell(text: str) -> str:
    text = re.sub(r'\s*\[(default: .*)\]$', lambda found: f' ({found[1]})', ' '.join(text.split()))
    return re.sub(r'\s*\[required\]$', ' (required)', text).strip().replace('|', r'\|')


if __name__ == '__main__':
    PAGE.write_text(render(), encoding='utf-8', newline='\n')
