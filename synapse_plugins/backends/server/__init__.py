"""The embedded backend over HTTP: the REST paths (v1) of the platform that plugins need, on this machine.

`Served` listens; starlette and uvicorn are needed (the extra ``server``) and are imported only then.
"""

from __future__ import annotations

from .serving import Served, check_address, is_loopback, new_token

__all__ = ['Served', 'check_address', 'is_loopback', 'new_token']
