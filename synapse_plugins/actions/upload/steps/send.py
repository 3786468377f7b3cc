"""The step that uploads the files."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....context.message_codes import UploadLogMessageCode
from ....errors import BackendError, NeededError
from ....steps import BaseStep, StepResult
from ..context import UploadContext
from ..ledger import Ledger
from .validate import facts_of, too_many

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ['UploadFilesStep']

_GIVE_UP_AFTER = 20
"""Failures after which the rest is not tried, where one fails the run anyway."""
_LARGE = 50 * 1024 * 1024


class UploadFilesStep(BaseStep[UploadContext]):
    """Uploads the files side by side.

    A content that the backend has already, from an upload that was cut off for instance, is not sent again; one that
    several units share is sent once. What this run uploaded its rollback deletes, and nothing else.
    """

    name = 'upload_files'
    progress_weight = 0.3

    def execute(self, context: UploadContext) -> StepResult:
        """Set `uploaded_files`; units that lost a file leave `organized_files`."""
        contents = _contents(context)
        known = _known(context, list(contents))
        there = sum(len(files) for digest, files in contents.items() if digest in known)
        context.log_message(
            UploadLogMessageCode.UPLOAD_FILES_UPLOADING,
            count=sum(map(len, contents.values())) - there,
            reused=there,
        )
        ledger_path = context.work_dir / 'uploaded_files.jsonl'
        context.save_rollback(ledger=str(ledger_path))  # before the first one is sent
        sent: dict[str, dict[str, Any]] = {}
        with Ledger(ledger_path) as ledger:
            failed = self._send(context, contents, known, sent, ledger)
        if context.cancelled:
            return StepResult(success=False, error=context.cancel_reason)
        self._settle(context, contents, {**known, **sent}, failed)
        for file in context.uploaded_files:
            file['reused'] = file['sha256'] in known
        if any(file['checksum'] is None for file in context.uploaded_files):
            raise BackendError(
                'The backend told no checksum of a file that it took, so no unit can be made of it.'
            )
        self._delete_unused(context, sent)
        if context.lost_files and context.get_param('on_loss', 'error') != 'warn':
            raise BackendError(too_many(context.lost_files))
        self._say(context)
        return StepResult(
            data={'files': len(context.uploaded_files), 'sent': len(sent), 'reused': len(known)}
        )

    def rollback(self, context: UploadContext, result: StepResult) -> None:
        """Delete what this run uploaded, as far as nothing else needs it by now."""
        path = (result.rollback_data or {}).get('ledger')
        entries = Ledger.read(path) if path else []
        context.uploaded_files = []
        if not entries:
            return
        delete = getattr(context.client, 'delete_data_file', None)
        if delete is None:
            context.log_message(
                f'This backend deletes no files: {len(entries)} stay there; {path} has their ids.', 'warning'
            )
            return
        for file_id in entries:
            try:
                delete(file_id)
            except NeededError:  # somebody made a unit of it meanwhile
                context.log('upload_file_kept', {'file': file_id})
        Path(str(path)).unlink(missing_ok=True)

    def _send(
        self,
        context: UploadContext,
        contents: dict[str, list[tuple[str, Path, str]]],
        known: dict[str, dict[str, Any]],
        sent: dict[str, dict[str, Any]],
        ledger: Ledger,
    ) -> dict[Path, str]:
        """Send what is not known yet; return what could not be, with the reason."""
        failed: dict[Path, str] = {}
        fails_the_run = context.get_param('on_loss', 'error') != 'warn'
        workers = int(context.get_param('upload_max_workers', 10))
        todo = iter([(digest, files[0][1]) for digest, files in contents.items() if digest not in known])
        done, total = len(known), len(contents)
        running: dict[Future[dict[str, Any]], tuple[str, Path]] = {}
        with ThreadPoolExecutor(workers, thread_name_prefix='upload') as pool:
            while True:
                stop = context.cancelled or (fails_the_run and len(failed) >= _GIVE_UP_AFTER)
                for digest, path in _some(todo, 0 if stop else 2 * workers - len(running)):
                    running[pool.submit(_upload, context, digest, path, ledger)] = digest, path
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    digest, path = running.pop(future)
                    try:
                        sent[digest] = future.result()
                    except Exception as exc:  # noqa: BLE001 - one file's; told below
                        failed.update((found, str(exc)) for _, found, _ in contents[digest])
                    done += 1
                    context.set_progress(min(done, total), total)
        return failed

    def _settle(
        self,
        context: UploadContext,
        contents: dict[str, list[tuple[str, Path, str]]],
        there: dict[str, dict[str, Any]],
        failed: dict[Path, str],
    ) -> None:
        """Write down which file is what on the backend, and let go of the units that lost one."""
        digests = {path: digest for digest, files in contents.items() for _, path, _ in files}
        kept = []
        for unit in context.organized_files:
            lost = [spec for spec, path in unit['files'].items() if digests[path] not in there]
            if lost:
                for spec, path in unit['files'].items():
                    beside = (
                        'the rest was not tried' if spec in lost else f'{", ".join(lost)} beside it is lost'
                    )
                    context.lose(path, spec, failed.get(path, beside))
                continue
            kept.append(unit)
            for spec, path in unit['files'].items():
                made = there[digests[path]]
                context.uploaded_files.append(
                    {
                        'specification': spec,
                        'stem': unit['stem'],
                        'name': path.name,
                        'path': str(path),
                        'id': made.get('id'),
                        'checksum': made.get('checksum'),
                        'size': context.facts[path]['size'],
                        'sha256': digests[path],
                    }
                )
        context.organized_files = kept

    def _delete_unused(self, context: UploadContext, sent: dict[str, dict[str, Any]]) -> None:
        """Delete what was sent for units that lost another file."""
        needed = {file['sha256'] for file in context.uploaded_files}
        delete = getattr(context.client, 'delete_data_file', None)
        for digest, made in sent.items():
            if digest not in needed and delete is not None and made.get('id') is not None:
                delete(made['id'])

    def _say(self, context: UploadContext) -> None:
        counts = {'success': len(context.sent_files), 'reused': len(context.reused_files)}
        if context.lost_files:
            code = UploadLogMessageCode.UPLOAD_FILES_COMPLETED_WITH_FAILURES
            context.log_message(code, **counts, failed=len(context.lost_files))
        else:
            context.log_message(UploadLogMessageCode.UPLOAD_FILES_COMPLETED, **counts)


def _contents(context: UploadContext) -> dict[str, list[tuple[str, Path, str]]]:
    """Return SHA-256 -> the files of that content: specification, path, stem."""
    contents: dict[str, list[tuple[str, Path, str]]] = {}
    for unit in context.organized_files:
        for spec, path in unit['files'].items():
            facts = context.facts.setdefault(path, {}) or facts_of(path)
            context.facts[path] = facts
            contents.setdefault(facts['sha256'], []).append((spec, path, unit['stem']))
    return contents


def _known(context: UploadContext, digests: list[str]) -> dict[str, dict[str, Any]]:
    """Return what the backend has already of some contents, as far as it can tell."""
    verify = getattr(context.client, 'verify_data_files_checksums', None)
    if verify is None:
        return {}
    from ....backends.synapse.presigned import existing_of

    spellings: dict[str, str] = {}
    for facts in context.facts.values():
        if 'sha256' in facts:
            spellings.update(dict.fromkeys((f'sha256:{facts["sha256"]}', facts['sha1']), facts['sha256']))
    wanted = set(digests)
    asked = [name for name, digest in spellings.items() if digest in wanted]
    size = int(context.get_param('upload_batch_size', 200))
    known: dict[str, dict[str, Any]] = {}
    for start in range(0, len(asked), size):
        batch = asked[start : start + size]
        there = existing_of(verify(batch), batch)
        for name in batch:
            if name in there:
                known.setdefault(spellings[name], {'checksum': name})
    return known


def _upload(context: UploadContext, digest: str, path: Path, ledger: Ledger) -> dict[str, Any]:
    """Upload one file, again while the connection breaks, and see that it arrived as it is."""
    tries = context.data_unit_max_retries + 1
    size = context.facts[path]['size']
    for left in reversed(range(tries)):
        try:
            made = dict(context.client.create_data_file(path, use_chunked_upload=size > _LARGE))
            break
        except (ConnectionError, TimeoutError):
            if not left or context.cancelled:
                raise
    if made.get('id') is not None:
        ledger.add(made['id'])
    checksum = str(made.get('checksum') or '')
    if checksum.startswith('sha256:') and checksum != f'sha256:{digest}':
        raise BackendError(
            f'it arrived as {checksum[:19]}..., and is sha256:{digest[:12]}...; was it changed meanwhile?'
        )
    if made.get('size') is not None and int(made['size']) != size:
        raise BackendError(f'{made["size"]} bytes arrived of {size}')
    return made


def _some(items: Iterator[Any], count: int) -> Iterator[Any]:
    for _ in range(count):
        item = next(items, None)
        if item is None:
            return
        yield item
