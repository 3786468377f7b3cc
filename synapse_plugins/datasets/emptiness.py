"""What is missing in a conversion: classes without annotations, or all there could be for an output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import DatasetError, SynapsePluginsError
from ..providers import resolve
from .changing import left_out_by
from .formats import table
from .report import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from .report import Report

__all__ = ['nothing_left', 'warn_of_classes']

_NO_TOOLS = frozenset(('image', 'annotation file', 'label line', 'attribute', 'class', 'text'))
"""Kinds that a report counts beside the tools of annotations."""


def warn_of_classes(
    report: Report,
    classes: Iterable[str],
    seen: Collection[str | None],
    splits: Mapping[str | None, Collection[str | None]],
    hints: Mapping[str, str],
) -> None:
    """Warn of classes without an annotation, in the whole dataset or in a split: of many in one sentence.

    Args:
        report: Where to warn.
        classes: The class map.
        seen: The classes that have one.
        splits: Split -> the classes that have one there.
        hints: Class -> a sentence that helps.
    """
    without: dict[tuple[str, ...], list[str]] = {}
    for name in classes:
        missing = tuple(str(split) for split, labels in splits.items() if name not in labels)
        if missing or name not in seen:
            without.setdefault(missing if name in seen else (), []).append(name)
    for missing, names in without.items():
        where = f' in {", ".join(missing)}' if missing else ''
        helps = [] if missing else [hints.get(name, '') for name in names]
        if len(names) <= EXAMPLES:
            for name, hint in zip(names, helps or [''] * len(names), strict=True):
                report.warn(f'The class {name!r} has no annotation{where}. {hint}'.rstrip())
            continue
        hint = helps[0] if len(set(helps)) == 1 else ''
        first = ', '.join(map(repr, names[:EXAMPLES]))
        report.warn(f'{len(names)} classes have no annotation{where}: {first}, ... {hint}'.rstrip())


def nothing_left(
    root: str,
    report: Report,
    holds: frozenset[str] | None,
    target: str,
    *,
    grouped: bool = True,
    given: bool = False,
) -> DatasetError:
    """Return an error that says why nothing came out, and what would hold the annotations that there are.

    Args:
        root: The source.
        report: What was kept and dropped.
        holds: The tools that the target holds; None: every tool.
        target: The format, with its task if it has one.
        grouped: Keypoints, if there are any, belong to objects.
        given: The writer was given annotations of these tools.
    """
    what = 'annotations' if report.kept.get('image') else 'pictures'
    others: dict[str, int] = {}
    for entry in report.dropped:
        if holds is not None and entry.kind not in holds and _is_tool(entry.kind):
            others[entry.kind] = others.get(entry.kind, 0) + entry.count
    reasons = '; '.join(report.lines()[:10])
    if not report.kept.get('image') and (by := left_out_by(report)):
        told = ' and '.join(f'the transform {name} left out {count}' for name, count in by.items())
        return DatasetError(
            f'{root} has no pictures left to convert: {told} of them, because it returned None. A transform returns '
            f'the sample, and None only to leave its picture out; is a `return sample` missing? {reasons}'
        )
    if given and not any(holds is None or one.kind in holds for one in report.dropped if _is_tool(one.kind)):
        return DatasetError(
            f'{root} has annotations that {target} can hold, but its writer says nothing of what became of them: for '
            'each annotation it has to call report.keep, report.change or report.drop (docs/writing-a-format.md; '
            f'synapse_plugins.testing.check_format looks for it). {reasons}'.rstrip()
        )
    if not others or holds is None:
        return DatasetError(f'{root} has no {what} to convert. {reasons}'.rstrip())
    there = ', '.join(f'{count} {tool}' for tool, count in others.items())
    ways = ', '.join(_ways(frozenset(others), grouped=grouped))
    return DatasetError(
        f'{root} has no annotations that {target} can hold, which are: {", ".join(sorted(holds))}. It has {there}. '
        f'{f"These can be held with {ways}. " if ways else ""}Of the conversion: {reasons}'
    )


def _is_tool(kind: str) -> bool:
    return kind not in _NO_TOOLS


def _ways(tools: frozenset[str], *, grouped: bool) -> Iterator[str]:
    """Yield what to say to have a format that holds all of these tools; of its tasks the one that it would choose."""
    for provider in table:
        try:
            writer: Any = None if provider.writer is None else resolve(provider.writer)
        except SynapsePluginsError:  # a pack that is broken is told of elsewhere
            continue
        if writer is None:
            continue
        tasks = [
            task for task in writer.tasks or (None,) if _holds(writer.holds(task), tools, grouped=grouped)
        ]
        if tasks:
            chosen = writer.choose_task(tools)
            task = chosen if chosen in tasks else tasks[0]
            yield f'--to {provider.name}{f" --task {task}" if task else ""}'


def _holds(held: frozenset[str] | None, tools: frozenset[str], *, grouped: bool) -> bool:
    """Tell whether all tools have a place; keypoints that are in no object only where everything has."""
    return held is None or (tools <= held and (grouped or 'keypoint' not in tools))
