"""Message codes: what is said to people, known by a name and kept in several languages.

A code is a member of an enumeration; its texts are registered beside it::

    class UploadMessage(LogMessageCode):
        FOUND = ('FOUND', 'info')

    register_log_messages({UploadMessage.FOUND: {'en': '{count} files found', 'ko': '파일 {count}개를 찾았습니다'}})
    context.log_message(UploadMessage.FOUND, count=3)
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from .levels import LogLevel, level_of

if TYPE_CHECKING:
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
]

DEFAULT_LANGUAGE = 'en'
LANGUAGE_VARIABLE = 'SYNAPSE_LANGUAGE'

_TEXTS: dict[str, dict[str, str]] = {}
"""Code -> language -> text. By the code's value, so that a code of another package's enumeration is found too."""


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
        return dict(_TEXTS.get(self.value) or {DEFAULT_LANGUAGE: self.value})


class CommonLogMessageCode(LogMessageCode):
    """Codes of every plugin."""

    PLUGIN_RUN_COMPLETE = ('PLUGIN_RUN_COMPLETE', LogLevel.SUCCESS)


def register_log_messages(texts: Mapping[Any, Any]) -> None:
    """Register the texts of codes; those of a language that is there already are replaced.

    Args:
        texts: Code -> its English text, or language -> text.

    Raises:
        TypeError: If a text is none.
    """
    for code, given in texts.items():
        by_language = {DEFAULT_LANGUAGE: given} if isinstance(given, str) else given
        is_mapping = isinstance(by_language, Mapping)
        if not is_mapping or not all(isinstance(text, str) for text in by_language.values()):
            raise TypeError(f'{code}: {given!r} is neither a text nor texts by language')
        _TEXTS.setdefault(str(getattr(code, 'value', code)), {}).update(by_language)


def resolve_log_message(
    code: LogMessageCode, language: str | None = None, **values: Any
) -> tuple[str, LogLevel]:
    """Return the text of a code, formatted, and its level.

    Args:
        code: The code.
        language: ``en``, ``ko`` ...; None: English. One without a text gets the English one.
        values: What the text is formatted with.
    """
    return formatted(text_in(code.texts, language), values), code.level


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
