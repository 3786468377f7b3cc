"""YOLO as ultralytics reads it: ``[<split>/]images``, ``[<split>/]labels`` and ``dataset.yaml``.

One task a dataset. What the label lines of detect, segment, obb and pose are, `yolo_lines` says; classify has no labels
but a folder a class, as `imagefolder` has. ``task`` in ``dataset.yaml`` says which it is; trainers pass over that line.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import DatasetError
from ..files import write_bytes
from ..options import FormatOption
from ..parts import PARTS
from ..shapes import SHAPES
from ..skeletons import PERSON_17, Skeleton
from ..writer import SKIPPED, Writer
from .imagefolder import ClassFolders
from .pose_classes import POSED, bare_class_of, joint_names, pose_class_names, pose_labels, skeleton_of
from .yolo_lines import LINES
from .yolo_splits import NO_SPLITS

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..reader import Survey
    from ..sample import Annotation, Sample

__all__ = ['YoloWriter']

_CONFIG = 'dataset.yaml'
_SAME_PICTURES = 'The dataset has no splits, so training and validation use the same pictures.'
_DIVIDED = 'a trainer of classify divides the pictures by itself then. --split train=.8,val=.2 does it here.'
_NO_SPLITS = f'The dataset has no splits; {_DIVIDED}'
_SMALLEST = 10
_REPEATED = 'it repeats another one of its picture; the trainer warns, and takes one of them'
_NO_SIDES = (
    'No name of a joint tells of another side (left and right), so flip_idx swaps none: where joints have sides, '
    'correct it in dataset.yaml, or train without mirrored pictures (fliplr=0).'
)
_TRAINER_SUFFIXES = frozenset(('jpg', 'jpeg', 'png', 'bmp', 'webp', 'tif', 'tiff'))


class YoloWriter(Writer):
    """Writes YOLO.

    Args:
        root: As every writer's.
        parts: What becomes of objects of several parts under segment: ``bridge`` joins them, and the holes of masks, by
            lines without width; ``split`` makes each an object; ``largest`` keeps one.
        skeleton: The joints of poses: their names in order, or a skeleton as plain data; by default those of the
            source.
        bare_class: The class of poses that tell none, from the survey.
        kwargs: As every writer's.
    """

    tasks: ClassVar[tuple[str, ...]] = ('detect', 'segment', 'pose', 'obb', 'classify')
    parallel: ClassVar[bool] = True
    tells_changes: ClassVar[bool] = True
    keeps_bounds: ClassVar[bool] = True
    inner: ClassVar[frozenset[str]] = frozenset(('bare_class',))
    options: ClassVar[tuple[FormatOption, ...]] = (
        FormatOption(
            name='parts',
            values=', '.join(PARTS),
            about='under segment: what becomes of an object of several parts, or with holes',
        ),
        FormatOption(
            name='skeleton',
            values='person, or names of joints',
            about='under pose: the joints, in order; by default those of the source',
            many=True,
        ),
    )

    def __init__(
        self,
        root: Path,
        *,
        parts: str = 'bridge',
        skeleton: Any = None,
        bare_class: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(root, **kwargs)
        if self.task not in self.tasks:
            raise DatasetError(f'yolo writes the tasks {", ".join(self.tasks)}, not {self.task!r}.')
        taken = NO_SPLITS.intersection(name for name in self.splits if name)
        if taken:
            raise DatasetError(
                f'dataset.yaml has another use for {", ".join(sorted(taken))}, so no split can be called so; give it '
                'another name (--split).'
            )
        self.bare_class = bare_class
        self._skeleton = _skeleton(skeleton) if self.task == 'pose' else None
        self._written: dict[str | None, int] = {}
        if self.task == 'classify':
            self._class_folders = ClassFolders(self, 'yolo under task classify')
        else:
            make = LINES[self.task]
            self._lines = make(self, parts=parts, skeleton=self._skeleton, tolerance=self._tolerance)

    # -- before the first sample ----------------------------------------------------------------------

    @classmethod
    def choose_task(cls, tools: Collection[str]) -> str:
        """Return what the annotations are for: poses before polygons, polygons before boxes, boxes before classes."""
        traits = getattr(tools, 'traits', ())
        if 'grouped' in traits:
            return 'pose'
        if {'polygon', 'segmentation'}.intersection(tools):
            return 'segment'
        if 'bounding_box' in tools:
            return 'obb' if 'rotated' in traits else 'detect'
        return 'classify' if 'classification' in tools else 'detect'

    @classmethod
    def holds(cls, task: str | None) -> frozenset[str]:
        """Return the tools that have a place in the task."""
        return {'classify': frozenset(('classification',)), 'pose': POSED}.get(task or '', SHAPES)

    @classmethod
    def class_names(cls, survey: Survey, task: str | None) -> set[str]:
        """Return the labels that are classes; those of keypoints are joints."""
        if task != 'pose':
            return super().class_names(survey, task)
        return pose_class_names(survey)

    @classmethod
    def not_classes(cls, survey: Survey, task: str | None) -> set[str]:
        """Return the joints of poses."""
        return joint_names(survey) if task == 'pose' else set()

    @classmethod
    def needs_survey(cls, task: str | None) -> bool:
        """Tell whether the joints of poses must be known."""
        return task == 'pose'

    @classmethod
    def prepare(cls, survey: Survey | None, task: str | None) -> dict[str, Any]:
        """Return the skeleton for poses, and the class of those that tell none."""
        if task != 'pose' or survey is None:
            return {}
        return {'skeleton': skeleton_of(survey).to_dict(), 'bare_class': bare_class_of(survey)}

    # -- the samples ----------------------------------------------------------------------------------

    def labels(self, annotations: list[Annotation]) -> set[str | None]:
        """Return the classes that a sample shows; those of poses are told by their boxes."""
        if self.task != 'pose':
            return super().labels(annotations)
        return pose_labels(annotations, self._skeleton, self.bare_class)

    def write(self, sample: Sample) -> object:
        """Write the label file, empty for a picture without annotations, and place the picture."""
        self._look_at(sample)
        if self.task == 'classify':
            return self._class_folders.write(sample)
        lines = self._lines.of(sample)
        if not lines and self.leaves_out(sample):
            return SKIPPED
        repeated = len(lines) - len(set(lines))
        if repeated:
            self.report.note('label line', _REPEATED, sample.key, repeated)
        prefix = f'{sample.split}/' if sample.split else ''
        stem, _ = self.place(sample, f'{prefix}images')
        self.put(f'{prefix}labels', f'{stem}.txt', b''.join(lines))
        return None

    def merge(self, split: str | None, record: Any) -> None:
        """Count the sample."""
        self._written[split] = self._written.get(split, 0) + 1

    def _look_at(self, sample: Sample) -> None:
        """Note what the trainer will skip."""
        if min(sample.image.width, sample.image.height) < _SMALLEST:
            self.report.note('image', f'the trainer skips pictures under {_SMALLEST} pixels', sample.key)
        if sample.image.name.rpartition('.')[2].lower() not in _TRAINER_SUFFIXES:
            self.report.note('image', 'the trainer does not read pictures of this suffix', sample.key)

    # -- after the last -------------------------------------------------------------------------------

    def finish(self) -> Path:
        """Write ``dataset.yaml``."""
        import yaml

        if self.task == 'classify':
            self._class_folders.finish()
        config: dict[str, Any] = {'path': self.final_root.as_posix(), **self._splits(), 'task': self.task}
        if self._skeleton is not None:
            joints = list(self._skeleton.joints)
            config['kpt_shape'] = [len(joints), 3]
            config['flip_idx'] = self._flip(self._skeleton)
            config['kpt_names'] = dict.fromkeys(range(len(self.classes)), joints)
        config['names'] = dict(enumerate(self.classes))
        text = yaml.dump(config, Dumper=_dumper(), allow_unicode=True, sort_keys=False, width=1 << 20)
        write_bytes(self.root / _CONFIG, text.encode())
        return Path() if self.task == 'classify' else Path(_CONFIG)

    def _flip(self, skeleton: Skeleton) -> list[int]:
        """Return what stands under ``flip_idx``, with a word if no joint changes places."""
        flip = skeleton.flip
        if len(flip) > 1 and flip == list(range(len(flip))) and not skeleton.declared_flip:
            self.report.warn(_NO_SIDES)
        return flip

    def _splits(self) -> dict[str, str]:
        """Return what stands under ``train``, ``val`` and ``test``; the first two are never absent."""
        is_classify = self.task == 'classify'
        inner = '' if is_classify else 'images'
        if self.splits == [None]:
            self.report.warn(_NO_SPLITS if is_classify else _SAME_PICTURES)
            return {'train': inner or '.', 'val': inner or '.'}
        written = [split for split in self.splits if split and self._written.get(split)]
        for split in self.splits:
            if split and split not in written:
                without = 'there is no folder of it' if is_classify else 'dataset.yaml does not name it'
                self.report.warn(f'The split {split} has no pictures, so {without}.')
        if not written:
            return {}
        train = 'train' if 'train' in written else written[0]
        valid = 'valid' if 'valid' in written else train
        for key, split, used in (('training', 'train', train), ('validation', 'valid', valid)):
            if split != used and not is_classify:
                self.report.warn(f'The dataset has no split {split}; dataset.yaml names {used} for {key}.')
        if is_classify:  # a trainer is pointed at the folder then, and reads no dataset.yaml
            self._warn_of_folders(written)
        places = {split: f'{split}/{inner}'.rstrip('/') for split in written}
        others = {split: place for split, place in places.items() if split not in ('train', 'valid')}
        return {'train': places[train], 'val': places[valid], **others}

    def _warn_of_folders(self, written: list[str]) -> None:
        """Tell what a trainer of classify makes of it that there is no folder of a split."""
        if 'train' not in written:
            self.report.warn(f'The dataset has no split train; {_DIVIDED}')
        elif 'valid' not in written and 'test' in written:
            self.report.warn('The dataset has no split valid, so a trainer takes test for validation.')
        elif 'valid' not in written:
            self.report.warn(
                'The dataset has no split valid, and a trainer of classify stops without pictures for validation; '
                '--split train=.8,val=.2 makes one.'
            )


def _skeleton(given: Any) -> Skeleton:
    """Return the skeleton that a user or a survey gives."""
    if isinstance(given, Skeleton):
        return given
    if given in (['person'], ('person',)):  # as the command line gives every list
        return PERSON_17
    if isinstance(given, list | tuple) and given:
        return Skeleton('object', tuple(map(str, given)))
    try:
        return PERSON_17 if given in (None, 'person') else Skeleton.from_dict(given)
    except ValueError as exc:
        raise DatasetError(f'skeleton={given!r} is neither a list of joint names nor a skeleton.') from exc


def _dumper() -> Any:
    """Return a dumper of YAML that keeps to one line what is short, and repeats instead of pointing."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    return Dumper
