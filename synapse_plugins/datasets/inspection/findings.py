"""Puts what was counted into words: what a person should know, the worst first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..reader import UNREADABLE
from .record import Finding
from .tally import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..report import Report
    from .record import ClassFigures, DuplicateGroup, Severity, SplitFigures
    from .tally import Seen, Tally

__all__ = [
    'REASONS',
    'class_findings',
    'duplicate_findings',
    'ordered',
    'reading_findings',
    'split_findings',
    'trouble_findings',
]

_SEVERITIES: tuple[Severity, ...] = ('error', 'warning', 'note')
_RARE = 10
_IMBALANCE = 20
_DRIFT = 2.0
_ENOUGH = 30  # annotations of a class that must be expected in a split before a drift is worth a word

_WORDS: dict[str, tuple[Severity, str, str]] = {
    'malformed': (
        'error',
        'annotations whose data is malformed',
        'Numbers are missing, not finite, or not numbers. Nothing can use these.',
    ),
    'degenerate': (
        'error',
        'annotations without an area',
        'Boxes of no width or height and polygons of two corners can be no target; `convert` drops and counts them.',
    ),
    'outside': (
        'error',
        'annotations outside their picture',
        'Often the sign of pictures that were turned or scaled after they were annotated.',
    ),
    'partly_outside': (
        'warning',
        'annotations that reach out of their picture',
        'By more than a thousandth of a pixel; `convert` clips and counts them.',
    ),
    'leaves_picture_out': (
        'warning',
        'pictures that a YOLO trainer would skip for their labels',
        'An annotation has its centre outside by more than 1 %, or is larger than the picture. `convert` clips first.',
    ),
    'refused_labels': (
        'error',
        'pictures that a YOLO trainer would skip for a line of their label file',
        'One of letters, of no class or of another number of columns is enough, or a box among polygons.',
    ),
    'tiny': (
        'warning',
        'tiny annotations',
        'The shorter side is below 2 pixels once the picture is scaled to 640: a trainer hardly sees these.',
    ),
    'repeated': (
        'warning',
        'annotations that repeat another one of their picture',
        'Same class, same shape: trainers count one of them, other measures count both.',
    ),
    'no_class': ('error', 'annotations without a class', 'Formats with class numbers cannot hold these.'),
    'small_picture': (
        'warning',
        'pictures with a side below 10 pixels',
        'Trainers skip these.',
    ),
    'untrainable': (
        'warning',
        'pictures in a form that YOLO trainers pass over (GIF)',
        'Save them as PNG or JPEG.',
    ),
    'unfinished': (
        'note',
        'JPEG files without an end marker',
        'Their pixels are whole. Trainers repair such files in place, so `convert` copies them instead of linking.',
    ),
}


REASONS = {
    'unreadable': 'unreadable',
    'small_picture': 'a side under 10 px',
    'untrainable': 'GIF',
    'leaves_picture_out': 'a label outside',
    'refused_labels': 'a label line that is refused',
    'skipped_picture': 'on a skipped picture',
    'malformed': 'malformed',
    'no_class': 'no class',
    'degenerate': 'no area',
    'outside': 'outside',
    'repeated': 'repeated',
}
"""The codes in a `Trainer`, in a word or two."""


def trouble_findings(tally: Tally) -> Iterator[Finding]:
    """Yield what is wrong with pictures and annotations."""
    for code, seen in tally.troubles.items():
        severity, title, advice = _WORDS[code]
        yield _of(code, severity, title, advice, seen)


def _of(code: str, severity: Severity, title: str, advice: str, seen: Seen) -> Finding:
    return Finding(code, severity, title, seen.count, advice, seen.examples, dict(seen.splits))


def reading_findings(report: Report) -> Iterator[Finding]:
    """Yield what the reader could not read, in its own words."""
    for entry in report.quarantined:
        what = 'pictures' if entry.kind == 'image' else f'{entry.kind}s'
        code = 'unreadable' if entry.kind == 'image' else 'unreadable_annotations'
        advice = (
            'Trainers skip these, `convert` leaves them out and names them.' if entry.kind == 'image' else ''
        )
        title = f'{what} that cannot be read ({entry.reason})'
        yield Finding(code, 'error', title, entry.count, advice, list(entry.examples))
    for severity, entries in (
        ('warning', report.dropped),
        ('warning', report.changed),
        ('note', report.noted),
    ):
        for entry in entries:
            code, title = 'reading', f'{entry.reason} ({entry.kind})'
            if entry.reason == UNREADABLE:
                code, title = (
                    'lost_with_picture',
                    f'annotations of pictures that cannot be read ({entry.kind})',
                )
            yield Finding(code, severity, title, entry.count, '', list(entry.examples))  # type: ignore[arg-type]
    for sentence in report.warnings:
        yield Finding('reading', 'note', sentence, 0)


def duplicate_findings(
    groups: int, shown: list[DuplicateGroup], copies: int, leaking: int, differing: int
) -> Iterator[Finding]:
    """Yield what was found of files of one content.

    Args:
        groups: How many groups there are.
        shown: The first of them, leaks first.
        copies: How many files could go within splits.
        leaking: How many files are in more than one split.
        differing: In how many groups the annotations differ.
    """
    leaks = [group for group in shown if len(group.splits) > 1]
    plain = [group for group in shown if len(group.splits) < 2]
    if leaking:
        yield Finding(
            'leak',
            'error',
            'files that stand in more than one split',
            leaking,
            'The model is measured on what it was trained on: its scores will look better than they are. '
            'Keep each picture in one split.',
            [_equal(group) for group in leaks[:EXAMPLES]],
        )
    if copies:
        yield Finding(
            'duplicate',
            'warning',
            'files that are copies of another in their split',
            copies,
            f'By content; {groups} groups in all. They count more than others in training.',
            [_equal(group) for group in plain[:EXAMPLES]],
        )

    if differing:
        yield Finding(
            'conflict',
            'warning',
            'groups of copies that are annotated differently',
            differing,
            'In number or classes. One picture cannot teach both.',
            [_equal(group) for group in shown if group.differs][:EXAMPLES],
        )


def _equal(group: DuplicateGroup) -> str:
    more = f' and {len(group.keys) - 4} more' if len(group.keys) > 4 else ''
    return ' = '.join(group.keys[:4]) + more


def split_findings(splits: list[SplitFigures]) -> Iterator[Finding]:
    """Yield what is odd about the splits."""
    images = sum(split.images for split in splits)
    empty = {split.name or '': split.empty for split in splits if split.empty}
    annotations = sum(split.annotations for split in splits)
    if not images:
        yield Finding('no_images', 'error', 'no picture that can be read', 0)
    elif not annotations:
        yield Finding('no_annotations', 'error', 'no annotations', 0, 'There is nothing to train on.')
    elif empty:
        yield Finding(
            'empty',
            'note',
            'pictures without annotations',
            sum(empty.values()),
            'They train as backgrounds, if that is what they are.',
            splits=empty,
        )
    named = {split.name: split for split in splits}
    if 'train' in named and 'valid' not in named:
        yield Finding(
            'no_valid',
            'note',
            'no valid split',
            0,
            'A model can only be measured on other pictures.',
        )
    hollow = [split.name or '' for split in splits if not split.images]
    if hollow and images:
        yield Finding('hollow_split', 'warning', 'splits without pictures', len(hollow), '', hollow)


def class_findings(classes: list[ClassFigures], splits: list[SplitFigures]) -> Iterator[Finding]:
    """Yield what is odd about the classes."""
    used = [figures for figures in classes if figures.annotations]
    unused = [figures.name for figures in classes if not figures.annotations]
    if unused:
        yield Finding(
            'unused_class', 'warning', 'classes without an annotation', len(unused), '', unused[:EXAMPLES]
        )
    if any(figures.declared for figures in classes):
        strangers = [figures.name for figures in classes if not figures.declared]
        if strangers:
            title = 'classes that the class map does not declare'
            yield Finding('undeclared_class', 'warning', title, len(strangers), '', strangers[:EXAMPLES])
    yield from _similar(classes)
    rare = [f'{figures.name} ({figures.annotations})' for figures in used if figures.annotations < _RARE]
    if rare:
        yield Finding(
            'rare_class',
            'warning',
            f'classes with fewer than {_RARE} annotations',
            len(rare),
            'Too few to learn from, and too few to measure.',
            rare[:EXAMPLES],
        )
    yield from _imbalance(used)
    filled = [split for split in splits if split.annotations]
    if len(filled) > 1:
        yield from _missing(used, filled)
        yield from _drift(used, filled)


def _similar(classes: list[ClassFigures]) -> Iterator[Finding]:
    alike: dict[str, list[str]] = {}
    for figures in classes:
        alike.setdefault(re.sub(r'[\s_-]+', '', figures.name.casefold()), []).append(figures.name)
    found = [' = '.join(map(repr, names)) for names in alike.values() if len(names) > 1]
    if found:
        yield Finding(
            'similar_class',
            'warning',
            'class names that differ only in case, spaces, hyphens or underscores',
            len(found),
            'If they mean one thing, make them one class.',
            found[:EXAMPLES],
        )


def _imbalance(used: list[ClassFigures]) -> Iterator[Finding]:
    if len(used) < 2:
        return
    most = max(used, key=lambda figures: figures.annotations)
    least = min(used, key=lambda figures: figures.annotations)
    if most.annotations >= _IMBALANCE * least.annotations:
        yield Finding(
            'imbalance',
            'note',
            'classes far from balance',
            0,
            f'{most.name} has {most.annotations / least.annotations:,.0f} times as many annotations as {least.name}.',
            [f'{most.name} ({most.annotations:,})', f'{least.name} ({least.annotations:,})'],
        )


def _missing(used: list[ClassFigures], filled: list[SplitFigures]) -> Iterator[Finding]:
    missing = [
        (figures.name, split.name or '')
        for split in filled
        for figures in used
        if not figures.splits.get(split.name or '')
    ]
    if missing:
        by_split: dict[str, int] = {}
        for _, split_name in missing:
            by_split[split_name] = by_split.get(split_name, 0) + 1
        yield Finding(
            'missing_class',
            'warning',
            'classes that a split has none of',
            len({name for name, _ in missing}),
            'What is missing from train cannot be learned, what is missing elsewhere cannot be measured.',
            [f'{name} in {split_name}' for name, split_name in missing[:EXAMPLES]],
            by_split,
        )


def _drift(used: list[ClassFigures], filled: list[SplitFigures]) -> Iterator[Finding]:
    """Yield classes whose share of a split is far from their share of the largest one."""
    totals = {split.name or '': sum(f.splits.get(split.name or '', 0) for f in used) for split in filled}
    base = 'train' if totals.get('train') else max(totals, key=lambda name: totals[name])
    found = []
    for figures in used:
        share = figures.splits.get(base, 0) / totals[base] if totals[base] else 0.0
        for name, total in totals.items():
            here = figures.splits.get(name, 0)
            if name == base or not total or not share or max(here, share * total) < _ENOUGH:
                continue
            ratio = here / total / share
            if ratio and not 1 / _DRIFT < ratio < _DRIFT:
                found.append(f'{figures.name}: {share:.1%} of {base}, {here / total:.1%} of {name}')
    if found:
        yield Finding(
            'drift',
            'warning',
            'classes that are twice as common in one split as in another',
            len(found),
            'Scores on one split say little about the other.',
            found[:EXAMPLES],
        )


def ordered(findings: Iterator[Finding]) -> list[Finding]:
    """Return findings, the worst first, else as they come."""
    return sorted(findings, key=lambda finding: _SEVERITIES.index(finding.severity))
