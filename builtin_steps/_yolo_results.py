"""Makes the folder of a trained model from what the trainer left."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from synapse_plugins.errors import NoModelError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['collect_model', 'write_json']

_PICTURES = {'.jpg', '.jpeg', '.png'}


def collect_model(
    save_dir: Path,
    target: Path,
    *,
    classes: list[str],
    metrics: dict[str, Any],
    params: dict[str, Any],
) -> Path:
    """Move what belongs to the model to *target*, which appears whole or not at all.

    ``best.pt``, ``last.pt``, ``results.csv``, ``args.yaml``, ``plots/``, ``classes.json``, ``metrics.json``,
    ``params.json``; whatever else the trainer wrote goes along under its own name.

    Raises:
        NoModelError: If the training left no weights.
    """
    weights = save_dir / 'weights'
    if not any((weights / name).is_file() for name in ('best.pt', 'last.pt')):
        raise NoModelError(
            f'The training ended without weights: neither best.pt nor last.pt is in {weights}.'
        )
    temporary = target.with_name(f'.{target.name}.new')
    shutil.rmtree(temporary, ignore_errors=True)
    (temporary / 'plots').mkdir(parents=True)
    for path in sorted(weights.iterdir()):
        path.replace(temporary / path.name)
    if not (temporary / 'best.pt').exists():  # no evaluation told which epoch was best
        shutil.copyfile(temporary / 'last.pt', temporary / 'best.pt')
    for path in sorted(save_dir.iterdir()):
        if path != weights:
            if path.suffix.lower() in _PICTURES:
                _link(path, temporary / 'plots' / path.name)
            else:
                path.replace(temporary / path.name)
    write_json(temporary / 'classes.json', {'classes': classes})
    write_json(temporary / 'metrics.json', metrics)
    write_json(temporary / 'params.json', params)
    temporary.rename(target)
    return target


def _link(source: Path, target: Path) -> None:
    """Give a picture a second place: what was reported of it during the training stays true."""
    try:
        target.hardlink_to(source)
    except OSError:  # a disk without hard links
        shutil.copy2(source, target)


def write_json(path: Path, value: Any) -> None:
    """Write *value* as a file of JSON for people."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str, allow_nan=False)
    path.write_text(text + '\n', encoding='utf-8')
