"""Rewrites the few calls that mean something else here, and finds those that a person has to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import libcst as cst
from libcst import matchers as m
from libcst.metadata import PositionProvider, QualifiedNameProvider

from .names import VENDOR
from .reading import vendor_names
from .records import Note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .reading import FoundClass, Module

__all__ = ['RewriteCalls']

_OLDER_FORMATS = {'pascal': 'pascal_voc'}
_FORMAT_ARGUMENTS = ('target_format', 'source_format')
_UNKNOWN_ABOVE = (
    'super().setup_steps(): if a base class of another file has one of its own, nothing is to do; if none has, take it '
    'out, for'
)
_PLAIN_BASE = m.Name('object') | m.Name('ABC') | m.Name('Generic') | m.Name('Protocol')
_SUPER_SETUP = m.SimpleStatementLine(
    [m.Expr(m.Call(m.Attribute(m.Call(m.Name('super')), m.Name('setup_steps'))))]
)


class RewriteCalls(cst.CSTTransformer):
    """Rewrites a module whose imports move.

    * ``super().setup_steps(registry)`` of a train action does nothing in the vendor's SDK; here it wires the default
      steps. It goes, where other steps are registered after it and no base class has a `setup_steps` of its own.
    * A dataset without a configuration file was handed to `execute` as a ``dataset.yaml`` that does not exist;
      here `data_path` is the folder. ``data_path.parent`` becomes ``data_path``.
    * The format ``pascal`` is called ``pascal_voc``.

    Attributes:
        what: The changes, each in a few words.
        notes: What a person has to look at.
    """

    METADATA_DEPENDENCIES = (PositionProvider, QualifiedNameProvider)

    def __init__(self, module: Module, path: str) -> None:
        super().__init__()
        self._tops = {
            node.name.value: node for node in module.wrapper.module.body if isinstance(node, cst.ClassDef)
        }
        self._train_actions = {
            found.node.name.value
            for found in module.classes.values()
            if found.is_action and found.builds_on('BaseTrainAction')
        }
        self._nodes: dict[str, FoundClass] = module.classes
        self._path = path
        self._classes: list[str] = []
        self._folder: str | None = None
        self.what: list[str] = []
        self.notes: list[Note] = []

    # -- classes and methods ----------------------------------------------------------------------------

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        """Remember the class that is walked."""
        self._classes.append(node.name.value)

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:
        """Forget it."""
        self._classes.pop()
        return updated_node

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        """Remember the name of `execute`'s first parameter where that is a folder."""
        if self._in_train_action and node.name.value == 'execute' and not self._has_config_file():
            parameters = node.params.params
            self._folder = parameters[1].name.value if len(parameters) > 1 else None

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        """Take the call of the base's `setup_steps` out."""
        name = original_node.name.value
        if name == 'execute':
            self._folder = None
        if name != 'setup_steps' or not self._in_train_action:
            return updated_node
        body = updated_node.body
        if not isinstance(body, cst.IndentedBlock):
            return updated_node
        calls = [statement for statement in body.body if m.matches(statement, _SUPER_SETUP)]
        others = [
            statement for statement in body.body if statement not in calls and not _is_docstring(statement)
        ]
        if not calls or not others:
            return updated_node
        above = self._set_up_above(self._nodes[self._classes[-1]].node)
        if above is None:
            self._look(original_node, f'{_UNKNOWN_ABOVE} here it also wires the default steps')
        if above is not False:
            return updated_node
        self.what.append('super().setup_steps() would wire the default steps here')
        kept = [statement for statement in body.body if statement not in calls]
        return updated_node.with_changes(body=body.with_changes(body=kept))

    def _set_up_above(self, definition: cst.ClassDef) -> bool | None:
        """Tell whether a base of a class has a `setup_steps` of the project's own; None if that is not in this file."""
        found = [
            (is_known or None)
            and base is not None
            and (_defines(base, 'setup_steps') or self._set_up_above(base))
            for base, is_known in self._bases(definition)
        ]
        return True if True in found else None if None in found else False

    @property
    def _in_train_action(self) -> bool:
        return bool(self._classes) and self._classes[-1] in self._train_actions

    def _has_config_file(self) -> bool:
        """Tell whether the class trains on a format that has a configuration file, or on one that is not told."""
        value = self._format_of(self._nodes[self._classes[-1]].node)
        if value is None or isinstance(
            value, cst.ClassDef
        ):  # nothing says so, or a class that is not in this file
            return value is not None
        return not m.matches(value, m.Name('None')) and _text(value) in {None, 'yolo'}

    def _format_of(self, definition: cst.ClassDef) -> cst.BaseExpression | cst.ClassDef | None:
        """Return what a class or a base of it sets as its format; the class itself if a base is not in this file."""
        for statement in definition.body.body:
            if (value := _assigned(statement, 'target_format')) is not None:
                return value
        unknown = None
        for base, is_known in self._bases(definition):
            if base is None:
                unknown = unknown if is_known else definition
            elif (found := self._format_of(base)) is not None:
                return found
        return unknown

    def _bases(self, definition: cst.ClassDef) -> Iterator[tuple[cst.ClassDef | None, bool]]:
        """Yield the base classes of this file; of each other one whether it is the vendor's or a plain one."""
        for argument in definition.bases:
            value = argument.value.value if isinstance(argument.value, cst.Subscript) else argument.value
            if isinstance(value, cst.Name) and value.value in self._tops:
                yield self._tops[value.value], True
            else:
                names = vendor_names(self.get_metadata(QualifiedNameProvider, value, set()))
                yield None, bool(names) or m.matches(value, _PLAIN_BASE)

    # -- expressions --------------------------------------------------------------------------------------

    def leave_Attribute(
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.BaseExpression:
        """Turn ``data_path.parent`` into ``data_path``; find what the backend of a run does not offer."""
        if self._folder and m.matches(original_node, m.Attribute(m.Name(self._folder), m.Name('parent'))):
            self.what.append(f'{self._folder} is the folder itself')
            return updated_node.value
        if m.matches(original_node.value, m.Attribute(attr=m.Name('client'))):
            self._check_client(original_node)
        return updated_node

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign:
        """Rename a format that is set on a class."""
        if self._classes and m.matches(updated_node.targets[0].target, m.Name('target_format')):
            return updated_node.with_changes(value=self._format(updated_node.value))
        return updated_node

    def leave_AnnAssign(self, original_node: cst.AnnAssign, updated_node: cst.AnnAssign) -> cst.AnnAssign:
        """Rename a format that is set on a class."""
        if (
            self._classes
            and updated_node.value is not None
            and m.matches(updated_node.target, m.Name('target_format'))
        ):
            return updated_node.with_changes(value=self._format(updated_node.value))
        return updated_node

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        """Rename a format that a conversion is told."""
        name = updated_node.func.attr if isinstance(updated_node.func, cst.Attribute) else updated_node.func
        if not m.matches(name, m.Name('ConvertDatasetStep') | m.Name('DatasetParams')):
            return updated_node
        positional = m.matches(name, m.Name('ConvertDatasetStep'))
        return updated_node.with_changes(
            args=[
                argument.with_changes(value=self._format(argument.value))
                if (argument.keyword.value in _FORMAT_ARGUMENTS if argument.keyword else positional)
                else argument
                for argument in updated_node.args
            ]
        )

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        """Find the vendor's SDK in a text."""
        if f'{VENDOR}.' in (_text(node) or '') and '\n' not in node.value:
            self._look(node, f"{node.value} is a text, and names the vendor's SDK")

    def visit_Expr(self, node: cst.Expr) -> bool:
        """Leave out docstrings."""
        return not isinstance(node.value, cst.SimpleString | cst.ConcatenatedString)

    def _format(self, value: cst.BaseExpression) -> cst.BaseExpression:
        old = _text(value)
        if old in _OLDER_FORMATS and isinstance(value, cst.SimpleString):
            self.what.append(f'the format {old} is called {_OLDER_FORMATS[old]}')
            return value.with_changes(value=value.value.replace(old, _OLDER_FORMATS[old]))
        return value

    def _check_client(self, node: cst.Attribute) -> None:
        from ..backends.protocol import Backend

        name = node.attr.value
        if not hasattr(Backend, name) and name not in getattr(Backend, '__annotations__', {}):
            self._look(node, f'client.{name} is not among what every backend offers here (docs/store.md)')

    def _look(self, node: cst.CSTNode, text: str) -> None:
        position: Any = self.get_metadata(PositionProvider, node)
        self.notes.append(Note('look', self._path, position.start.line, text))


def _defines(definition: cst.ClassDef, method: str) -> bool:
    return any(
        isinstance(node, cst.FunctionDef) and node.name.value == method for node in definition.body.body
    )


def _is_docstring(statement: cst.BaseStatement) -> bool:
    return m.matches(statement, m.SimpleStatementLine([m.Expr(m.SimpleString() | m.ConcatenatedString())]))


def _assigned(statement: Any, name: str) -> cst.BaseExpression | None:
    """Return what a statement of a class's body assigns to *name*."""
    for part in getattr(statement, 'body', ()) if isinstance(statement, cst.SimpleStatementLine) else ():
        if isinstance(part, cst.AnnAssign) and m.matches(part.target, m.Name(name)):
            return part.value
        if isinstance(part, cst.Assign) and m.matches(part.targets[0].target, m.Name(name)):
            return part.value
    return None


def _text(value: cst.BaseExpression) -> str | None:
    """Return a plain text that is written out; None for anything else."""
    if not isinstance(value, cst.SimpleString):
        return None
    text = value.evaluated_value
    return text if isinstance(text, str) else None
