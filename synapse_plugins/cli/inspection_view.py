"""What an inspection found, for people."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from . import output

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..datasets import Inspection
    from ..datasets.inspection import Finding

__all__ = ['say_inspection', 'say_written']

_MOST_CLASSES = 20
"""Classes that a terminal gets; a pipe gets all."""

_MOST_ATTRIBUTES = 10
_MOST_VALUES = 3
_EXAMPLES = 2


def say_inspection(record: Inspection) -> None:
    """Print an inspection: figures first, then what is wrong."""
    is_short = sys.stdout.isatty()
    output.say(
        f'{output.shown(record.path)}: {record.format}, {_totals(record)}, {output.size(record.bytes)}', ''
    )
    output.fields(
        [
            ('Kinds', {name: f'{count:,}' for name, count in record.kinds.items()}),
            ('Poses', f'{record.poses:,}' if record.poses else None),
            ('Media', record.media if set(record.media) - {'image'} else None),
            ('Sizes', _sizes(record)),
        ]
    )
    output.say('')
    _say_splits(record)
    if record.classes:
        output.say('')
        _say_classes(record, _MOST_CLASSES if is_short else len(record.classes))
    if record.attributes:
        output.say('')
        _say_attributes(record, is_short)
    output.say('')
    _say_findings(record.findings, is_short)
    _say_trainer(record)


def say_written(record: Inspection, files: Sequence[Path]) -> None:
    """Print which files were written, and what the numbers in their pictures stand for."""
    if not files:
        return
    output.say('', *(f'Wrote {output.shown(str(path))}' for path in files))
    if record.numbered:
        from ..datasets.preview import FONT_VARIABLE

        output.say(
            'No font here has the letters of some class names, so their pictures show numbers '
            f'(${FONT_VARIABLE} may name a font file):'
        )
        output.say(
            *(f'  #{number} {output.shown(record.classes[number].name)}' for number in record.numbered)
        )


def _totals(record: Inspection) -> str:
    return f'{_count(record.images, _media(record))}, {_count(record.annotations, "annotation")}'


def _media(record: Inspection) -> str:
    return 'file' if set(record.media) - {'image'} else 'image'


def _sizes(record: Inspection) -> str:
    sizes = record.sizes
    if sizes.smallest is None or sizes.largest is None:
        return ''
    if len(sizes.common) == 1 and not sizes.others:
        return f'all {sizes.smallest[0]} x {sizes.smallest[1]}'
    return (
        f'{sizes.smallest[0]} x {sizes.smallest[1]} to {sizes.largest[0]} x {sizes.largest[1]}, '
        f'median {sizes.median_width} x {sizes.median_height}'
    )


def _say_splits(record: Inspection) -> None:
    columns = (
        output.Column('SPLIT', folds=True),
        output.Column(f'{_media(record)}s'.upper(), right=True),
        output.Column('EMPTY', right=True, spare=1),
        output.Column('UNREADABLE', right=True, spare=2),
        output.Column('ANNOTATIONS', right=True),
    )
    output.table(
        columns,
        [
            (
                split.name or '(no splits)',
                f'{split.images:,}',
                f'{split.empty:,}',
                f'{split.unreadable:,}',
                f'{split.annotations:,}',
            )
            for split in record.splits
        ],
    )


def _say_classes(record: Inspection, most: int) -> None:
    names = [split.name for split in record.splits if split.name is not None]
    total = sum(figures.annotations for figures in record.classes)
    columns = (
        output.Column('ID', right=True, spare=1),
        output.Column('CLASS', folds=True),
        output.Column(f'{_media(record)}s'.upper(), right=True, spare=2),
        output.Column('ANNOTATIONS', right=True),
        output.Column('SHARE', right=True, spare=3),
        *(output.Column(f'ANN. {name}', right=True, spare=4) for name in names),
    )
    output.table(
        columns,
        [
            (
                figures.number,
                figures.name,
                f'{figures.images:,}',
                f'{figures.annotations:,}',
                f'{figures.annotations / total:.1%}' if total else '',
                *(f'{figures.splits.get(name, 0):,}' for name in names),
            )
            for figures in record.classes[:most]
        ],
    )
    if len(record.classes) > most:
        output.say(f'... and {len(record.classes) - most} more classes; --json has all')


def _say_attributes(record: Inspection, is_short: bool) -> None:
    columns = (
        output.Column('ATTRIBUTE', folds=True),
        output.Column('ANNOTATIONS', right=True),
        output.Column('VALUES', right=True, spare=1),
        output.Column('MOST FREQUENT', folds=True),
    )
    shown = record.attributes[:_MOST_ATTRIBUTES] if is_short else record.attributes
    rows = []
    for figures in shown:
        values = figures.values[:_MOST_VALUES] if is_short else figures.values
        common = ', '.join(f'{value} ({count:,})' for value, count in values)
        more = ', ...' if figures.others or len(values) < len(figures.values) else ''
        distinct = f'{figures.distinct:,}{"+" if figures.is_capped else ""}'
        rows.append((figures.name or '(no name)', f'{figures.annotations:,}', distinct, f'{common}{more}'))
    output.table(columns, rows)
    if len(shown) < len(record.attributes):
        output.say(f'... and {len(record.attributes) - len(shown)} more attributes; --json has all')
    if record.other_attributes:
        output.say(
            f'... and {_count(record.other_attributes, "attribute")} of other names, too many to tell apart'
        )


def _say_findings(findings: list[Finding], is_short: bool) -> None:
    if not findings:
        output.say('Nothing wrong was found.')
        return
    for finding in findings:
        output.prose(
            output.shown(_line(finding, _EXAMPLES if is_short else len(finding.examples))), sys.stdout
        )


def _line(finding: Finding, most: int) -> str:
    splits = {name: count for name, count in finding.splits.items() if name}
    by_split = f' ({", ".join(f"{name} {count:,}" for name, count in splits.items())})' if splits else ''
    examples = finding.examples[:most]
    more = ', ...' if examples and finding.count > len(examples) else ''
    shown = f' E.g. {"; ".join(examples)}{more}' if examples else ''
    advice = f' {finding.advice}' if finding.advice else ''
    count = f': {finding.count:,}' if finding.count else ''
    return f'{finding.severity}: {finding.title}{count}{by_split}.{advice}{shown}'


def _say_trainer(record: Inspection) -> None:
    if not record.media.get('image'):
        return
    trainer = record.trainer
    output.say('')
    skipped = [
        f'{_count(sum(reasons.values()), what)} ({_reasons(reasons)})'
        for what, reasons in (('image', trainer.skipped_images), ('annotation', trainer.skipped_annotations))
        if reasons
    ]
    line = f'A trainer would use {_count(trainer.images, "image")}'
    if trainer.annotations or trainer.skipped_annotations:  # pictures with classes as a whole have none
        line += f' and {_count(trainer.annotations, "annotation")} with an area'
    output.prose(f'{line}, and skip {" and ".join(skipped)}.' if skipped else f'{line}.', sys.stdout)


def _reasons(reasons: dict[str, int]) -> str:
    from ..datasets.inspection import REASONS

    return ', '.join(f'{REASONS.get(reason, reason)} {count:,}' for reason, count in reasons.items())


def _count(number: int, one: str) -> str:
    return f'{number:,} {one if number == 1 else f"{one}s"}'
