"""`check_format` passes the formats that ship, and finds what is broken in others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import Annotation, ImageFile, Reader, Sample, Survey, Writer, formats
from synapse_plugins.errors import DatasetError, FormatError, UnknownNameError
from synapse_plugins.testing import check_format, make_dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    NewFormat = Callable[..., str]


# -- a format as it should be ----------------------------------------------------------------------------------


class LinesWriter(Writer):
    """Writes a line of JSON for each picture into ``<split>.jsonl``, and pictures into ``pictures/``; holds boxes."""

    def __init__(self, root: Path, **options: Any) -> None:
        super().__init__(root, **options)
        self.lines: dict[str | None, list[str]] = {split: [] for split in self.splits}

    @classmethod
    def holds(cls, task: str | None) -> frozenset[str]:
        return frozenset(('bounding_box',))

    def write(self, sample: Sample) -> None:
        _, name = self.place(sample, 'pictures')
        line = {'picture': name, 'boxes': self.boxes(sample)}
        self.lines.setdefault(sample.split, []).append(json.dumps(line, ensure_ascii=False))

    def boxes(self, sample: Sample) -> list[Any]:
        boxes = []
        for annotation in sample.annotations:
            if annotation.tool != 'bounding_box':
                self.report.drop(annotation.tool, 'lines hold boxes only', sample.key)
                continue
            if self.number_of(annotation, sample.key) is not None:
                self.report.keep('bounding_box')
                boxes.append([annotation.label, *annotation.data])
                for _ in annotation.attrs:
                    self.report.drop('attribute', 'lines hold none', sample.key)
        return boxes

    def finish(self) -> Path | None:
        for split, lines in self.lines.items():
            text = ''.join(f'{line}\n' for line in lines)
            (self.root / f'{split or "all"}.jsonl').write_text(text, encoding='utf-8')
        return None


def lines_detect(root: Path) -> str | None:
    if not (root / 'pictures').is_dir():
        return 'it holds no pictures/'
    return None if list(root.glob('*.jsonl')) else 'it holds no *.jsonl'


class LinesReader(Reader):
    """Reads it."""

    def __init__(self, root: Path, report: Any) -> None:
        super().__init__(root, report)
        if reason := lines_detect(root):
            raise FormatError(f'{root} is no lines: {reason}')
        self.files = sorted(root.glob('*.jsonl'))
        self.splits = [None if path.stem == 'all' else path.stem for path in self.files]

    def __iter__(self) -> Iterator[Sample]:
        for path, split in zip(self.files, self.splits, strict=True):
            for number, line in enumerate(self.read_lines(path), start=1):
                sample = self.sample(split, line, f'{path}:{number}')
                if sample is not None:
                    yield sample

    def read_lines(self, path: Path) -> list[str]:
        try:
            return path.read_text(encoding='utf-8').splitlines()
        except UnicodeDecodeError as exc:
            raise FormatError(f'{path} is no text') from exc

    def sample(self, split: str | None, line: str, where: str) -> Sample | None:
        found = json.loads(line)
        path = self.root / 'pictures' / found['picture']
        if not path.is_file():
            self.report.drop('image', 'it is missing', where)
            return None
        boxes = [Annotation('bounding_box', label, data) for label, *data in found['boxes']]
        return Sample(f'{split}/{path.stem}', split, ImageFile(path, name=path.name), boxes)


def good(**parts: Any) -> dict[str, Any]:
    return {'reader': LinesReader, 'writer': LinesWriter, 'detect': lines_detect, **parts}


# -- what passes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize('name', [provider.name for provider in formats.BUILTIN])
def test_the_formats_that_ship(name: str) -> None:
    check_format(name)


def test_a_format_as_it_should_be(new_format: NewFormat) -> None:
    check_format(new_format(**good()))


def test_a_format_without_detect(new_format: NewFormat) -> None:
    check_format(new_format(reader=LinesReader, writer=LinesWriter))


def test_a_format_that_is_only_written(new_format: NewFormat) -> None:
    check_format(new_format(writer=LinesWriter))


def test_a_format_that_is_only_read_needs_a_dataset(new_format: NewFormat, tmp_path: Path) -> None:
    name = new_format(**good())
    source = make_dataset(tmp_path / 'source', name)
    formats.discard(name)
    name = new_format(reader=LinesReader, detect=lines_detect)
    with pytest.raises(ValueError, match='pass source='):
        check_format(name)
    check_format(name, source=source)
    check_format(name, source=str(source))


def test_a_dataset_of_ones_own_is_read_too_and_left_as_it_is(new_format: NewFormat, tmp_path: Path) -> None:
    name = new_format(**good())
    source = make_dataset(tmp_path / 'mine', name)
    (source / 'train.jsonl').write_text('no json\n', encoding='utf-8')
    with pytest.raises(AssertionError, match='reading raises JSONDecodeError'):
        check_format(name, source=source)
    assert (source / 'train.jsonl').read_text(encoding='utf-8') == 'no json\n'


def test_options_and_tasks_go_to_the_writer(new_format: NewFormat) -> None:
    seen: set[tuple[Any, Any]] = set()

    class Optional(LinesWriter):
        tasks = ('detect', 'other')

        def __init__(self, root: Path, *, layout: str = 'flat', **options: Any) -> None:
            super().__init__(root, **options)
            seen.add((self.task, layout))

    name = new_format(**good(writer=Optional))
    check_format(name)
    assert seen == {('detect', 'flat'), ('other', 'flat')}
    seen.clear()
    check_format(name, tasks=['other'], layout='deep')
    assert seen == {('other', 'deep')}


def test_an_unknown_format() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'coco'"):
        check_format('cooc')


# -- broken writers --------------------------------------------------------------------------------------------


class LosesSilently(LinesWriter):
    def boxes(self, sample: Sample) -> list[Any]:
        sample.annotations = sample.annotations[:1]
        return super().boxes(sample)


class SaysNothing(LinesWriter):
    def boxes(self, sample: Sample) -> list[Any]:
        return [[one.label, *one.data] for one in sample.annotations if one.tool == 'bounding_box']


class SaysNothingButOfOthers(LinesWriter):
    def boxes(self, sample: Sample) -> list[Any]:
        for one in sample.annotations:
            if one.tool != 'bounding_box':
                self.report.drop(one.tool, 'lines hold boxes only', sample.key)
        return [[one.label, *one.data] for one in sample.annotations if one.tool == 'bounding_box']


class SaysKeptAndDoesNot(LinesWriter):
    def boxes(self, sample: Sample) -> list[Any]:
        return super().boxes(sample)[:1]


class MovesBoxes(LinesWriter):
    def boxes(self, sample: Sample) -> list[Any]:
        return [[label, x + 1, *rest] for label, x, *rest in super().boxes(sample)]


class SwapsClasses(LinesWriter):
    def boxes(self, sample: Sample) -> list[Any]:
        for annotation in sample.annotations:
            if annotation.tool == 'bounding_box':
                self.report.change('bounding_box', 'rounded', sample.key)
        return [[self.classes[0], *rest] for _, *rest in super().boxes(sample)]


class LosesAttributes(LinesWriter):
    def boxes(self, sample: Sample) -> list[Any]:
        for annotation in sample.annotations:
            annotation.attrs = []
        return super().boxes(sample)


class CountsTwice(LinesWriter):
    def boxes(self, sample: Sample) -> list[Any]:
        self.report.keep('bounding_box', 5)
        return super().boxes(sample)


class LosesPictures(LinesWriter):
    def write(self, sample: Sample) -> None:
        if sample.annotations:
            super().write(sample)


class LosesSplits(LinesWriter):
    def write(self, sample: Sample) -> None:
        sample.split = 'train' if sample.split else None
        super().write(sample)


class TouchesTheSource(LinesWriter):
    def write(self, sample: Sample) -> None:
        super().write(sample)
        sample.image.path.write_bytes(sample.image.path.read_bytes() + b' ')


class TouchesThroughALink(LinesWriter):
    def write(self, sample: Sample) -> None:
        super().write(sample)
        with (self.root / 'pictures' / sample.image.name).open('ab') as file:
            file.write(b' ')


class WritesToTheFinalPlace(LinesWriter):
    def finish(self) -> Path | None:
        shutil.copytree(self.root, self.final_root, dirs_exist_ok=True)
        return super().finish()


class LeavesATemporaryFile(LinesWriter):
    def write(self, sample: Sample) -> None:
        (self.root.parent / 'lines.tmp').touch()
        super().write(sample)


class LeavesAFileOpen(LinesWriter):
    def write(self, sample: Sample) -> None:
        if not hasattr(self, 'log'):
            self.log = (self.root / 'log.txt').open('w')
        super().write(sample)

    def finish(self) -> Path | None:
        self.log.close()
        return super().finish()


class NamesItsWorkFolder(LinesWriter):
    def finish(self) -> Path | None:
        (self.root / 'where.txt').write_text(str(self.root))
        return super().finish()


class IsAnotherEachTime(LinesWriter):
    def finish(self) -> Path | None:
        import secrets

        (self.root / 'id.txt').write_text(secrets.token_hex())
        return super().finish()


class ForgetsItsConfig(LinesWriter):
    def finish(self) -> Path | None:
        super().finish()
        return Path('config.yaml')


class RaisesAnything(LinesWriter):
    def boxes(self, sample: Sample) -> list[Any]:
        raise KeyError('nope')


class RefusesEverything(LinesWriter):
    def boxes(self, sample: Sample) -> list[Any]:
        raise DatasetError('not today')


WRITERS = [
    (SaysNothing, r'its writer says nothing of what became of them.* report\.keep'),
    (SaysNothingButOfOthers, r'its writer says nothing of what became of them.* report\.keep'),
    (LosesSilently, r'with splits: \d+ of \d+ annotations \(bounding_box\) are not in the report'),
    (SaysKeptAndDoesNot, r'detect: 4 of 8 annotations are lost between writing and reading'),
    (
        MovesBoxes,
        r"detect: train/train_0: bounding_box 'ball' .* was kept, as the report says, but came back otherwise",
    ),
    (SwapsClasses, r'detect: train/train_0: its classes were ball, 상자, and came back as ball, ball'),
    (LosesAttributes, r'16 of 16 attributes are lost, and the report names 0'),
    (CountsTwice, r'the report counts \d+ kept and 0 dropped of \d+ bounding_box'),
    (LosesPictures, r'detect: pictures are lost, or not what they were: train/train_3'),
    (LosesSplits, r"valid/valid_0 came back in the split 'train', not 'valid'"),
    (TouchesTheSource, r"writing \(link='copy'\) touches the source: changed: .*train_0.png"),
    (TouchesThroughALink, r"writing \(link='hard'\) touches the source: changed"),
    (
        WritesToTheFinalPlace,
        r'leaves something when a loss is an error: left over: out, out/',
    ),
    (LeavesATemporaryFile, r'leaves something when it is interrupted: left over: lines.tmp'),
    (LeavesAFileOpen, r'files are left open \(\d+\) .*: unclosed file .*log.txt'),
    (NamesItsWorkFolder, r'where.txt names the folder that it was written in'),
    (IsAnotherEachTime, r'two conversions of one source differ: changed: id.txt'),
    (ForgetsItsConfig, r'the output is not whole: .*config.yaml is missing'),
    (RaisesAnything, r"writing raises KeyError: 'nope'; raise a DatasetError"),
    (RefusesEverything, r'it holds no kind of annotation: not today'),
]


@pytest.mark.parametrize(('writer', 'told'), WRITERS, ids=lambda value: getattr(value, '__name__', ''))
def test_a_broken_writer_is_found(writer: type[Writer], told: str, new_format: NewFormat) -> None:
    with pytest.raises(AssertionError, match=told):
        check_format(new_format(**good(writer=writer)))


def test_what_a_writer_raised_is_the_cause(new_format: NewFormat) -> None:
    with pytest.raises(AssertionError) as caught:
        check_format(new_format(**good(writer=RaisesAnything)))
    assert isinstance(caught.value.__cause__, KeyError)


# -- broken readers --------------------------------------------------------------------------------------------


class ReadsTwice(LinesReader):
    def __iter__(self) -> Iterator[Sample]:
        yield from super().__iter__()
        yield from super().__iter__()


class ReadsInAnyOrder(LinesReader):
    turn = 0

    def __iter__(self) -> Iterator[Sample]:
        ReadsInAnyOrder.turn += 1
        samples = list(super().__iter__())
        return iter(samples if ReadsInAnyOrder.turn % 2 else samples[::-1])


class InventsAPicture(LinesReader):
    def __iter__(self) -> Iterator[Sample]:
        yield from super().__iter__()
        yield Sample('train/ghost', 'train', ImageFile(self.root / 'ghost.png', name='ghost.png'))


class InventsASplit(LinesReader):
    def sample(self, split: str | None, line: str, where: str) -> Sample | None:
        return super().sample('training', line, where)


class CountsTooFew(LinesReader):
    def count(self) -> int:
        return 1


class SurveysNothing(LinesReader):
    def survey(self) -> Survey:
        return Survey()


class IsSilentAboutDamage(LinesReader):
    def read_lines(self, path: Path) -> list[str]:
        try:
            return super().read_lines(path)
        except FormatError:
            return []


class IsSilentAboutMissingPictures(LinesReader):
    def sample(self, split: str | None, line: str, where: str) -> Sample | None:
        if not (self.root / 'pictures' / json.loads(line)['picture']).is_file():
            return None
        return super().sample(split, line, where)


class RaisesOnDamage(LinesReader):
    def read_lines(self, path: Path) -> list[str]:
        return path.read_text(encoding='utf-8').splitlines()


class KeepsNotesInTheSource(LinesReader):
    def __iter__(self) -> Iterator[Sample]:
        (self.root / 'notes.cache').touch()
        return super().__iter__()


class YieldsNothing(LinesReader):
    def __iter__(self) -> Iterator[Sample]:
        return iter(())


class AddsABox(LinesReader):
    def sample(self, split: str | None, line: str, where: str) -> Sample | None:
        sample = super().sample(split, line, where)
        if sample is not None:
            sample.annotations.append(Annotation('bounding_box', 'ball', [0, 0, 1, 1]))
        return sample


class KnowsTheUsualSplits(LinesReader):
    def __init__(self, root: Path, report: Any) -> None:
        super().__init__(root, report)
        self.files = [path for path in self.files if path.stem in ('train', 'valid', 'test', 'all')]
        self.splits = [None if path.stem == 'all' else path.stem for path in self.files]


class CannotReadIt(LinesReader):
    def __iter__(self) -> Iterator[Sample]:
        raise FormatError('these are no lines')


READERS = [
    (ReadsTwice, 'reading yields keys twice: train/train_0'),
    (ReadsInAnyOrder, 'reading twice gives other samples, or another order'),
    (InventsAPicture, r'a picture that is not there: .*ghost.png'),
    (InventsASplit, r"yields the split 'training', but splits is"),
    (CountsTooFew, r'count\(\) is 1, but there are 6 samples'),
    (SurveysNothing, r"survey\(\) does not know bounding_box 'ball'"),
    (IsSilentAboutDamage, 'train.jsonl is damaged: less is read, and the report does not say so'),
    (IsSilentAboutMissingPictures, 'is missing: less is read, and the report does not say so'),
    (RaisesOnDamage, 'train.jsonl is damaged: reading raises UnicodeDecodeError: .* raise a DatasetError'),
    (KeepsNotesInTheSource, 'reading touches the source: .*notes.cache'),
    (YieldsNothing, 'reading yields no samples'),
    (AddsABox, r"bounding_box 'ball' \[0, 0, 1, 1\] was never there"),
    (
        KnowsTheUsualSplits,
        'splits train, holdout: pictures are lost, or not what they were: holdout/holdout_0',
    ),
    (CannotReadIt, 'detect: what it wrote cannot be read: these are no lines'),
]


@pytest.mark.parametrize(('reader', 'told'), READERS, ids=lambda value: getattr(value, '__name__', ''))
def test_a_broken_reader_is_found(reader: type[Reader], told: str, new_format: NewFormat) -> None:
    with pytest.raises(AssertionError, match=told):
        check_format(new_format(**good(reader=reader)))


def takes_everything(root: Path) -> str | None:
    return None


def takes_nothing(root: Path) -> str | None:
    return 'never'


def has_no_reason(root: Path) -> Any:
    return None if (root / 'pictures').is_dir() else False


def stumbles(root: Path) -> str | None:
    return {'.jsonl': None}[max(path.suffix for path in root.iterdir())]


@pytest.mark.parametrize(
    ('detect', 'told'),
    [
        (takes_everything, r'detect\(\) returned None for an empty folder'),
        (takes_everything, r'detect\(\) returned None for yolo'),
        (takes_nothing, 'a dataset of this format is not recognised'),
        (has_no_reason, r'detect\(\) returned False for coco; it returns the reason'),
        (stumbles, r'detect\(yolo\) raises KeyError'),
    ],
)
def test_a_broken_detect_is_found(detect: Callable[[Path], Any], told: str, new_format: NewFormat) -> None:
    with pytest.raises(AssertionError, match=told):
        check_format(new_format(**good(detect=detect)))
