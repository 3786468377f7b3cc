"""The step that checks every file before anything is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha1, sha256
from typing import TYPE_CHECKING, Any

from ....context.message_codes import UploadLogMessageCode
from ....errors import DatasetError
from ....steps import BaseStep, StepResult
from ..content import problem_of
from ..context import UploadContext

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ['ValidateFilesStep', 'facts_of', 'too_many']

_CHUNK = 1024 * 1024
_WORKERS = 8
_SHOWN = 10


class ValidateFilesStep(BaseStep[UploadContext]):
    """Checks extensions, sizes, contents and duplicates, and that every unit has what the collection requires.

    With ``on_loss=error`` one bad file fails the step, which names them; with ``warn`` its unit is left out.
    """

    name = 'validate_files'
    progress_weight = 0.1

    def execute(self, context: UploadContext) -> StepResult:
        """Set `facts`, and take the units out of `organized_files` that cannot be uploaded."""
        rules = _Rules.of(context)
        paths = [
            (spec, path, rules) for unit in context.organized_files for spec, path in unit['files'].items()
        ]
        problems: dict[Path, str] = {}
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix='validate') as pool:
            for done, (path, problem, facts) in enumerate(pool.map(_look, paths), 1):
                if context.cancelled:
                    pool.shutdown(cancel_futures=True)
                    return StepResult(success=False, error=context.cancel_reason)
                if problem is None:
                    context.facts[path] = facts
                else:
                    problems[path] = problem
                context.set_progress(done, len(paths))
        self._take_out(context, problems)
        dropped = self._duplicates(context)
        if context.lost_files and context.get_param('on_loss', 'error') != 'warn':
            raise DatasetError(f'{too_many(context.lost_files)} Nothing was uploaded.')
        if not context.organized_files:
            raise DatasetError('No unit is left to upload.')
        context.log_message(UploadLogMessageCode.UPLOAD_VALIDATION_PASSED, count=len(context.organized_files))
        data = {'units': len(context.organized_files), 'lost': len(context.lost_files), 'dropped': dropped}
        return StepResult(data=data)

    def _take_out(self, context: UploadContext, problems: Mapping[Path, str]) -> None:
        """Keep the units that are whole; the files of the others are lost, each with its reason."""
        required = [str(item['name']) for item in context.file_specifications if item.get('is_required')]
        kept = []
        for unit in context.organized_files:
            missing = [name for name in required if name not in unit['files']]
            wrong = {spec: problems[path] for spec, path in unit['files'].items() if path in problems}
            if not missing and not wrong:
                kept.append(unit)
                continue
            for spec, path in unit['files'].items():
                without = f'there is no {", ".join(missing)} of the stem {unit["stem"]!r}' if missing else ''
                beside = '' if wrong.get(spec) or missing else f'{", ".join(wrong)} beside it is refused'
                context.lose(path, spec, wrong.get(spec) or without or beside)
        context.organized_files = kept

    def _duplicates(self, context: UploadContext) -> int:
        """Deal with units whose files are the same as those of a unit before; return how many were dropped."""
        what = context.get_param('on_duplicate', 'warn')
        seen: dict[Any, str] = {}
        kept, twice = [], []
        for unit in context.organized_files:
            key = tuple(sorted((spec, context.facts[path]['sha256']) for spec, path in unit['files'].items()))
            if key in seen:
                twice.append(f'{unit["stem"]} is the same as {seen[key]}')
                if what == 'drop':
                    continue
            seen.setdefault(key, unit['stem'])
            kept.append(unit)
        if not twice:
            return 0
        told = '; '.join(twice[:_SHOWN]) + (
            f'; and {len(twice) - _SHOWN} more' if len(twice) > _SHOWN else ''
        )
        if what == 'error':
            raise DatasetError(
                f'{len(twice)} units have the content of another one: {told}. Nothing was uploaded.'
            )
        fate = ' and are left out' if what == 'drop' else ''
        context.log_message(f'{len(twice)} units have the content of another one{fate}: {told}.', 'warning')
        context.organized_files = kept
        return len(twice) if what == 'drop' else 0


@dataclass(frozen=True)
class _Rules:
    """What a file has to keep to."""

    types: dict[str, str]
    allowed: dict[str, frozenset[str]] | None
    largest: int

    @classmethod
    def of(cls, context: UploadContext) -> _Rules:
        types = {
            str(item['name']): str(item.get('file_type') or 'data') for item in context.file_specifications
        }
        given = context.allowed_extensions
        allowed = (
            None
            if given is None
            else {kind: frozenset(suffix.lower() for suffix in suffixes) for kind, suffixes in given.items()}
        )
        return cls(types, allowed, context.max_file_size_bytes)


def _look(task: tuple[str, Path, _Rules]) -> tuple[Path, str | None, dict[str, Any]]:
    specification, path, rules = task
    kind = rules.types.get(specification, 'data')
    try:
        size = path.stat().st_size
        allowed = None if rules.allowed is None else rules.allowed.get(kind)
        if allowed is not None and path.suffix.lower() not in allowed:
            return path, f'the extension {path.suffix!r} is not one of {", ".join(sorted(allowed))}', {}
        if size > rules.largest:
            return path, f'it has {size} bytes, and {rules.largest} are the most (max_file_size_mb)', {}
        return path, problem_of(path, kind), facts_of(path)
    except OSError as exc:
        return path, f'it cannot be read: {exc.strerror or exc}', {}


def facts_of(path: Path) -> dict[str, Any]:
    """Return size and digests of a file: a backend may know files by either digest.

    Raises:
        OSError: If it cannot be read.
    """
    strong, old = sha256(), sha1(usedforsecurity=False)
    size = 0
    with path.open('rb') as file:
        while piece := file.read(_CHUNK):
            strong.update(piece)
            old.update(piece)
            size += len(piece)
    return {'size': size, 'sha256': strong.hexdigest(), 'sha1': old.hexdigest()}


def too_many(lost: list[dict[str, Any]]) -> str:
    """Return a sentence on files that are lost: how many, the first of them, and what to do."""
    causes_first = sorted(lost, key=lambda file: ' beside it ' in file['reason'])
    shown = '; '.join(f'{file["path"]}: {file["reason"]}' for file in causes_first[:_SHOWN])
    more = f'; and {len(lost) - _SHOWN} more' if len(lost) > _SHOWN else ''
    return (
        f'{len(lost)} files cannot be uploaded: {shown}{more}. Mend or remove them, or add  -p on_loss=warn  to leave '
        'their units out.'
    )
