"""What a user may choose to do to the samples of a conversion."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from ..errors import DatasetError, OutputExistsError, suggestion
from .classes import ClassNames, class_list
from .names import check_apart, nfc, order_splits
from .reader import Survey
from .report import Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .given import Change
    from .reader import Reader
    from .sample import Annotation
    from .selection import Selection

__all__ = [
    'Choices',
    'add_said',
    'all_splits',
    'chosen_classes',
    'explained_by',
    'hints_for',
    'prefixes_of',
    'relabel',
    'rename_all',
    'renaming',
    'said_by',
]


class Choices(NamedTuple):
    """What the user chose to do to the samples.

    Attributes:
        selection: Which samples, and the split of each.
        classes: The classes to keep, in order; None keeps all. None of them, or one without a name, is an error.
        rename: Class -> the class that it becomes; several may become one.
        transforms: Functions ``Sample -> Sample | None``.
        drop_empty: Leave out pictures without annotations.
    """

    selection: Selection
    classes: Sequence[str] | None = None
    rename: Mapping[str, str] | None = None
    transforms: tuple[Change, ...] = ()
    drop_empty: bool = False


def prefixes_of(readers: Sequence[Reader]) -> list[str]:
    """Return what stands before the keys of each source: nothing for one, else the name of its folder."""
    if len(readers) == 1:
        return ['']
    names = [reader.root.absolute().name for reader in readers]
    same = len(set(names)) < len(names)
    return [f'{number}-{name}:' if same else f'{name}:' for number, name in enumerate(names, 1)]


def renaming(rename: Mapping[str, str] | None) -> dict[str, str]:
    """Return class -> new class, both in their one spelling.

    Raises:
        DatasetError: If a name is empty or no text, or a class is given two names.
    """
    spelled: dict[str, str] = {}
    for pair in (rename or {}).items():
        for one in pair:
            if not isinstance(one, str):
                raise DatasetError(f"rename: {one!r} is no text; write it as rename={{'car': 'vehicle'}}.")
        old, new = (nfc(one.strip()) for one in pair)
        if not old or not new:
            raise DatasetError('rename: a class has no name; write it as in --rename car=vehicle.')
        if spelled.setdefault(old, new) != new:
            raise DatasetError(
                f'rename: the class {old!r} is given two names, {spelled[old]!r} and {new!r}; leave one of them out.'
            )
    return spelled


def relabel(
    survey: Survey | None,
    rename: Mapping[str, str],
    readers: Sequence[Reader],
    report: Report,
    *,
    is_done: bool,
) -> None:
    """Give the labels in a survey their new names, and warn of every name to be changed that no source has.

    Args:
        survey: What the sources hold; None if what they declare tells their classes.
        rename: What `renaming` returned.
        readers: The sources.
        report: Where to warn.
        is_done: The labels have them already, because functions of packs saw the samples so.
    """
    held = {name for reader in readers for name in (*(reader.classes or ()), *_joints(reader))}
    if survey is not None:
        held |= survey.originals if is_done else set().union(*survey.labels.values())
        if not is_done:
            survey.labels = {
                tool: {rename.get(nfc(label.strip()), label) for label in labels}
                for tool, labels in survey.labels.items()
            }
    spelled = {nfc(name.strip()) for name in held}
    for old, new in rename.items():
        if old not in spelled:
            hint = suggestion(old, spelled)
            report.warn(f'There is no class {old!r} that could be called {new!r} (rename). {hint}'.rstrip())


@contextmanager
def explained_by(warnings: Sequence[str]) -> Iterator[None]:
    """Add warnings to the error that ends the work: nothing else would tell them, and one may well be the reason.

    Args:
        warnings: What was warned of up to the error.
    """
    try:
        yield
    except OutputExistsError:  # has nothing to do with what was asked for
        raise
    except DatasetError as exc:
        said = str(exc)
        exc.args = (' '.join((said, *(sentence for sentence in warnings if sentence not in said))),)
        raise


def rename_all(annotations: Iterable[Annotation], rename: Mapping[str, str], survey: Survey) -> None:
    """Give the labels of a sample their new names, and tell *survey* the old ones."""
    for one in annotations:
        if one.label:
            survey.originals.add(one.label)
            spelled = nfc(one.label.strip())
            one.label = rename.get(spelled, spelled) or None


def _joints(reader: Reader) -> Iterator[str]:
    for skeleton in (reader.skeleton, *reader.skeletons.values()):
        yield from () if skeleton is None else skeleton.joints


def chosen_classes(chosen: Sequence[str], spell: ClassNames) -> list[str]:
    """Return the classes that a user chose.

    Raises:
        DatasetError: If there are none, or one has no name.
    """
    if not chosen or not all(name.strip() for name in chosen):
        raise DatasetError(
            f'{",".join(chosen)!r} is no list of classes: one of them has no name. Give the names, as in '
            '--classes circle,square, or leave it out to keep all.'
        )
    return class_list(chosen, (), spell)


def hints_for(
    chosen: Sequence[str],
    declared: Sequence[str],
    survey: Survey | None,
    readers: Sequence[Reader],
    rename: Mapping[str, str],
) -> dict[str, str]:
    """Return what to say of each of the chosen classes that no dataset holds, before the work starts.

    Raises:
        DatasetError: If none of them is held.
    """
    labels = survey.labels.values() if survey is not None else ()
    held = class_list(declared, set().union(*labels), ClassNames(Report()))
    hints = {
        name: f'--rename comes first and calls it {rename[name]!r}: choose that.'
        if rename.get(name, name) in held
        else suggestion(name, held)
        for name in chosen
        if name not in held
    }
    if len(hints) == len(chosen):
        said = ' '.join(dict.fromkeys(filter(None, hints.values())))
        places = ', '.join(str(reader.root) for reader in readers)
        if any(',' in name for name in held):
            said += ' On the command line a name with a comma stands in double quotes: --classes \'"one, two",three\'.'
        asked = ', '.join(map(repr, chosen))
        raise DatasetError(f'{places} has none of the classes asked for: {asked}. {said}'.rstrip())
    return hints


def all_splits(readers: Sequence[Reader], selection: Selection) -> list[str | None]:
    """Return the splits that samples go to; ``[None]`` without splits.

    Raises:
        DatasetError: If the user chose none, and only some of the sources have splits, or two differ in case only.
    """
    if selection.splits is not None:
        return list(selection.splits)
    own = {split for reader in readers for split in reader.splits}
    if None in own and len(own) > 1:
        raise DatasetError(
            'Some of the sources have splits and some have none. Choose splits for all of them, as in '
            '--split train=.8,val=.2.'
        )
    named = order_splits({split for split in own if split is not None})
    places = ', '.join(str(reader.root) for reader in readers)
    way_out = 'Nothing was written. Rename one of them, or choose new splits, as in --split train=.8,val=.2.'
    check_apart(named, f'{places}: there are', way_out)
    return [None] if own == {None} else list(named)


def said_by(readers: Sequence[Reader], rename: Mapping[str, str]) -> Survey | None:
    """Return what datasets say of themselves, without a look at their annotations; None if that is nothing."""
    said = Survey()
    add_said(said, readers, rename)
    return said if said.skeleton is not None or said.numbers else None


def add_said(survey: Survey, readers: Sequence[Reader], rename: Mapping[str, str]) -> None:
    """Add to a survey what datasets say of themselves, under the new names of classes and joints.

    Joints are told by class only where all of the datasets tell them so.
    """
    by_class = all(
        reader.skeletons or (reader.declares_classes and reader.skeleton is None) for reader in readers
    )
    numbers: dict[str, int] = {}
    for reader in readers:
        survey.declared.update(_new_name(name, rename) for name in reader.classes or ())
        if (own := reader.skeleton) is not None:
            own = own.renamed(rename)
            survey.skeleton = own if survey.skeleton is None else survey.skeleton.joined(own)
        for name, skeleton in reader.skeletons.items() if by_class else ():
            skeleton, name = skeleton.renamed(rename), _new_name(name, rename)
            known = survey.skeletons.get(name)
            survey.skeletons[name] = skeleton if known is None else known.joined(skeleton)
        numbers = reader.class_numbers | numbers
        for name, kind in reader.supercategories.items():
            survey.supercategories.setdefault(_new_name(name, rename), kind)
    survey.numbers = _under_new_names(numbers, rename)


def _under_new_names(numbers: Mapping[str, int], rename: Mapping[str, str]) -> dict[str, int]:
    """Return new name -> number of a class; of several the one that had the name before, else the smallest."""
    spelled = [(nfc(name.strip()), number) for name, number in numbers.items()]
    found: dict[str, int] = {}
    for is_renamed in (False, True):
        for number, name in sorted((number, name) for name, number in spelled):
            new = rename.get(name, name)
            if (new != name) is is_renamed:
                found.setdefault(new, number)
    return found


def _new_name(name: str, rename: Mapping[str, str]) -> str:
    spelled = nfc(name.strip())
    return rename.get(spelled, spelled)
