"""What the packs of this installation provide, as rows for the listings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ..packs import ROLE_PARAMS
from .output import note
from .settings import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..packs import Claim, PackManager
    from ..providers import FormatProvider

__all__ = ['format_options', 'format_rows', 'note_broken', 'pack_lines', 'pack_rows', 'step_rows']


def pack_rows(manager: PackManager) -> list[dict[str, Any]]:
    """Return one row for each pack, with what it provides and where that serves."""
    served: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in step_rows(manager):
        facts = {key: row[key] for key in ('role', 'format', 'name', 'default', 'reason')}
        served.setdefault((row['distribution'], f'{row["role"]}:{row["name"]}'), []).append(facts)
    return [
        {
            'name': record.name,
            'distribution': record.distribution,
            'version': record.version,
            'state': record.state,
            'error': record.error,
            'module': record.module,
            'hooks': list(record.hooks),
            'needs': record.needs,
            'provides': {kind: list(names) for kind, names in record.provides.items()},
            'serves': [
                facts
                for step in record.provides.get('steps', ())
                for facts in served.get((record.distribution, step), ())
            ],
        }
        for record in manager.records
    ]


def pack_lines(row: dict[str, Any]) -> list[str]:
    """Return what a table says of one pack: what it provides, where that serves and why, which hooks it has."""
    lines = [f'{kind}: {", ".join(names)}' for kind, names in row['provides'].items()]
    reasons: dict[str, list[str]] = {}
    for served in row['serves']:
        place = f'{served["role"]} for {served["format"] or "any format"}'
        reasons.setdefault(served['reason'], []).append(place)
    lines += [f'serves {", ".join(places)}: {reason}' for reason, places in reasons.items()]
    if row['hooks']:
        lines.append(f'hooks: {", ".join(name.removeprefix("synapse_") for name in row["hooks"])}')
    return lines


def step_rows(manager: PackManager) -> list[dict[str, Any]]:
    """Return one row for each provider and format that it declares, with who serves and why."""
    claims = manager.steps()
    rivals = _Rivals(claims)
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
            **_serves(claim, rivals.count(claim.provider.role, target_format)),
        }
        for claim in claims
        for target_format in claim.provider.formats or (None,)
    ]


class _Rivals:
    """How many serve a role and a format; counted once, because there may be hundreds of packs."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self._all: Counter[str] = Counter()
        self._of_any_format: Counter[str] = Counter()
        self._of_format: Counter[tuple[str, str]] = Counter()
        for claim in claims:
            role = claim.provider.role
            self._all[role] += 1
            self._of_any_format[role] += not claim.provider.formats
            self._of_format.update((role, name) for name in claim.provider.formats)

    def count(self, role: str, target_format: str | None) -> int:
        """Return how many serve; None is any format."""
        if target_format is None:
            return self._all[role]
        return self._of_any_format[role] + self._of_format[role, target_format]


def _serves(claim: Claim, serving: int) -> dict[str, Any]:
    """Tell whether this provider serves unless another is named, and why."""
    if claim.pack.is_builtin:
        return {'default': True, 'reason': 'built in'}
    if serving == 1:
        return {'default': True, 'reason': 'the only one'}
    parameter = ROLE_PARAMS.get(claim.provider.role)
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


def format_options(provider: FormatProvider) -> dict[str, Any]:
    """Return the tasks that a format knows and the options that it is written with."""
    from ..datasets.formats import writer_of
    from ..datasets.options import options_of

    if provider.writer is None:
        return {'tasks': [], 'options': []}
    writer = writer_of(provider.name)
    options = [
        {
            'name': one.name,
            'flag': '--bounds' if one.name == 'bounds' else f'--option {one.name}=',
            'values': one.values,
            'many': one.many,
            'default': one.default if one.default != () else None,
            'about': one.about,
        }
        for one in options_of(writer)
    ]
    return {'tasks': list(writer.tasks), 'options': options}


def note_broken(manager: PackManager) -> None:
    """Say on stderr that a listing lacks what broken packs would provide."""
    broken = [record.distribution for record in manager.records if record.error]
    if broken:
        note(f'Not all packs could be used: {", ".join(broken)}. See `{PROGRAM} packs`.')
