"""What the export would refuse is refused with the parameters, before a run begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from builtin_steps.actions import YoloValActionParams
from builtin_steps.step_params import ExportParams
from synapse_plugins.errors import NotFoundError

if TYPE_CHECKING:
    from pathlib import Path


class Backend:
    """A backend with one dataset, which has a split of its own."""

    def get_ground_truth_version(self, version: int) -> dict[str, Any]:
        if version != 7:
            raise NotFoundError('no such version')
        return {'splits': {'train': 3, '현장': 2}}


def check(client: Any = None, **params: Any) -> Any:
    given = {'dataset': 7, 'checkpoint': 1, **params}
    return YoloValActionParams.model_validate(given, context={'client': client})


def refused(client: Any = None, **params: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        check(client, **params)
    return str(caught.value)


@pytest.mark.parametrize('name', ['train', 'val', 'validation', 'Test', '현장'])
def test_names_of_splits_that_the_dataset_can_have_are_taken(name: str) -> None:
    assert check(Backend(), splits={name: {'classes': ['cat']}}).splits == {name: {'classes': ['cat']}}


def test_a_split_that_cannot_be_is_refused() -> None:
    assert "there is no split 'trian'. Did you mean 'train'?" in refused(Backend(), splits={'trian': None})
    assert "there is no split '현장'" in refused(Backend(), dataset=8, splits={'현장': {}})


def test_without_a_backend_any_name_may_be_one() -> None:
    assert check(splits={'현장': None}).splits == {'현장': None}


@pytest.mark.parametrize(
    ('filters', 'said'),
    [
        ({'clases': ['cat']}, "Did you mean 'classes'"),
        ({'ground_truth_dataset_version': 3}, "Unknown filter 'ground_truth_dataset_version'"),
        (['cat'], "the filters of the split 'train' are an object"),
    ],
)
def test_filters_that_no_backend_knows_are_refused(filters: Any, said: str) -> None:
    assert said in refused(splits={'train': filters})


@pytest.mark.parametrize('name', ['dataset', 'checkpoint'])
def test_true_is_no_id(name: str) -> None:
    assert 'neither an id nor a name' in refused(**{name: True})


def test_a_taken_place_is_refused_and_a_free_one_is_not(tmp_path: Path) -> None:
    (tmp_path / 'taken').mkdir()
    (tmp_path / 'taken' / '파일').touch()
    for place in ('taken', 'taken/파일'):
        with pytest.raises(ValidationError, match='is there already; name a folder that is new or empty'):
            ExportParams(output_dir=str(tmp_path / place))
    (tmp_path / 'empty').mkdir()
    for place in ('empty', 'new'):
        assert ExportParams(output_dir=str(tmp_path / place)).output_dir == str(tmp_path / place)
