"""Datasets and models out of a backend, as plain folders."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from contextlib import contextmanager, nullcontext
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from ..datasets.files import disk_trouble
from ..datasets.output import Output, refuse_others
from ..errors import BackendError, DatasetError, SynapsePluginsError
from ..store import require_space
from ..store.archive import unpack
from .download import SUMMARY, Download
from .harvest import harvest_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ['export_dataset', 'export_model']

_SOURCE = 'source.json'


@disk_trouble
def export_dataset(
    client: Any,
    ref: int | str,
    destination: Path | str,
    *,
    format: str = 'dm_v2',  # noqa: A002 - the word that users know
    task: str | None = None,
    link: str = 'copy',
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write a dataset version of a backend to a folder of the user's.

    Args:
        client: The backend; the pictures of a server are fetched, and after a crash only those that are missing.
        ref: The version: an id, a name, or ``name@version``.
        destination: The folder; it must not be there, or be empty. It appears whole or not at all.
        format: The format to write.
        task: The task that it is written for, in formats that distinguish; by default what its annotations are.
        link: ``copy``: the pictures are yours alone; ``hard`` or ``symlink``: they are the store's, so do not
            change them. Those of a server are yours alone in any case.
        progress: Called with the pictures done, and how many there are.

    Returns:
        The folder.

    Raises:
        NotFoundError: If there is no such version.
        OutputExistsError: If the place is taken.
        BackendError: If a picture is missing or changed, with its name.
        DatasetError: If the format has no such task, or can hold nothing of the dataset.
    """
    if format == 'dm_v2' and task is not None:
        raise DatasetError(f'The format dm_v2 knows no tasks; leave task={task!r} (--task) out.')
    final = Path(destination).expanduser().absolute()
    download = Download(client, client.resolve_dataset(ref, register_folder=False))
    output = Output(final, marker=SUMMARY, alone=True)
    staged = f'.{final.name}.dm_v2-'  # beside it, for links
    refuse_others(final, f'.{final.name}.part-', f'.{staged}')
    output.check()
    output.make_parent()
    is_remote = download.is_remote
    needed = int(download.version.get('size') or 0) if link == 'copy' else download.space_needed(final.parent)
    require_space(final, needed, f'Exporting {download.label}')
    harvest = Path(client.cache_dir) / 'downloads' / download.key
    with harvest_in(harvest) if is_remote else nullcontext() as brought:
        if format == 'dm_v2':
            with output:
                download.write(output.path, link=link, progress=progress, harvest=brought)
                return output.commit()
        if is_remote:
            link = 'hard'  # the folder in between goes away
        staging = final.with_name(f'{staged}{token_hex(4)}')  # nobody else's name
        with Output(staging, marker=SUMMARY) as whole:
            taken = 'hard' if link == 'copy' else link
            download.write(whole.path, link=taken, progress=progress, harvest=brought)
            from ..datasets.conversion import convert

            ways: dict[str, Any] = {'link': link, 'progress': progress}
            with _called(whole.path, download.label):
                convert(whole.path, final, to=format, task=task, source_format='dm_v2', **ways)
    return final


@contextmanager
def _called(folder: Path, label: str) -> Iterator[None]:
    """Have errors about a folder that will be gone name the dataset that is in it."""
    try:
        yield
    except SynapsePluginsError as exc:
        exc.args = tuple(one.replace(f'{folder}', label) if isinstance(one, str) else one for one in exc.args)
        raise


@disk_trouble
def export_model(client: Any, ref: int | str, destination: Path | str) -> list[str]:
    """Write a model of a backend to a plain folder: its files, and beside them `classes.json`, `metrics.json`,
    `params.json` and `source.json`, as far as they are not among its own.

    Args:
        client: The backend; of a server the file is fetched.
        ref: The model: an id or a name.
        destination: The folder; it must not be there, or be empty. It appears whole or not at all.

    Returns:
        Lines to show: where it lies, and for what the trainer ``yolo`` made how to use it.

    Raises:
        NotFoundError: If there is no such model.
        OutputExistsError: If the place is taken.
        BackendError: If it has no file.
    """  # noqa: D205
    output = Output(Path(destination).expanduser(), marker=_SOURCE, alone=True)
    output.check()  # before anything is fetched
    model = client.get_model(client.resolve_model(ref))
    if not model.get('file'):
        raise BackendError(f'The model {model.get("name")} has no file at {client.name}.')
    file = Path(model['file'])
    with output:
        require_space(output.final, file.stat().st_size, f'Exporting the model {model["name"]}')
        names = unpack(file, output.path, model['file_name'])
        for name, content in _facts(model).items():
            if name not in names:
                text = json.dumps(content, ensure_ascii=False, indent=2)
                (output.path / name).write_text(text + '\n', encoding='utf-8')
        weights = _plain_weights(output.path)
        folder = output.commit()
    return _usage(folder, weights, model)


def _facts(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of a model, by the name of the file that tells it."""
    configuration = _configuration(model)
    source = configuration.get('source')
    if not isinstance(source, dict):
        source = {'dataset': configuration.get('dataset')}
    return {
        'classes.json': {'classes': configuration.get('classes') or []},
        'metrics.json': model.get('metrics') or configuration.get('metrics') or {},
        'params.json': configuration.get('hyperparameter') or configuration.get('params') or {},
        _SOURCE: {'model': model['name'], 'created': model.get('created'), **source},
    }


def _configuration(model: Mapping[str, Any]) -> Mapping[str, Any]:
    told = model.get('configuration')
    return told if isinstance(told, dict) else {}  # a server may hold anything


def _plain_weights(folder: Path) -> str | None:
    """Return the name of the weights of ultralytics in an exported model, ``best.pt`` at its root if possible."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob('*.pt'))
    found = sorted(names, key=lambda name: (name.count('/'), name))  # the root comes first
    best = [name for name in found if name.rpartition('/')[2] == 'best.pt']
    if not found or (len(found) > 1 and not best):
        return None
    chosen = (best or found)[0]
    if chosen != 'best.pt' and len(best) <= 1:
        (folder / chosen).rename(folder / 'best.pt')
        return 'best.pt'
    return chosen


def _usage(folder: Path, weights: str | None, model: Mapping[str, Any]) -> list[str]:
    lines = [f'The model {model["name"]} lies in {folder}']
    if weights is None or not _is_of_yolo(_configuration(model)):
        return lines
    argument = f'model={folder / weights}'
    return [
        *lines,
        'Predict with it:',
        f'  {_command("yolo", "predict", argument, "source=PICTURE_OR_FOLDER")}',
        'Export it to ONNX (first: pip install onnx):',
        f'  {_command("yolo", "export", argument, "format=onnx")}',
    ]


def _is_of_yolo(configuration: Mapping[str, Any]) -> bool:
    """Tell whether the trainer ``yolo`` made a model; where no trainer was named, by the packages it was made with."""
    params, source = configuration.get('hyperparameter'), configuration.get('source')
    if trainer := params.get('trainer') if isinstance(params, dict) else None:
        return bool(trainer == 'yolo')
    packages = source.get('packages') if isinstance(source, dict) else None
    return isinstance(packages, dict) and 'ultralytics' in packages


def _command(*words: str) -> str:
    """Return a command line that works when pasted into this system's shell."""
    return subprocess.list2cmdline(words) if os.name == 'nt' else shlex.join(words)
