"""The errors that this package raises, as one tree.

::

    SynapsePluginsError
    ├── ConfigError (ValueError)             a configuration file or a setting is wrong
    ├── ParamsError (ValueError)             parameters of an action are wrong
    ├── UnknownNameError (LookupError)       a name that nothing answers to, with close matches
    ├── MissingExtraError (ImportError)      an optional dependency is not installed
    ├── PackError                            a pack is broken
    │   └── PackConflictError                two packs claim one name
    ├── ProviderError (LookupError)          no provider, or more than one, for a role
    ├── StepFailedError (RuntimeError)       a step failed; the run was rolled back
    │   └── RunCancelledError                the run was cancelled; the run was rolled back
    ├── ActionFailedError (RuntimeError)     an action without steps raised something
    ├── NoModelError (RuntimeError)          a train run ended without a model
    ├── DatasetError (ValueError)            a dataset cannot be read or written
    │   ├── FormatError                      a folder is not what its format says
    │   ├── OutputExistsError (FileExistsError)
    │   ├── UncountedError (TypeError)       how many there are only reading tells
    │   └── LossError                        a conversion would lose something, and must not
    ├── StoreError (OSError)                 the store cannot be used
    │   └── StoreVersionError                the store was written by a newer version
    └── BackendError                         a backend refused or failed
        ├── NoBackendError (RuntimeError)    there is no backend to ask
        ├── NotFoundError (LookupError)      the backend has no such object
        ├── NeededError                      something is not removed, because something else needs it
        └── RequestError                     a request to a server failed: which one, and what was answered
            ├── AuthenticationError (PermissionError)   401: who asks is not known
            ├── ForbiddenError (PermissionError)        403: who asks may not
            ├── InvalidRequestError (ValueError)        400, 422: what is asked makes no sense there
            ├── MissingObjectError (NotFoundError)      404
            ├── ConflictError (NeededError)             409
            ├── RateLimitError                          429: too much was asked
            ├── ServerError                             5xx
            └── NoAnswerError (ConnectionError)         nothing, or only a part, came back
                ├── TLSError                            the server's certificate is not trusted
                └── AnswerLostError                     it was sent, and may have been done

Each error is also the built-in that a reader would catch. Messages say what, where, and what to do next.
The command line prints them as one paragraph and exits with ``exit_code``; anything outside this tree is a
bug of ours and shows its traceback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    'ActionFailedError',
    'AnswerLostError',
    'AuthenticationError',
    'BackendError',
    'ConfigError',
    'ConflictError',
    'DatasetError',
    'ForbiddenError',
    'FormatError',
    'InvalidRequestError',
    'LossError',
    'MissingExtraError',
    'MissingObjectError',
    'NeededError',
    'NoAnswerError',
    'NoBackendError',
    'NoModelError',
    'NotFoundError',
    'OutputExistsError',
    'PackConflictError',
    'PackError',
    'ParamsError',
    'ProviderError',
    'RateLimitError',
    'RequestError',
    'RunCancelledError',
    'ServerError',
    'StepFailedError',
    'StoreError',
    'StoreVersionError',
    'SynapsePluginsError',
    'TLSError',
    'UncountedError',
    'UnknownNameError',
]


class SynapsePluginsError(Exception):
    """Root of everything that this package raises on purpose."""

    exit_code = 1
    """What the command line exits with."""

    run_id: str | None = None
    """The run that ended with this error, once it has a record."""


class ConfigError(SynapsePluginsError, ValueError):
    """A configuration file or a setting is wrong."""


class ParamsError(SynapsePluginsError, ValueError):
    """The parameters of an action are wrong."""


class UnknownNameError(SynapsePluginsError, LookupError):
    """A name that nothing answers to.

    Args:
        kind: What was looked for, e.g. ``action``.
        name: The name as it was given.
        known: The names that exist; the nearest ones are suggested.
        hint: What to do next, as a sentence.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str] = (), hint: str = '') -> None:
        self.kind = kind
        self.name = name
        self.known = sorted(known)
        super().__init__(
            ' '.join(filter(None, (f'Unknown {kind} {name!r}.', suggestion(name, self.known), hint)))
        )


class MissingExtraError(SynapsePluginsError, ImportError):
    """An optional dependency is not installed; the message holds the line to type."""


class PackError(SynapsePluginsError):
    """A pack is broken."""


class PackConflictError(PackError):
    """Two packs claim one name."""


class ProviderError(SynapsePluginsError, LookupError):
    """No provider, or more than one, serves a role."""


class StepFailedError(SynapsePluginsError, RuntimeError):
    """A step failed and the run was rolled back.

    Attributes:
        step: Name of the step.
        reason: What the step said.
        rollback_errors: What went wrong while rolling back.
    """

    def __init__(self, step: str, reason: str, rollback_errors: Iterable[str] = ()) -> None:
        self.step = step
        self.reason = reason
        self.rollback_errors = tuple(rollback_errors)
        super().__init__(f"Step '{step}' failed: {reason}")

    def __reduce__(self) -> tuple[type[StepFailedError], tuple[str, str, tuple[str, ...]]]:
        """Survive the way out of another process, where only the message would be passed."""
        return type(self), (self.step, self.reason, self.rollback_errors)


class RunCancelledError(StepFailedError):
    """The run was cancelled before or during a step, and was rolled back."""


class ActionFailedError(SynapsePluginsError, RuntimeError):
    """An action's own code raised something that is not of this tree; that is the cause."""


class NoModelError(SynapsePluginsError, RuntimeError):
    """A train run ended without a model."""


class DatasetError(SynapsePluginsError, ValueError):
    """A dataset cannot be read or written."""


class FormatError(DatasetError):
    """A folder is not what its format says."""


class OutputExistsError(DatasetError, FileExistsError):
    """The place of an output is taken."""


class UncountedError(DatasetError, TypeError):
    """How many samples a dataset has is only known when it was read; to Python, it has no length."""


class LossError(DatasetError):
    """A conversion would lose something, and must not."""


class StoreError(SynapsePluginsError, OSError):
    """The store cannot be used."""


class StoreVersionError(StoreError):
    """The store was written by a newer version of this package."""


class BackendError(SynapsePluginsError):
    """A backend refused or failed."""


class NoBackendError(BackendError, RuntimeError):
    """There is no backend to ask."""


class NotFoundError(BackendError, LookupError):
    """The backend has no such object."""


class NeededError(BackendError):
    """Something is not removed, because something else needs it; the message says what."""


class RequestError(BackendError):
    """A request to a server failed.

    Args:
        message: What, where, what to do next; without secrets.

    Attributes:
        method: The method of the request.
        url: Its address, without the query.
        status: The status of the answer; None if there was none.
        detail: What the server said, as it said it.
    """

    def __init__(
        self,
        message: str,
        *,
        method: str = '',
        url: str = '',
        status: int | None = None,
        detail: object = None,
    ) -> None:
        self.method = method
        self.url = url
        self.status = status
        self.detail = detail
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way out of another process, attributes and all."""
        return type(self), self.args, self.__dict__


class AuthenticationError(RequestError, PermissionError):
    """The server does not know who asks (401)."""


class ForbiddenError(RequestError, PermissionError):
    """Who asks may not do that (403)."""


class InvalidRequestError(RequestError, ValueError):
    """What was asked makes no sense to the server (400, 422)."""


class MissingObjectError(RequestError, NotFoundError):
    """The server has no such object (404)."""


class ConflictError(RequestError, NeededError):
    """What is asked is in the way of something else there (409)."""


class RateLimitError(RequestError):
    """The server was asked too much, and still is after the retries (429)."""


class ServerError(RequestError):
    """The server failed (5xx)."""


class NoAnswerError(RequestError, ConnectionError):
    """The server cannot be reached, or its answer broke off."""


class TLSError(NoAnswerError):
    """The certificate of the server is not trusted."""


class AnswerLostError(NoAnswerError):
    """The request was sent and its answer did not come: it may have been done, so it is not repeated blindly."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return "Did you mean ...?" for the names nearest to *name*, or an empty text."""
    from difflib import get_close_matches

    names = sorted(set(known))
    folded = {candidate.casefold(): candidate for candidate in names}
    wanted = name.casefold()
    near = [folded[match] for match in get_close_matches(wanted, folded, n=3, cutoff=0.6)]
    if not near and wanted:  # a word of a name: voc of pascal_voc, dm of dm_v1 and dm_v2
        near = [
            folded[one] for one in folded if wanted in one.replace('-', '_').replace('.', '_').split('_')
        ][:3]
    if near:
        return f'Did you mean {" or ".join(repr(match) for match in near)}?'
    if names and len(names) <= 12:
        told = map(repr, names) if any(',' in one for one in names) else names
        return f'There is: {", ".join(told)}.'
    return ''
