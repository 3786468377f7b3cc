"""A command line that ends in ``SRC... DST``."""

from typing import Any

import typer
from typer.core import TyperCommand

__all__ = ['SeveralAndOne']


class SeveralAndOne(TyperCommand):
    """A command with an argument that takes several values before one that takes a single value.

    The parser gives a value that stands alone to the last one, and then misses the first; whoever typed it did begin
    with the first. The contexts are typed `Any`: typer moved their class between its releases.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line, and blame what is missing for being so."""
        context: typer.Context = ctx
        given = list(args)
        try:
            return super().parse_args(context, args)
        except typer.BadParameter as exc:
            missing: Any = exc
            several, one = (param for param in self.params if param.param_type_name == 'argument')
            if type(exc).__name__ != 'MissingParameter' or missing.param is not several:
                raise
            read = self.make_parser(context).parse_args(given)[0]
            if isinstance(read.get(str(one.name)), str):
                missing.param = one
                raise
            context.fail(f"Missing arguments '{several.metavar}' and '{one.metavar}'.")
