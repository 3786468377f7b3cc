"""Who claims which name, and who holds it.

A name that two packs claim is held by neither, so that no pack takes over what another one served; only the
built-in pack keeps its names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import PackConflictError, UnknownNameError
from ..providers import StepProvider
from .discovery import BUILTIN_MODULE

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ['Claim', 'ClaimTable', 'PackRecord', 'key_of']


@dataclass
class PackRecord:
    """What is known of one pack.

    Attributes:
        name: The entry point's name.
        distribution: The installed distribution that brings it.
        version: That distribution's version.
        module: The module that the entry point names.
        state: ``loaded``, ``disabled``, ``broken``, ``incompatible`` with this version of synapse-plugins, or
            ``conflict`` when another pack claims one of its names.
        error: Why it is broken, or what is contested.
        hooks: The hooks that it implements.
        needs: Which versions of synapse-plugins it asks for, e.g. ``>=0.1,<1``; empty: any.
        provides: Kind (``steps``, ``formats``, ``actions``, ``loggers``) -> names; a step's is ``role:name``.
    """

    name: str
    distribution: str
    version: str
    module: str
    state: str = 'loaded'
    error: str | None = None
    hooks: tuple[str, ...] = ()
    provides: dict[str, list[str]] = field(default_factory=dict)
    needs: str = ''

    @property
    def origin(self) -> str:
        """The distribution with its version."""
        return f'{self.distribution} {self.version}'

    @property
    def is_builtin(self) -> bool:
        """Whether this is the pack that ships with synapse-plugins."""
        return self.module == BUILTIN_MODULE


@dataclass(frozen=True)
class Claim:
    """A provider and the pack that registered it."""

    provider: Any
    pack: PackRecord


class ClaimTable:
    """All claims, by kind and name."""

    def __init__(self) -> None:
        self._claims: dict[tuple[str, str], list[Claim]] = {}

    def add(self, kind: str, provider: Any, pack: PackRecord) -> PackConflictError | None:
        """Add a claim; if the name is contested now, mark the packs and return the error that says so."""
        claims = self._claims.setdefault((kind, key_of(provider)), [])
        claims.append(Claim(provider, pack))
        conflict = self.conflict(kind, key_of(provider))
        if conflict is not None:
            for claim in claims:
                if not claim.pack.is_builtin:
                    claim.pack.state, claim.pack.error = 'conflict', str(conflict)
        return conflict

    def conflict(self, kind: str, key: str) -> PackConflictError | None:
        """Return the error that names who claims a name, if more than one pack does."""
        claims = self._claims.get((kind, key), [])
        if len(claims) < 2:
            return None
        who = ' and '.join(claim.pack.origin for claim in claims)
        keeps = ''.join(f' {claim.pack.origin} keeps it.' for claim in claims if claim.pack.is_builtin)
        last = [claim.pack.distribution for claim in claims if not claim.pack.is_builtin][-1]
        return PackConflictError(
            f'{who} claim one name: {kind[:-1]} {key!r}.{keeps} '
            f'Uninstall one of them (pip uninstall {last}), or set SYNAPSE_PLUGINS_DISABLE={last}.'
        )

    def contested(self, kind: str, key: str) -> PackConflictError | None:
        """Return the error that says so if several packs claim a name and none holds it."""
        return None if list(_holder(self._claims.get((kind, key), []))) else self.conflict(kind, key)

    def held(self, kind: str) -> list[Claim]:
        """Return the claims of a kind that hold, built-in first."""
        return [
            claim
            for (of_kind, _), claims in self._claims.items()
            if of_kind == kind
            for claim in _holder(claims)
        ]

    def is_claimed(self, kind: str, key: str) -> bool:
        """Tell whether any pack claims a name."""
        return (kind, key) in self._claims

    def get(self, kind: str, key: str, *, word: str, hint: str = '') -> Claim:
        """Return the claim that holds a name; *word* and *hint* are for the message.

        Raises:
            UnknownNameError: If no pack claims it.
            PackConflictError: If several do.
        """
        claims = self._claims.get((kind, key), [])
        if not claims:
            raise UnknownNameError(
                word, key, [name for of_kind, name in self._claims if of_kind == kind], hint
            )
        if (conflict := self.contested(kind, key)) is not None:
            raise conflict
        return next(_holder(claims))


def key_of(provider: Any) -> str:
    """Return what must be unique among providers of one kind; a step's name is unique within its role."""
    return f'{provider.role}:{provider.name}' if isinstance(provider, StepProvider) else str(provider.name)


def _holder(claims: list[Claim]) -> Iterator[Claim]:
    if len(claims) == 1:
        yield claims[0]
    else:
        yield from (claim for claim in claims if claim.pack.is_builtin)
