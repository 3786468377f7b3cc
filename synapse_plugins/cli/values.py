"""Parameters as they are typed: ``-p key=value`` and ``--params FILE``.

A plain value is a number, ``true``, ``false`` or ``null`` when it looks like one in JSON (``True``, ``False`` and
``None`` do too), and text otherwise: ``1e-3`` is a number, ``no`` is text, and so is ``001``. Lists ``[a, b]`` and
objects ``{k: v}`` are JSON or YAML, with plain values by the same rule. Quotes inside the value keep it text:
``-p 'name="12"'``.
"""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import TYPE_CHECKING, Any

import yaml

from ..errors import ParamsError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ['parse_pairs', 'parse_value', 'read_params']

_WORDS = {'true': True, 'false': False, 'null': None, 'True': True, 'False': False, 'None': None}
_INTEGER = re.compile(r'-?(?:0|[1-9][0-9]*)', re.ASCII)
_NUMBER = re.compile(r'-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?', re.ASCII)
_LONGEST_NUMBER = 4000
"""Python refuses to read much longer integers."""


def parse_pairs(pairs: Iterable[str]) -> dict[str, Any]:
    """Return the parameters of ``-p key=value`` options.

    Raises:
        ParamsError: If one has no ``=``, no name, or a name that stands twice.
    """
    params: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition('=')
        if not equals or not name.strip():
            raise ParamsError(f'{pair!r} is no parameter; write it as -p name=value.')
        if name in params:
            raise ParamsError(f'-p {name}=... stands twice; keep one of them.')
        params[name.strip()] = parse_value(text)
    return params


def parse_value(text: str) -> Any:
    """Return what the text of a value stands for; what fits nothing else is text."""
    if text[:1] in {'[', '{', '"', "'"}:
        try:
            return _parse_document(text)
        except (ValueError, RecursionError, yaml.YAMLError):
            return text
    return _plain(text)


def read_params(path: Path) -> dict[str, Any]:
    """Return the parameters in a YAML or JSON file.

    Raises:
        ParamsError: If it cannot be read, is neither, or does not hold names with values.
    """
    try:
        params = _parse_document(path.read_text(encoding='utf-8-sig'))
    except OSError as exc:
        raise ParamsError(f'The parameters file {path} cannot be read: {exc.strerror}.') from exc
    except UnicodeDecodeError as exc:
        raise ParamsError(f'The parameters file {path} is not UTF-8 text; save it as UTF-8.') from exc
    except (ValueError, RecursionError, yaml.YAMLError) as exc:
        raise ParamsError(f'The parameters file {path} is neither JSON nor YAML: {_one_line(exc)}') from exc
    if params is None:
        return {}
    if not isinstance(params, dict) or not all(isinstance(name, str) for name in params):
        raise ParamsError(f'The parameters file {path} must hold lines such as `epochs: 10`.')
    return params


def _parse_document(text: str) -> Any:
    """Parse JSON, else YAML: JSON is not quite a subset of YAML (tabs, pairs of surrogates)."""
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique)
    except json.JSONDecodeError:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader


def _plain(text: str) -> Any:
    """Return what an unquoted scalar stands for."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= _LONGEST_NUMBER:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _NUMBER.fullmatch(text) and isfinite(number := float(text)):
            return number
    return text


def _unique(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    """Build a mapping; a key that stood twice would lose a value in silence."""
    built = dict(pairs)
    if len(built) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f'{next(name for name in names if names.count(name) > 1)!r} stands twice.')
    return built


def _no_constant(name: str) -> Any:
    raise json.JSONDecodeError('not JSON', name, 0)


def _one_line(error: Exception) -> str:
    return ' '.join(str(error).split())


class _Loader(yaml.SafeLoader):
    """YAML whose unquoted scalars are read by the rule of this module."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the name and the type are yaml's

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping and refuse a key that stands twice."""
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for name in names:
            if names.count(name) > 1:
                raise yaml.MarkedYAMLError(problem=f'{name!r} stands twice', problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def _construct_plain(_loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    return _plain(node.value) if node.value not in {'', '~'} else None


_Loader.add_implicit_resolver('tag:yaml.org,2002:merge', re.compile('^<<$'), ['<'])
_Loader.add_implicit_resolver('!plain', re.compile(''), None)
_Loader.add_constructor('!plain', _construct_plain)
