"""The commands, one module each, imported when invoked.

typer reads the annotations of a command when it is built, so these modules do not postpone theirs.
"""
