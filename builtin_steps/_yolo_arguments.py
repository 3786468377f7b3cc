"""What ultralytics can be told, read from its own table of defaults without importing it.

An import of ultralytics costs seconds and brings torch; its ``default.yaml`` says the name of each argument,
its default and, in a comment, its type: that is enough to refuse a wrong argument before any data moves.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from synapse_plugins.errors import MissingExtraError, ParamsError, suggestion

from ._yolo_ranges import ranges

__all__ = ['OWNED', 'Argument', 'arguments', 'check_argument', 'ultralytics_folder']

OWNED = {
    'augmentations': 'it takes Python objects, which parameters cannot hold',
    'cfg': 'give its values as parameters instead (`--params FILE`), so that the run records them',
    'data': 'it comes from the dataset of the run',
    'exist_ok': 'the run decides where its files go',
    'mode': 'the action decides it: yolo.train or yolo.val',
    'project': 'the run decides where its files go',
    'resume': 'give `checkpoint` to go on from weights',
    'save_dir': 'the run decides where its files go',
}
"""Arguments of ultralytics that are not the user's here, with the reason."""

FILES = ('distill_model', 'pretrained')
"""Arguments whose text is a file of weights."""

_LINE = re.compile(r'^(?P<name>\w+):(?P<default>[^#]*)#\s*\((?P<types>[^)]*)\)')
_TRUE, _FALSE = {'true', 'yes', 'on'}, {'false', 'no', 'off'}
_NONE = {'none', 'null', ''}


class Argument(NamedTuple):
    """An argument of ultralytics.

    Attributes:
        name: As in its table of defaults.
        types: The types that its comment names: ``int``, ``float``, ``bool``, ``str``, ``list``, ``tuple``.
        optional: Whether None is a value.
    """

    name: str
    types: frozenset[str]
    optional: bool


def ultralytics_folder() -> Path:
    """Return where ultralytics is installed, without importing it.

    Raises:
        MissingExtraError: If it is not installed.
    """
    spec = find_spec('ultralytics')
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(
            "YOLO needs the package ultralytics, which is not installed: pip install 'synapse-plugins[yolo]'"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def arguments() -> dict[str, Argument]:
    """Return every argument that the installed ultralytics takes.

    Raises:
        MissingExtraError: If ultralytics is not installed.
    """
    return _read(ultralytics_folder() / 'cfg' / 'default.yaml')


@lru_cache(maxsize=4)
def _read(table: Path) -> dict[str, Argument]:
    found = {}
    for line in table.read_text(encoding='utf-8').splitlines():
        if match := _LINE.match(line):
            name = match['name']
            words = set(re.findall(r'[a-z]+', re.sub(r'\[[^\]]*\]', '', match['types'])))
            optional = 'optional' in words or not match['default'].strip()
            found[name] = Argument(name, frozenset(words - {'optional'}), optional)
    if 'epochs' not in found:
        raise ParamsError(f'{table} is not the table of defaults that this version reads; report it, please.')
    return found


def check_argument(name: str, value: Any) -> Any:
    """Return *value* as ultralytics wants it; texts become what the argument's type says.

    Raises:
        ParamsError: If there is no such argument, it is not the user's, or the value is of a wrong type or out of
            bounds.
        MissingExtraError: If ultralytics is not installed.
    """
    if name in OWNED:
        raise ParamsError(f'The parameter {name!r} cannot be set here: {OWNED[name]}.')
    known = arguments()
    if name not in known:
        hint = suggestion(name, set(known) - set(OWNED))
        raise ParamsError(f'Neither this action nor ultralytics has a parameter {name!r}. {hint}'.rstrip())
    argument = known[name]
    if isinstance(value, str):
        value = _from_text(value, argument)
    if not _fits(value, argument):
        wanted = ' or '.join(sorted(argument.types)) + (' or nothing' if argument.optional else '')
        raise ParamsError(f'The parameter {name!r} is {value!r}; ultralytics takes {wanted} there.')
    if problem := ranges(ultralytics_folder() / 'cfg' / '__init__.py').problem(name, value):
        raise ParamsError(f'The parameter {name!r} is {value!r}; {problem}.')
    return _existing_file(name, value) if name in FILES and isinstance(value, str) else value


def _from_text(text: str, argument: Argument) -> Any:
    folded, types = text.strip().casefold(), argument.types
    if argument.optional and folded in _NONE:
        return None
    if 'bool' in types and folded in _TRUE | _FALSE:
        return folded in _TRUE
    for name, number in (('int', int), ('float', float)):
        if name in types:
            try:
                return number(folded)
            except ValueError:
                continue
    return text


def _fits(value: Any, argument: Argument) -> bool:
    types = argument.types
    if value is None:
        return argument.optional or not types
    if isinstance(value, bool):
        return 'bool' in types
    if isinstance(value, int):
        return bool(types & {'int', 'float'})
    if isinstance(value, float):
        return 'float' in types or ('int' in types and value.is_integer())
    if isinstance(value, str):
        return 'str' in types
    if isinstance(value, list | tuple):
        return bool(types & {'list', 'tuple'})
    return False


def _existing_file(name: str, value: str) -> str:
    path = Path(value).expanduser()
    if not path.is_file():
        raise ParamsError(f'The parameter {name!r} names weights that are not there: {value}.')
    return str(path.resolve())
