"""Datamaker documents, version 1 into version 2 and back."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synapse_plugins.datasets import convert, dm
from synapse_plugins.errors import DatasetError, FormatError

MEDIA = ('image', 'pcd', 'text', 'video', 'prompt')


def document(
    annotations: list[Any], entries: list[Any], media: str = 'image_1', **more: Any
) -> dict[str, Any]:
    return {'annotations': {media: annotations}, 'annotationsData': {media: entries}, **more}


# -- the contract ---------------------------------------------------------------------------------------------


def test_the_examples_of_the_format() -> None:
    found = dm.to_v2(
        document(
            [
                {
                    'id': 'b',
                    'tool': 'bounding_box',
                    'classification': {'class': 'forklift', 'occluded': 'yes'},
                },
                {'id': 'k', 'tool': 'keypoint', 'classification': {'class': 'nose', 'visibility': 'visible'}},
                {'id': 'm', 'tool': 'segmentation', 'classification': {'class': 'floor'}},
                {'id': 'r', 'tool': 'relation', 'classification': {'class': 'on'}},
                {'id': 'n', 'tool': 'bounding_box', 'classification': None},
                {'id': 'q', 'tool': 'mystery', 'classification': {'class': 'x'}},
                {'id': 'no tool'},
            ],
            [
                {'id': 'b', 'coordinate': {'x': 12, 'y': 30.5, 'width': 80, 'height': 44, 'rotation': 0.2}},
                {'id': 'k', 'coordinate': {'x': 1, 'y': 2}},
                {'id': 'm', 'pixel_indices': [[0, 2]], 'isCompressed': True, 'compressionFormat': 'rle'},
                {'id': 'r', 'annotationId': 'b', 'targetAnnotationId': 'm'},
                {'id': 'q', 'secret': 7},
            ],
            annotationGroups={'image_1': [{'id': 'g', 'annotationIds': ['k']}]},
        )
    )
    assert found.data == {
        'classification': {
            'bounding_box': ['forklift'],
            'keypoint': ['nose'],
            'mystery': ['x'],
            'relation': ['on'],
            'segmentation': ['floor'],
        },
        'images': [
            {
                'bounding_box': [
                    {
                        'id': 'b',
                        'classification': 'forklift',
                        'attrs': [{'name': 'rotation', 'value': 0.2}, {'name': 'occluded', 'value': 'yes'}],
                        'data': [12, 30.5, 80, 44],
                    },
                    {'id': 'n', 'classification': '', 'attrs': [], 'data': None},
                ],
                'keypoint': [
                    {
                        'id': 'k',
                        'classification': 'nose',
                        'attrs': [],
                        'data': [1, 2],
                        'visibility': 2,
                        'group_id': 'g',
                    }
                ],
                'segmentation': [
                    {
                        'id': 'm',
                        'classification': 'floor',
                        'attrs': [],
                        'data': [[0, 2]],
                        'encoding': 'dm_rle',
                        'isCompressed': True,
                        'compressionFormat': 'rle',
                    }
                ],
                'relation': [{'id': 'r', 'classification': 'on', 'attrs': [], 'data': ['b', 'm']}],
                'mystery': [{'id': 'q', 'classification': 'x', 'attrs': [], 'data': {'secret': 7}}],
            }
        ],
    }


def test_both_shapes_of_groups_are_read() -> None:
    points = [
        {'id': name, 'tool': 'keypoint', 'classification': {'class': name}} for name in ('a', 'b', 'c', 'd')
    ]
    groups = [
        {'id': 'flat', 'annotationIds': ['a', 'gone']},
        {
            'id': 'nested',
            'tool': 'annotationGroup',
            'annotationList': [{'annotationId': 'b', 'children': [{'annotationId': 'c', 'children': []}]}],
        },
    ]
    source = document(points, [], annotationGroups={'image_1': groups})
    data, meta = dm.to_v2(source)
    assert [item.get('group_id') for item in data['images'][0]['keypoint']] == [
        'flat',
        'nested',
        'nested',
        None,
    ]
    assert dm.to_v1(data, meta) == source


def test_media_come_in_natural_order() -> None:
    names = ['image_10', 'image_2', 'text_1', 'image']
    source = {
        'annotations': {
            name: [{'id': name, 'tool': 'classification', 'classification': {'class': name}}]
            for name in names
        },
        'annotationsData': {},
    }
    data, meta = dm.to_v2(source)
    labels = [image['classification'][0]['classification'] for image in data['images']]
    assert labels == ['image', 'image_2', 'image_10']
    assert list(data) == ['classification', 'images', 'texts']
    assert dm.to_v1(data, meta) == source


@pytest.mark.parametrize(
    'junk',
    [
        {},
        {'annotations': []},
        {'annotations': {'image_1': 5}},
        {'annotations': {'image_1': [5]}},
        {'annotations': {'picture_1': []}},
        {'annotations': {}, 'annotationsData': 7},
    ],
)
def test_what_is_no_document_is_refused(junk: dict[str, Any]) -> None:
    with pytest.raises(FormatError, match=r'DM v1 document|media id'):
        dm.to_v2(junk)


# -- what was edited in between -------------------------------------------------------------------------------


def test_an_edited_annotation_keeps_what_version_2_does_not_know() -> None:
    source = document(
        [
            {
                'id': 'p',
                'tool': 'polygon',
                'shape': 'x',
                'isLocked': True,
                'classification': {'class': 'old', 'a': 1},
            },
            {'id': 'gone', 'tool': 'bounding_box', 'classification': {'class': 'old'}},
        ],
        [
            {'id': 'p', 'coordinate': [{'x': 1, 'y': 2, 'id': 'first'}, {'x': 3, 'y': 4, 'id': 'second'}]},
            {'id': 'gone', 'coordinate': {'x': 0, 'y': 0, 'width': 1, 'height': 1}},
        ],
        assignmentId=77,
    )
    data, meta = dm.to_v2(source)
    data = copy.deepcopy(data)
    item = data['images'][0]['polygon'][0]
    item.update(classification='new', attrs=[{'name': 'b', 'value': 2}], data=[[1, 2], [5, 6], [7, 8]])
    del data['images'][0]['bounding_box']
    back = dm.to_v1(data, meta)
    assert back['assignmentId'] == 77
    assert back['annotations']['image_1'] == [
        {
            'id': 'p',
            'tool': 'polygon',
            'isLocked': True,
            'isVisible': True,
            'isValid': False,
            'isDrawCompleted': True,
            'label': [],
            'shape': 'x',
            'classification': {'class': 'new', 'b': 2},
        }
    ]
    (entry,) = back['annotationsData']['image_1']
    assert [point['id'] == 'first' for point in entry['coordinate']] == [True, False, False]
    assert [(point['x'], point['y']) for point in entry['coordinate']] == [(1, 2), (5, 6), (7, 8)]
    assert dm.to_v1(data, meta) == back


@pytest.mark.parametrize(
    'odd',
    [
        {'attrs': 1},
        {'attrs': 'x'},
        {'attrs': [1]},
        {'visibility': 1.0},
        {'visibility': 9},
        {'id': [1]},
        {'data': 5},
    ],
)
def test_odd_items_come_back_by_the_rest(odd: dict[str, Any]) -> None:
    item = {'id': 'k', 'classification': 'x', 'attrs': [], 'data': [1, 2], **odd}
    source = {'classification': {}, 'images': [{'keypoint': [item]}]}
    made = dm.to_v1(source)
    assert dm.with_rest(made, dm.keep_rest(source, made)) == source


# -- real documents -------------------------------------------------------------------------------------------


@pytest.mark.parametrize('media', MEDIA)
def test_real_pairs(media: str, real_data: Path) -> None:
    folder = real_data / 'dm_pairs' / media
    first = json.loads((folder / 'v1.json').read_text('utf-8'))
    second = json.loads((folder / 'v2.json').read_text('utf-8'))
    before = copy.deepcopy(first)
    data, meta = dm.to_v2(first)
    assert data['classification'] == second['classification']
    assert set(data) == set(second)
    for container in set(second) - {'classification'}:
        assert len(data[container]) == len(second[container])
        for ours, theirs in zip(data[container], second[container], strict=True):
            assert {tool: [without_attrs(item) for item in items] for tool, items in ours.items()} == {
                tool: [without_attrs(item) for item in items] for tool, items in theirs.items()
            }
    assert dm.to_v1(data, meta) == before == first
    for kept in (second, data):
        made = dm.to_v1(kept)
        assert dm.with_rest(made, dm.keep_rest(kept, made)) == kept


def without_attrs(item: dict[str, Any]) -> dict[str, Any]:
    # The recorded pairs left attributes out that were not of the project's configuration.
    return {name: value for name, value in item.items() if name != 'attrs'}


# -- any document ---------------------------------------------------------------------------------------------

NUMBER = st.integers(-5, 5) | st.floats(-100, 100, width=32)
LEAF = st.none() | st.booleans() | NUMBER | st.sampled_from(['', 'x', '고양이', 'visible'])
JUNK = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(['a', 'x', 'id', 'data']), inner, max_size=3)
    ),
    max_leaves=6,
)
ID = st.sampled_from(['a', 'b', 'c', 'd', 'e'])
XY = st.fixed_dictionaries({'x': NUMBER, 'y': NUMBER})
TOOLS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    'bounding_box': st.fixed_dictionaries(
        {
            'coordinate': st.fixed_dictionaries(
                {'x': NUMBER, 'y': NUMBER, 'width': NUMBER, 'height': NUMBER}, optional={'rotation': NUMBER}
            )
        }
    ),
    'polygon': st.fixed_dictionaries(
        {
            'coordinate': st.lists(
                st.fixed_dictionaries({'x': NUMBER, 'y': NUMBER, 'id': st.text('ab', max_size=3)}), max_size=4
            )
        }
    ),
    'keypoint': st.fixed_dictionaries({'coordinate': XY}),
    'segmentation': st.fixed_dictionaries(
        {
            'pixel_indices': st.lists(st.integers(0, 9), max_size=3),
            'isCompressed': st.booleans(),
            'compressionFormat': st.sampled_from(['rle', None]),
        }
    )
    | st.fixed_dictionaries({'section': st.dictionaries(st.sampled_from(['start', 'end']), NUMBER)}),
    'time_range': st.fixed_dictionaries(
        {'section': st.fixed_dictionaries({'start': NUMBER})}, optional={'excludedTracks': st.lists(ID)}
    ),
    'relation': st.fixed_dictionaries({'annotationId': ID, 'targetAnnotationId': ID}),
    'classification': st.just({}),
    '3d_bounding_box': st.fixed_dictionaries({'psr': st.fixed_dictionaries({'position': XY})}),
    'named_entity': st.fixed_dictionaries(
        {'ranges': st.lists(JUNK, max_size=2), 'content': st.text(max_size=3)}
    ),
    'prompt': st.fixed_dictionaries({'tool': st.just('prompt'), 'input': st.lists(JUNK, max_size=2)}),
    'mystery': st.fixed_dictionaries({'thing': JUNK}),
}
NAMES = st.sampled_from(['class', 'color', 'rotation', 'visibility', '색'])


@st.composite
def first_versions(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {'annotations': {}, 'annotationsData': {}}
    for media in draw(st.sets(st.sampled_from(['image_1', 'image_2', 'pcd_7', 'text_1']), min_size=1)):
        annotations, entries = [], []
        for name in draw(st.lists(ID, max_size=5, unique=draw(st.booleans()))):
            tool = draw(st.sampled_from([*TOOLS, '']))
            annotations.append(
                {
                    'id': name,
                    'tool': tool,
                    'classification': draw(st.none() | st.dictionaries(NAMES, LEAF, max_size=3)),
                    **draw(st.dictionaries(st.sampled_from(['isLocked', 'shape']), LEAF)),
                }
            )
            if draw(st.integers(0, 5)):
                entries.append({'id': name, **(draw(TOOLS[tool]) if tool else {'x': 1})})
        found['annotations'][media] = annotations
        if draw(st.booleans()):
            found['annotationsData'][media] = [*entries, {'id': 'orphan', 'coordinate': 1}]
    groups = st.fixed_dictionaries({'id': ID, 'annotationIds': st.lists(ID)}) | st.fixed_dictionaries(
        {
            'id': ID,
            'annotationList': st.lists(st.fixed_dictionaries({'annotationId': ID, 'children': st.just([])})),
        }
    )
    if draw(st.booleans()):
        found['annotationGroups'] = draw(st.dictionaries(st.just('image_1'), st.lists(groups, max_size=2)))
    found.update(draw(st.dictionaries(st.sampled_from(['assignmentId', 'more']), JUNK)))
    return found


@st.composite
def second_versions(draw: st.DrawFn) -> dict[str, Any]:
    items = st.fixed_dictionaries(
        {
            'id': ID,
            'classification': st.sampled_from(['x', '고양이', '']),
            'attrs': st.lists(st.fixed_dictionaries({'name': NAMES, 'value': LEAF}), max_size=3),
            'data': JUNK
            | st.lists(NUMBER, min_size=2, max_size=4)
            | st.lists(st.lists(NUMBER, min_size=2, max_size=2)),
        },
        optional={'group_id': ID, 'visibility': st.integers(0, 2), 'iscrowd': st.just(1)},
    )
    tools = st.dictionaries(st.sampled_from([*TOOLS, 'group']), st.lists(items, max_size=3), max_size=3)
    found = draw(
        st.dictionaries(st.sampled_from(['images', 'pcds', 'texts']), st.lists(tools, min_size=1, max_size=2))
    )
    return {'classification': draw(st.dictionaries(st.just('polygon'), st.lists(ID))), **found}


def test_there_and_back_is_lossless(rounds: int) -> None:
    @settings(max_examples=rounds)
    @given(first_versions())
    def first(source: dict[str, Any]) -> None:
        before = copy.deepcopy(source)
        data, meta = dm.to_v2(source)
        data, meta = json.loads(json.dumps([data, meta]))
        assert dm.to_v1(data, meta) == before == source

    @settings(max_examples=rounds)
    @given(second_versions())
    def second(source: dict[str, Any]) -> None:
        before = copy.deepcopy(source)
        made = dm.to_v1(source)
        made, rest = json.loads(json.dumps([made, dm.keep_rest(source, made)]))
        assert dm.with_rest(made, rest) == before == source

    first()
    second()


# -- on disk -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('kind', ['first', 'second'])
def test_any_document_comes_back(kind: str, make: Any, rounds: int) -> None:
    @settings(max_examples=max(5, rounds // 4))
    @given(first_versions() if kind == 'first' else second_versions())
    def check(content: dict[str, Any]) -> None:
        own, other = ('dm_v1', 'dm_v2') if kind == 'first' else ('dm_v2', 'dm_v1')
        media = content['annotations'] if kind == 'first' else [name for name in content if content[name]]
        suffix = 'jpg' if any(name.startswith('image') for name in media) else 'bin'
        with TemporaryDirectory() as folder:
            root = Path(folder)
            make.picture(root / 'in/original_files/good.png')
            make.picture(root / f'in/original_files/a.{suffix}', form='PNG')
            (root / 'in/json').mkdir()
            (root / 'in/json/a.json').write_text(json.dumps(content), encoding='utf-8')
            before = copy.deepcopy(content)
            good = dm.to_v1(GOOD) if kind == 'first' else GOOD
            (root / 'in/json/good.json').write_text(json.dumps(good), encoding='utf-8')
            try:
                convert(
                    root / 'in',
                    root / 'there',
                    to=other,
                    source_format=own,
                )
            except DatasetError:
                return  # a document of nothing at all
            if not (root / f'there/original_files/a.{suffix}').exists():
                return
            convert(root / 'there', root / 'back', to=own, source_format=other)
            assert strip(json.loads((root / 'back/json/a.json').read_bytes())) == strip(before)

    check()


GOOD = {'images': [{'classification': [{'id': 'g', 'classification': 'x', 'attrs': [], 'data': {}}]}]}


def strip(content: dict[str, Any]) -> dict[str, Any]:
    """Return a document without what says nothing: empty lists, sizes, the labels seen; no class and '' are one."""
    found = {
        name: value for name, value in content.items() if value and name not in ('classification', 'extra')
    }
    for container in set(found).intersection(dm.CONTAINERS):
        found[container] = [
            {
                tool: [{**item, 'classification': item['classification'] or ''} for item in items]
                for tool, items in tools.items()
                if items
            }
            for tools in found[container]
        ]
    return found


# -- the vendor's converter -----------------------------------------------------------------------------------


@pytest.mark.skipif(find_spec('synapse_sdk') is None, reason='needs synapse-sdk')
def test_the_vendors_converter_agrees() -> None:
    source = document(
        [
            {'id': 'b', 'tool': 'bounding_box', 'classification': {'class': 'x', 'rotation': 'own', 'k': 1}},
            {'id': 'c', 'tool': 'bounding_box', 'classification': None},
            {'id': 'p', 'tool': 'polyline', 'classification': {'class': 'x'}},
            {'id': 'm', 'tool': 'segmentation', 'classification': {'class': 'x'}},
            {'id': 'k', 'tool': 'keypoint', 'classification': {'class': 'nose', 'visibility': 'occluded'}},
            {'id': 'r', 'tool': 'relation', 'classification': {'class': 'rel'}},
        ],
        [
            {'id': 'b', 'coordinate': {'x': 1, 'y': 2, 'width': 3, 'height': 4, 'rotation': 0}},
            {'id': 'c', 'coordinate': {'x': 1, 'y': 2, 'width': 3, 'height': 4, 'rotation': 0.5}},
            {'id': 'p', 'coordinate': [{'x': 1, 'y': 2, 'id': 'q'}]},
            {'id': 'm', 'pixel_indices': [[3, 2]], 'isCompressed': True, 'compressionFormat': 'rle'},
            {'id': 'k', 'coordinate': {'x': 1, 'y': 1}},
            {'id': 'r', 'annotationId': 'b', 'targetAnnotationId': 'c'},
        ],
        extra={'image_1': {'width': 10, 'height': 10}},
        relations={},
        annotationGroups={'image_1': [{'id': 'g', 'annotationIds': ['k']}]},
        assignmentId=1,
    )
    source['annotations'] |= {
        'data_1': [{'id': 't', 'tool': 'time_range', 'classification': {'class': 'q'}}],
        'prompt_1': [{'id': 'w', 'tool': 'prompt', 'classification': {'class': 'q'}}],
        'pcd_1': [{'id': 's', 'tool': '3d_segmentation', 'classification': {'class': 'q'}}],
    }
    source['annotationsData'] |= {
        'data_1': [{'id': 't', 'section': {'start': 1, 'end': 2}, 'excludedTracks': ['u']}],
        'prompt_1': [{'id': 'w', 'tool': 'prompt', 'input': [], 'model': 'm'}],
        'pcd_1': [{'id': 's', 'points': [1, 2]}],
    }
    data, meta = dm.to_v2(source)
    # in a process of its own: it adds handlers to loggers
    script = (
        'import json, sys\n'
        'from synapse_sdk.utils.converters.dm import convert_v1_to_v2, convert_v2_to_v1\n'
        'source, data = json.load(sys.stdin)\n'
        "print(json.dumps([convert_v1_to_v2(source), convert_v2_to_v1({'annotation_data': data})]))\n"
    )
    done = subprocess.run(
        [sys.executable, '-c', script],
        input=json.dumps([source, data]),
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    found, plain = json.loads(done.stdout.splitlines()[-1])
    assert data == found['annotation_data']
    assert {name: meta[name] for name in found['annotation_meta']} == found['annotation_meta']
    ours = dm.to_v1(data)['annotationsData']
    for media, entries in plain['annotationsData'].items():
        by_id = {entry['id']: entry for entry in ours[media]}
        for entry in entries:
            if (
                'coordinate' not in entry or entry['id'] not in 'bp'
            ):  # theirs takes the wrong rotation, ids at random
                assert by_id[entry['id']] == entry
