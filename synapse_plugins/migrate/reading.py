"""Reads a module: what it imports from the vendor's SDK, what it builds on it, and what therefore can move."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider, QualifiedNameProvider, QualifiedNameSource

from .names import VENDOR, find, is_framework, subject

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ['FoundClass', 'Imported', 'Module', 'is_vendor', 'read_module']

ACTIONS = {'BaseAction', 'BaseTrainAction', 'BaseExportAction', 'BaseUploadAction', 'DatasetAction'}


@dataclass(frozen=True)
class Imported:
    """A name that is imported from the vendor's SDK.

    Attributes:
        module: Where from.
        name: The name there; ``*`` for all, empty for the module itself.
        line: The line of the import.
        renamed: Whether it is a module under a name of one word, ``import module as name``.
    """

    module: str
    name: str
    line: int
    renamed: bool = False

    @property
    def dotted(self) -> str:
        """Module and name in one."""
        return f'{self.module}.{self.name}' if self.name else self.module


@dataclass(frozen=True)
class FoundClass:
    """A class that is built on the vendor's SDK, directly or through a class of the same module.

    Attributes:
        node: The definition.
        bases: The vendor's classes that it is built on, as module and name.
        line: The line of the definition.
    """

    node: cst.ClassDef
    bases: tuple[tuple[str, str], ...]
    line: int

    @property
    def stays(self) -> bool:
        """Whether a base has no counterpart here."""
        return any(find(*base) is None and is_framework(*base) for base in self.bases)

    @property
    def is_action(self) -> bool:
        """Whether it is an action that can move."""
        return not self.stays and any(name in ACTIONS for _, name in self.bases)

    def builds_on(self, name: str) -> bool:
        """Tell whether it is built on the vendor's class of this name."""
        return any(found == name for _, found in self.bases)


@dataclass
class Module:
    """A module that mentions the vendor's SDK.

    Attributes:
        wrapper: The parsed module with what libcst knows of it.
        imports: What it imports from the vendor's SDK.
        classes: Its classes that are built on the vendor's SDK, by name.
    """

    wrapper: MetadataWrapper
    imports: list[Imported] = field(default_factory=list)
    classes: dict[str, FoundClass] = field(default_factory=dict)

    @property
    def names(self) -> list[Imported]:
        """The names that are imported one by one."""
        return [item for item in self.imports if item.name not in {'', '*'}]

    def held(self) -> set[str] | None:
        """Return the subjects whose names stay where they are; None when the whole module stays.

        What an action is made of has to come from one SDK. So a module whose actions all stay is left alone, and
        in one where both kinds live together, what the staying ones are about stays with them.
        """
        staying = [found for found in self.classes.values() if found.stays]
        moving = [found for found in self.classes.values() if not found.stays]
        if staying and not any(found.is_action for found in moving):
            return None
        anchors = [
            item
            for item in self.names
            if find(item.module, item.name) is None and is_framework(item.module, item.name)
        ]
        if anchors and not moving and {item.name for item in anchors} != {'action'}:
            return None
        return {subject(*base) for found in staying for base in found.bases if find(*base) is None}


class _Reader(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider, QualifiedNameProvider)

    def __init__(self, module: Module) -> None:
        super().__init__()
        self._module = module

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        source = from_module(node)
        if not is_vendor(source):
            return
        line = self._line(node)
        if isinstance(node.names, cst.ImportStar):
            self._module.imports.append(Imported(source, '*', line))
            return
        for alias in node.names:
            self._module.imports.append(Imported(source, alias.evaluated_name, self._line(alias)))

    def visit_Import(self, node: cst.Import) -> None:
        for alias in node.names:
            if is_vendor(alias.evaluated_name):
                renamed = alias.asname is not None
                self._module.imports.append(Imported(alias.evaluated_name, '', self._line(node), renamed))

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        bases = tuple(base for argument in node.bases for base in self._bases(argument.value))
        if bases:
            self._module.classes[node.name.value] = FoundClass(node, bases, self._line(node.name))

    def _bases(self, value: cst.BaseExpression) -> Iterator[tuple[str, str]]:
        if isinstance(value, cst.Subscript):
            value = value.value
        if isinstance(value, cst.Name) and value.value in self._module.classes:
            yield from self._module.classes[value.value].bases
            return
        for name in vendor_names(self.get_metadata(QualifiedNameProvider, value, set())):
            module, _, last = name.rpartition('.')
            yield module, last

    def _line(self, node: cst.CSTNode) -> int:
        position: Any = self.get_metadata(PositionProvider, node)
        return int(position.start.line)


def read_module(content: bytes) -> Module:
    """Parse a module and find what it has of the vendor's SDK.

    Raises:
        libcst.ParserSyntaxError: If it cannot be parsed.
    """
    module = Module(MetadataWrapper(cst.parse_module(content)))
    module.wrapper.visit(_Reader(module))
    return module


def vendor_names(names: Any) -> list[str]:
    """Return those of libcst's qualified names that are imported from the vendor's SDK."""
    return sorted(
        name.name for name in names if name.source is QualifiedNameSource.IMPORT and is_vendor(name.name)
    )


def from_module(node: cst.ImportFrom) -> str:
    """Return the module of ``from module import ...``; empty for a relative import."""
    if node.relative or node.module is None:
        return ''
    return dotted(node.module)


def dotted(node: cst.BaseExpression) -> str:
    """Return the text of a dotted name; empty if it is something else."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        head = dotted(node.value)
        return f'{head}.{node.attr.value}' if head else ''
    return ''


def is_vendor(name: str) -> bool:
    """Tell whether a module or a dotted name is of the vendor's SDK."""
    return name == VENDOR or name.startswith(f'{VENDOR}.')
