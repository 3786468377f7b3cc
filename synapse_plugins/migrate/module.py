"""Migrates one module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst
from libcst.metadata import MetadataWrapper

from .calls import RewriteCalls
from .imports import RewriteImports, plan_imports
from .names import VENDOR
from .reading import read_module

if TYPE_CHECKING:
    from .records import Note

__all__ = ['UnreadableError', 'migrate_module']


class UnreadableError(ValueError):
    """A module cannot be parsed.

    Attributes:
        line: Where.
    """

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def migrate_module(content: bytes, path: str) -> tuple[bytes, list[str], list[Note]]:
    """Return the module as it becomes, what was changed in it, and what a person should know.

    Raises:
        UnreadableError: If it cannot be parsed.
    """
    if VENDOR.encode() not in content:
        return content, [], []
    try:
        module = read_module(content)
    except cst.ParserSyntaxError as exc:
        raise UnreadableError(exc.message, exc.raw_line) from exc
    except (SyntaxError, UnicodeDecodeError) as exc:
        raise UnreadableError(str(exc), 1) from exc
    if not module.imports:
        return content, [], _mentions(content, path)
    plan = plan_imports(module, path)
    if not plan:
        return content, [], plan.notes
    calls = RewriteCalls(module, path)
    changed = module.wrapper.visit(calls)
    rewritten = MetadataWrapper(changed).visit(RewriteImports(plan))
    return rewritten.bytes, ['imports', *dict.fromkeys(calls.what)], [*plan.notes, *calls.notes]


def _mentions(content: bytes, path: str) -> list[Note]:
    """Return a note for each line of a module without such imports that names the vendor's SDK in its code."""
    tree = cst.parse_module(content)
    calls = RewriteCalls(read_module(content), path)
    MetadataWrapper(tree).visit(calls)
    return calls.notes
