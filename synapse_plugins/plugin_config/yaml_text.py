"""Changes values in the text of a YAML file and leaves every other character of it as it is.

The file is parsed into nodes that know where they stand; only the text of those that change is replaced. So comments,
order, quotes, indentation and keys that nobody knows stay. What was written is read again and compared with what it
should say; a text that cannot be changed so (because of anchors, say) is refused, never damaged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from ..errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ['ForeignValue', 'edit', 'read']

_PYTHON_TAG = 'tag:yaml.org,2002:python/'
_STEP = 2
"""Columns by which what is new is indented."""

_Edit = tuple[int, int, str]


class ForeignValue:
    """Stands for a value with a Python tag, which no reader of the platform can load."""

    def __init__(self, tag: str, line: int) -> None:
        self.tag = tag
        self.line = line


class _Loader(yaml.SafeLoader):
    """The safe loader, which lets Python tags pass as `ForeignValue`."""


def _foreign(_: _Loader, suffix: str, node: yaml.Node) -> ForeignValue:
    return ForeignValue(f'!!python/{suffix}', node.start_mark.line + 1)


_Loader.add_multi_constructor(_PYTHON_TAG, _foreign)


def read(text: str, path: Path) -> tuple[yaml.Node | None, Any]:
    """Return the root node of a text and its value.

    Raises:
        ConfigError: If it is not YAML, or holds what no safe reader loads.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return node, (None if node is None else _Loader(text).get_single_data())
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise ConfigError(f'{path} cannot be read: {exc}') from exc


def edit(text: str, path: Path, wanted: dict[str, Any]) -> str:
    """Return the text changed so that it says *wanted*.

    Raises:
        ConfigError: If it cannot be read, or cannot be changed without touching more.
    """
    node, value = read(text, path)
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        raise ConfigError(f'{path} is not a mapping in block style: one "key: value" a line.')
    editor = _Editor(text)
    try:
        changed = _applied(text, editor.change(node, value, wanted))
        said = yaml.safe_load(changed)
    except (yaml.YAMLError, NotImplementedError) as exc:
        raise ConfigError(_refused(path)) from exc
    if not same(said, wanted):
        raise ConfigError(_refused(path))
    return changed


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same in YAML: True is not 1, and 1 is not 1.0."""
    return bool(_canonical(one) == _canonical(other))


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return 'mapping', sorted(
            (repr(_canonical(name)), repr(_canonical(item))) for name, item in value.items()
        )
    if isinstance(value, list | tuple):
        return 'list', [_canonical(item) for item in value]
    return type(value).__name__, repr(value)


def _refused(path: Path) -> str:
    return (
        f'{path} cannot be changed without touching more of it than what is to change, perhaps because of anchors '
        f'(&name, *name) or merge keys (<<). Write those parts out, then try again.'
    )


def _applied(text: str, edits: list[_Edit]) -> str:
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


class _Editor:
    """Finds the edits that make a node say something else."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._newline = '\r\n' if '\r\n' in text else '\n'
        self._loader = _Loader(text)

    def change(self, node: yaml.Node, value: Any, wanted: Any) -> list[_Edit]:
        """Return the edits that make a node, whose value is *value*, say *wanted*."""
        if same(value, wanted):
            return []
        if (
            isinstance(node, yaml.MappingNode)
            and isinstance(wanted, dict)
            and wanted
            and self._is_block(node)
        ):
            return self._change_mapping(node, value, wanted)
        if (
            isinstance(node, yaml.SequenceNode)
            and self._is_block(node)
            and _by_name(value)
            and _by_name(wanted)
        ):
            return self._change_items(node, value, wanted)
        return [self._replace(node, wanted)]

    # -- mappings -----------------------------------------------------------------------------------------

    def _change_mapping(
        self, node: yaml.MappingNode, value: dict[Any, Any], wanted: dict[Any, Any]
    ) -> list[_Edit]:
        edits: list[_Edit] = []
        keys = [(self._loader.construct_object(key, deep=True), key, below) for key, below in node.value]
        last = {name: (key, below) for name, key, below in keys}
        for name, (key, below) in last.items():
            if name not in wanted:
                edits.append(self._remove(key, below))
            elif not same(value[name], wanted[name]):
                edits.extend(self._change_value(key, below, value[name], wanted[name]))
        new = {name: item for name, item in wanted.items() if name not in last}
        if new:
            place = self._line_end(self._end(keys[-1][2]))
            column = keys[0][1].start_mark.column
            edits.append((place, place, self._newline + self._indented(new, column)))
        return edits

    def _change_value(self, key: yaml.Node, node: yaml.Node, value: Any, wanted: Any) -> list[_Edit]:
        colon = self._text.index(':', key.end_mark.index) + 1
        becomes_block = isinstance(wanted, dict | list) and bool(wanted)
        if becomes_block and not self._is_block(node) and not _has_items(node):
            start, end = colon, max(colon, self._end(node))
            indent = key.start_mark.column + _STEP
            return [(start, end, self._newline + self._indented(wanted, indent))]
        if (
            isinstance(wanted, dict)
            and wanted
            and isinstance(node, yaml.SequenceNode)
            and self._is_block(node)
        ):
            start, indent = self._line_start(node.start_mark.index), key.start_mark.column + _STEP
            return [(start, self._end(node), self._indented(wanted, indent))]
        if not becomes_block and self._is_block(node):
            return [(colon, self._end(node), f' {_inline(wanted)}')]
        return self.change(node, value, wanted)

    def _remove(self, key: yaml.Node, node: yaml.Node) -> _Edit:
        start = self._line_start(key.start_mark.index)
        if self._text[start : key.start_mark.index].strip():
            raise NotImplementedError  # the first key behind a dash; the caller never takes that away
        return start, self._next_line(max(self._end(node), key.end_mark.index)), ''

    # -- sequences of named items ---------------------------------------------------------------------------

    def _change_items(
        self, node: yaml.SequenceNode, value: list[dict[str, Any]], wanted: list[dict[str, Any]]
    ) -> list[_Edit]:
        """Change, add, remove and move items, each with the comments above it."""
        old = {item['name']: (below, item) for below, item in zip(node.value, value, strict=True)}
        column = node.start_mark.column
        texts: dict[str, tuple[str, str]] = {}
        place = first = self._with_comments(self._line_start(node.start_mark.index))
        for name, (below, item) in old.items():
            dash = self._text.rindex('-', place, below.start_mark.index)
            start, end = self._line_start(dash), self._line_end(self._end(below))
            if self._text[start:dash].strip():
                raise NotImplementedError  # a list in a list
            target = next((other for other in wanted if other['name'] == name), None)
            if target is None:
                body = ''
            else:
                edits = [(a - start, b - start, new) for a, b, new in self.change(below, item, target)]
                body = _applied(self._text[start:end], edits)
            texts[name] = (self._text[place:start], body)
            place = self._next_line(end)
        parts = [''.join(above for above, body in texts.values() if not body)]
        for item in wanted:
            above, body = texts.get(item['name'], ('', ''))
            parts.append(above + (body or self._indented([item], column)) + self._newline)
        made = ''.join(parts)
        if not self._text[place - 1 : place].endswith('\n'):
            made = made.removesuffix(self._newline)
        return [(first, place, made)]

    # -- where things stand, and how they are written -------------------------------------------------------

    def _replace(self, node: yaml.Node, wanted: Any) -> _Edit:
        start, end = node.start_mark.index, self._end(node)
        if self._is_block(node):
            start = self._line_start(start)
            if self._text[start : node.start_mark.index].strip(' -'):
                raise NotImplementedError
            return start, end, self._indented(wanted, node.start_mark.column)
        space = ' ' if self._text[start - 1 : start] == ':' else ''
        return start, end, space + _inline(wanted)

    def _end(self, node: yaml.Node) -> int:
        """Return where the content of a node ends; the parser counts the blank lines and comments after it in."""
        if isinstance(node, yaml.CollectionNode) and self._is_block(node):
            last = node.value[-1]
            below = last[1] if isinstance(last, tuple) else last
            return max(self._end(below), last[0].end_mark.index + 1 if isinstance(last, tuple) else 0)
        end: int = node.end_mark.index
        if isinstance(node, yaml.ScalarNode) and node.style in {'|', '>'}:
            return len(self._text[:end].rstrip())
        return end

    def _is_block(self, node: yaml.Node) -> bool:
        return isinstance(node, yaml.CollectionNode) and not node.flow_style and bool(node.value)

    def _line_start(self, place: int) -> int:
        return self._text.rfind('\n', 0, place) + 1

    def _line_end(self, place: int) -> int:
        end = self._text.find('\n', place)
        if end < 0:
            return len(self._text)
        return end - 1 if self._text[end - 1 : end] == '\r' else end

    def _next_line(self, place: int) -> int:
        end = self._text.find('\n', place)
        return len(self._text) if end < 0 else end + 1

    def _with_comments(self, start: int) -> int:
        """Return where the comments and blank lines above a line begin."""
        while start:
            above = self._line_start(start - 1)
            line = self._text[above:start].strip()
            if line and not line.startswith('#'):
                break
            start = above
        return start

    def _indented(self, value: Any, column: int) -> str:
        """Return a mapping or a list in block style, its lines indented, without a newline at the end."""
        text = yaml.dump(
            value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, default_flow_style=False, width=10**6
        )
        return self._newline.join(' ' * column + line for line in _lines(text))


class _Dumper(yaml.SafeDumper):
    """Writes lists indented below their key, and the same object twice instead of by an anchor."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _inline(value: Any) -> str:
    text: str = yaml.dump(
        value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, default_flow_style=True, width=10**6
    )
    return text.removesuffix('\n').removesuffix('\n...').removesuffix('...').rstrip('\n')


def _lines(text: str) -> Iterator[str]:
    yield from text.rstrip('\n').split('\n')


def _by_name(value: Any) -> bool:
    """Tell whether a value is a list of mappings that each have a name of their own."""
    if not isinstance(value, list) or not value:
        return False
    names = [item.get('name') if isinstance(item, dict) else None for item in value]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _has_items(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.value)
