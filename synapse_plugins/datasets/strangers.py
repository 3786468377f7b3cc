"""Samples of strangers, the readers of packs and the functions of users, in the form that the engine counts on.

Their geometry may lie in arrays of numpy, of bytes even, in which a sum wraps around, and which no JSON holds. It is
turned into Python's own numbers where it enters, and what is no number, text or list where one belongs is told of
there, so that nothing behind has to look. The readers of this package give nothing of the kind, and are not looked at.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from ..errors import DatasetError
from .marks import mark
from .reader import UnitReader
from .references import let_go
from .sample import Annotation

if TYPE_CHECKING:
    from collections.abc import Callable

    from .reader import Survey, Unit
    from .report import Report
    from .sample import Sample

__all__ = ['check_labels', 'drop_unusable', 'own_numbers', 'reading', 'surveying', 'taken', 'well_formed']

_OWN = frozenset((int, float, str, bool, type(None)))
_NULL = 'what was no number (NaN, infinity) beside its data became null'
_HERE = f'{__name__.partition(".")[0]}.'


def reading(reader: UnitReader) -> Callable[[Unit], Sample | None]:
    """Return what reads a unit: the reader's own method, or that and `taken` for the reader of a stranger."""
    if type(reader).__module__.startswith(_HERE):
        return reader.read

    def read(unit: Unit) -> Sample | None:
        sample = reader.read(unit)
        return None if sample is None else taken(sample, reader, reader.report)

    return read


def surveying(reader: UnitReader, read: Callable[[Unit], Sample | None]) -> Callable[[Unit, Survey], None]:
    """Return what surveys a unit: the reader's own method; *read*, where that would only read it."""
    if read == reader.read or type(reader).survey_unit is not UnitReader.survey_unit:
        return reader.survey_unit

    def survey_unit(unit: Unit, survey: Survey) -> None:
        sample = read(unit)
        if sample is not None:
            survey.add_all(sample.annotations)

    return survey_unit


def taken(sample: Sample, reader: object, report: Report) -> Sample:
    """Return a sample that the reader of a stranger made, in the form that the engine counts on.

    Raises:
        DatasetError: If it cannot be brought into that form.
    """
    sample = own_numbers(well_formed(sample, f'The reader {type(reader).__qualname__}', sample.key))
    drop_unusable(sample, report)
    return sample


def well_formed(sample: Sample, whose: str, key: str) -> Sample:
    """Return the sample, whose annotations are a list, with tools and labels that are texts.

    Args:
        sample: The sample.
        whose: What made it, as the beginning of a sentence.
        key: What to call it.

    Raises:
        DatasetError: If its annotations are none, or one of these is no text.
    """
    found: Any = sample.annotations
    if type(found) is not list:
        found = sample.annotations = _listed(found, whose, key)
    for one in found:
        if not isinstance(one, Annotation):
            raise DatasetError(
                f'{whose} put a {type(one).__name__} among the annotations of {key}; they have to be '
                'synapse_plugins.datasets.Annotation.'
            )
        if not isinstance(one.tool, str):
            raise DatasetError(
                f'{whose} gave an annotation of {key} the tool {_shown(one.tool)}, which is no text.'
            )
        if type(one.label) is not str and one.label is not None:
            one.label = _text(one.label, whose, key)
    return sample


def _listed(found: Any, whose: str, key: str) -> list[Any]:
    """Return annotations as a list; an iterator, which could be looked through but once, as what it yields."""
    try:
        return list(found)
    except Exception as exc:
        raise DatasetError(
            f'{whose} left a {type(found).__name__} as the annotations of {key}, which cannot be listed '
            f'({type(exc).__name__}: {exc}); sample.annotations has to be a list.'
        ) from exc


def _text(label: Any, whose: str, key: str) -> str:
    if isinstance(label, str):  # one of numpy, or of an Enum
        return str.__str__(label)
    raise DatasetError(
        f'{whose} gave an annotation of {key} the label {_shown(label)}, which is no text; write str(label), or None '
        'for no class.'
    )


def _shown(value: Any) -> str:
    return f'{value!r} ({type(value).__name__})'


def check_labels(survey: Survey) -> None:
    """Refuse what was seen where a label is no text; of readers that are surveyed without a look at each sample.

    Raises:
        DatasetError: If one is none.
    """
    seen: dict[str, set[Any]] = {**survey.labels}
    for tool, labels in seen.items():
        for label in labels:
            if label is not None and not isinstance(label, str):
                raise DatasetError(
                    f'The reader gave a {tool} the label {_shown(label)}, which is no text; write str(label), or '
                    'None for no class.'
                )


def own_numbers(sample: Sample) -> Sample:
    """Return the sample, whose annotations have Python's own numbers in place of numpy's, and lists for arrays."""
    for annotation in sample.annotations:
        annotation.data = _own(annotation.data)
        if type(annotation.id) is not str and annotation.id is not None:
            annotation.id = _own(annotation.id)
        if annotation.extra:
            annotation.extra = _own(annotation.extra)
        if annotation.attrs:
            annotation.attrs = _own(annotation.attrs)
    return sample


def _own(value: Any) -> Any:
    """Return a value with numbers of Python's own; the same object if it has no others."""
    if type(value) in _OWN:
        return value
    if isinstance(value, list | tuple):
        if _OWN.issuperset(map(type, value)):
            return value
        return [_own(item) for item in value]
    if isinstance(value, dict):
        return {_own_key(key): _own(item) for key, item in value.items()}
    to_list = getattr(value, 'tolist', None)
    return to_list() if callable(to_list) else value


def _own_key(key: Any) -> Any:
    """Return a key of a dictionary; one that is a number as the text that JSON makes of it."""
    if type(key) is str:
        return key
    own = _own(key)
    return str(own) if type(own) in (int, float) else own


def drop_unusable(sample: Sample, report: Report) -> None:
    """Take out, and count, what has no number (NaN, infinity) where one belongs: in JSON it would be nothing at all."""
    unusable = [one for one in sample.annotations if not _is_finite(one.data)]
    for annotation in unusable:
        report.drop(annotation.tool, 'its data is malformed', sample.key)
    if unusable:
        before, gone = sample.annotations, {id(one) for one in unusable}
        sample.annotations = [one for one in before if id(one) not in gone]
        let_go(sample, before, report)
    for annotation in sample.annotations:
        if not (_is_finite(annotation.attrs) and _is_finite(annotation.extra)):
            mark(sample, [(annotation, _NULL)])
            annotation.attrs, annotation.extra = _finite(annotation.attrs), _finite(annotation.extra)


def _is_finite(value: Any) -> bool:
    kind = type(value)
    if kind is float:
        return isfinite(value)
    if kind is dict:
        return not value or all(map(_is_finite, value.values()))
    if kind is not list and kind is not tuple:
        return True
    kinds = set(map(type, value))
    if kinds <= _OWN:
        return float not in kinds or all(isfinite(one) for one in value if type(one) is float)
    return all(map(_is_finite, value))


def _finite(value: Any) -> Any:
    """Return a value with None for what is no number."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not isfinite(value) else value
