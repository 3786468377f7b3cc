"""Parameters of the export and the upload step, which every auto-wired action takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator

from synapse_plugins.backends.filters import EVENT_FILTERS, check_keys
from synapse_plugins.datasets.names import SPLIT_ORDER, split_name
from synapse_plugins.errors import SynapsePluginsError, UnknownNameError, suggestion

__all__ = ['ExportParams', 'UploadParams']

_FILTERS = EVENT_FILTERS - {'ground_truth_dataset_versions', 'ground_truth_dataset_version'}
"""What may stand in a split: which events of the version, not which version."""


class ExportParams(BaseModel):
    """What `ExportDatasetStep` takes beside the dataset.

    Attributes:
        splits: Split name -> filters, to take a part of the dataset; None: all of it.
        output_dir: Folder that the dataset is exported to; by default one in the cache.
        on_missing: What becomes of an event that cannot be had whole: ``error`` fails the export, ``warn`` leaves it
            out and says so.
        download_workers: How many files come from a server at a time.
    """

    splits: dict[str, Any] | None = Field(None, description='split name -> filters; by default all of it')
    output_dir: str | None = Field(None, description='folder that the dataset is exported to')
    on_missing: Literal['error', 'warn'] = Field(
        'error',
        description='what becomes of an event that cannot be had whole: error, or left out with a warning',
    )
    download_workers: int = Field(8, ge=1, le=64, description='files that come from a server at a time')

    @field_validator('dataset', 'checkpoint', mode='before', check_fields=False)
    @classmethod
    def _refuse_truth(cls, value: Any) -> Any:
        """Refuse what Python would take for the number 1."""
        if isinstance(value, bool):
            raise ValueError('true and false are neither an id nor a name')  # noqa: TRY004 - pydantic's
        return value

    @field_validator('splits')
    @classmethod
    def _check_filters(cls, splits: dict[str, Any] | None) -> dict[str, Any] | None:
        """Refuse now what the export would refuse."""
        for name, filters in (splits or {}).items():
            if filters is not None and not isinstance(filters, dict):
                raise ValueError(
                    f'the filters of the split {name!r} are an object such as {{"classes": ["cat"]}}'
                )
            try:
                check_keys(filters or {}, _FILTERS, f'the split {name!r}')
            except UnknownNameError as exc:
                raise ValueError(str(exc)) from exc
        return splits

    @model_validator(mode='after')
    def _check_split_names(self, info: ValidationInfo) -> ExportParams:
        """Refuse a split that the dataset cannot have, as soon as there is a backend to ask."""
        known = _known_splits(info, getattr(self, 'dataset', None))
        for name in self.splits or () if known else ():
            if split_name(name) not in known:
                raise ValueError(f'splits: there is no split {name!r}. {suggestion(name, known)}'.rstrip())
        return self

    @field_validator('output_dir')
    @classmethod
    def _check_output_dir(cls, output_dir: str | None) -> str | None:
        """Refuse a place that is taken."""
        place = Path(output_dir).expanduser() if output_dir else None
        if place is not None and place.exists() and not (place.is_dir() and not any(place.iterdir())):
            raise ValueError(f'{place} is there already; name a folder that is new or empty')
        return output_dir


def _known_splits(info: ValidationInfo, dataset: int | None) -> set[str]:
    """Return the names that a split can have: the usual ones, and the dataset's own; empty where nobody can tell."""
    client = (info.context or {}).get('client')
    find = getattr(client, 'get_ground_truth_version', None)
    if find is None or dataset is None:
        return set()
    try:
        return {*SPLIT_ORDER, *(find(dataset).get('splits') or {})}
    except SynapsePluginsError:  # that there is no such dataset is told elsewhere
        return set(SPLIT_ORDER)


class UploadParams(BaseModel):
    """What `UploadModelStep` takes.

    Attributes:
        name: Name of the model that is registered; by default made of the action and the run.
        description: What is said of the model.
    """

    name: str | None = Field(None, description='name of the model that is registered')
    description: str | None = Field(None, description='what is said of the model')

    @field_validator('name')
    @classmethod
    def _check_name(cls, name: str | None) -> str | None:
        """Refuse now what the backend would refuse after the training."""
        if name is not None and (name.isdigit() or name.startswith('.') or not name.strip()):
            raise ValueError(
                'a name has something beside digits (digits are an id) and does not begin with a dot'
            )
        if name is not None and any(character in '/\\' or ord(character) < 32 for character in name):
            raise ValueError('a name has no slash, no backslash and no control characters')
        return name
