"""Which provider serves a role.

The one that is named, else the built-in one, else the only one: installing a pack never changes what was
served before. Whatever is refused lists every candidate, with the line to type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ProviderError, UnknownNameError
from .known import who_brings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..providers import Role
    from .claims import Claim, ClaimTable

__all__ = ['ROLE_PARAMS', 'candidates', 'select']

ROLE_PARAMS: Mapping[Role, str] = {
    'dataset.export': 'exporter',
    'dataset.convert': 'converter',
    'train': 'trainer',
    'model.upload': 'uploader',
}
"""The parameter (and class attribute of an action) that names the provider of a role."""


def candidates(table: ClaimTable, role: Role, target_format: str | None, task: str | None) -> list[Claim]:
    """Return who serves a role for a format and a task; None stands for any."""
    return [claim for claim in _of_role(table, role) if claim.provider.serves(target_format, task)]


def select(
    table: ClaimTable, role: Role, target_format: str | None, task: str | None, named: str | None
) -> Claim:
    """Return who serves a role.

    Raises:
        ProviderError: If nobody does, or several packs do and none is named.
        UnknownNameError: If the named one does not exist.
        PackConflictError: If several packs claim the provider's name or the format's.
    """
    if target_format is not None and (conflict := table.contested('formats', target_format)) is not None:
        raise conflict
    if named is not None:
        return _select_named(table, role, target_format, named)
    serving = candidates(table, role, target_format, task)
    preferred = [claim for claim in serving if claim.pack.is_builtin] or serving
    if len(preferred) == 1:
        return preferred[0]
    raise ProviderError(_explain(table, role, target_format, task))


def _select_named(table: ClaimTable, role: Role, target_format: str | None, named: str) -> Claim:
    if not table.is_claimed('steps', f'{role}:{named}'):
        known = [claim.provider.name for claim in _of_role(table, role)]
        hint = who_brings('steps', f'{role}:{named}') or 'See `synapse-plugins steps`.'
        raise UnknownNameError(ROLE_PARAMS.get(role, role), named, known, hint)
    claim = table.get('steps', f'{role}:{named}', word='provider')
    if claim.provider.serves(target_format, None):
        return claim
    raise ProviderError(
        f'{named!r} of {claim.pack.origin} serves {_listed(claim)}, not {target_format!r}. '
        f'{_explain(table, role, target_format, None)}'
    )


def _explain(table: ClaimTable, role: Role, target_format: str | None, task: str | None) -> str:
    what = f'role {role!r}'
    what += f' for format {target_format!r}' if target_format else ''
    what += f' and task {task!r}' if task else ''
    serving = candidates(table, role, target_format, task)
    if serving:
        number = f'{len(serving)} packs serve' if len(serving) > 1 else 'One pack serves'
        return f'{number} {what}; say which one:{_lines(role, target_format, serving)}'
    others = _of_role(table, role)
    known = who_brings('trains', target_format) if role == 'train' and target_format else ''
    return (
        f'No installed pack serves {what}. {known}'.rstrip()
        + (f' Others of this role:{_lines(role, target_format, others)}' if others else '')
        + '\nPacks are named synapse-plugins-<name>; `synapse-plugins packs` shows what is installed, and why a pack '
        'is not used.'
    )


def _lines(role: Role, target_format: str | None, claims: list[Claim]) -> str:
    parameter = ROLE_PARAMS.get(role, role)
    return ''.join(
        f'\n  {claim.provider.name} of {claim.pack.origin} (serves {_listed(claim)}): '
        f'add  -p {parameter}={claim.provider.name}{_its_format(role, target_format, claim)}'
        for claim in claims
    )


def _its_format(role: Role, target_format: str | None, claim: Claim) -> str:
    """Return the parameter that must go with a trainer of another format."""
    if role != 'train' or claim.provider.serves(target_format, None):
        return ''
    return f' -p target_format={claim.provider.formats[0]}'


def _of_role(table: ClaimTable, role: Role) -> list[Claim]:
    return [claim for claim in table.held('steps') if claim.provider.role == role]


def _listed(claim: Claim) -> str:
    return ', '.join(claim.provider.formats) or 'every format'
