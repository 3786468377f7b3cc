"""Long COCO files, whose records are read by several processes: the same as read by one."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synapse_plugins.datasets import Report, json_stream
from synapse_plugins.datasets.formats import coco_file
from synapse_plugins.datasets.formats.coco_file import CocoFile
from synapse_plugins.datasets.formats.coco_window import Groups, read_window
from synapse_plugins.datasets.pool import Pool
from synapse_plugins.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope='module')
def pool() -> Any:
    with Pool(2) as pool:
        yield pool


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, 'WINDOW', 1 << 10)
    monkeypatch.setattr(coco_file, 'SHARED', 1)


def records(count: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            'id': n,
            'image_id': n % 7 if n % 3 else 40 + n,
            'category_id': n % 2,
            'bbox': [1, 2, 3.5, 4],
            **more,
        }
        for n in range(count)
    ]


def document(annotations: Any, **more: Any) -> dict[str, Any]:
    images = [{'id': number, 'file_name': f'{number}.jpg'} for number in range(7)]
    categories = [{'id': 0, 'name': 'x'}, {'id': 1, 'name': 'y'}]
    return {
        'info': {'a': [{'b': 1}]},
        'annotations': annotations,
        'images': images,
        'categories': categories,
        **more,
    }


def told(file: CocoFile, seen: set[Any]) -> Any:
    with_images = [(number, name, json.loads(file.annotations_of(number))) for number, name, _ in file.images]
    return with_images, file.categories, list(file.orphans()), seen


def both(path: Path, pool: Pool) -> None:
    alone: set[Any] = set()
    shared: set[Any] = set()
    with closing(CocoFile(path, alone)) as one, closing(CocoFile(path, shared, pool)) as other:
        assert told(one, alone) == told(other, shared)


NESTED = {'attributes': {'list': [{'a': 1}, {'b': '},{'}], 'text': '"}], "images": [{'}}
ODD: dict[str, Any] = {
    'plain': records(300),
    'none': [],
    'one': records(1),
    'polygons': records(200, segmentation=[[1, 2, 3, 4, 5, 6]]),
    'masks': records(200, segmentation={'size': [9, 9], 'counts': [1, 2]}),
    'nested': records(200, **NESTED),
    'joints': records(200, keypoints=[1, 2, 2] * 5),
    'texts': records(100, note='}, {' * 40),
    'large': records(5, segmentation=[[0.5] * 4000]),
    'deep': records(20, note=json.loads('[' * 400 + ']' * 400)),
}


@pytest.mark.parametrize('kind', ODD)
@pytest.mark.parametrize(
    'separators', [(', ', ': '), (',', ':'), (' ,\n ', ' : ')], ids=['usual', 'tight', 'wide']
)
@pytest.mark.parametrize('spill', [1 << 30, 1], ids=['memory', 'database'])
def test_the_same_comes_of_it(
    kind: str, separators: tuple[str, str], spill: int, pool: Pool, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(coco_file, 'SPILL', spill)
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(document(ODD[kind]), separators=separators), 'utf-8')
    both(path, pool)


@pytest.mark.parametrize(
    'spoil',
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"bbox"', '"bbox', 1),
        lambda text: text.replace('"image_id": 4', '"image_id": [4]', 1),
        lambda text: text.replace('{"id": 50,', '7, {"id": 50,', 1),
        lambda text: text.replace('"categories"', '"others"', 1),
        lambda text: text.replace('"annotations": [', '"annotations": {', 1),
    ],
)
def test_what_is_wrong_is_told_as_if_one_had_read_it(spoil: Any, pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    path.write_text(spoil(json.dumps(document(records(300)))), 'utf-8')
    with pytest.raises(FormatError) as alone:
        CocoFile(path, set())
    with pytest.raises(FormatError) as shared:
        CocoFile(path, set(), pool)
    assert str(alone.value) == str(shared.value)
    path.write_text(json.dumps(document(records(300))), 'utf-8')
    both(path, pool)  # nothing of it is left over in the processes


def test_a_window_that_is_no_list_of_records_is_left_to_others() -> None:
    assert read_window(b'[{"image_id": 1}, 2]') is None
    assert read_window(b'[{"image_id": 1}') is None
    assert read_window(b'[{"image_id": null}]') is None
    one = Groups([1], [18], b'[{"image_id":1.0}]')
    assert read_window(b'[{"image_id": 1.0}]') == ({('bounding_box', None, 0, False)}, one)


ENDS = [
    0,
    *(sign * 2**power + step for power in (53, 63, 64, 127) for sign in (-1, 1) for step in (-1, 0, 1)),
]
IDS = st.one_of(
    st.sampled_from(ENDS),
    st.sampled_from(ENDS).map(float),
    st.sampled_from(ENDS).map(str),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text('0129-!.e', min_size=1, max_size=4),
)


@given(
    images=st.lists(IDS, unique=True, max_size=8),
    others=st.lists(IDS, max_size=4),
    spill=st.sampled_from([1 << 30, 1]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ids_of_any_size_are_told_apart(
    images: list[Any],
    others: list[Any],
    spill: int,
    pool: Pool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every number is itself, up to the ends of 64 bits and beyond; a text is no number."""
    monkeypatch.setattr(coco_file, 'SPILL', spill)
    named = [{'id': number, 'file_name': f'{place}.jpg'} for place, number in enumerate(images)]
    annotations = [
        {'id': place, 'image_id': number, 'category_id': 0, 'note': 'x' * 90}
        for place, number in enumerate([*images, *others, *images])
    ]
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(document(annotations, images=named)), 'utf-8')

    def of(number: Any) -> list[int]:
        return [record['id'] for record in annotations if record['image_id'] == number]

    for with_pool in (None, pool):
        with closing(CocoFile(path, set(), with_pool)) as file:
            found = [[one['id'] for one in json.loads(file.annotations_of(own))] for own, *_ in file.images]
            assert found == [of(number) for number in images]
            orphans = [one['id'] for _, records in file.orphans() for one in records]
            assert sorted(orphans) == sorted(
                record['id'] for record in annotations if record['image_id'] not in images
            )


@pytest.mark.parametrize(
    'numbers', [[2**64, 2**64], [-(2**63), float(-(2**63))], [2**70 + 1, 2**70 + 1], [1, True]]
)
def test_two_images_of_one_large_id_are_refused(numbers: list[Any], pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    named = [{'id': number, 'file_name': f'{place}.jpg'} for place, number in enumerate(numbers)]
    path.write_text(json.dumps(document(records(9), images=named)), 'utf-8')
    for with_pool in (None, pool):
        with pytest.raises(FormatError, match=f'both have the id .?{int(numbers[0])}'):
            CocoFile(path, set(), with_pool)


def test_it_is_what_a_conversion_does(pool: Pool, tmp_path: Path) -> None:
    from synapse_plugins.datasets import open_dataset

    (tmp_path / 'annotations').mkdir()
    (tmp_path / 'annotations' / 'instances_train.json').write_text(
        json.dumps(document(records(300))), 'utf-8'
    )
    alone, shared = open_dataset(tmp_path, 'coco', report=Report()), open_dataset(tmp_path, 'coco', pool=pool)
    assert list(alone.units()) == list(shared.units())  # type: ignore[attr-defined]
    assert alone.survey() == shared.survey()
