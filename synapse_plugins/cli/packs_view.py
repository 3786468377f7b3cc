"""What the packs of this installation provide, as rows for the listings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..packs import ROLE_PARAMS
from .output import note
from .settings import PROGRAM

if TYPE_CHECKING:
    from ..packs import Claim, PackManager

__all__ = ['format_rows', 'note_broken', 'pack_rows', 'step_rows']


def pack_rows(manager: PackManager) -> list[dict[str, Any]]:
    """Return one row for each pack."""
    return [
        {
            'name': record.name,
            'distribution': record.distribution,
            'version': record.version,
            'state': record.state,
            'error': record.error,
            'module': record.module,
            'hooks': list(record.hooks),
            'provides': {kind: list(names) for kind, names in record.provides.items()},
        }
        for record in manager.records
    ]


def step_rows(manager: PackManager) -> list[dict[str, Any]]:
    """Return one row for each provider and format that it declares, with who serves and why."""
    return [
        {
            'role': claim.provider.role,
            'format': target_format,
            'name': claim.provider.name,
            'tasks': list(claim.provider.tasks),
            'distribution': claim.pack.distribution,
            'version': claim.pack.version,
            'step': claim.provider.step,
            'summary': claim.provider.summary,
            **_serves(manager, claim, target_format),
        }
        for claim in manager.steps()
        for target_format in claim.provider.formats or (None,)
    ]


def _serves(manager: PackManager, claim: Claim, target_format: str | None) -> dict[str, Any]:
    """Tell whether this provider serves unless another is named, and why."""
    role = claim.provider.role
    serving = manager.candidates(role, target_format)
    if claim.pack.is_builtin:
        return {'default': True, 'reason': 'built in'}
    if len(serving) == 1:
        return {'default': True, 'reason': 'the only one'}
    parameter = ROLE_PARAMS.get(role)
    return {
        'default': False,
        'reason': f'when named: -p {parameter}={claim.provider.name}'
        if parameter
        else 'when named by an action',
    }


def format_rows(manager: PackManager) -> list[dict[str, Any]]:
    """Return one row for each dataset format, the engine's own and those of packs."""
    from ..datasets import formats

    origins = {claim.provider.name: claim.pack for claim in manager.formats()}
    rows = []
    for name in formats.names():
        provider = formats.get(name)
        pack = origins.get(name)
        rows.append(
            {
                'name': name,
                'reads': provider.reader is not None,
                'writes': provider.writer is not None,
                'distribution': pack.distribution if pack else PROGRAM,
                'summary': provider.summary,
            }
        )
    return rows


def note_broken(manager: PackManager) -> None:
    """Say on stderr that a listing lacks what broken packs would provide."""
    broken = [record.distribution for record in manager.records if record.error]
    if broken:
        note(f'Not all packs could be used: {", ".join(broken)}. See `{PROGRAM} packs`.')
