"""Decides which of a module's imports move, and rewrites them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import libcst as cst
from libcst.metadata import QualifiedNameProvider

from .names import MODULES, find, subject, why_not
from .reading import dotted, from_module, is_vendor, vendor_names
from .records import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .names import Target
    from .reading import Imported, Module

__all__ = ['ImportPlan', 'RewriteImports', 'plan_imports']

_LONGEST_LINE = 100
_SAME_NAMES = ('synapse_plugins.steps', 'synapse_plugins.types')
"""Modules that have every name of theirs."""


@dataclass
class ImportPlan:
    """Which imported names of a module move, and where to.

    Attributes:
        targets: Module and name -> where it is here.
        modules: Modules that are imported whole -> the module here.
        reached: The modules here that replace ``import synapse_sdk...`` with its dotted names.
        notes: Why the others stay.
    """

    targets: dict[tuple[str, str], Target] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    notes: list[Note] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.targets or self.modules or self.reached)


def plan_imports(module: Module, path: str) -> ImportPlan:
    """Decide for everything that a module imports from the vendor's SDK whether it moves."""
    plan = ImportPlan()
    held = module.held()
    for item in module.names:
        if item.dotted not in MODULES:
            _plan_name(item, held, plan, path)
    if held is None:
        if not plan.notes:
            _stay(plan, path, module.imports[0], 'this module', 'what it is built on has no counterpart here')
        return plan
    uses = _Uses()
    module.wrapper.visit(uses)
    for item in module.imports:
        if item.name == '*':
            _plan_star(item, plan, path)
        elif item.dotted in MODULES and (item.name or item.renamed):
            _plan_module(item, uses.found, plan, path)
        elif item.renamed:
            _stay(plan, path, item, item.module, 'it is imported whole; name what is used of it')
    _plan_written_out(
        [item for item in module.imports if not item.name and not item.renamed], uses, plan, path
    )
    return plan


def _plan_name(item: Imported, held: set[str] | None, plan: ImportPlan, path: str) -> None:
    target = find(item.module, item.name)
    if target is None:
        _stay(plan, path, item, item.name, why_not(item.module, item.name))
    elif held is not None and subject(item.module, item.name) not in held:
        plan.targets[item.module, item.name] = target
    elif held:
        _stay(plan, path, item, item.name, 'the action of this file that stays needs it')


def _plan_star(item: Imported, plan: ImportPlan, path: str) -> None:
    if MODULES.get(item.module) in _SAME_NAMES:
        plan.modules[item.module] = MODULES[item.module]
        return
    text = f'from {item.module} import *: name what is imported, then migrate again'
    plan.notes.append(Note('look', path, item.line, text))


def _plan_module(item: Imported, used: set[str], plan: ImportPlan, path: str) -> None:
    """A module under a name of its own moves when all that is used of it is in one module here."""
    here = MODULES[item.dotted]
    missing = sorted(
        name
        for source, name in _reached_names(used, item.dotted)
        if (target := find(source, name)) is None or target.module != here
    )
    if missing:
        _stay(plan, path, item, item.dotted, f'{", ".join(missing)} is not in {here}')
    else:
        plan.modules[item.dotted] = here


def _plan_written_out(items: list[Imported], uses: _Uses, plan: ImportPlan, path: str) -> None:
    """``import synapse_sdk.plugins.steps`` moves when every dotted name that is written out does."""
    names = {name for item in items for name in _reached_names(uses.written, item.module.partition('.')[0])}
    missing = sorted(f'{module}.{name}' for module, name in names if find(module, name) is None)
    for item in items:
        if missing:
            _stay(plan, path, item, f'import {item.module}', f'{", ".join(missing)} has no counterpart here')
        elif not names and item.module not in MODULES:
            _stay(plan, path, item, f'import {item.module}', 'it has no counterpart here')
    if items and not missing:
        plan.reached = {target.module for name in names if (target := find(*name)) is not None}
        plan.reached |= {MODULES[item.module] for item in items if item.module in MODULES}


def _stay(plan: ImportPlan, path: str, item: Imported, what: str, why: str) -> None:
    plan.notes.append(Note('stays', path, item.line, f'{what} stays on synapse-sdk: {why}'))


def _reached_names(used: Iterable[str], module: str) -> set[tuple[str, str]]:
    """Return module and name of what is used below *module*; an attribute of a name counts as that name."""
    inside = {name for name in used if name.startswith(f'{module}.')}
    longest = {name for name in inside if not any(other.startswith(f'{name}.') for other in inside)}
    return {_named(name) for name in longest}


def _named(name: str) -> tuple[str, str]:
    """Return which module and name a dotted text reaches first."""
    parts = name.split('.')
    for count in range(1, len(parts)):
        source = '.'.join(parts[:count])
        if find(source, parts[count]) is not None:
            return source, parts[count]
    return _split(name)


class _Uses(cst.CSTVisitor):
    """Collects the names of the vendor's SDK that are reached through a dot.

    Attributes:
        found: All of them, in full.
        written: Those that are written out in full.
    """

    METADATA_DEPENDENCIES = (QualifiedNameProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.written: set[str] = set()

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        """Leave out the imports themselves."""
        return False

    def visit_Import(self, node: cst.Import) -> bool:
        """Leave out the imports themselves."""
        return False

    def visit_Attribute(self, node: cst.Attribute) -> None:
        """Collect a dotted name."""
        names = vendor_names(self.get_metadata(QualifiedNameProvider, node, set()))
        self.found.update(names)
        self.written.update(name for name in names if name == dotted(node))


class RewriteImports(cst.CSTTransformer):
    """Carries out an `ImportPlan`."""

    METADATA_DEPENDENCIES = (QualifiedNameProvider,)

    def __init__(self, plan: ImportPlan) -> None:
        super().__init__()
        self._plan = plan

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> Any:
        """Put the statements that an import falls into on lines of their own."""
        parts: list[cst.BaseSmallStatement] = []
        for statement in updated_node.body:
            if isinstance(statement, cst.ImportFrom):
                parts.extend(self._split(statement))
            elif isinstance(statement, cst.Import):
                parts.extend(self._renamed(statement))
            else:
                parts.append(statement)
        if len(parts) == 1 or len(updated_node.body) > 1:
            return updated_node.with_changes(body=parts)
        first = updated_node.with_changes(body=parts[:1], trailing_whitespace=cst.TrailingWhitespace())
        lines = [first, *(cst.SimpleStatementLine([part]) for part in parts[1:])]
        lines[-1] = lines[-1].with_changes(trailing_whitespace=updated_node.trailing_whitespace)
        return cst.FlattenSentinel(lines)

    def leave_Attribute(
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.BaseExpression:
        """Rename ``synapse_sdk.plugins.steps.BaseStep`` where it is written out."""
        written = dotted(original_node)
        if not self._plan.reached or not is_vendor(written):
            return updated_node
        names = vendor_names(self.get_metadata(QualifiedNameProvider, original_node, set()))
        target = find(*_split(written)) if written in names else None
        return updated_node if target is None else _expression(f'{target.module}.{target.name}')

    def _split(self, statement: cst.ImportFrom) -> Sequence[cst.BaseSmallStatement]:
        source = from_module(statement)
        if not is_vendor(source):
            return [statement]
        if isinstance(statement.names, cst.ImportStar):
            here = self._plan.modules.get(source)
            return [statement.with_changes(module=_expression(here)) if here else statement]
        groups: dict[str, list[cst.ImportAlias]] = defaultdict(list)
        stays: list[cst.ImportAlias] = []
        for alias in statement.names:
            name = alias.evaluated_name
            if (target := self._plan.targets.get((source, name))) is not None:
                groups[target.module].append(_renamed_alias(alias, target.name))
            elif (here := self._plan.modules.get(f'{source}.{name}')) is not None:
                groups[_split(here)[0]].append(_renamed_alias(alias, _split(here)[1]))
            else:
                stays.append(alias)
        parts = [_import_from(statement, module, aliases) for module, aliases in sorted(groups.items())]
        return [*parts, _import_from(statement, source, stays)] if stays else parts

    def _renamed(self, statement: cst.Import) -> Sequence[cst.BaseSmallStatement]:
        aliases: list[cst.ImportAlias] = []
        for alias in statement.names:
            name = alias.evaluated_name
            if alias.asname is not None and name in self._plan.modules:
                aliases.append(alias.with_changes(name=_expression(self._plan.modules[name])))
            elif alias.asname is None and is_vendor(name) and self._plan.reached:
                aliases.extend(cst.ImportAlias(_expression(module)) for module in sorted(self._plan.reached))
            else:
                aliases.append(alias)
        if aliases == list(statement.names):
            return [statement]
        unique = {dotted(alias.name) + str(alias.evaluated_alias): alias for alias in aliases}
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(' '))
        *head, last = unique.values()
        names = [
            *(alias.with_changes(comma=comma) for alias in head),
            last.with_changes(comma=cst.MaybeSentinel.DEFAULT),
        ]
        return [cst.Import(names)]


def _import_from(
    statement: cst.ImportFrom, module: str, aliases: Sequence[cst.ImportAlias]
) -> cst.ImportFrom:
    """Return the statement with another module and perhaps fewer names, in its own layout where that is possible."""
    assert not isinstance(statement.names, cst.ImportStar)
    moved = statement.with_changes(module=_expression(module))
    if len(aliases) == len(statement.names):
        return moved.with_changes(names=aliases)
    empty = cst.Module([])
    if any('#' in empty.code_for_node(alias) for alias in statement.names):
        return moved.with_changes(names=[*aliases[:-1], _as_last(aliases[-1])])
    words = [empty.code_for_node(alias.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for alias in aliases]
    line = f'from {module} import {", ".join(words)}'
    if len(line) > _LONGEST_LINE:
        line = f'from {module} import (\n' + ''.join(f'    {word},\n' for word in words) + ')'
    parsed: Any = cst.parse_statement(line)
    made: cst.ImportFrom = parsed.body[0]
    return made


def _as_last(alias: cst.ImportAlias) -> cst.ImportAlias:
    """Return a name of a folded list so that the closing bracket after it stands where it should."""
    comma = alias.comma
    if not isinstance(comma, cst.Comma) or not isinstance(
        comma.whitespace_after, cst.ParenthesizedWhitespace
    ):
        return alias
    space = comma.whitespace_after.with_changes(last_line=cst.SimpleWhitespace(''))
    return alias.with_changes(comma=comma.with_changes(whitespace_after=space))


def _renamed_alias(alias: cst.ImportAlias, name: str) -> cst.ImportAlias:
    """Return an imported name under its new name, so that the module goes on using the old one."""
    old = alias.evaluated_name
    if old == name:
        return alias
    asname = alias.asname or cst.AsName(cst.Name(old))
    return alias.with_changes(name=cst.Name(name), asname=asname)


def _expression(name: str) -> Any:
    return cst.parse_expression(name)


def _split(name: str) -> tuple[str, str]:
    module, _, last = name.rpartition('.')
    return module, last
