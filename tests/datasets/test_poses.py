"""Skeletons and poses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.datasets.poses import joints_of, pose_annotations, poses_of, tight_box
from synapse_plugins.datasets.report import Report
from synapse_plugins.datasets.sample import Annotation, ImageFile
from synapse_plugins.datasets.skeletons import PERSON_17, Skeleton, is_flip, mirrored, skeleton_for

IMAGE = ImageFile(Path('a.jpg'), 100, 80)
FACE = Skeleton('face', ('nose', 'left_eye', 'right_eye'))


def point(label: str, x: float, y: float, group: Any = 'g', **extra: Any) -> Annotation:
    return Annotation('keypoint', label, [x, y], f'{group}-{label}', extra={'group_id': group, **extra})


# -- skeletons ------------------------------------------------------------------------------------------------


def test_the_person_is_that_of_coco() -> None:
    assert PERSON_17.flip == [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
    assert (PERSON_17.joints[0], PERSON_17.joints[-1], len(PERSON_17.edges)) == ('nose', 'right_ankle', 19)
    assert skeleton_for(['left_eye', 'nose']) is PERSON_17


def test_other_joints_come_by_name() -> None:
    found = skeleton_for(['p10', 'p2', ' p1 ', 'p1'])
    assert (found.name, found.joints) == ('object', ('p1', 'p2', 'p10'))
    assert Skeleton.from_dict(found.to_dict()) == found


@pytest.mark.parametrize(
    ('joints', 'expected'),
    [
        (['eye_left', 'eye_right', 'nose'], [1, 0, 2]),
        (['L-ear', 'R-ear'], [1, 0]),
        (['LeftHand', 'RightHand', 'left_foot'], [1, 0, 2]),
        (['0', '1', 'lamp', 'ramp'], [0, 1, 2, 3]),
        (['왼쪽', '오른쪽'], [1, 0]),
        (['왼눈', '코', '오른눈', '좌측', '우측'], [2, 1, 0, 4, 3]),
        (['eyeL', 'eyeR', 'Lshoulder', 'Rshoulder', 'LKnee', 'RKnee'], [1, 0, 3, 2, 5, 4]),
        (['frontLeftPaw', 'frontRightPaw', 'lHip', 'rHip', 'l1', 'r1'], [1, 0, 3, 2, 5, 4]),
        (['HandLEFT', 'HandRIGHT', 'LEFTFOOT', 'RIGHTFOOT'], [1, 0, 3, 2]),
        (['left_eye', 'Left_eye', 'right_eye'], [2, 1, 0]),
        (['left_eye', 'Right_eye', 'right_eye', 'Left_eye'], [2, 3, 0, 1]),
        (['left_eye', 'left_eye', 'right_eye'], [2, 1, 0]),
        (['left_wing_left', 'right_wing_right', 'left_wing_right', 'right_wing_left'], [1, 0, 3, 2]),
        (['eyeLid', 'eyeRid', 'Lid', 'Nose'], [0, 1, 2, 3]),
        (['SOLO', 'SORO', 'halL', 'halr', 'pearl'], [0, 1, 2, 3, 4]),
    ],
)
def test_sides_change_places_in_a_mirror(joints: list[str], expected: list[int]) -> None:
    found = mirrored(joints)
    assert found == expected
    assert [found[place] for place in found] == list(range(len(joints)))


@given(joints=st.lists(st.text('lrLReft_igh1왼오른좌우', max_size=8), max_size=12))
def test_whatever_changes_places_changes_back(joints: list[str]) -> None:
    assert is_flip(mirrored(joints), len(joints))


def test_a_declared_flip_is_kept() -> None:
    declared = Skeleton('object', ('a', 'b', 'left'), declared_flip=(1, 0, 2))
    assert declared.flip == [1, 0, 2]
    assert Skeleton.from_dict(declared.to_dict()) == declared
    assert declared.with_joints(['right', 'x_l', 'x_r']).flip == [1, 0, 2, 3, 5, 4]
    assert FACE.with_joints(['left_ear', 'right_ear']).flip == [0, 2, 1, 4, 3]


@pytest.mark.parametrize(
    'junk', [[1, 1, 0], [0], [1, 2, 0], [0, 1, 3], [0, 1, -1], [0, 1, 2.0], ['0', '1', '2'], {}, 5]
)
def test_what_is_no_flip_is_none(junk: Any) -> None:
    assert not is_flip(junk, 3)
    if junk:
        with pytest.raises(ValueError, match='no skeleton'):
            Skeleton.from_dict({'joints': ['a', 'b', 'c'], 'flip': junk})


@pytest.mark.parametrize('junk', [{}, {'joints': 5}, {'joints': ['a'], 'edges': [[1]]}, []])
def test_what_is_no_skeleton_is_refused(junk: Any) -> None:
    with pytest.raises(ValueError, match='no skeleton'):
        Skeleton.from_dict(junk)


# -- poses ----------------------------------------------------------------------------------------------------


def test_groups_of_either_kind_make_poses() -> None:
    box = Annotation('bounding_box', 'person', [0, 0, 9, 9], 'b', extra={'group_id': 'g'})
    lonely = Annotation('bounding_box', 'car', [0, 0, 9, 9], 'c', extra={'group_id': 'nobody'})
    mine, other = Annotation('keypoint', 'nose', [5, 5], 'n'), Annotation('keypoint', 'nose', [6, 6], 'm')
    group = Annotation('group', 'dog', ['n'], 'h')
    empty = Annotation('group', None, ['zzz'], 'e')
    poses, rest = poses_of([point('nose', 1, 2), box, lonely, mine, other, group, empty, point('ear', 3, 4)])
    assert [(pose.group, pose.shape, len(pose.points), pose.label) for pose in poses] == [
        ('g', box, 2, None),
        ('h', None, 1, 'dog'),
    ]
    assert rest == [other, lonely, empty]


def test_every_joint_is_counted() -> None:
    report = Report()
    (pose,), _ = poses_of(
        [
            point('right_eye', 10, 20, visibility=1),
            point('nose', 100.4, -0.5),
            point('left_eye', 150, 20),
            point('nose', 5, 5),
            point('tail', 5, 5),
            point('left_eye', float('nan'), 5),
        ]
    )
    joints = joints_of(pose, FACE, IMAGE, report, 'a', tolerance=1.0)
    assert joints == [(100, 0, 2), (0, 0, 0), (10, 20, 1)]
    assert report.kept == {'keypoint': 1}
    assert [(entry.reason, entry.count) for entry in report.changed] == [('it was clipped to the image', 1)]
    assert [entry.reason for entry in report.dropped] == [
        'it lies outside the image',
        'its data is malformed',
        'its object has that joint already',
        'the skeleton has no such joint',
    ]


def test_a_box_around_joints_is_never_empty() -> None:
    assert tight_box([(10, 20, 2), (30, 25, 1), (0, 0, 0)], 100, 80) == (10, 20, 30, 25)
    assert tight_box([(10, 20, 2)], 100, 80) == (9.5, 19.5, 10.5, 20.5)
    assert tight_box([(100, 80, 2)], 100, 80) == (99, 79, 100, 80)
    assert tight_box([(0, 0, 0)], 100, 80) is None


def test_numbers_become_annotations() -> None:
    box = Annotation('bounding_box', 'face', [0, 0, 9, 9])
    found = pose_annotations(box, FACE.joints, [[1, 2, 2], [0, 0, 0], [3, 4, 0], [5, 6]], 'g')
    assert [(one.tool, one.label, one.data, one.extra) for one in found] == [
        ('bounding_box', 'face', [0, 0, 9, 9], {'group_id': 'g'}),
        ('keypoint', 'nose', [1, 2], {'group_id': 'g', 'visibility': 2}),
        ('keypoint', 'right_eye', [3, 4], {'group_id': 'g', 'visibility': 0}),
        ('keypoint', 'joint_3', [5, 6], {'group_id': 'g', 'visibility': 2}),
    ]
