"""Claims the format name tally too."""

from __future__ import annotations

from synapse_plugins import hookimpl
from synapse_plugins.providers import FormatProvider


@hookimpl
def synapse_register_formats(register):
    register(FormatProvider(name='tally', reader='rival_pack:Reader'))
