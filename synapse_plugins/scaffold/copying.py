"""copier, loaded when it is needed, its errors as ours."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, MissingExtraError, ParamsError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ['ANSWERS_FILE', 'copier_errors', 'load_copier', 'read_answers']

ANSWERS_FILE = '.copier-answers.yml'
_VALIDATION = re.compile(r"(?:Validation error for question|Invalid choice for) '(\w+)':\s*(.*)", re.DOTALL)


def load_copier() -> Any:
    """Import copier.

    Raises:
        MissingExtraError: If it is not installed.
    """
    try:
        import copier
    except ImportError as exc:
        raise MissingExtraError(
            'Projects are made and updated by copier, which is not installed. Type: '
            "pip install 'synapse-plugins[templates]'"
        ) from exc
    return copier


@contextmanager
def copier_errors(what: str) -> Iterator[None]:
    """Turn what copier raises into one sentence that says what to do.

    Args:
        what: What was tried, as the beginning of a sentence.
    """
    from copier.errors import CopierError
    from plumbum import ProcessExecutionError

    try:
        yield
    except ProcessExecutionError as exc:
        said = str(exc.stderr or exc).strip().splitlines()
        reason = next((line for line in said if line.startswith(('fatal:', 'error:'))), ' '.join(said[-1:]))
        raise ConfigError(
            f'{what}. git said: {reason.removesuffix(".")}. Is the repository there, and the network?'
        ) from exc
    except ValueError as exc:
        if found := _VALIDATION.fullmatch(str(exc)):
            reason = found[2].strip().removesuffix('.')
            raise ParamsError(f'{found[1]}: {reason}. Say it by --data {found[1]}=VALUE.') from exc
        raise ConfigError(f'{what}: {exc}') from exc
    except CopierError as exc:
        if isinstance(exc, KeyboardInterrupt):
            raise
        raise ConfigError(f'{what}: {exc}') from exc


def read_answers(folder: Any) -> dict[str, Any]:
    """Return what the answers file in a folder holds; empty where there is none.

    Raises:
        ConfigError: If it cannot be read.
    """
    import yaml

    path = folder / ANSWERS_FILE
    if not path.is_file():
        return {}
    try:
        answers = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise ConfigError(
            f'{path} cannot be read: {exc}. Bring it back from git: it is not to be edited.'
        ) from exc
    if not isinstance(answers, dict):
        raise ConfigError(f'{path} holds no answers. Bring it back from git: it is not to be edited.')
    return answers
