"""The step that converts the dataset of a run to the format that a trainer reads."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from synapse_plugins import __version__
from synapse_plugins.datasets import (
    Conversion,
    convert,
    fingerprint,
    formats,
    transform_names,
    transforms_digest,
)
from synapse_plugins.errors import DatasetError, OutputExistsError
from synapse_plugins.steps import BaseStep, StepResult

__all__ = ['ConvertDatasetStep']


@dataclass(frozen=True)
class _Place:
    """Where the output goes, and by what it is known again."""

    path: Path
    key: str
    kin: str
    """What it has in common with what an earlier state of the same source was converted to."""
    cached: bool


class ConvertDatasetStep(BaseStep[Any]):
    """Converts ``context.dataset['path']`` and puts the result in its place.

    The output lies in the run's cache, named after the content of the source and the options, so that unchanged
    work is not done twice; without a cache it lies beside the source as ``<path>_<format>``.

    Args:
        target_format: The format to write.
        source_format: The format of the source, where ``context.dataset['format']`` does not say.
        task: What the dataset is for, in formats that distinguish; by default what its annotations are.
        options: More arguments of `synapse_plugins.datasets.convert`: ``classes``, ``rename``, ``sample``,
            ``split``, ``seed``, ``transforms``, ``bounds``, ``link``, ``on_loss``, ``allow``, ``drop_empty``,
            ``workers``, or options of the format.
    """

    name = 'convert'
    progress_weight = 0.05

    def __init__(
        self,
        target_format: str = 'yolo',
        source_format: str = 'dm_v2',
        *,
        task: str | None = None,
        **options: Any,
    ) -> None:
        self.target_format = target_format
        self.source_format = source_format
        self.task = task
        self.options = options
        if options.get(
            'transforms'
        ):  # by the names under which every process finds them, also as part of a key
            options['transforms'] = list(transform_names(options['transforms']))

    def execute(self, context: Any) -> StepResult:
        """Convert, or find what an earlier run converted."""
        dataset = getattr(context, 'dataset', None)
        if not dataset:
            return _failed('No dataset in context: a step before this one has to set context.dataset.')
        if not dataset.get('path'):
            return _failed(
                "No path in context.dataset: the step before this one has to set context.dataset['path']."
            )
        source = Path(dataset['path'])
        source_format = str(dataset.get('format') or self.source_format)
        place = self._place(context, source, source_format)
        conversion = _unaltered(context, _earlier(place))
        found, made = conversion is not None, {}
        if conversion is None:
            run = _run_id(context)
            if (
                not place.cached
            ):  # what is whole in the cache is of use to every run, and may be in use by one
                made = {'path': str(place.path), 'made_by': run}
                _save_rollback(context, made)
            conversion = self._convert(context, source, source_format, place, run)
        else:
            context.log_message(
                f'Converted before, and nothing has changed: {conversion.path}. '
                '`synapse-plugins cache clear` makes it start anew.'
            )
        context.dataset = {**dataset, **_facts(conversion, source)}
        _tell(context, conversion, self.task)
        return StepResult(data={**_facts(conversion, source), 'cached': found}, rollback_data=made)

    def rollback(self, context: Any, result: StepResult) -> None:
        """Remove the output, if this run made it outside the cache; what is whole in the cache stays there."""
        path, made_by = result.rollback_data.get('path'), result.rollback_data.get('made_by')
        if not path or not made_by or not Path(path).is_dir():
            return
        try:
            conversion = Conversion.load(path)
        except DatasetError:
            return  # not whole, so not from here: an output of this step appears whole
        if conversion.stamp.get('made_by') == made_by:
            shutil.rmtree(path)

    # -- converting -----------------------------------------------------------------------------------

    def _place(self, context: Any, source: Path, source_format: str) -> _Place:
        cache = getattr(getattr(context, 'runtime_ctx', None), 'cache_dir', None)
        parent = Path(cache, 'converted') if isinstance(cache, str | Path) else None
        parts = {
            'version': [
                __version__,
                *(formats.get(name).version for name in (self.target_format, source_format)),
            ],
            'from': source_format,
            'to': self.target_format,
            'task': self.task,
            'options': {name: value for name, value in self.options.items() if name != 'workers'},
            'code': transforms_digest(self.options.get('transforms') or (), self.target_format, self.task),
            'place': str(parent),  # stands in the output, so what a moved cache holds is made anew
            'source': fingerprint(source) if source.is_dir() else '',
        }
        key = _hashed(parts)
        kin = _hashed(
            {name: part for name, part in parts.items() if name != 'source'} | {'root': str(source)}
        )
        if parent is None:
            return _Place(
                source.absolute().with_name(f'{source.name}_{self.target_format}'), key, kin, cached=False
            )
        return _Place(parent / f'{self.target_format}-{key}', key, kin, cached=True)

    def _convert(
        self, context: Any, source: Path, source_format: str, place: _Place, made_by: str
    ) -> Conversion:
        try:
            return convert(
                source,
                place.path,
                to=self.target_format,
                source_format=source_format,
                task=self.task,
                # In the cache only what does not hold any more is replaced, never what another run made meanwhile.
                overwrite=not place.cached or place.path.exists(),
                owned=place.cached,
                progress=context.set_progress,
                cancelled=lambda: bool(getattr(context, 'cancelled', False)),
                remember=True,
                reuse=_kin(place),
                stamp={'key': place.key, 'kin': place.kin, 'made_by': made_by},
                **self.options,
            )
        except OutputExistsError:
            other = _earlier(place)  # another run was faster
            if other is None or not other.is_unaltered():  # else somebody put files into what lies there
                raise
            return other


def _hashed(parts: dict[str, Any]) -> str:
    return sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:24]


def _kin(place: _Place) -> Path | None:
    """Return the newest output of an earlier state of the same source, from which what did not change is taken."""
    if not place.cached or not place.path.parent.is_dir():
        return None
    found: list[tuple[float, Path]] = []
    for folder in place.path.parent.iterdir():
        with suppress(DatasetError, OSError):
            if not folder.name.startswith('.') and Conversion.load(folder).stamp.get('kin') == place.kin:
                found.append((folder.stat().st_mtime, folder))
    return max(found)[1] if found else None


def _failed(error: str) -> StepResult:
    return StepResult(success=False, error=error)


def _earlier(place: _Place) -> Conversion | None:
    """Return what an earlier run left at the place, if it is whole and still right."""
    try:
        conversion = Conversion.load(place.path)
    except DatasetError:
        return None
    return conversion if conversion.stamp.get('key') == place.key else None


def _unaltered(context: Any, conversion: Conversion | None) -> Conversion | None:
    """Return an earlier conversion if nobody changed it since; else say that it is made anew."""
    if conversion is None or conversion.is_unaltered():
        return conversion
    context.log_message(
        f'{conversion.path} was changed since it was converted; converting it again.', 'warning'
    )
    return None


def _save_rollback(context: Any, made: dict[str, str]) -> None:
    """Make what will be there known before it is; contexts of other makers may have no place for it."""
    save = getattr(context, 'save_rollback', None)
    if save is not None:
        save(**made)


def _run_id(context: Any) -> str:
    from uuid import uuid4

    return str(getattr(context, 'run_id', None) or uuid4().hex)


def _facts(conversion: Conversion, source: Path) -> dict[str, Any]:
    """Return what `context.dataset` says of a conversion."""
    return {
        'path': str(conversion.path),
        'config_path': None if conversion.config_path is None else str(conversion.config_path),
        'format': conversion.format,
        'task': conversion.task,
        'is_categorized': conversion.is_categorized,
        'count': conversion.count,
        'splits': dict(conversion.splits),
        'classes': list(conversion.classes),
        'source_path': str(source),
        'report_path': str(conversion.report_path),
    }


def _tell(context: Any, conversion: Conversion, asked: str | None) -> None:
    """Say what came out, and what was lost on the way."""
    task = f' for {conversion.task}' if conversion.task else ''
    why = '' if asked or not conversion.task else ' (the task that its annotations are for)'
    context.log('dataset_converted', {'path': str(conversion.path), 'count': conversion.count})
    context.log_message(
        f'{conversion.count} pictures with {len(conversion.classes)} classes are ready as '
        f'{conversion.format}{task}{why}.'
    )
    if conversion.reused:
        context.log_message(f'{conversion.reused} of them had not changed, and were taken over from earlier.')
    for line in conversion.warnings:
        context.log_message(line, 'warning')
