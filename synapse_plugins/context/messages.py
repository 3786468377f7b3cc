"""Message codes: what is said to people, known by a name and kept in several languages.

A code is a member of an enumeration; its texts are registered beside it::

    class UploadMessage(LogMessageCode):
        FOUND = ('FOUND', 'info')

    register_log_messages({UploadMessage.FOUND: {'en': '{count} files found', 'ko': '파일 {count}개를 찾았습니다'}})
    context.log_message(UploadMessage.FOUND, count=3)

A text may be a list of it and of shorter ones, for callers that know less, as
``['{count} files in {path}', '{count} files']``. The first is taken to which no value is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from string import Formatter
from typing import TYPE_CHECKING, Any

from .levels import LogLevel, level_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Self

__all__ = [
    'DEFAULT_LANGUAGE',
    'LANGUAGE_VARIABLE',
    'CommonLogMessageCode',
    'LogMessageCode',
    'formatted',
    'register_log_messages',
    'resolve_log_message',
    'text_in',
    'texts_of',
]

DEFAULT_LANGUAGE = 'en'
LANGUAGE_VARIABLE = 'SYNAPSE_LANGUAGE'

_TEXTS: dict[str, dict[str, tuple[str, ...]]] = {}
"""Code -> language -> texts, the fullest first.

By the code's value, so that a code of another package's enumeration is found too.
"""


class LogMessageCode(StrEnum):
    """What codes are written from: ``NAME = ('NAME', level)``.

    Attributes:
        level: How much such a message matters.
    """

    level: LogLevel

    def __new__(cls, value: str, level: Any = LogLevel.INFO) -> Self:
        """Make a member of its value and its level."""
        code = str.__new__(cls, value)
        code._value_ = value
        code.level = level_of(level)
        return code

    @property
    def texts(self) -> dict[str, str]:
        """The texts by language; the code itself where none was registered."""
        return self.texts_for(None)

    def texts_for(self, names: Collection[str] | None) -> dict[str, str]:
        """Return the texts by language that can be formatted with values of these names; None: the fullest."""
        known = _TEXTS.get(self.value) or {DEFAULT_LANGUAGE: (self.value,)}
        return {language: _fitting(texts, names) for language, texts in known.items()}


class CommonLogMessageCode(LogMessageCode):
    """Codes of every plugin."""

    PLUGIN_RUN_COMPLETE = ('PLUGIN_RUN_COMPLETE', LogLevel.SUCCESS)


def register_log_messages(texts: Mapping[Any, Any]) -> None:
    """Register the texts of codes; those of a language that is there already are replaced.

    Args:
        texts: Code -> its English text, or language -> text; a text, or a list of it and of shorter ones.

    Raises:
        TypeError: If a text is none.
    """
    for code, given in texts.items():
        by_language = {DEFAULT_LANGUAGE: given} if isinstance(given, str) else given
        listed = (
            {language: _listed(one) for language, one in by_language.items()}
            if isinstance(by_language, Mapping)
            else {}
        )
        if not isinstance(by_language, Mapping) or not all(listed.values()):
            raise TypeError(f'{code}: {given!r} is neither a text nor texts by language')
        _TEXTS.setdefault(str(getattr(code, 'value', code)), {}).update(listed)


def _listed(given: Any) -> tuple[str, ...]:
    """Return a text and its shorter ones; none if it is something else."""
    if isinstance(given, str):
        return (given,)
    is_list = isinstance(given, Sequence) and all(isinstance(one, str) for one in given)
    return tuple(given) if is_list else ()


def _fitting(texts: Sequence[str], names: Collection[str] | None) -> str:
    """Return the first text to which no value is missing; the first of all if there is none."""
    if names is None or len(texts) == 1:
        return texts[0]
    return next((text for text in texts if _names_in(text).issubset(names)), texts[0])


def _names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def resolve_log_message(
    code: LogMessageCode, language: str | None = None, **values: Any
) -> tuple[str, LogLevel]:
    """Return the text of a code, formatted, and its level.

    Args:
        code: The code.
        language: ``en``, ``ko`` ...; None: English. One without a text gets the English one.
        values: What the text is formatted with.
    """
    return formatted(text_in(code.texts_for(values), language), values), code.level


def texts_of(message: Any, names: Collection[str]) -> Any:
    """Return the texts by language of a code, for values of these names; what else a message is, as it is."""
    find = getattr(message, 'texts_for', None)
    return getattr(message, 'texts', message) if find is None else find(names)


def text_in(texts: Mapping[str, str], language: str | None) -> str:
    """Return the text in a language, as near as there is one: ``ko_KR`` is ``ko``; else English, else any."""
    wanted = language or DEFAULT_LANGUAGE
    short = str(wanted).replace('_', '-').partition('-')[0].lower()
    for candidate in (wanted, short, DEFAULT_LANGUAGE):
        if candidate in texts:
            return texts[candidate]
    return next(iter(texts.values()), '')


def formatted(text: str, values: Mapping[str, Any]) -> str:
    """Return *text* with *values* put in; a mistake in it is no reason to fail a step."""
    if not values:
        return text
    try:
        return text.format(**values)
    except (LookupError, ValueError, AttributeError, TypeError):
        return f'{text} ({", ".join(f"{name}={value!r}" for name, value in values.items())})'


register_log_messages(
    {
        CommonLogMessageCode.PLUGIN_RUN_COMPLETE: {
            'en': 'The plugin run is complete.',
            'ko': '플러그인 실행이 완료되었습니다.',
        }
    }
)
